pub trait S: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn r#match(&self, r#type: T, S: U, Ok: u8, service: u8, call: u8, a0: u8) -> S0;
}
/// The arguments of [`S::match`], as a command.
pub struct SMatch {
    /// The argument `type`.
    pub r#type: T,
    /// The argument `S`.
    pub S: U,
    /// The argument `Ok`.
    pub Ok: u8,
    /// The argument `service`.
    pub service: u8,
    /// The argument `call`.
    pub call: u8,
    /// The argument `a0`.
    pub a0: u8,
}
impl ::zmqrpc::__private::Serialize for SMatch {
    fn serialize<Z: ::zmqrpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        ::zmqrpc::__private::Serialize::serialize(
            &(&self.r#type, &self.S, &self.Ok, &self.service, &self.call, &self.a0),
            serializer,
        )
    }
}
impl ::zmqrpc::__private::Command for SMatch {
    type Arguments<'a> = (T, U, u8, u8, u8, u8);
    type Reply = S0;
    type Failure = ::zmqrpc::__private::Error;
    type Answer = S0;
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "S",
            "match",
            1,
            "(T, U, u8, u8, u8, u8) -> S0",
        )
        .shaped::<
            Self,
        >(
            &["type", "S", "Ok", "service", "call", "a0"],
            ::zmqrpc::__private::key_cell!(),
        );
}
impl ::core::fmt::Debug for SMatch
where
    for<'x> T: ::core::fmt::Debug,
    for<'x> U: ::core::fmt::Debug,
{
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("SMatch")
            .field("type", &self.r#type)
            .field("S", &self.S)
            .field("Ok", &self.Ok)
            .field("service", &self.service)
            .field("call", &self.call)
            .field("a0", &self.a0)
            .finish()
    }
}
impl ::core::clone::Clone for SMatch
where
    for<'x> T: ::core::clone::Clone,
    for<'x> U: ::core::clone::Clone,
{
    fn clone(&self) -> Self {
        Self {
            r#type: ::core::clone::Clone::clone(&self.r#type),
            S: ::core::clone::Clone::clone(&self.S),
            Ok: ::core::clone::Clone::clone(&self.Ok),
            service: ::core::clone::Clone::clone(&self.service),
            call: ::core::clone::Clone::clone(&self.call),
            a0: ::core::clone::Clone::clone(&self.a0),
        }
    }
}
impl ::core::cmp::PartialEq for SMatch
where
    for<'x> T: ::core::cmp::PartialEq,
    for<'x> U: ::core::cmp::PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.r#type == other.r#type && self.S == other.S && self.Ok == other.Ok
            && self.service == other.service && self.call == other.call
            && self.a0 == other.a0
    }
}
const _: () = {
    use ::zmqrpc::__private::MaybeResult as _;
    ::core::assert!(
        ! ::zmqrpc::__private::Returned:: < S0 > ::IS_RESULT,
        "the return type of `S::match` is another name of a `Result`, which the macro cannot see: write `Result<T, E>`, or name the alias `Result`"
    );
};
/// Serves a [`S`]: runs its methods for whoever calls them.
pub struct SServer<S1: ?::core::marker::Sized>(::std::sync::Arc<S1>);
#[allow(dead_code)]
impl<S1: S + ?::core::marker::Sized> SServer<S1> {
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
    pub fn from_arc(service: ::std::sync::Arc<S1>) -> Self {
        Self(service)
    }
}
impl<S1: S> ::core::convert::From<S1> for SServer<S1> {
    fn from(service: S1) -> Self {
        Self(::std::sync::Arc::new(service))
    }
}
impl<S1: S + ?::core::marker::Sized> ::core::convert::From<::std::sync::Arc<S1>>
for SServer<S1> {
    fn from(service: ::std::sync::Arc<S1>) -> Self {
        Self(service)
    }
}
impl<S1: S + ?::core::marker::Sized> ::core::convert::From<::std::boxed::Box<S1>>
for SServer<S1> {
    fn from(service: ::std::boxed::Box<S1>) -> Self {
        Self(::core::convert::From::from(service))
    }
}
impl<S1: ?::core::marker::Sized> ::core::clone::Clone for SServer<S1> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
impl<S1: ?::core::marker::Sized> ::core::fmt::Debug for SServer<S1> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("SServer").finish_non_exhaustive()
    }
}
impl<S1: S + ?::core::marker::Sized> ::zmqrpc::__private::Service for SServer<S1> {
    type Target = S1;
    const NAME: &'static str = "S";
    const DOCS: &'static str = "";
    const ENTRIES: &'static [::zmqrpc::__private::MethodEntry<S1>] = &[
        ::zmqrpc::__private::MethodEntry::plain::<
            SMatch,
        >(|service, call| {
            let (a0, a1, a2, a3, a4, a5) = call.arguments::<SMatch>()?;
            call.reply::<SMatch>(S::r#match(service, a0, a1, a2, a3, a4, a5))
        }),
    ];
    fn target(&self) -> &::std::sync::Arc<S1> {
        &self.0
    }
}
/// Calls a [`S`] over any transport.
pub struct SClient<T0 = ::zmqrpc::__private::Client>(T0);
#[allow(dead_code)]
impl SClient<::zmqrpc::__private::Client> {
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
    pub fn local<S1: S + ?::core::marker::Sized, H>(service: H) -> Self
    where
        SServer<S1>: ::core::convert::From<H>,
    {
        Self(::zmqrpc::__private::local(SServer::<S1>::new(service)))
    }
}
#[allow(dead_code)]
impl<T0: ::zmqrpc::__private::Transport> SClient<T0> {
    /// Calls over `transport`.
    #[must_use]
    pub const fn new(transport: T0) -> Self {
        Self(transport)
    }
    /// The transport that this client calls over.
    #[must_use]
    pub const fn transport(&self) -> &T0 {
        &self.0
    }
    /// A client over what `set` makes of this one's transport.
    #[must_use]
    pub fn with<U0: ::zmqrpc::__private::Transport>(
        &self,
        set: impl ::core::ops::FnOnce(&T0) -> U0,
    ) -> SClient<U0> {
        SClient(set(&self.0))
    }
    /// A client whose calls take no longer than `limit`.
    #[must_use]
    pub fn with_timeout(&self, limit: ::core::time::Duration) -> Self
    where
        T0: ::zmqrpc::__private::WithTimeout,
    {
        Self(::zmqrpc::__private::WithTimeout::with_timeout(&self.0, limit))
    }
    /// A client whose messages are published under `topic`.
    #[must_use]
    pub fn with_topic(&self, topic: &str) -> Self
    where
        T0: ::zmqrpc::__private::WithTopic,
    {
        Self(::zmqrpc::__private::WithTopic::with_topic(&self.0, topic))
    }
    /// Calls [`S::match`].
    pub fn r#match(
        &self,
        r#type: T,
        argument1: U,
        argument2: u8,
        service: u8,
        call: u8,
        a0: u8,
    ) -> T0::Call<S0, ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Transport::call(
            &self.0,
            &SMatch {
                r#type,
                S: argument1,
                Ok: argument2,
                service,
                call,
                a0,
            },
        )
    }
}
impl<T0> ::zmqrpc::__private::Described for SClient<T0> {
    const DOCS: &'static str = "";
    const METHODS: &'static [::zmqrpc::__private::Method] = &[
        <SMatch as ::zmqrpc::__private::Command>::METHOD,
    ];
}
impl<T0: ::core::clone::Clone> ::core::clone::Clone for SClient<T0> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
impl<T0> ::core::fmt::Debug for SClient<T0> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("SClient").finish_non_exhaustive()
    }
}
