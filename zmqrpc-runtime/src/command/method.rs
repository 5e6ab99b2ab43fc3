//! What both sides know of a method before any call.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::wire::MethodKey;

/// A method: its names, its signature, and the options of its attribute.
///
/// Generated code makes one per method, as a constant.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    service: &'static str,
    name: &'static str,
    version: u32,
    signature: &'static str,
    arguments: &'static [&'static str],
    docs: &'static str,
    idempotent: bool,
    oneway: bool,
    timeout: Option<Duration>,
    key: MethodKey,
}

impl Method {
    /// A method of `service` (empty for a command that stands alone).
    ///
    /// The signature is the normalised one: it goes into the key by which the server finds the method, so that two
    /// sides that disagree about it notice.
    #[must_use]
    pub const fn new(
        service: &'static str,
        name: &'static str,
        version: u32,
        signature: &'static str,
    ) -> Self {
        Self {
            service,
            name,
            version,
            signature,
            arguments: &[],
            docs: "",
            idempotent: false,
            oneway: false,
            timeout: None,
            key: MethodKey::new(service, name, signature, version),
        }
    }

    /// The same method with the names of its arguments, in order.
    #[must_use]
    pub const fn arguments(mut self, names: &'static [&'static str]) -> Self {
        self.arguments = names;
        self
    }

    /// The same method with its documentation.
    #[must_use]
    pub const fn docs(mut self, docs: &'static str) -> Self {
        self.docs = docs;
        self
    }

    /// The same method, which may be executed more than once without harm: a call whose connection breaks before the
    /// reply, or whose server falls silent, is made again, within its time limit. One that was answered is not, nor one whose
    /// time is over. Should no other try succeed, its error says that it may have been executed.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// The same method, which sends no reply.
    #[must_use]
    pub const fn oneway(mut self) -> Self {
        self.oneway = true;
        self
    }

    /// The same method with a time limit of its own.
    #[must_use]
    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// The service's name on the wire; empty for a command that stands alone.
    #[must_use]
    pub const fn service(&self) -> &'static str {
        self.service
    }

    /// The method's name on the wire, without its service.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The name by which the method is called: `Calculator.add`.
    #[must_use]
    pub fn full_name(&self) -> Cow<'static, str> {
        if self.service.is_empty() {
            Cow::Borrowed(self.name)
        } else {
            Cow::Owned(format!("{}.{}", self.service, self.name))
        }
    }

    /// The service's version, which is part of the signature's half of the key.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Argument and reply types, normalised: `(i64, i64) -> i64`.
    #[must_use]
    pub const fn signature(&self) -> &'static str {
        self.signature
    }

    /// The arguments' names, in order.
    #[must_use]
    pub const fn argument_names(&self) -> &'static [&'static str] {
        self.arguments
    }

    /// The method's documentation.
    #[must_use]
    pub const fn documentation(&self) -> &'static str {
        self.docs
    }

    /// Whether a call may be repeated without harm.
    #[must_use]
    pub const fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    /// Whether there is no reply.
    #[must_use]
    pub const fn is_oneway(&self) -> bool {
        self.oneway
    }

    /// The time limit from the method's attribute.
    #[must_use]
    pub const fn default_timeout(&self) -> Option<Duration> {
        self.timeout
    }

    pub(crate) const fn key(&self) -> MethodKey {
        self.key
    }

    /// The signature with the version that a mismatch may be about.
    pub(crate) fn versioned_signature(&self) -> String {
        if self.version == 1 {
            self.signature.to_owned()
        } else {
            format!("{} (version {})", self.signature, self.version)
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.service.is_empty() {
            write!(f, "{}.", self.service)?;
        }
        f.write_str(self.name)
    }
}
