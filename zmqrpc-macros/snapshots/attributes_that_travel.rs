#[cfg(unix)]
#[allow(non_camel_case_types)]
pub trait Calculator: ::core::marker::Send + ::core::marker::Sync + 'static {
    /// Adds two numbers.
    #[cfg(feature = "add")]
    #[deprecated(note = "use `sum`")]
    #[must_use]
    #[inline]
    fn add(&self, a: i64, b: i64) -> i64;
    #[expect(clippy::too_many_arguments)]
    fn eight(&self, _a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8);
    #[cfg_attr(unix, deprecated)]
    #[doc(hidden)]
    fn old(&self);
}
/// The arguments of [`Calculator::add`], as a command.
///
/// Adds two numbers.
#[cfg(unix)]
#[cfg(feature = "add")]
#[allow(non_camel_case_types)]
pub struct CalculatorAdd {
    /// The argument `a`.
    pub a: i64,
    /// The argument `b`.
    pub b: i64,
}
#[cfg(unix)]
#[cfg(feature = "add")]
#[allow(non_camel_case_types)]
impl ::zmqrpc::__private::Serialize for CalculatorAdd {
    fn serialize<Z: ::zmqrpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        ::zmqrpc::__private::Serialize::serialize(&(&self.a, &self.b), serializer)
    }
}
#[cfg(unix)]
#[cfg(feature = "add")]
#[allow(non_camel_case_types)]
impl ::zmqrpc::__private::Command for CalculatorAdd {
    type Arguments<'a> = (i64, i64);
    type Reply = i64;
    type Failure = ::zmqrpc::__private::Error;
    type Answer = i64;
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Calculator",
            "add",
            1,
            "(i64, i64) -> i64",
        )
        .shaped::<Self>(&["a", "b"], ::zmqrpc::__private::key_cell!())
        .docs("Adds two numbers.")
        .deprecated("use `sum`");
}
#[cfg(unix)]
#[cfg(feature = "add")]
#[allow(non_camel_case_types)]
impl ::core::fmt::Debug for CalculatorAdd {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("CalculatorAdd").field("a", &self.a).field("b", &self.b).finish()
    }
}
#[cfg(unix)]
#[cfg(feature = "add")]
#[allow(non_camel_case_types)]
impl ::core::clone::Clone for CalculatorAdd {
    fn clone(&self) -> Self {
        Self {
            a: ::core::clone::Clone::clone(&self.a),
            b: ::core::clone::Clone::clone(&self.b),
        }
    }
}
#[cfg(unix)]
#[cfg(feature = "add")]
#[allow(non_camel_case_types)]
impl ::core::cmp::PartialEq for CalculatorAdd {
    fn eq(&self, other: &Self) -> bool {
        self.a == other.a && self.b == other.b
    }
}
/// The arguments of [`Calculator::eight`], as a command.
#[cfg(unix)]
#[allow(non_camel_case_types)]
#[allow(clippy::too_many_arguments)]
#[allow(clippy::pub_underscore_fields)]
pub struct CalculatorEight {
    /// The argument `_a`.
    pub _a: u8,
    /// The argument `b`.
    pub b: u8,
    /// The argument `c`.
    pub c: u8,
    /// The argument `d`.
    pub d: u8,
    /// The argument `e`.
    pub e: u8,
    /// The argument `f`.
    pub f: u8,
    /// The argument `g`.
    pub g: u8,
    /// The argument `h`.
    pub h: u8,
}
#[cfg(unix)]
#[allow(non_camel_case_types)]
#[allow(clippy::too_many_arguments)]
impl ::zmqrpc::__private::Serialize for CalculatorEight {
    fn serialize<Z: ::zmqrpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        ::zmqrpc::__private::Serialize::serialize(
            &(&self._a, &self.b, &self.c, &self.d, &self.e, &self.f, &self.g, &self.h),
            serializer,
        )
    }
}
#[cfg(unix)]
#[allow(non_camel_case_types)]
#[allow(clippy::too_many_arguments)]
impl ::zmqrpc::__private::Command for CalculatorEight {
    type Arguments<'a> = (u8, u8, u8, u8, u8, u8, u8, u8);
    type Reply = ();
    type Failure = ::zmqrpc::__private::Error;
    type Answer = ();
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Calculator",
            "eight",
            1,
            "(u8, u8, u8, u8, u8, u8, u8, u8) -> ()",
        )
        .shaped::<
            Self,
        >(&["_a", "b", "c", "d", "e", "f", "g", "h"], ::zmqrpc::__private::key_cell!());
}
#[cfg(unix)]
#[allow(non_camel_case_types)]
#[allow(clippy::too_many_arguments)]
impl ::core::fmt::Debug for CalculatorEight {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("CalculatorEight")
            .field("_a", &self._a)
            .field("b", &self.b)
            .field("c", &self.c)
            .field("d", &self.d)
            .field("e", &self.e)
            .field("f", &self.f)
            .field("g", &self.g)
            .field("h", &self.h)
            .finish()
    }
}
#[cfg(unix)]
#[allow(non_camel_case_types)]
#[allow(clippy::too_many_arguments)]
impl ::core::clone::Clone for CalculatorEight {
    fn clone(&self) -> Self {
        Self {
            _a: ::core::clone::Clone::clone(&self._a),
            b: ::core::clone::Clone::clone(&self.b),
            c: ::core::clone::Clone::clone(&self.c),
            d: ::core::clone::Clone::clone(&self.d),
            e: ::core::clone::Clone::clone(&self.e),
            f: ::core::clone::Clone::clone(&self.f),
            g: ::core::clone::Clone::clone(&self.g),
            h: ::core::clone::Clone::clone(&self.h),
        }
    }
}
#[cfg(unix)]
#[allow(non_camel_case_types)]
#[allow(clippy::too_many_arguments)]
impl ::core::cmp::PartialEq for CalculatorEight {
    fn eq(&self, other: &Self) -> bool {
        self._a == other._a && self.b == other.b && self.c == other.c
            && self.d == other.d && self.e == other.e && self.f == other.f
            && self.g == other.g && self.h == other.h
    }
}
/// The arguments of [`Calculator::old`], as a command.
#[doc(hidden)]
#[cfg(unix)]
#[allow(non_camel_case_types)]
pub struct CalculatorOld;
#[cfg(unix)]
#[allow(non_camel_case_types)]
impl ::zmqrpc::__private::Serialize for CalculatorOld {
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
#[cfg(unix)]
#[allow(non_camel_case_types)]
impl ::zmqrpc::__private::Command for CalculatorOld {
    type Arguments<'a> = ::zmqrpc::__private::NoArgs;
    type Reply = ();
    type Failure = ::zmqrpc::__private::Error;
    type Answer = ();
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Calculator",
            "old",
            1,
            "() -> ()",
        )
        .shaped::<Self>(&[], ::zmqrpc::__private::key_cell!());
}
#[cfg(unix)]
#[allow(non_camel_case_types)]
impl ::core::fmt::Debug for CalculatorOld {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.write_str("CalculatorOld")
    }
}
#[cfg(unix)]
#[allow(non_camel_case_types)]
impl ::core::clone::Clone for CalculatorOld {
    fn clone(&self) -> Self {
        Self
    }
}
#[cfg(unix)]
#[allow(non_camel_case_types)]
impl ::core::cmp::PartialEq for CalculatorOld {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}
/// Serves a [`Calculator`]: runs its methods for whoever calls them.
#[cfg(unix)]
#[allow(non_camel_case_types)]
pub struct CalculatorServer<S: ?::core::marker::Sized>(::std::sync::Arc<S>);
#[cfg(unix)]
#[allow(non_camel_case_types)]
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
#[cfg(unix)]
#[allow(non_camel_case_types)]
impl<S: Calculator> ::core::convert::From<S> for CalculatorServer<S> {
    fn from(service: S) -> Self {
        Self(::std::sync::Arc::new(service))
    }
}
#[cfg(unix)]
#[allow(non_camel_case_types)]
impl<S: Calculator + ?::core::marker::Sized> ::core::convert::From<::std::sync::Arc<S>>
for CalculatorServer<S> {
    fn from(service: ::std::sync::Arc<S>) -> Self {
        Self(service)
    }
}
#[cfg(unix)]
#[allow(non_camel_case_types)]
impl<S: Calculator + ?::core::marker::Sized> ::core::convert::From<::std::boxed::Box<S>>
for CalculatorServer<S> {
    fn from(service: ::std::boxed::Box<S>) -> Self {
        Self(::core::convert::From::from(service))
    }
}
#[cfg(unix)]
impl<S: ?::core::marker::Sized> ::core::clone::Clone for CalculatorServer<S> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
#[cfg(unix)]
impl<S: ?::core::marker::Sized> ::core::fmt::Debug for CalculatorServer<S> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("CalculatorServer").finish_non_exhaustive()
    }
}
#[cfg(unix)]
#[allow(non_camel_case_types)]
impl<S: Calculator + ?::core::marker::Sized> ::zmqrpc::__private::Service
for CalculatorServer<S> {
    type Target = S;
    const NAME: &'static str = "Calculator";
    const DOCS: &'static str = "";
    const ENTRIES: &'static [::zmqrpc::__private::MethodEntry<S>] = &[
        #[cfg(feature = "add")]
        #[allow(deprecated)]
        ::zmqrpc::__private::MethodEntry::plain::<
            CalculatorAdd,
        >(|service, call| {
            let (a0, a1) = call.arguments::<CalculatorAdd>()?;
            call.reply::<CalculatorAdd>(Calculator::add(service, a0, a1))
        }),
        #[allow(clippy::too_many_arguments)]
        ::zmqrpc::__private::MethodEntry::plain::<
            CalculatorEight,
        >(|service, call| {
            let (a0, a1, a2, a3, a4, a5, a6, a7) = call.arguments::<CalculatorEight>()?;
            call.reply::<
                    CalculatorEight,
                >(Calculator::eight(service, a0, a1, a2, a3, a4, a5, a6, a7))
        }),
        #[allow(deprecated)]
        ::zmqrpc::__private::MethodEntry::plain::<
            CalculatorOld,
        >(|service, call| {
            call.arguments::<CalculatorOld>()?;
            call.reply::<CalculatorOld>(Calculator::old(service))
        }),
    ];
    fn target(&self) -> &::std::sync::Arc<S> {
        &self.0
    }
}
/// Calls a [`Calculator`] over any transport.
#[cfg(unix)]
#[allow(non_camel_case_types)]
pub struct CalculatorClient<T = ::zmqrpc::__private::Client>(T);
#[cfg(unix)]
#[allow(non_camel_case_types)]
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
#[cfg(unix)]
#[allow(non_camel_case_types)]
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
    /// Adds two numbers.
    #[cfg(feature = "add")]
    #[deprecated(note = "use `sum`")]
    #[must_use]
    pub fn add(&self, a: i64, b: i64) -> T::Call<i64, ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Transport::call(&self.0, &CalculatorAdd { a, b })
    }
    /// Calls [`Calculator::eight`].
    #[allow(clippy::too_many_arguments)]
    pub fn eight(
        &self,
        argument0: u8,
        b: u8,
        c: u8,
        d: u8,
        e: u8,
        f: u8,
        g: u8,
        h: u8,
    ) -> T::Call<(), ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Transport::call(
            &self.0,
            &CalculatorEight {
                _a: argument0,
                b,
                c,
                d,
                e,
                f,
                g,
                h,
            },
        )
    }
    /// Calls [`Calculator::old`].
    #[doc(hidden)]
    #[cfg_attr(unix, deprecated)]
    pub fn old(&self) -> T::Call<(), ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Transport::call(&self.0, &CalculatorOld)
    }
}
#[cfg(unix)]
#[allow(non_camel_case_types)]
impl<T> ::zmqrpc::__private::Described for CalculatorClient<T> {
    const DOCS: &'static str = "";
    const METHODS: &'static [::zmqrpc::__private::Method] = &[
        #[cfg(feature = "add")]
        <CalculatorAdd as ::zmqrpc::__private::Command>::METHOD,
        <CalculatorEight as ::zmqrpc::__private::Command>::METHOD,
        <CalculatorOld as ::zmqrpc::__private::Command>::METHOD,
    ];
}
#[cfg(unix)]
impl<T: ::core::clone::Clone> ::core::clone::Clone for CalculatorClient<T> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
#[cfg(unix)]
impl<T> ::core::fmt::Debug for CalculatorClient<T> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("CalculatorClient").finish_non_exhaustive()
    }
}
