//! What a call is about, for its errors.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::codec::Codec;
use crate::command::Method;
use crate::dialect::MethodRef;
use crate::error::{CallTarget, Error, UnavailableCause};
use crate::wire::{Executed, Limits, MethodKey};

/// What is called.
#[derive(Clone, Copy, Debug)]
pub(super) enum Callee<'a> {
    /// A command's method: both sides know the types. The key may be that which the server has.
    Method(&'static Method, MethodKey),
    /// A method whose types are not known here, and the codec of its arguments.
    Untyped(MethodRef<'a>, Codec),
}

/// A call, as its request and its errors need to know it.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallInfo<'a> {
    pub(super) callee: Callee<'a>,
    pub(super) endpoint: Option<&'a Arc<str>>,
    pub(super) limits: &'a Limits,
    /// The call's time limit.
    pub(super) timeout: Duration,
    /// Whether an earlier attempt of the call may have been executed.
    pub(super) tried: bool,
}

impl fmt::Display for Callee<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method(method, _) => method.fmt(f),
            Self::Untyped(method, _) => method.fmt(f),
        }
    }
}

impl Callee<'static> {
    /// Returns a method under its own key.
    pub(super) fn of(method: &'static Method) -> Self {
        Self::Method(method, method.key())
    }
}

impl<'a> CallInfo<'a> {
    pub(super) fn target(&self) -> CallTarget {
        let method = match self.callee {
            Callee::Method(method, _) => method.full_name(),
            Callee::Untyped(method, _) => method.to_string().into(),
        };
        CallTarget::new(method, self.endpoint.cloned())
    }

    pub(super) fn signature(&self) -> String {
        match self.callee {
            Callee::Method(method, _) => method.versioned_signature(),
            Callee::Untyped(..) => "unknown, as the call was not of generated code".into(),
        }
    }

    pub(super) fn method(&self) -> MethodRef<'a> {
        match self.callee {
            Callee::Method(_, key) => MethodRef::Key(key),
            Callee::Untyped(method, _) => method,
        }
    }

    /// Returns the codec. A call by name has no signature that both sides agree on, so its values describe
    /// themselves, in the codec that the client is set to.
    pub(super) fn codec(&self) -> Codec {
        match self.callee {
            Callee::Method(..) => Codec::Postcard,
            Callee::Untyped(_, codec) => codec,
        }
    }

    /// Returns the error that the call ends with, which takes all of its attempts into account.
    pub(super) fn in_all(&self, error: Error) -> Error {
        if !self.tried || error.executed() != Executed::No {
            return error;
        }
        match error.with_executed(Executed::Maybe) {
            Error::Unavailable {
                at,
                cause,
                executed,
            } => Error::Unavailable {
                at,
                cause: UnavailableCause::Retry(Box::new(cause)),
                executed,
            },
            other => other,
        }
    }

    pub(super) fn timed_out(&self, executed: Executed) -> Error {
        Error::Timeout {
            at: self.target(),
            timeout: self.timeout,
            executed,
        }
    }

    pub(super) fn unavailable(&self, cause: UnavailableCause, executed: Executed) -> Error {
        Error::Unavailable {
            at: self.target(),
            cause,
            executed,
        }
    }
}
