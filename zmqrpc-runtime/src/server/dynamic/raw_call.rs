//! A call whose arguments are still encoded.

use std::fmt;
use std::ops::Range;

use crate::codec::Codec;
use crate::command::{CallContext, RawMethod};

/// A call whose arguments are still encoded, as a [dynamic](crate::ServerBuilder::dynamic) service gets it.
pub struct RawCall {
    pub(super) context: CallContext,
    pub(super) codec: Codec,
    /// Where the arguments are in the frame.
    pub(super) body: Range<usize>,
}

impl RawCall {
    /// Returns who calls, what travels beside the arguments, and how much time remains.
    #[must_use]
    pub fn context(&self) -> &CallContext {
        &self.context
    }

    /// Returns the method as the caller has named it.
    #[must_use]
    pub fn method(&self) -> RawMethod<'_> {
        self.context.called()
    }

    /// Returns the codec of the arguments, and of the value that is returned.
    #[must_use]
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Returns the encoded arguments: the tuple of them, or by name a map too, as `PROTOCOL.md` says. Empty for none.
    #[must_use]
    pub fn arguments(&self) -> &[u8] {
        let frame = self.context.frame();
        frame.get(self.body.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for RawCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Leaves the arguments out: they may contain anything.
        f.debug_struct("RawCall")
            .field("context", &self.context)
            .field("called", &self.method())
            .field("codec", &self.codec)
            .finish_non_exhaustive()
    }
}
