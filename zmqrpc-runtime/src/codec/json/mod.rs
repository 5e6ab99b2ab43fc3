//! The JSON codec: what `serde_json` reads and writes, but for what JSON itself cannot say.
//!
//! | | |
//! |---|---|
//! | bytes | text in base64 |
//! | NaN and the infinities | `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | integers of up to 128 bits | numbers; texts are read, too, since JavaScript cannot write large ones |

mod base64;
mod number;
mod writer;

use std::error::Error as StdError;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

use self::writer::JsonWriter;
use super::budget::Budget;
use super::erased::{ErasedSeed, ErasedSerialize, Hint, ValueError};
use super::limited_buffer::LimitedBuffer;
use super::self_describing::{
    ExactTokens, Format, FormatDeserializer, FormatReason, FormatVisitor, NamedValue, Rules,
    forward,
};
use super::{Error, Str};

pub(super) struct Json;

/// How `serde_json` is called.
struct JsonRules;

impl Rules for JsonRules {
    const HUMAN_READABLE: bool = true;

    fn deserialize<'de, D>(
        hint: Hint,
        deserializer: D,
        visitor: FormatVisitor<'_, '_, '_, 'de, Self>,
    ) -> Result<(), D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        match hint {
            Hint::I8
            | Hint::I16
            | Hint::I32
            | Hint::I64
            | Hint::I128
            | Hint::U8
            | Hint::U16
            | Hint::U32
            | Hint::U64
            | Hint::U128
            | Hint::F32
            | Hint::F64 => number::deserialize(hint, deserializer, visitor),
            // Bytes may be a text or a list; a caller without arguments may send an empty list or object.
            Hint::Bytes | Hint::Unit | Hint::UnitStruct(_) => deserializer.deserialize_any(visitor),
            _ => forward(hint, deserializer, visitor),
        }
    }

    fn bytes_of_text(text: &str) -> Option<Result<Vec<u8>, ValueError>> {
        Some(base64::decode(text))
    }

    fn reason(error: &dyn StdError) -> FormatReason {
        FormatReason::Other(reason(&error.to_string()))
    }
}

/// Returns what an error of `serde_json` says, for people.
fn reason(text: &str) -> String {
    if text.starts_with("EOF while parsing") {
        return "it ends in the middle of a value".to_owned();
    }
    if text.starts_with("trailing characters") {
        return "it has more elements than are asked for".to_owned();
    }
    // Where a value is of another type, the path tells; where it is no JSON, line and column do.
    let is_of_type = ["invalid type", "invalid value", "invalid length"]
        .iter()
        .any(|kind| text.starts_with(kind));
    match text.rsplit_once(" at line ") {
        Some((reason, _)) if is_of_type => reason.to_owned(),
        _ => text.to_owned(),
    }
}

impl Format for Json {
    fn read<'de>(
        &self,
        bytes: &'de [u8],
        budget: &Budget,
        seed: &mut dyn ErasedSeed<'de>,
    ) -> Result<(), ValueError> {
        let mut deserializer = Deserializer::from_slice(bytes);
        // The budget limits the depth, and says so in the same words for all codecs.
        deserializer.disable_recursion_limit();
        FormatDeserializer::<_, JsonRules>::read(&mut deserializer, budget, seed)?;
        deserializer.end().map_err(|error| trailing(bytes, &error))
    }

    fn entries<'de>(
        &self,
        bytes: &'de [u8],
        limit: usize,
    ) -> Result<Option<Vec<NamedValue<'de>>>, ValueError> {
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Ok(None);
        }
        let mut entries = Vec::new();
        let mut deserializer = Deserializer::from_slice(bytes);
        let read = deserializer.deserialize_map(EntriesVisitor {
            entries: &mut entries,
            limit,
        });
        if entries.len() > limit {
            return Ok(Some(entries));
        }
        read.map_err(|error| ValueError::new(reason(&error.to_string())))?;
        deserializer
            .end()
            .map_err(|error| trailing(bytes, &error))?;
        Ok(Some(entries))
    }

    fn write(
        &self,
        value: &dyn ErasedSerialize,
        out: &mut LimitedBuffer<'_>,
    ) -> Result<(), ValueError> {
        let mut tokens = ExactTokens::new(JsonWriter::new(out));
        let written = value.serialize(&mut tokens);
        tokens.finish(written)
    }

    fn nil(&self) -> &'static [u8] {
        b"null"
    }

    fn is_human_readable(&self) -> bool {
        JsonRules::HUMAN_READABLE
    }
}

/// Takes the entries of an object, whose values stay encoded.
struct EntriesVisitor<'e, 'de> {
    entries: &'e mut Vec<NamedValue<'de>>,
    limit: usize,
}

impl<'de> Visitor<'de> for EntriesVisitor<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("arguments by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while self.entries.len() <= self.limit
            && let Some((name, value)) = map.next_entry::<Str<'de>, &'de RawValue>()?
        {
            self.entries.push((name.into_cow(), value.get().as_bytes()));
        }
        Ok(())
    }
}

/// Returns the error of bytes that follow the value, of which `error` names the first.
#[cold]
fn trailing(bytes: &[u8], error: &serde_json::Error) -> ValueError {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines
        .take(error.line().saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    let first = before + error.column().saturating_sub(1);
    let count = bytes.len().saturating_sub(first);
    Error::Trailing { count }.into()
}
