pub(crate) trait Calculator: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn divide(&self, a: i64, b: i64) -> Result<i64, DivideError>;
    fn load(&self) -> std::io::Result<Vec<u8>>;
}
/// The arguments of [`Calculator::divide`], as a command.
pub(crate) struct CalculatorDivide {
    /// The argument `a`.
    pub(crate) a: i64,
    /// The argument `b`.
    pub(crate) b: i64,
}
impl ::zmqrpc::__private::Serialize for CalculatorDivide {
    fn serialize<Z: ::zmqrpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        ::zmqrpc::__private::Serialize::serialize(&(&self.a, &self.b), serializer)
    }
}
impl ::zmqrpc::__private::Command for CalculatorDivide {
    type Arguments<'a> = (i64, i64);
    type Reply = i64;
    type Failure = ::zmqrpc::__private::CallError<DivideError>;
    type Answer = Result<i64, DivideError>;
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Calculator",
            "divide",
            1,
            "(i64, i64) -> Result<i64, DivideError>",
        )
        .shaped::<Self>(&["a", "b"], ::zmqrpc::__private::key_cell!());
}
impl ::core::fmt::Debug for CalculatorDivide {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("CalculatorDivide")
            .field("a", &self.a)
            .field("b", &self.b)
            .finish()
    }
}
impl ::core::clone::Clone for CalculatorDivide {
    fn clone(&self) -> Self {
        Self {
            a: ::core::clone::Clone::clone(&self.a),
            b: ::core::clone::Clone::clone(&self.b),
        }
    }
}
impl ::core::cmp::PartialEq for CalculatorDivide {
    fn eq(&self, other: &Self) -> bool {
        self.a == other.a && self.b == other.b
    }
}
/// The arguments of [`Calculator::load`], as a command.
pub(crate) struct CalculatorLoad;
impl ::zmqrpc::__private::Serialize for CalculatorLoad {
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
impl ::zmqrpc::__private::Command for CalculatorLoad {
    type Arguments<'a> = ::zmqrpc::__private::NoArgs;
    type Reply = <std::io::Result<Vec<u8>> as ::zmqrpc::__private::Fallible>::Ok;
    type Failure = ::zmqrpc::__private::CallError<
        <std::io::Result<Vec<u8>> as ::zmqrpc::__private::Fallible>::Err,
    >;
    type Answer = std::io::Result<Vec<u8>>;
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Calculator",
            "load",
            1,
            "() -> std::io::Result<Vec<u8>>",
        )
        .shaped::<Self>(&[], ::zmqrpc::__private::key_cell!());
}
impl ::core::fmt::Debug for CalculatorLoad {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.write_str("CalculatorLoad")
    }
}
impl ::core::clone::Clone for CalculatorLoad {
    fn clone(&self) -> Self {
        Self
    }
}
impl ::core::cmp::PartialEq for CalculatorLoad {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}
/// Serves a [`Calculator`]: runs its methods for whoever calls them.
pub(crate) struct CalculatorServer<S: ?::core::marker::Sized>(::std::sync::Arc<S>);
#[allow(dead_code)]
impl<S: Calculator + ?::core::marker::Sized> CalculatorServer<S> {
    /// Serves `service`: what implements the trait, by itself or in an `Arc` or a `Box`.
    #[must_use]
    pub(crate) fn new<H>(service: H) -> Self
    where
        Self: ::core::convert::From<H>,
    {
        <Self as ::core::convert::From<H>>::from(service)
    }
    /// The same for an `Arc` alone, so that it may become one of a trait object here.
    #[must_use]
    pub(crate) fn from_arc(service: ::std::sync::Arc<S>) -> Self {
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
        ::zmqrpc::__private::MethodEntry::plain::<
            CalculatorDivide,
        >(|service, call| {
            let (a0, a1) = call.arguments::<CalculatorDivide>()?;
            call.reply::<CalculatorDivide>(Calculator::divide(service, a0, a1))
        }),
        ::zmqrpc::__private::MethodEntry::plain::<
            CalculatorLoad,
        >(|service, call| {
            call.arguments::<CalculatorLoad>()?;
            call.reply::<CalculatorLoad>(Calculator::load(service))
        }),
    ];
    fn target(&self) -> &::std::sync::Arc<S> {
        &self.0
    }
}
/// Calls a [`Calculator`] over any transport.
pub(crate) struct CalculatorClient<T = ::zmqrpc::__private::Client>(T);
#[allow(dead_code)]
impl CalculatorClient<::zmqrpc::__private::Client> {
    /// Connects to a server at `endpoint`, as in `tcp://127.0.0.1:30000`.
    ///
    /// # Errors
    ///
    /// If `endpoint` is not one; a server that is not there yet is not an error.
    pub(crate) fn connect(
        endpoint: impl ::core::convert::AsRef<str>,
    ) -> ::core::result::Result<Self, ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Client::connect(endpoint).map(Self)
    }
    /// Runs `service` in this process, without a port, with all that a call goes through.
    #[must_use]
    pub(crate) fn local<S: Calculator + ?::core::marker::Sized, H>(service: H) -> Self
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
    pub(crate) const fn new(transport: T) -> Self {
        Self(transport)
    }
    /// The transport that this client calls over.
    #[must_use]
    pub(crate) const fn transport(&self) -> &T {
        &self.0
    }
    /// A client over what `set` makes of this one's transport.
    #[must_use]
    pub(crate) fn with<U: ::zmqrpc::__private::Transport>(
        &self,
        set: impl ::core::ops::FnOnce(&T) -> U,
    ) -> CalculatorClient<U> {
        CalculatorClient(set(&self.0))
    }
    /// A client whose calls take no longer than `limit`.
    #[must_use]
    pub(crate) fn with_timeout(&self, limit: ::core::time::Duration) -> Self
    where
        T: ::zmqrpc::__private::WithTimeout,
    {
        Self(::zmqrpc::__private::WithTimeout::with_timeout(&self.0, limit))
    }
    /// A client whose messages are published under `topic`.
    #[must_use]
    pub(crate) fn with_topic(&self, topic: &str) -> Self
    where
        T: ::zmqrpc::__private::WithTopic,
    {
        Self(::zmqrpc::__private::WithTopic::with_topic(&self.0, topic))
    }
    /// Calls [`Calculator::divide`].
    pub(crate) fn divide(
        &self,
        a: i64,
        b: i64,
    ) -> T::Call<i64, ::zmqrpc::__private::CallError<DivideError>> {
        ::zmqrpc::__private::Transport::call(&self.0, &CalculatorDivide { a, b })
    }
    /// Calls [`Calculator::load`].
    pub(crate) fn load(
        &self,
    ) -> T::Call<
        <std::io::Result<Vec<u8>> as ::zmqrpc::__private::Fallible>::Ok,
        ::zmqrpc::__private::CallError<
            <std::io::Result<Vec<u8>> as ::zmqrpc::__private::Fallible>::Err,
        >,
    > {
        ::zmqrpc::__private::Transport::call(&self.0, &CalculatorLoad)
    }
}
impl<T> ::zmqrpc::__private::Described for CalculatorClient<T> {
    const DOCS: &'static str = "";
    const METHODS: &'static [::zmqrpc::__private::Method] = &[
        <CalculatorDivide as ::zmqrpc::__private::Command>::METHOD,
        <CalculatorLoad as ::zmqrpc::__private::Command>::METHOD,
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
