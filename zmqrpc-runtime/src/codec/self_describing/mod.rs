//! What the self-describing codecs share, JSON and `MessagePack`: they differ in a [`Format`] each.
//!
//! Reading: the deserializer of a format's own crate stands behind [`FormatDeserializer`], which charges the
//! [budget](super::budget) of the message and knows at every moment in which part of the value it is. Writing: tokens
//! pass [`ExactTokens`], which rejects what the receiver could not restore. All of it is compiled once, for
//! [erased](super::erased) types.
//!
//! Must not know which formats there are.

mod access;
mod arguments;
mod deserializer;
mod exact;
mod format;
mod scope;
mod visitor;

use std::marker::PhantomData;

use serde::de::DeserializeSeed;
use serde::{Deserialize, Serialize};

pub(super) use self::deserializer::{FormatDeserializer, forward};
pub(super) use self::exact::ExactTokens;
pub(super) use self::format::{Format, FormatReason, NamedValue, Rules, TokenWriter};
pub(super) use self::visitor::FormatVisitor;

use super::Error;
use super::budget::Budget;
use super::erased::{ErasedSeed, ErasedSerialize, ErasedSlot, ValueError};
use super::limited_buffer::LimitedBuffer;

/// Appends `value` to `out`; leaves a partial encoding behind on an error.
pub(super) fn encode<T>(
    format: &dyn Format,
    value: &T,
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), Error>
where
    T: Serialize + ?Sized,
{
    encode_erased(format, &value, out, limit)
}

fn encode_erased(
    format: &dyn Format,
    value: &dyn ErasedSerialize,
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), Error> {
    let limit = limit.min(format.max_length());
    let mut buffer = LimitedBuffer::new(out, limit);
    let result = format.write(value, &mut buffer);
    if buffer.overflowed() {
        return Err(Error::TooLarge { limit });
    }
    result.map_err(|error| error.into_error(Error::Encode))
}

/// Decodes one value that fills all of `bytes`.
pub(super) fn decode<'de, T>(format: &dyn Format, bytes: &'de [u8]) -> Result<T, Error>
where
    T: Deserialize<'de>,
{
    decode_seed(format, bytes, PhantomData)
}

/// Decodes, with `seed`, one value that fills all of `bytes`.
pub(super) fn decode_seed<'de, S>(
    format: &dyn Format,
    bytes: &'de [u8],
    seed: S,
) -> Result<S::Value, Error>
where
    S: DeserializeSeed<'de>,
{
    made(seed, |seed| read(format, bytes, seed))
}

/// Decodes the arguments of a method, which are in order or by these names.
pub(super) fn decode_arguments<'de, A>(
    format: &dyn Format,
    bytes: &'de [u8],
    names: &[&str],
) -> Result<A, Error>
where
    A: Deserialize<'de>,
{
    made(PhantomData, |seed| {
        arguments::read(format, bytes, names, seed)
    })
}

/// Returns what a seed has made.
fn made<'de, S: DeserializeSeed<'de>>(
    seed: S,
    read: impl FnOnce(&mut dyn ErasedSeed<'de>) -> Result<(), ValueError>,
) -> Result<S::Value, Error> {
    let mut slot = ErasedSlot::new(seed);
    read(&mut slot)
        .and_then(|()| slot.into_made())
        .map_err(|error| error.into_error(Error::Decode))
}

fn read<'de>(
    format: &dyn Format,
    bytes: &'de [u8],
    seed: &mut dyn ErasedSeed<'de>,
) -> Result<(), ValueError> {
    let bytes = if bytes.is_empty() {
        format.nil()
    } else {
        bytes
    };
    let budget = Budget::new(bytes.len());
    format.read(bytes, &budget, seed)
}
