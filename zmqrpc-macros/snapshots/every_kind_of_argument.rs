pub trait Store: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn text(&self, borrowed: &str, optional: Option<&str>, owned: String);
    fn bytes(&self, borrowed: &[u8], owned: Vec<u8>, reference: &Vec<u8>);
    fn optional_bytes(
        &self,
        borrowed: Option<&[u8]>,
        owned: Option<Vec<u8>>,
        reference: Option<&Vec<u8>>,
    );
    fn items(&self, slice: &[Item], optional: Option<&[Item]>, owned: Vec<Item>);
    fn item(&self, borrowed: &Item, optional: Option<&Item>, owned: Option<Item>);
    fn array(&self, bytes: [u8; 4]);
}
/// The arguments of [`Store::text`], as a command.
pub struct StoreText<'a> {
    /// The argument `borrowed`.
    pub borrowed: &'a str,
    /// The argument `optional`.
    pub optional: Option<&'a str>,
    /// The argument `owned`.
    pub owned: String,
}
impl ::zmqrpc::__private::Serialize for StoreText<'_> {
    fn serialize<Z: ::zmqrpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        ::zmqrpc::__private::Serialize::serialize(
            &(&self.borrowed, &self.optional, &self.owned),
            serializer,
        )
    }
}
impl ::zmqrpc::__private::Command for StoreText<'_> {
    type Arguments<'a> = (
        ::zmqrpc::__private::Str<'a>,
        ::core::option::Option<::zmqrpc::__private::Str<'a>>,
        String,
    );
    type Reply = ();
    type Failure = ::zmqrpc::__private::Error;
    type Answer = ();
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Store",
            "text",
            1,
            "(String, Option<String>, String) -> ()",
        )
        .shaped::<
            Self,
        >(&["borrowed", "optional", "owned"], ::zmqrpc::__private::key_cell!());
}
impl<'a> ::core::fmt::Debug for StoreText<'a>
where
    for<'x> Option<&'a str>: ::core::fmt::Debug,
    for<'x> String: ::core::fmt::Debug,
{
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("StoreText")
            .field("borrowed", &self.borrowed)
            .field("optional", &self.optional)
            .field("owned", &self.owned)
            .finish()
    }
}
impl<'a> ::core::clone::Clone for StoreText<'a>
where
    for<'x> Option<&'a str>: ::core::clone::Clone,
    for<'x> String: ::core::clone::Clone,
{
    fn clone(&self) -> Self {
        Self {
            borrowed: ::core::clone::Clone::clone(&self.borrowed),
            optional: ::core::clone::Clone::clone(&self.optional),
            owned: ::core::clone::Clone::clone(&self.owned),
        }
    }
}
impl<'a> ::core::cmp::PartialEq for StoreText<'a>
where
    for<'x> Option<&'a str>: ::core::cmp::PartialEq,
    for<'x> String: ::core::cmp::PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.borrowed == other.borrowed && self.optional == other.optional
            && self.owned == other.owned
    }
}
/// The arguments of [`Store::bytes`], as a command.
pub struct StoreBytes<'a> {
    /// The argument `borrowed`.
    pub borrowed: &'a [u8],
    /// The argument `owned`.
    pub owned: Vec<u8>,
    /// The argument `reference`.
    pub reference: &'a Vec<u8>,
}
impl ::zmqrpc::__private::Serialize for StoreBytes<'_> {
    fn serialize<Z: ::zmqrpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        ::zmqrpc::__private::Serialize::serialize(
            &(
                &::zmqrpc::__private::Bytes::new(&self.borrowed),
                &::zmqrpc::__private::Lent::new(&self.owned),
                &::zmqrpc::__private::Lent::new(self.reference),
            ),
            serializer,
        )
    }
}
impl ::zmqrpc::__private::Command for StoreBytes<'_> {
    type Arguments<'a> = (
        ::zmqrpc::__private::Bytes<'a>,
        ::zmqrpc::__private::Owned<Vec<u8>>,
        ::zmqrpc::__private::Owned<Vec<u8>>,
    );
    type Reply = ();
    type Failure = ::zmqrpc::__private::Error;
    type Answer = ();
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Store",
            "bytes",
            1,
            "(Vec<u8>, Vec<u8>, Vec<u8>) -> ()",
        )
        .shaped::<
            Self,
        >(&["borrowed", "owned", "reference"], ::zmqrpc::__private::key_cell!());
}
impl<'a> ::core::fmt::Debug for StoreBytes<'a>
where
    for<'x> Vec<u8>: ::core::fmt::Debug,
    for<'x> &'a Vec<u8>: ::core::fmt::Debug,
{
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("StoreBytes")
            .field("borrowed", &self.borrowed)
            .field("owned", &self.owned)
            .field("reference", &self.reference)
            .finish()
    }
}
impl<'a> ::core::clone::Clone for StoreBytes<'a>
where
    for<'x> Vec<u8>: ::core::clone::Clone,
    for<'x> &'a Vec<u8>: ::core::clone::Clone,
{
    fn clone(&self) -> Self {
        Self {
            borrowed: ::core::clone::Clone::clone(&self.borrowed),
            owned: ::core::clone::Clone::clone(&self.owned),
            reference: ::core::clone::Clone::clone(&self.reference),
        }
    }
}
impl<'a> ::core::cmp::PartialEq for StoreBytes<'a>
where
    for<'x> Vec<u8>: ::core::cmp::PartialEq,
    for<'x> &'a Vec<u8>: ::core::cmp::PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.borrowed == other.borrowed && self.owned == other.owned
            && self.reference == other.reference
    }
}
/// The arguments of [`Store::optional_bytes`], as a command.
pub struct StoreOptionalBytes<'a> {
    /// The argument `borrowed`.
    pub borrowed: Option<&'a [u8]>,
    /// The argument `owned`.
    pub owned: Option<Vec<u8>>,
    /// The argument `reference`.
    pub reference: Option<&'a Vec<u8>>,
}
impl ::zmqrpc::__private::Serialize for StoreOptionalBytes<'_> {
    fn serialize<Z: ::zmqrpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        ::zmqrpc::__private::Serialize::serialize(
            &(
                &::zmqrpc::__private::optional_bytes(self.borrowed),
                &::zmqrpc::__private::Lent::new(&self.owned),
                &self.reference.map(::zmqrpc::__private::Lent::new),
            ),
            serializer,
        )
    }
}
impl ::zmqrpc::__private::Command for StoreOptionalBytes<'_> {
    type Arguments<'a> = (
        ::core::option::Option<::zmqrpc::__private::Bytes<'a>>,
        ::zmqrpc::__private::Owned<Option<Vec<u8>>>,
        ::core::option::Option<::zmqrpc::__private::Owned<Vec<u8>>>,
    );
    type Reply = ();
    type Failure = ::zmqrpc::__private::Error;
    type Answer = ();
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Store",
            "optional_bytes",
            1,
            "(Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>) -> ()",
        )
        .shaped::<
            Self,
        >(&["borrowed", "owned", "reference"], ::zmqrpc::__private::key_cell!());
}
impl<'a> ::core::fmt::Debug for StoreOptionalBytes<'a>
where
    for<'x> Option<&'a [u8]>: ::core::fmt::Debug,
    for<'x> Option<Vec<u8>>: ::core::fmt::Debug,
    for<'x> Option<&'a Vec<u8>>: ::core::fmt::Debug,
{
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("StoreOptionalBytes")
            .field("borrowed", &self.borrowed)
            .field("owned", &self.owned)
            .field("reference", &self.reference)
            .finish()
    }
}
impl<'a> ::core::clone::Clone for StoreOptionalBytes<'a>
where
    for<'x> Option<&'a [u8]>: ::core::clone::Clone,
    for<'x> Option<Vec<u8>>: ::core::clone::Clone,
    for<'x> Option<&'a Vec<u8>>: ::core::clone::Clone,
{
    fn clone(&self) -> Self {
        Self {
            borrowed: ::core::clone::Clone::clone(&self.borrowed),
            owned: ::core::clone::Clone::clone(&self.owned),
            reference: ::core::clone::Clone::clone(&self.reference),
        }
    }
}
impl<'a> ::core::cmp::PartialEq for StoreOptionalBytes<'a>
where
    for<'x> Option<&'a [u8]>: ::core::cmp::PartialEq,
    for<'x> Option<Vec<u8>>: ::core::cmp::PartialEq,
    for<'x> Option<&'a Vec<u8>>: ::core::cmp::PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.borrowed == other.borrowed && self.owned == other.owned
            && self.reference == other.reference
    }
}
/// The arguments of [`Store::items`], as a command.
pub struct StoreItems<'a> {
    /// The argument `slice`.
    pub slice: &'a [Item],
    /// The argument `optional`.
    pub optional: Option<&'a [Item]>,
    /// The argument `owned`.
    pub owned: Vec<Item>,
}
impl ::zmqrpc::__private::Serialize for StoreItems<'_> {
    fn serialize<Z: ::zmqrpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        ::zmqrpc::__private::Serialize::serialize(
            &(&self.slice, &self.optional, &self.owned),
            serializer,
        )
    }
}
impl ::zmqrpc::__private::Command for StoreItems<'_> {
    type Arguments<'a> = (
        ::std::vec::Vec<Item>,
        ::core::option::Option<::std::vec::Vec<Item>>,
        Vec<Item>,
    );
    type Reply = ();
    type Failure = ::zmqrpc::__private::Error;
    type Answer = ();
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Store",
            "items",
            1,
            "(Vec<Item>, Option<Vec<Item>>, Vec<Item>) -> ()",
        )
        .shaped::<
            Self,
        >(&["slice", "optional", "owned"], ::zmqrpc::__private::key_cell!());
}
impl<'a> ::core::fmt::Debug for StoreItems<'a>
where
    for<'x> &'a [Item]: ::core::fmt::Debug,
    for<'x> Option<&'a [Item]>: ::core::fmt::Debug,
    for<'x> Vec<Item>: ::core::fmt::Debug,
{
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("StoreItems")
            .field("slice", &self.slice)
            .field("optional", &self.optional)
            .field("owned", &self.owned)
            .finish()
    }
}
impl<'a> ::core::clone::Clone for StoreItems<'a>
where
    for<'x> &'a [Item]: ::core::clone::Clone,
    for<'x> Option<&'a [Item]>: ::core::clone::Clone,
    for<'x> Vec<Item>: ::core::clone::Clone,
{
    fn clone(&self) -> Self {
        Self {
            slice: ::core::clone::Clone::clone(&self.slice),
            optional: ::core::clone::Clone::clone(&self.optional),
            owned: ::core::clone::Clone::clone(&self.owned),
        }
    }
}
impl<'a> ::core::cmp::PartialEq for StoreItems<'a>
where
    for<'x> &'a [Item]: ::core::cmp::PartialEq,
    for<'x> Option<&'a [Item]>: ::core::cmp::PartialEq,
    for<'x> Vec<Item>: ::core::cmp::PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.slice == other.slice && self.optional == other.optional
            && self.owned == other.owned
    }
}
/// The arguments of [`Store::item`], as a command.
pub struct StoreItem<'a> {
    /// The argument `borrowed`.
    pub borrowed: &'a Item,
    /// The argument `optional`.
    pub optional: Option<&'a Item>,
    /// The argument `owned`.
    pub owned: Option<Item>,
}
impl ::zmqrpc::__private::Serialize for StoreItem<'_> {
    fn serialize<Z: ::zmqrpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        ::zmqrpc::__private::Serialize::serialize(
            &(&self.borrowed, &self.optional, &self.owned),
            serializer,
        )
    }
}
impl ::zmqrpc::__private::Command for StoreItem<'_> {
    type Arguments<'a> = (Item, ::core::option::Option<Item>, Option<Item>);
    type Reply = ();
    type Failure = ::zmqrpc::__private::Error;
    type Answer = ();
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Store",
            "item",
            1,
            "(Item, Option<Item>, Option<Item>) -> ()",
        )
        .shaped::<
            Self,
        >(&["borrowed", "optional", "owned"], ::zmqrpc::__private::key_cell!());
}
impl<'a> ::core::fmt::Debug for StoreItem<'a>
where
    for<'x> &'a Item: ::core::fmt::Debug,
    for<'x> Option<&'a Item>: ::core::fmt::Debug,
    for<'x> Option<Item>: ::core::fmt::Debug,
{
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("StoreItem")
            .field("borrowed", &self.borrowed)
            .field("optional", &self.optional)
            .field("owned", &self.owned)
            .finish()
    }
}
impl<'a> ::core::clone::Clone for StoreItem<'a>
where
    for<'x> &'a Item: ::core::clone::Clone,
    for<'x> Option<&'a Item>: ::core::clone::Clone,
    for<'x> Option<Item>: ::core::clone::Clone,
{
    fn clone(&self) -> Self {
        Self {
            borrowed: ::core::clone::Clone::clone(&self.borrowed),
            optional: ::core::clone::Clone::clone(&self.optional),
            owned: ::core::clone::Clone::clone(&self.owned),
        }
    }
}
impl<'a> ::core::cmp::PartialEq for StoreItem<'a>
where
    for<'x> &'a Item: ::core::cmp::PartialEq,
    for<'x> Option<&'a Item>: ::core::cmp::PartialEq,
    for<'x> Option<Item>: ::core::cmp::PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.borrowed == other.borrowed && self.optional == other.optional
            && self.owned == other.owned
    }
}
/// The arguments of [`Store::array`], as a command.
pub struct StoreArray {
    /// The argument `bytes`.
    pub bytes: [u8; 4],
}
impl ::zmqrpc::__private::Serialize for StoreArray {
    fn serialize<Z: ::zmqrpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        ::zmqrpc::__private::Serialize::serialize(&(&self.bytes,), serializer)
    }
}
impl ::zmqrpc::__private::Command for StoreArray {
    type Arguments<'a> = ([u8; 4],);
    type Reply = ();
    type Failure = ::zmqrpc::__private::Error;
    type Answer = ();
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Store",
            "array",
            1,
            "([u8; 4]) -> ()",
        )
        .shaped::<Self>(&["bytes"], ::zmqrpc::__private::key_cell!());
}
impl ::core::fmt::Debug for StoreArray
where
    for<'x> [u8; 4]: ::core::fmt::Debug,
{
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("StoreArray").field("bytes", &self.bytes).finish()
    }
}
impl ::core::clone::Clone for StoreArray
where
    for<'x> [u8; 4]: ::core::clone::Clone,
{
    fn clone(&self) -> Self {
        Self {
            bytes: ::core::clone::Clone::clone(&self.bytes),
        }
    }
}
impl ::core::cmp::PartialEq for StoreArray
where
    for<'x> [u8; 4]: ::core::cmp::PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}
