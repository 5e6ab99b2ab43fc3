//! What a request, an event or a job carries, its type forgotten.

use serde::Serialize;

use super::ArgumentCheck;
use crate::codec::{Codec, Error};

/// The arguments of a method, to be sent. A trait object, so that all that sends them is compiled once, and not for each
/// command.
pub(crate) trait EncodeArguments {
    /// Appends the arguments to `out`, which may grow to `limit` bytes in all.
    fn encode(&self, codec: Codec, out: &mut Vec<u8>, limit: usize) -> Result<(), Error>;
}

impl<T: Serialize> EncodeArguments for T {
    fn encode(&self, codec: Codec, out: &mut Vec<u8>, limit: usize) -> Result<(), Error> {
        codec.encode(self, out, limit)
    }
}

/// Arguments that have been encoded by somebody else.
pub(crate) struct RawArguments<'a>(pub(crate) &'a [u8]);

impl EncodeArguments for RawArguments<'_> {
    fn encode(&self, _: Codec, out: &mut Vec<u8>, limit: usize) -> Result<(), Error> {
        if self.0.len() > limit.saturating_sub(out.len()) {
            return Err(Error::TooLarge { limit });
        }
        out.extend_from_slice(self.0);
        Ok(())
    }
}

/// Arguments of which receivers refuse some.
pub(crate) struct CheckedArguments<'a>(
    pub(crate) &'a dyn EncodeArguments,
    pub(crate) ArgumentCheck,
);

impl EncodeArguments for CheckedArguments<'_> {
    fn encode(&self, codec: Codec, out: &mut Vec<u8>, limit: usize) -> Result<(), Error> {
        let Self(arguments, check) = self;
        let start = out.len();
        arguments.encode(codec, out, limit)?;
        check.check(&out[start..])
    }
}
