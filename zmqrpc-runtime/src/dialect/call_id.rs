//! The ids of calls, as their callers choose them.

/// The number of the id that no call has: that of pings whose pong nobody waits for.
pub const NO_ID: u64 = 0;

/// The id of a call, of a ping or of a notice: what its reply repeats. Each dialect has its own kind of ids, which no other
/// part of the library looks into.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallId(u64);

impl CallId {
    /// The id that no call has. A server rejects messages without a readable id under it.
    pub const NONE: Self = Self(NO_ID);

    /// Returns the id as a number, which it is in the native dialect.
    pub(crate) const fn number(&self) -> u64 {
        self.0
    }
}

impl From<u64> for CallId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}
