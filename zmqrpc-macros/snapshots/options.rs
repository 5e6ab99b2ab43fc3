pub trait Calculator: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn add(&self, a: i64, b: i64) -> i64;
    fn log(&self, line: String);
}
/// The arguments of [`Calculator::add`], as a command.
pub struct Sum {
    /// The argument `a`.
    pub a: i64,
    /// The argument `b`.
    pub b: i64,
}
impl crate::rpc::__private::Serialize for Sum {
    fn serialize<Z: crate::rpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        crate::rpc::__private::Serialize::serialize(&(&self.a, &self.b), serializer)
    }
}
impl crate::rpc::__private::Command for Sum {
    type Arguments<'a> = (i64, i64);
    type Reply = i64;
    type Failure = crate::rpc::__private::Error;
    type Answer = i64;
    const METHOD: crate::rpc::__private::Method = crate::rpc::__private::Method::new(
            "math.Calculator",
            "plus",
            2,
            "(i64, i64) -> i64",
        )
        .shaped::<Self>(&["a", "b"], crate::rpc::__private::key_cell!())
        .idempotent()
        .timeout(::core::time::Duration::from_millis(500));
}
impl ::core::fmt::Debug for Sum {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("Sum").field("a", &self.a).field("b", &self.b).finish()
    }
}
impl ::core::clone::Clone for Sum {
    fn clone(&self) -> Self {
        Self {
            a: ::core::clone::Clone::clone(&self.a),
            b: ::core::clone::Clone::clone(&self.b),
        }
    }
}
impl ::core::cmp::PartialEq for Sum {
    fn eq(&self, other: &Self) -> bool {
        self.a == other.a && self.b == other.b
    }
}
/// The arguments of [`Calculator::log`], as a command.
pub struct CalculatorLog {
    /// The argument `line`.
    pub line: String,
}
impl crate::rpc::__private::Serialize for CalculatorLog {
    fn serialize<Z: crate::rpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        crate::rpc::__private::Serialize::serialize(&(&self.line,), serializer)
    }
}
impl crate::rpc::__private::Command for CalculatorLog {
    type Arguments<'a> = (String,);
    type Reply = ();
    type Failure = crate::rpc::__private::Error;
    type Answer = ();
    const METHOD: crate::rpc::__private::Method = crate::rpc::__private::Method::new(
            "math.Calculator",
            "log",
            2,
            "(String) -> ()",
        )
        .shaped::<Self>(&["line"], crate::rpc::__private::key_cell!())
        .oneway();
}
impl ::core::fmt::Debug for CalculatorLog
where
    for<'x> String: ::core::fmt::Debug,
{
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("CalculatorLog").field("line", &self.line).finish()
    }
}
impl ::core::clone::Clone for CalculatorLog
where
    for<'x> String: ::core::clone::Clone,
{
    fn clone(&self) -> Self {
        Self {
            line: ::core::clone::Clone::clone(&self.line),
        }
    }
}
impl ::core::cmp::PartialEq for CalculatorLog
where
    for<'x> String: ::core::cmp::PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.line == other.line
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
impl<S: Calculator + ?::core::marker::Sized> crate::rpc::__private::Service
for CalculatorServer<S> {
    type Target = S;
    const NAME: &'static str = "math.Calculator";
    const DOCS: &'static str = "";
    const ENTRIES: &'static [crate::rpc::__private::MethodEntry<S>] = &[
        crate::rpc::__private::MethodEntry::plain::<
            Sum,
        >(|service, call| {
            let (a0, a1) = call.arguments::<Sum>()?;
            call.reply::<Sum>(Calculator::add(service, a0, a1))
        }),
        crate::rpc::__private::MethodEntry::plain::<
            CalculatorLog,
        >(|service, call| {
            let (a0,) = call.arguments::<CalculatorLog>()?;
            call.reply::<CalculatorLog>(Calculator::log(service, a0))
        }),
    ];
    fn target(&self) -> &::std::sync::Arc<S> {
        &self.0
    }
}
/// Calls a [`Calculator`] over any transport.
pub struct CalculatorClient<T = crate::rpc::__private::Client>(T);
#[allow(dead_code)]
impl CalculatorClient<crate::rpc::__private::Client> {
    /// Connects to a server at `endpoint`, as in `tcp://127.0.0.1:30000`.
    ///
    /// # Errors
    ///
    /// If `endpoint` is not one; a server that is not there yet is not an error.
    pub fn connect(
        endpoint: impl ::core::convert::AsRef<str>,
    ) -> ::core::result::Result<Self, crate::rpc::__private::Error> {
        crate::rpc::__private::Client::connect(endpoint).map(Self)
    }
    /// Runs `service` in this process, without a port, with all that a call goes through.
    #[must_use]
    pub fn local<S: Calculator + ?::core::marker::Sized, H>(service: H) -> Self
    where
        CalculatorServer<S>: ::core::convert::From<H>,
    {
        Self(crate::rpc::__private::local(CalculatorServer::<S>::new(service)))
    }
}
#[allow(dead_code)]
impl<T: crate::rpc::__private::Transport> CalculatorClient<T> {
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
    pub fn with<U: crate::rpc::__private::Transport>(
        &self,
        set: impl ::core::ops::FnOnce(&T) -> U,
    ) -> CalculatorClient<U> {
        CalculatorClient(set(&self.0))
    }
    /// A client whose calls take no longer than `limit`.
    #[must_use]
    pub fn with_timeout(&self, limit: ::core::time::Duration) -> Self
    where
        T: crate::rpc::__private::WithTimeout,
    {
        Self(crate::rpc::__private::WithTimeout::with_timeout(&self.0, limit))
    }
    /// A client whose messages are published under `topic`.
    #[must_use]
    pub fn with_topic(&self, topic: &str) -> Self
    where
        T: crate::rpc::__private::WithTopic,
    {
        Self(crate::rpc::__private::WithTopic::with_topic(&self.0, topic))
    }
    /// Calls [`Calculator::add`].
    pub fn add(&self, a: i64, b: i64) -> T::Call<i64, crate::rpc::__private::Error> {
        crate::rpc::__private::Transport::call(&self.0, &Sum { a, b })
    }
    /// Calls [`Calculator::log`].
    pub fn log(&self, line: String) -> T::Call<(), crate::rpc::__private::Error> {
        crate::rpc::__private::Transport::call(&self.0, &CalculatorLog { line })
    }
}
impl<T> crate::rpc::__private::Described for CalculatorClient<T> {
    const DOCS: &'static str = "";
    const METHODS: &'static [crate::rpc::__private::Method] = &[
        <Sum as crate::rpc::__private::Command>::METHOD,
        <CalculatorLog as crate::rpc::__private::Command>::METHOD,
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
