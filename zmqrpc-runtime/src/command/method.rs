//! What both sides know of a method before any call.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::values::MethodValues;
use super::{Command, KeyCell};
use crate::description::Description;
use crate::wire::MethodKey;

/// A method: its names, its signature, and the options of its attribute.
///
/// Generated code declares one per method, as a constant.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    service: &'static str,
    name: &'static str,
    version: u32,
    signature: &'static str,
    arguments: &'static [&'static str],
    docs: &'static str,
    deprecated: Option<&'static str>,
    idempotent: bool,
    oneway: bool,
    timeout: Option<Duration>,
    /// By the signature, or as it was set.
    key: MethodKey,
    /// By which the key is worked out, where they are known.
    values: Option<MethodValues>,
}

/// The method that stands for all that no service has, where there is a fallback.
pub(crate) static ANY_METHOD: Method = Method::new("", "*", 1, "");

impl Method {
    /// Creates a method of `service`, which is empty for a command without a service.
    ///
    /// `signature` is the normalised signature, for people; and for the key where the types cannot tell.
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
            deprecated: None,
            idempotent: false,
            oneway: false,
            timeout: None,
            key: MethodKey::new(service, name, signature, version),
            values: None,
        }
    }

    /// Sets the names of the arguments, and the types of all values to those of a command. Their shapes go into the key by
    /// which the server finds the method: so it detects a caller that has others. The key is worked out when it is first asked
    /// for, and kept in `cell`.
    #[doc(hidden)]
    #[must_use]
    pub const fn shaped<C: Command>(
        mut self,
        names: &'static [&'static str],
        cell: &'static KeyCell,
    ) -> Self {
        self.arguments = names;
        self.values = Some(MethodValues::of::<C>(cell));
        self
    }

    /// Sets the names of the arguments, in order.
    #[must_use]
    pub const fn arguments(mut self, names: &'static [&'static str]) -> Self {
        self.arguments = names;
        self
    }

    /// Sets the documentation.
    #[must_use]
    pub const fn docs(mut self, docs: &'static str) -> Self {
        self.docs = docs;
        self
    }

    /// Declares that the method should not be used any more, and why; the reason may be empty.
    #[must_use]
    pub const fn deprecated(mut self, reason: &'static str) -> Self {
        self.deprecated = Some(reason);
        self
    }

    /// Declares that the method may be executed more than once without harm. The client then repeats a call whose
    /// connection breaks before the reply, or whose server falls silent, within the call's time limit. It does not
    /// repeat a call after a reply, nor after the time limit. If no attempt succeeds, the error says that the call may
    /// have been executed.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Declares that the method sends no reply.
    #[must_use]
    pub const fn oneway(mut self) -> Self {
        self.oneway = true;
        self
    }

    /// Sets a time limit for the method's calls.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Returns the service's name on the wire; empty for a command without a service.
    #[must_use]
    pub const fn service(&self) -> &'static str {
        self.service
    }

    /// Returns the method's name on the wire, without its service.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the full name, under which the method is called: `Calculator.add`.
    #[must_use]
    pub fn full_name(&self) -> Cow<'static, str> {
        if self.service.is_empty() {
            Cow::Borrowed(self.name)
        } else {
            Cow::Owned(format!("{}.{}", self.service, self.name))
        }
    }

    /// Returns the full name with the service's version: `Calculator@2.add`, or `greet@2` without a service.
    pub(crate) fn versioned_name(&self) -> String {
        if self.service.is_empty() {
            format!("{}@{}", self.name, self.version)
        } else {
            format!("{}@{}.{}", self.service, self.version, self.name)
        }
    }

    /// Returns the service's version, which is part of the signature's half of the key.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Returns the normalised argument and reply types: `(i64, i64) -> i64`.
    #[must_use]
    pub const fn signature(&self) -> &'static str {
        self.signature
    }

    /// Returns the arguments' names, in order.
    #[must_use]
    pub const fn argument_names(&self) -> &'static [&'static str] {
        self.arguments
    }

    /// Returns the method's documentation.
    #[must_use]
    pub const fn documentation(&self) -> &'static str {
        self.docs
    }

    /// Returns why the method should not be used any more, if that is so; empty if no reason was given.
    #[must_use]
    pub const fn deprecation(&self) -> Option<&'static str> {
        self.deprecated
    }

    /// Returns whether a call may be repeated without harm.
    #[must_use]
    pub const fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    /// Returns whether the method sends no reply.
    #[must_use]
    pub const fn is_oneway(&self) -> bool {
        self.oneway
    }

    /// Returns the time limit from the method's attribute.
    #[must_use]
    pub const fn default_timeout(&self) -> Option<Duration> {
        self.timeout
    }

    #[inline]
    pub(crate) fn key(&self) -> MethodKey {
        match &self.values {
            Some(values) => values.key(self),
            None => self.key,
        }
    }

    /// Returns the canonical text of the method's shapes; `None` if it is not known, or something in it is not.
    pub(crate) fn canonical(&self) -> Option<&'static str> {
        self.values.as_ref()?.canonical(self)
    }

    /// Returns the description of the method, and of nothing else; `None` if its types are not known.
    pub(super) fn described(&self) -> Option<&'static Description> {
        Some(self.values.as_ref()?.described(self))
    }

    /// Returns the upper half of the key, which hashes the name.
    pub(crate) const fn name_hash(&self) -> u32 {
        self.key.name_hash()
    }

    /// Returns the key with this text in the place of the signature.
    pub(super) const fn key_of(&self, text: &str) -> MethodKey {
        MethodKey::new(self.service, self.name, text, self.version)
    }

    pub(super) const fn values(&self) -> Option<&MethodValues> {
        self.values.as_ref()
    }

    /// Returns whether callers may name the method by its key: it has none if its types are told by nobody.
    pub(crate) const fn has_key(&self) -> bool {
        self.key.bits() != 0
    }

    /// Sets the key, which others have worked out; 0 if there is none.
    pub(crate) const fn with_key(mut self, key: u64) -> Self {
        self.key = MethodKey::from_bits(key);
        self
    }

    /// Returns the signature, with the version if that may be the cause of a mismatch.
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
