pub trait Calculator: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn slow_add(
        &self,
        a: i64,
        b: i64,
    ) -> impl ::core::future::Future<Output = i64> + ::core::marker::Send;
    fn rest(
        &self,
        name: &str,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send {
        async move {
            self.slow_add(1, 2).await;
        }
    }
}
/// The arguments of [`Calculator::slow_add`], as a command.
pub struct CalculatorSlowAdd {
    /// The argument `a`.
    pub a: i64,
    /// The argument `b`.
    pub b: i64,
}
impl ::zmqrpc::__private::Serialize for CalculatorSlowAdd {
    fn serialize<Z: ::zmqrpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        ::zmqrpc::__private::Serialize::serialize(&(&self.a, &self.b), serializer)
    }
}
impl ::zmqrpc::__private::Command for CalculatorSlowAdd {
    type Arguments<'a> = (i64, i64);
    type Reply = i64;
    type Failure = ::zmqrpc::__private::Error;
    type Answer = i64;
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Calculator",
            "slow_add",
            1,
            "(i64, i64) -> i64",
        )
        .shaped::<Self>(&["a", "b"], ::zmqrpc::__private::key_cell!());
}
impl ::core::fmt::Debug for CalculatorSlowAdd {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("CalculatorSlowAdd")
            .field("a", &self.a)
            .field("b", &self.b)
            .finish()
    }
}
impl ::core::clone::Clone for CalculatorSlowAdd {
    fn clone(&self) -> Self {
        Self {
            a: ::core::clone::Clone::clone(&self.a),
            b: ::core::clone::Clone::clone(&self.b),
        }
    }
}
impl ::core::cmp::PartialEq for CalculatorSlowAdd {
    fn eq(&self, other: &Self) -> bool {
        self.a == other.a && self.b == other.b
    }
}
/// The arguments of [`Calculator::rest`], as a command.
pub struct CalculatorRest<'a> {
    /// The argument `name`.
    pub name: &'a str,
}
impl ::zmqrpc::__private::Serialize for CalculatorRest<'_> {
    fn serialize<Z: ::zmqrpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        ::zmqrpc::__private::Serialize::serialize(&(&self.name,), serializer)
    }
}
impl ::zmqrpc::__private::Command for CalculatorRest<'_> {
    type Arguments<'a> = (::zmqrpc::__private::Str<'a>,);
    type Reply = ();
    type Failure = ::zmqrpc::__private::Error;
    type Answer = ();
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Calculator",
            "rest",
            1,
            "(String) -> ()",
        )
        .shaped::<Self>(&["name"], ::zmqrpc::__private::key_cell!());
}
impl<'a> ::core::fmt::Debug for CalculatorRest<'a> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("CalculatorRest").field("name", &self.name).finish()
    }
}
impl<'a> ::core::clone::Clone for CalculatorRest<'a> {
    fn clone(&self) -> Self {
        Self {
            name: ::core::clone::Clone::clone(&self.name),
        }
    }
}
impl<'a> ::core::cmp::PartialEq for CalculatorRest<'a> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
/// Serves a [`Calculator`]: runs its methods for whoever calls them.
pub struct CalculatorServer<S: ?::core::marker::Sized>(::std::sync::Arc<S>);
#[allow(dead_code)]
impl<S: Calculator + ?::core::marker::Sized> CalculatorServer<S> {
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
impl<S: Calculator> ::core::convert::From<S> for CalculatorServer<S> {
    fn from(service: S) -> Self {
        Self(::std::sync::Arc::new(service))
    }
}
impl<S: Calculator + ?::core::marker::Sized> ::core::convert::From<::std::sync::Arc<S>>
for CalculatorServer<S> {
    fn from(service: ::std::sync::Arc<S>) -> Self {
        Self(service)
    }
}
impl<S: Calculator + ?::core::marker::Sized> ::core::convert::From<::std::boxed::Box<S>>
for CalculatorServer<S> {
    fn from(service: ::std::boxed::Box<S>) -> Self {
        Self(::core::convert::From::from(service))
    }
}
impl<S: ?::core::marker::Sized> ::core::clone::Clone for CalculatorServer<S> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
impl<S: ?::core::marker::Sized> ::core::fmt::Debug for CalculatorServer<S> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("CalculatorServer").finish_non_exhaustive()
    }
}
impl<S: Calculator + ?::core::marker::Sized> ::zmqrpc::__private::Service
for CalculatorServer<S> {
    type Target = S;
    const NAME: &'static str = "Calculator";
    const DOCS: &'static str = "";
    const ENTRIES: &'static [::zmqrpc::__private::MethodEntry<S>] = &[
        ::zmqrpc::__private::MethodEntry::task::<
            CalculatorSlowAdd,
        >(|service, call| ::std::boxed::Box::pin(async move {
            let (a0, a1) = call.arguments::<CalculatorSlowAdd>()?;
            call.reply::<
                    CalculatorSlowAdd,
                >(Calculator::slow_add(&*service, a0, a1).await)
        })),
        ::zmqrpc::__private::MethodEntry::task::<
            CalculatorRest<'_>,
        >(|service, call| ::std::boxed::Box::pin(async move {
            let (a0,) = call.arguments::<CalculatorRest<'_>>()?;
            call.reply::<CalculatorRest<'_>>(Calculator::rest(&*service, &a0).await)
        })),
    ];
    fn target(&self) -> &::std::sync::Arc<S> {
        &self.0
    }
}
/// Calls a [`Calculator`] over any transport.
pub struct CalculatorClient<T = ::zmqrpc::__private::Client>(T);
#[allow(dead_code)]
impl CalculatorClient<::zmqrpc::__private::Client> {
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
    pub fn local<S: Calculator + ?::core::marker::Sized, H>(service: H) -> Self
    where
        CalculatorServer<S>: ::core::convert::From<H>,
    {
        Self(::zmqrpc::__private::local(CalculatorServer::<S>::new(service)))
    }
}
#[allow(dead_code)]
impl<T: ::zmqrpc::__private::Transport> CalculatorClient<T> {
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
    ) -> CalculatorClient<U> {
        CalculatorClient(set(&self.0))
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
    /// Calls [`Calculator::slow_add`].
    pub fn slow_add(&self, a: i64, b: i64) -> T::Call<i64, ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Transport::call(&self.0, &CalculatorSlowAdd { a, b })
    }
    /// Calls [`Calculator::rest`].
    pub fn rest(&self, name: &str) -> T::Call<(), ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Transport::call(&self.0, &CalculatorRest { name })
    }
}
impl<T> ::zmqrpc::__private::Described for CalculatorClient<T> {
    const DOCS: &'static str = "";
    const METHODS: &'static [::zmqrpc::__private::Method] = &[
        <CalculatorSlowAdd as ::zmqrpc::__private::Command>::METHOD,
        <CalculatorRest<'_> as ::zmqrpc::__private::Command>::METHOD,
    ];
}
impl<T: ::core::clone::Clone> ::core::clone::Clone for CalculatorClient<T> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
impl<T> ::core::fmt::Debug for CalculatorClient<T> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("CalculatorClient").finish_non_exhaustive()
    }
}
