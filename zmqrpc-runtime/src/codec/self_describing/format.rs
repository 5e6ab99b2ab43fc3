//! What a format brings along.

use std::borrow::Cow;
use std::error::Error as StdError;

use serde::Deserializer;

use super::{FormatVisitor, forward};
use crate::codec::budget::Budget;
use crate::codec::erased::{ErasedSeed, ErasedSerialize, Hint, Token, ValueError};
use crate::codec::limited_buffer::LimitedBuffer;

/// A self-describing format.
pub(in crate::codec) trait Format: Sync {
    /// Reads one value that fills all of `bytes`.
    fn read<'de>(
        &self,
        bytes: &'de [u8],
        budget: &Budget,
        seed: &mut dyn ErasedSeed<'de>,
    ) -> Result<(), ValueError>;

    /// Returns the names and the encoded values of a map that fills all of `bytes`, at most `limit` of them and one
    /// more; `None` if it is no map.
    fn entries<'de>(
        &self,
        bytes: &'de [u8],
        limit: usize,
    ) -> Result<Option<Vec<NamedValue<'de>>>, ValueError>;

    /// Writes a value.
    fn write(
        &self,
        value: &dyn ErasedSerialize,
        out: &mut LimitedBuffer<'_>,
    ) -> Result<(), ValueError>;

    /// Returns the value that an empty body is decoded as: callers in other languages may leave out "nothing".
    fn nil(&self) -> &'static [u8];

    /// Returns the most bytes that the format can write.
    fn max_length(&self) -> usize {
        usize::MAX
    }

    fn is_human_readable(&self) -> bool;
}

/// A name and the encoded value that belongs to it.
pub(in crate::codec) type NamedValue<'de> = (Cow<'de, str>, &'de [u8]);

/// What is different when one format's deserializer is called.
pub(in crate::codec) trait Rules {
    const HUMAN_READABLE: bool;

    /// Has `deserializer` visit its value.
    fn deserialize<'de, D>(
        hint: Hint,
        deserializer: D,
        visitor: FormatVisitor<'_, '_, '_, 'de, Self>,
    ) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
        Self: Sized,
    {
        forward(hint, deserializer, visitor)
    }

    /// Returns the bytes that a text stands for where bytes are asked for; `None` if it stands for its own.
    fn bytes_of_text(text: &str) -> Option<Result<Vec<u8>, ValueError>>;

    /// Returns what an error of the format's own says, for people.
    fn reason(error: &dyn StdError) -> FormatReason;
}

/// What an error of a format says.
pub(in crate::codec) enum FormatReason {
    /// The type asks for something else than this, which is there.
    #[cfg_attr(not(feature = "msgpack"), allow(dead_code))]
    Found(&'static str),
    Other(String),
}

/// Writes tokens, which are known to be exact.
pub(in crate::codec) trait TokenWriter {
    const HUMAN_READABLE: bool;

    fn write(&mut self, token: Token<'_>) -> Result<(), ValueError>;

    /// Returns whether the token is written as nil.
    fn is_nil(&self, token: &Token<'_>) -> bool;

    /// Returns whether the struct of this name is no more than its content, which is written already.
    fn is_written(_name: &str) -> bool {
        false
    }
}
