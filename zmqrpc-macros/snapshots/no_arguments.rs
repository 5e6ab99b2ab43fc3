pub trait Pinger: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn ping(&self);
}
/// The arguments of [`Pinger::ping`], as a command.
pub struct PingerPing;
impl ::zmqrpc::__private::Serialize for PingerPing {
    fn serialize<Z: ::zmqrpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        ::zmqrpc::__private::Serialize::serialize(
            &::zmqrpc::__private::NoArgs,
            serializer,
        )
    }
}
impl ::zmqrpc::__private::Command for PingerPing {
    type Arguments<'a> = ::zmqrpc::__private::NoArgs;
    type Reply = ();
    type Failure = ::zmqrpc::__private::Error;
    type Answer = ();
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Pinger",
            "ping",
            1,
            "() -> ()",
        )
        .shaped::<Self>(&[], ::zmqrpc::__private::key_cell!());
}
impl ::core::fmt::Debug for PingerPing {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.write_str("PingerPing")
    }
}
impl ::core::clone::Clone for PingerPing {
    fn clone(&self) -> Self {
        Self
    }
}
impl ::core::cmp::PartialEq for PingerPing {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}
/// Serves a [`Pinger`]: runs its methods for whoever calls them.
pub struct PingerServer<S: ?::core::marker::Sized>(::std::sync::Arc<S>);
#[allow(dead_code)]
impl<S: Pinger + ?::core::marker::Sized> PingerServer<S> {
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
impl<S: Pinger> ::core::convert::From<S> for PingerServer<S> {
    fn from(service: S) -> Self {
        Self(::std::sync::Arc::new(service))
    }
}
impl<S: Pinger + ?::core::marker::Sized> ::core::convert::From<::std::sync::Arc<S>>
for PingerServer<S> {
    fn from(service: ::std::sync::Arc<S>) -> Self {
        Self(service)
    }
}
impl<S: Pinger + ?::core::marker::Sized> ::core::convert::From<::std::boxed::Box<S>>
for PingerServer<S> {
    fn from(service: ::std::boxed::Box<S>) -> Self {
        Self(::core::convert::From::from(service))
    }
}
impl<S: ?::core::marker::Sized> ::core::clone::Clone for PingerServer<S> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
impl<S: ?::core::marker::Sized> ::core::fmt::Debug for PingerServer<S> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("PingerServer").finish_non_exhaustive()
    }
}
impl<S: Pinger + ?::core::marker::Sized> ::zmqrpc::__private::Service
for PingerServer<S> {
    type Target = S;
    const NAME: &'static str = "Pinger";
    const DOCS: &'static str = "";
    const ENTRIES: &'static [::zmqrpc::__private::MethodEntry<S>] = &[
        ::zmqrpc::__private::MethodEntry::plain::<
            PingerPing,
        >(|service, call| {
            call.arguments::<PingerPing>()?;
            call.reply::<PingerPing>(Pinger::ping(service))
        }),
    ];
    fn target(&self) -> &::std::sync::Arc<S> {
        &self.0
    }
}
/// Calls a [`Pinger`] over any transport.
pub struct PingerClient<T = ::zmqrpc::__private::Client>(T);
#[allow(dead_code)]
impl PingerClient<::zmqrpc::__private::Client> {
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
    pub fn local<S: Pinger + ?::core::marker::Sized, H>(service: H) -> Self
    where
        PingerServer<S>: ::core::convert::From<H>,
    {
        Self(::zmqrpc::__private::local(PingerServer::<S>::new(service)))
    }
}
#[allow(dead_code)]
impl<T: ::zmqrpc::__private::Transport> PingerClient<T> {
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
    ) -> PingerClient<U> {
        PingerClient(set(&self.0))
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
    /// Calls [`Pinger::ping`].
    pub fn ping(&self) -> T::Call<(), ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Transport::call(&self.0, &PingerPing)
    }
}
impl<T> ::zmqrpc::__private::Described for PingerClient<T> {
    const DOCS: &'static str = "";
    const METHODS: &'static [::zmqrpc::__private::Method] = &[
        <PingerPing as ::zmqrpc::__private::Command>::METHOD,
    ];
}
impl<T: ::core::clone::Clone> ::core::clone::Clone for PingerClient<T> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
impl<T> ::core::fmt::Debug for PingerClient<T> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("PingerClient").finish_non_exhaustive()
    }
}
