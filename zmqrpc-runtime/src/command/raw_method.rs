//! How a method is named without its types.

use std::fmt;

use super::Method;
use crate::dialect::MethodRef;
use crate::wire::MethodKey;

/// A method whose types are not known: of a [raw call](crate::Client::call_raw), or of an event or a job that is still
/// encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RawMethod<'a> {
    /// By its full name, such as `Calculator.add`. The codec must be
    /// [self-describing](crate::client::Codec::is_self_describing).
    Name(&'a str),
    /// By its key, which states its shapes, in any codec. `PROTOCOL.md` says how a key is worked out.
    Key(u64),
}

impl fmt::Display for RawMethod<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        MethodRef::from(*self).fmt(f)
    }
}

impl<'a> From<&'a str> for RawMethod<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl From<u64> for RawMethod<'_> {
    fn from(key: u64) -> Self {
        Self::Key(key)
    }
}

impl From<&Method> for RawMethod<'_> {
    fn from(method: &Method) -> Self {
        Self::Key(method.key().bits())
    }
}

impl<'a> From<MethodRef<'a>> for RawMethod<'a> {
    fn from(method: MethodRef<'a>) -> Self {
        match method {
            MethodRef::Name(name) => Self::Name(name),
            MethodRef::Key(key) => Self::Key(key.bits()),
        }
    }
}

impl<'a> From<RawMethod<'a>> for MethodRef<'a> {
    fn from(method: RawMethod<'a>) -> Self {
        match method {
            RawMethod::Name(name) => Self::Name(name),
            RawMethod::Key(key) => Self::Key(MethodKey::from_bits(key)),
        }
    }
}
