trait Audit: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn who(&self, cx: &CallContext) -> String;
    fn note(
        &self,
        cx: &zmqrpc::CallContext,
        text: &str,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
}
/// The arguments of [`Audit::who`], as a command.
struct AuditWho;
impl ::zmqrpc::__private::Serialize for AuditWho {
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
impl ::zmqrpc::__private::Command for AuditWho {
    type Arguments<'a> = ::zmqrpc::__private::NoArgs;
    type Reply = String;
    type Failure = ::zmqrpc::__private::Error;
    type Answer = String;
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Audit",
            "who",
            1,
            "() -> String",
        )
        .shaped::<Self>(&[], ::zmqrpc::__private::key_cell!());
}
impl ::core::fmt::Debug for AuditWho {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.write_str("AuditWho")
    }
}
impl ::core::clone::Clone for AuditWho {
    fn clone(&self) -> Self {
        Self
    }
}
impl ::core::cmp::PartialEq for AuditWho {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}
/// The arguments of [`Audit::note`], as a command.
struct AuditNote<'a> {
    /// The argument `text`.
    text: &'a str,
}
impl ::zmqrpc::__private::Serialize for AuditNote<'_> {
    fn serialize<Z: ::zmqrpc::__private::Serializer>(
        &self,
        serializer: Z,
    ) -> ::core::result::Result<Z::Ok, Z::Error> {
        ::zmqrpc::__private::Serialize::serialize(&(&self.text,), serializer)
    }
}
impl ::zmqrpc::__private::Command for AuditNote<'_> {
    type Arguments<'a> = (::zmqrpc::__private::Str<'a>,);
    type Reply = ();
    type Failure = ::zmqrpc::__private::Error;
    type Answer = ();
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "Audit",
            "note",
            1,
            "(String) -> ()",
        )
        .shaped::<Self>(&["text"], ::zmqrpc::__private::key_cell!());
}
impl<'a> ::core::fmt::Debug for AuditNote<'a> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("AuditNote").field("text", &self.text).finish()
    }
}
impl<'a> ::core::clone::Clone for AuditNote<'a> {
    fn clone(&self) -> Self {
        Self {
            text: ::core::clone::Clone::clone(&self.text),
        }
    }
}
impl<'a> ::core::cmp::PartialEq for AuditNote<'a> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
/// Serves a [`Audit`]: runs its methods for whoever calls them.
struct AuditServer<S: ?::core::marker::Sized>(::std::sync::Arc<S>);
#[allow(dead_code)]
impl<S: Audit + ?::core::marker::Sized> AuditServer<S> {
    /// Serves `service`: what implements the trait, by itself or in an `Arc` or a `Box`.
    #[must_use]
    fn new<H>(service: H) -> Self
    where
        Self: ::core::convert::From<H>,
    {
        <Self as ::core::convert::From<H>>::from(service)
    }
    /// The same for an `Arc` alone, so that it may become one of a trait object here.
    #[must_use]
    fn from_arc(service: ::std::sync::Arc<S>) -> Self {
        Self(service)
    }
}
impl<S: Audit> ::core::convert::From<S> for AuditServer<S> {
    fn from(service: S) -> Self {
        Self(::std::sync::Arc::new(service))
    }
}
impl<S: Audit + ?::core::marker::Sized> ::core::convert::From<::std::sync::Arc<S>>
for AuditServer<S> {
    fn from(service: ::std::sync::Arc<S>) -> Self {
        Self(service)
    }
}
impl<S: Audit + ?::core::marker::Sized> ::core::convert::From<::std::boxed::Box<S>>
for AuditServer<S> {
    fn from(service: ::std::boxed::Box<S>) -> Self {
        Self(::core::convert::From::from(service))
    }
}
impl<S: ?::core::marker::Sized> ::core::clone::Clone for AuditServer<S> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
impl<S: ?::core::marker::Sized> ::core::fmt::Debug for AuditServer<S> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("AuditServer").finish_non_exhaustive()
    }
}
impl<S: Audit + ?::core::marker::Sized> ::zmqrpc::__private::Service for AuditServer<S> {
    type Target = S;
    const NAME: &'static str = "Audit";
    const DOCS: &'static str = "";
    const ENTRIES: &'static [::zmqrpc::__private::MethodEntry<S>] = &[
        ::zmqrpc::__private::MethodEntry::plain::<
            AuditWho,
        >(|service, call| {
            call.arguments::<AuditWho>()?;
            call.reply::<AuditWho>(Audit::who(service, call.context()))
        }),
        ::zmqrpc::__private::MethodEntry::task::<
            AuditNote<'_>,
        >(|service, call| ::std::boxed::Box::pin(async move {
            let (a0,) = call.arguments::<AuditNote<'_>>()?;
            call.reply::<
                    AuditNote<'_>,
                >(Audit::note(&*service, call.context(), &a0).await)
        })),
    ];
    fn target(&self) -> &::std::sync::Arc<S> {
        &self.0
    }
}
/// Calls a [`Audit`] over any transport.
struct AuditClient<T = ::zmqrpc::__private::Client>(T);
#[allow(dead_code)]
impl AuditClient<::zmqrpc::__private::Client> {
    /// Connects to a server at `endpoint`, as in `tcp://127.0.0.1:30000`.
    ///
    /// # Errors
    ///
    /// If `endpoint` is not one; a server that is not there yet is not an error.
    fn connect(
        endpoint: impl ::core::convert::AsRef<str>,
    ) -> ::core::result::Result<Self, ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Client::connect(endpoint).map(Self)
    }
    /// Runs `service` in this process, without a port, with all that a call goes through.
    #[must_use]
    fn local<S: Audit + ?::core::marker::Sized, H>(service: H) -> Self
    where
        AuditServer<S>: ::core::convert::From<H>,
    {
        Self(::zmqrpc::__private::local(AuditServer::<S>::new(service)))
    }
}
#[allow(dead_code)]
impl<T: ::zmqrpc::__private::Transport> AuditClient<T> {
    /// Calls over `transport`.
    #[must_use]
    const fn new(transport: T) -> Self {
        Self(transport)
    }
    /// The transport that this client calls over.
    #[must_use]
    const fn transport(&self) -> &T {
        &self.0
    }
    /// A client over what `set` makes of this one's transport.
    #[must_use]
    fn with<U: ::zmqrpc::__private::Transport>(
        &self,
        set: impl ::core::ops::FnOnce(&T) -> U,
    ) -> AuditClient<U> {
        AuditClient(set(&self.0))
    }
    /// A client whose calls take no longer than `limit`.
    #[must_use]
    fn with_timeout(&self, limit: ::core::time::Duration) -> Self
    where
        T: ::zmqrpc::__private::WithTimeout,
    {
        Self(::zmqrpc::__private::WithTimeout::with_timeout(&self.0, limit))
    }
    /// A client whose messages are published under `topic`.
    #[must_use]
    fn with_topic(&self, topic: &str) -> Self
    where
        T: ::zmqrpc::__private::WithTopic,
    {
        Self(::zmqrpc::__private::WithTopic::with_topic(&self.0, topic))
    }
    /// Calls [`Audit::who`].
    fn who(&self) -> T::Call<String, ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Transport::call(&self.0, &AuditWho)
    }
    /// Calls [`Audit::note`].
    fn note(&self, text: &str) -> T::Call<(), ::zmqrpc::__private::Error> {
        ::zmqrpc::__private::Transport::call(&self.0, &AuditNote { text })
    }
}
impl<T> ::zmqrpc::__private::Described for AuditClient<T> {
    const DOCS: &'static str = "";
    const METHODS: &'static [::zmqrpc::__private::Method] = &[
        <AuditWho as ::zmqrpc::__private::Command>::METHOD,
        <AuditNote<'_> as ::zmqrpc::__private::Command>::METHOD,
    ];
}
impl<T: ::core::clone::Clone> ::core::clone::Clone for AuditClient<T> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
impl<T> ::core::fmt::Debug for AuditClient<T> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("AuditClient").finish_non_exhaustive()
    }
}