/// Serves a [`Store`]: runs its methods for whoever calls them.
pub struct StoreServer<S: ?::core::marker::Sized>(::std::sync::Arc<S>);
#[allow(dead_code)]
impl<S: Store + ?::core::marker::Sized> StoreServer<S> {
    /// Serves `service`: what implements the trait, by itself or in an `Arc` or a `Box`.
    #[must_use]
    pub fn new<H>(service: H) -> Self
    where
        Self: ::core::convert::From<H>,
    {
        <Self as ::core::convert::From<H>>::from(service)
    }
    /// The same for an `Arc` alone, so that it may become one of a trait object here.
    #[must_use]
    pub fn from_arc(service: ::std::sync::Arc<S>) -> Self {
        Self(service)
    }
}
impl<S: Store> ::core::convert::From<S> for StoreServer<S> {
    fn from(service: S) -> Self {
        Self(::std::sync::Arc::new(service))
    }
}
impl<S: Store + ?::core::marker::Sized> ::core::convert::From<::std::sync::Arc<S>>
for StoreServer<S> {
    fn from(service: ::std::sync::Arc<S>) -> Self {
        Self(service)
    }
}
impl<S: Store + ?::core::marker::Sized> ::core::convert::From<::std::boxed::Box<S>>
for StoreServer<S> {
    fn from(service: ::std::boxed::Box<S>) -> Self {
        Self(::core::convert::From::from(service))
    }
}
impl<S: ?::core::marker::Sized> ::core::clone::Clone for StoreServer<S> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
impl<S: ?::core::marker::Sized> ::core::fmt::Debug for StoreServer<S> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("StoreServer").finish_non_exhaustive()
    }
}
impl<S: Store + ?::core::marker::Sized> ::zmqrpc::__private::Service for StoreServer<S> {
    type Target = S;
    const NAME: &'static str = "Store";
    const DOCS: &'static str = "";
    const ENTRIES: &'static [::zmqrpc::__private::MethodEntry<S>] = &[
        ::zmqrpc::__private::MethodEntry::plain::<
            StoreText<'_>,
        >(|service, call| {
            let (a0, a1, a2) = call.arguments::<StoreText<'_>>()?;
            call.reply::<StoreText<'_>>(Store::text(service, &a0, a1.as_deref(), a2))
        }),
        ::zmqrpc::__private::MethodEntry::plain::<
            StoreBytes<'_>,
        >(|service, call| {
            let (a0, a1, a2) = call.arguments::<StoreBytes<'_>>()?;
            call.reply::<
                    StoreBytes<'_>,
                >(Store::bytes(service, &a0, a1.into_inner(), a2.as_inner()))
        }),
        ::zmqrpc::__private::MethodEntry::plain::<
            StoreOptionalBytes<'_>,
        >(|service, call| {
            let (a0, a1, a2) = call.arguments::<StoreOptionalBytes<'_>>()?;
            call.reply::<
                    StoreOptionalBytes<'_>,
                >(
                Store::optional_bytes(
                    service,
                    a0.as_deref(),
                    a1.into_inner(),
                    a2.as_ref().map(::zmqrpc::__private::Owned::as_inner),
                ),
            )
        }),
        ::zmqrpc::__private::MethodEntry::plain::<
            StoreItems<'_>,
        >(|service, call| {
            let (a0, a1, a2) = call.arguments::<StoreItems<'_>>()?;
            call.reply::<StoreItems<'_>>(Store::items(service, &a0, a1.as_deref(), a2))
        }),
        ::zmqrpc::__private::MethodEntry::plain::<
            StoreItem<'_>,
        >(|service, call| {
            let (a0, a1, a2) = call.arguments::<StoreItem<'_>>()?;
            call.reply::<StoreItem<'_>>(Store::item(service, &a0, a1.as_ref(), a2))
        }),
        ::zmqrpc::__private::MethodEntry::plain::<
            StoreArray,
        >(|service, call| {
            let (a0,) = call.arguments::<StoreArray>()?;
            call.reply::<StoreArray>(Store::array(service, a0))
        }),
    ];
    fn target(&self) -> &::std::sync::Arc<S> {
        &self.0
    }
}
/// Calls a [`Store`] over any transport.
pub struct StoreClient<T = ::zmqrpc::__private::Client>(T);
#[allow(dead_code)]
impl StoreClient<::zmqrpc::__private::Client> {
    /// Connects to a server at `endpoint`, as in `tcp://127.0.0.1:30000`.
    ///
    /// # Errors
    ///
    /// If `endpoint` is not one; a server that is not there yet is not an error.
    pub fn connect(
        endpoint: impl ::core::convert::AsRef<str>,
    ) -> ::core::result::Result<Self, ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Client::connect(endpoint).map(Self)
    }
    /// Runs `service` in this process, without a port, with all that a call goes through.
    #[must_use]
    pub fn local<S: Store + ?::core::marker::Sized, H>(service: H) -> Self
    where
        StoreServer<S>: ::core::convert::From<H>,
    {
        Self(::zmqrpc::__private::local(StoreServer::<S>::new(service)))
    }
}
#[allow(dead_code)]
impl<T: ::zmqrpc::__private::Transport> StoreClient<T> {
    /// Calls over `transport`.
    #[must_use]
    pub const fn new(transport: T) -> Self {
        Self(transport)
    }
    /// The transport that this client calls over.
    #[must_use]
    pub const fn transport(&self) -> &T {
        &self.0
    }
    /// A client over what `set` makes of this one's transport.
    #[must_use]
    pub fn with<U: ::zmqrpc::__private::Transport>(
        &self,
        set: impl ::core::ops::FnOnce(&T) -> U,
    ) -> StoreClient<U> {
        StoreClient(set(&self.0))
    }
    /// A client whose calls take no longer than `limit`.
    #[must_use]
    pub fn with_timeout(&self, limit: ::core::time::Duration) -> Self
    where
        T: ::zmqrpc::__private::WithTimeout,
    {
        Self(::zmqrpc::__private::WithTimeout::with_timeout(&self.0, limit))
    }
    /// A client whose messages are published under `topic`.
    #[must_use]
    pub fn with_topic(&self, topic: &str) -> Self
    where
        T: ::zmqrpc::__private::WithTopic,
    {
        Self(::zmqrpc::__private::WithTopic::with_topic(&self.0, topic))
    }
    /// Calls [`Store::text`].
    pub fn text(
        &self,
        borrowed: &str,
        optional: Option<&str>,
        owned: String,
    ) -> T::Call<(), ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Transport::call(
            &self.0,
            &StoreText {
                borrowed,
                optional,
                owned,
            },
        )
    }
    /// Calls [`Store::bytes`].
    pub fn bytes(
        &self,
        borrowed: &[u8],
        owned: Vec<u8>,
        reference: &Vec<u8>,
    ) -> T::Call<(), ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Transport::call(
            &self.0,
            &StoreBytes {
                borrowed,
                owned,
                reference,
            },
        )
    }
    /// Calls [`Store::optional_bytes`].
    pub fn optional_bytes(
        &self,
        borrowed: Option<&[u8]>,
        owned: Option<Vec<u8>>,
        reference: Option<&Vec<u8>>,
    ) -> T::Call<(), ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Transport::call(
            &self.0,
            &StoreOptionalBytes {
                borrowed,
                owned,
                reference,
            },
        )
    }
    /// Calls [`Store::items`].
    pub fn items(
        &self,
        slice: &[Item],
        optional: Option<&[Item]>,
        owned: Vec<Item>,
    ) -> T::Call<(), ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Transport::call(
            &self.0,
            &StoreItems {
                slice,
                optional,
                owned,
            },
        )
    }
    /// Calls [`Store::item`].
    pub fn item(
        &self,
        borrowed: &Item,
        optional: Option<&Item>,
        owned: Option<Item>,
    ) -> T::Call<(), ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Transport::call(
            &self.0,
            &StoreItem {
                borrowed,
                optional,
                owned,
            },
        )
    }
    /// Calls [`Store::array`].
    pub fn array(&self, bytes: [u8; 4]) -> T::Call<(), ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Transport::call(&self.0, &StoreArray { bytes })
    }
}
impl<T> ::zmqrpc::__private::Described for StoreClient<T> {
    const DOCS: &'static str = "";
    const METHODS: &'static [::zmqrpc::__private::Method] = &[
        <StoreText<'_> as ::zmqrpc::__private::Command>::METHOD,
        <StoreBytes<'_> as ::zmqrpc::__private::Command>::METHOD,
        <StoreOptionalBytes<'_> as ::zmqrpc::__private::Command>::METHOD,
        <StoreItems<'_> as ::zmqrpc::__private::Command>::METHOD,
        <StoreItem<'_> as ::zmqrpc::__private::Command>::METHOD,
        <StoreArray as ::zmqrpc::__private::Command>::METHOD,
    ];
}
impl<T: ::core::clone::Clone> ::core::clone::Clone for StoreClient<T> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
impl<T> ::core::fmt::Debug for StoreClient<T> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("StoreClient").finish_non_exhaustive()
    }
}
