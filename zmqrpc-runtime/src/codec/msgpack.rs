//! The `MessagePack` codec: structs as maps, variants by name, bytes as bin.

use std::io::{Cursor, ErrorKind};
use std::marker::PhantomData;

use rmp_serde::decode::Error as Cause;
use rmp_serde::encode::Error as EncodeCause;
use rmp_serde::{Deserializer, Serializer};
use serde::de::{DeserializeSeed, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::exact::{Exact, Rules};
use super::guard::Budget;
use super::limited_buffer::LimitedBuffer;
use super::{Error, noted};

/// Structs are maps; `None` and `()` are nil.
struct Named;

impl Rules for Named {
    const HAS_NAMES: bool = true;
    const HAS_SOME: bool = false;
}

/// What an empty body is decoded as: callers in other languages may leave out "nothing".
const NIL: &[u8] = &[0xC0];

/// Appends `value` to `out`; leaves a partial encoding behind on an error.
pub(super) fn encode<T>(value: &T, out: &mut Vec<u8>, limit: usize) -> Result<(), Error>
where
    T: Serialize + ?Sized,
{
    // The crate writes lengths as 32 bits, and silently truncates longer ones.
    let limit = limit.min(u32::MAX as usize);
    let mut serializer = Serializer::new(LimitedBuffer::new(out, limit)).with_struct_map();
    let result = Exact::<_, Named>::serialize(value, &mut serializer);
    if serializer.get_ref().overflowed() {
        return Err(Error::TooLarge { limit });
    }
    result.map_err(|cause| {
        match &cause {
            EncodeCause::Syntax(text) => noted::take_reason(Some(text)),
            _ => None,
        }
        .unwrap_or_else(|| Error::encode(cause))
    })
}

/// Decodes one value that fills all of `bytes`.
pub(super) fn decode<'de, T>(bytes: &'de [u8]) -> Result<T, Error>
where
    T: Deserialize<'de>,
{
    decode_seed(bytes, PhantomData)
}

/// Decodes, with `seed`, one value that fills all of `bytes`.
pub(super) fn decode_seed<'de, S>(bytes: &'de [u8], seed: S) -> Result<S::Value, Error>
where
    S: DeserializeSeed<'de>,
{
    let bytes = if bytes.is_empty() { NIL } else { bytes };
    let mut deserializer = Deserializer::from_read_ref(bytes);
    let value = Budget::new(bytes.len(), true)
        .decode(&mut deserializer, seed)
        .map_err(|cause| explain(&cause))?;
    // The borrowing deserializer does not tell its position, so try to decode one more value.
    match bool::deserialize(&mut deserializer) {
        Err(Cause::InvalidMarkerRead(_)) => {
            // An `untagged` type swallows errors until a variant fits.
            noted::clear_reason();
            Ok(value)
        }
        _ => Err(Error::Trailing {
            count: trailing(bytes),
        }),
    }
}

/// Counts the bytes after the first value, by decoding it a second time.
#[cold]
fn trailing(bytes: &[u8]) -> usize {
    let mut deserializer = Deserializer::new(Cursor::new(bytes));
    let _ = Budget::new(bytes.len(), true).decode(&mut deserializer, PhantomData::<IgnoredAny>);
    usize::try_from(deserializer.position()).map_or(0, |end| bytes.len().saturating_sub(end))
}

/// Returns a text for people; the crate's own texts speak of I/O and markers.
#[cold]
fn explain(cause: &Cause) -> Error {
    match cause {
        Cause::Syntax(text) => {
            noted::take_reason(Some(text)).unwrap_or_else(|| Error::decode(text))
        }
        Cause::InvalidMarkerRead(io) | Cause::InvalidDataRead(io)
            if io.kind() == ErrorKind::UnexpectedEof =>
        {
            Error::decode("it ends in the middle of a value")
        }
        Cause::TypeMismatch(marker) => Error::decode(format_args!("unexpected {marker:?}")),
        other => Error::decode(other),
    }
}
