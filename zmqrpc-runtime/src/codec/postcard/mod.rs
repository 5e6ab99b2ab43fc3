//! The postcard codec, with the checks that the `postcard` crate lacks for untrusted messages.
//!
//! The only codec that is compiled for each type: calls between generated clients and servers travel in it, and must
//! cost no indirect calls.

mod exact;
mod guard;
mod noted;

use std::marker::PhantomData;

use ::postcard::{Deserializer, Error as Cause, Serializer};
use serde::{Deserialize, Serialize};

use self::exact::Exact;
use super::Error;
use super::budget::Budget;
use super::limited_buffer::LimitedBuffer;

/// Appends `value` to `out`; leaves a partial encoding behind on an error.
pub(super) fn encode<T>(value: &T, out: &mut Vec<u8>, limit: usize) -> Result<(), Error>
where
    T: Serialize + ?Sized,
{
    let mut serializer = Serializer {
        output: LimitedBuffer::new(out, limit),
    };
    let result = Exact::serialize(value, &mut serializer);
    if serializer.output.overflowed() {
        return Err(Error::TooLarge { limit });
    }
    result.map_err(|cause| {
        match cause {
            Cause::SerdeSerCustom => noted::take_reason(),
            _ => None,
        }
        .unwrap_or_else(|| Error::encode(reason(&cause)))
    })
}

/// Decodes one value that fills all of `bytes`.
pub(super) fn decode<'de, T>(bytes: &'de [u8]) -> Result<T, Error>
where
    T: Deserialize<'de>,
{
    let mut deserializer = Deserializer::from_bytes(bytes);
    let budget = Budget::new(bytes.len());
    let value =
        guard::decode(&budget, &mut deserializer, PhantomData).map_err(|cause| explain(&cause))?;
    match deserializer.finalize() {
        Ok([]) => {
            // A `Deserialize` may have swallowed the error of a part.
            noted::clear_reason();
            Ok(value)
        }
        Ok(rest) => Err(Error::Trailing { count: rest.len() }),
        Err(cause) => Err(explain(&cause)),
    }
}

/// Returns why decoding failed: the crate's error has no room for a type's own reason.
#[cold]
fn explain(cause: &Cause) -> Error {
    match cause {
        Cause::SerdeDeCustom => noted::take_reason(),
        _ => None,
    }
    .unwrap_or_else(|| Error::decode(reason(cause)))
}

/// Returns a text for people; the crate's own texts name Rust types.
fn reason(cause: &Cause) -> &'static str {
    match cause {
        Cause::WontImplement | Cause::NotYetImplemented => {
            "the type needs a self-describing codec (is it untagged, flattened or internally tagged?)"
        }
        Cause::SerializeSeqLengthUnknown => {
            "a sequence or map does not know its length (is a field flattened?)"
        }
        Cause::DeserializeUnexpectedEnd => "it ends in the middle of a value",
        Cause::DeserializeBadVarint => "an integer is out of range",
        Cause::DeserializeBadBool => "a bool is neither 0 nor 1",
        Cause::DeserializeBadChar => "a char is not valid UTF-8",
        Cause::DeserializeBadUtf8 => "text is not valid UTF-8",
        Cause::DeserializeBadOption => "the tag of an option is neither 0 nor 1",
        Cause::CollectStrError | Cause::SerdeSerCustom => "the type's own `Serialize` failed",
        _ => "it does not fit the type",
    }
}
