//! The `MessagePack` codec: structs as maps, variants by name, bytes as bin.

mod writer;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::io::{self, Cursor};
use std::marker::PhantomData;

use rmp::Marker;
use rmp::decode::ValueReadError;
use rmp_serde::Deserializer;
use serde::Deserialize;
use serde::de::IgnoredAny;

use self::writer::MessagePackWriter;
use super::Error;
use super::budget::Budget;
use super::erased::{ErasedSeed, ErasedSerialize, ErasedSlot, Hint, ValueError};
use super::limited_buffer::LimitedBuffer;
use super::self_describing::{
    ExactTokens, Format, FormatDeserializer, FormatReason, FormatVisitor, NamedValue, Rules,
    forward,
};

pub(super) struct MessagePack;

/// How `rmp-serde` is called.
struct MessagePackRules;

impl Rules for MessagePackRules {
    const HUMAN_READABLE: bool = false;

    fn deserialize<'de, D>(
        hint: Hint,
        deserializer: D,
        visitor: FormatVisitor<'_, '_, '_, 'de, Self>,
    ) -> Result<(), D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        match hint {
            // The crate takes a negative number for a large one.
            Hint::I128 | Hint::U128 => deserializer.deserialize_any(visitor),
            _ => forward(hint, deserializer, visitor),
        }
    }

    /// Text is as good as bytes: libraries of other languages write the one for the other.
    fn bytes_of_text(_: &str) -> Option<Result<Vec<u8>, ValueError>> {
        None
    }

    /// The crate's own texts speak of I/O and markers.
    fn reason(error: &dyn StdError) -> FormatReason {
        let source = error.source().and_then(<dyn StdError>::downcast_ref);
        if source.is_some_and(|io: &io::Error| io.kind() == io::ErrorKind::UnexpectedEof) {
            return FormatReason::Other(CUT.to_owned());
        }
        let text = error.to_string();
        match text.strip_prefix("wrong msgpack marker ") {
            Some(marker) => FormatReason::Found(in_words(marker)),
            None if text.starts_with("array had incorrect length") => {
                FormatReason::Other("it has another number of elements than are asked for".into())
            }
            None => FormatReason::Other(text),
        }
    }
}

/// Returns what a marker stands for, given as `rmp` prints it.
fn in_words(marker: &str) -> &'static str {
    let kind = marker.trim_end_matches(|last: char| !last.is_alphabetic());
    match kind.trim_start_matches("Fix") {
        "Null" => "nil",
        "True" | "False" => "a bool",
        "F" => "a float",
        "Str" => "a text",
        "Bin" => "bytes",
        "Array" => "an array",
        "Map" => "a map",
        "Pos" | "Neg" | "U" | "I" => "an integer",
        _ => "an extension",
    }
}

const CUT: &str = "it ends in the middle of a value";

impl Format for MessagePack {
    fn read<'de>(
        &self,
        bytes: &'de [u8],
        budget: &Budget,
        seed: &mut dyn ErasedSeed<'de>,
    ) -> Result<(), ValueError> {
        let mut deserializer = Deserializer::from_read_ref(bytes);
        FormatDeserializer::<_, MessagePackRules>::read(&mut deserializer, budget, seed)?;
        // The borrowing deserializer does not tell its position, so try to decode one more value.
        match bool::deserialize(&mut deserializer) {
            Err(rmp_serde::decode::Error::InvalidMarkerRead(_)) => Ok(()),
            _ => Err(trailing(bytes)),
        }
    }

    fn entries<'de>(
        &self,
        bytes: &'de [u8],
        limit: usize,
    ) -> Result<Option<Vec<NamedValue<'de>>>, ValueError> {
        let marker = bytes.first().copied().map(Marker::from_u8);
        if !matches!(
            marker,
            Some(Marker::FixMap(_) | Marker::Map16 | Marker::Map32)
        ) {
            return Ok(None);
        }
        let mut cursor = Cursor::new(bytes);
        let announced = rmp::decode::read_map_len(&mut cursor).map_err(|_| cut())?;
        let mut entries = Vec::new();
        for _ in 0..announced {
            entries.push((name(&mut cursor)?, value(&mut cursor)?));
            if entries.len() > limit {
                return Ok(Some(entries));
            }
        }
        match position(&cursor) {
            end if end == bytes.len() => Ok(Some(entries)),
            end => Err(Error::Trailing {
                count: bytes.len() - end,
            }
            .into()),
        }
    }

    fn write(
        &self,
        value: &dyn ErasedSerialize,
        out: &mut LimitedBuffer<'_>,
    ) -> Result<(), ValueError> {
        let mut tokens = ExactTokens::new(MessagePackWriter::new(out));
        let written = value.serialize(&mut tokens);
        tokens.finish(written)
    }

    fn nil(&self) -> &'static [u8] {
        &[0xC0]
    }

    /// Lengths have 32 bits.
    fn max_length(&self) -> usize {
        u32::MAX as usize
    }

    fn is_human_readable(&self) -> bool {
        MessagePackRules::HUMAN_READABLE
    }
}

/// Reads the name of an argument.
fn name<'de>(cursor: &mut Cursor<&'de [u8]>) -> Result<Cow<'de, str>, ValueError> {
    let no_text = || ValueError::new("the name of an argument is no text");
    let len = rmp::decode::read_str_len(cursor).map_err(|error| match error {
        ValueReadError::TypeMismatch(_) => no_text(),
        _ => cut(),
    })?;
    let start = position(cursor);
    let end = start.checked_add(len as usize).ok_or_else(cut)?;
    let name = cursor.get_ref().get(start..end).ok_or_else(cut)?;
    cursor.set_position(end as u64);
    str::from_utf8(name)
        .map(Cow::Borrowed)
        .map_err(|_| no_text())
}

/// Skips a value, and returns its bytes.
fn value<'de>(cursor: &mut Cursor<&'de [u8]>) -> Result<&'de [u8], ValueError> {
    let bytes = *cursor.get_ref();
    let start = position(cursor);
    skip(&mut Deserializer::new(&mut *cursor), bytes.len())?;
    bytes.get(start..position(cursor)).ok_or_else(cut)
}

/// Reads a value of a message of `len` bytes, whatever it is.
fn skip<R: io::Read>(
    deserializer: &mut Deserializer<rmp_serde::decode::ReadReader<R>>,
    len: usize,
) -> Result<(), ValueError> {
    let budget = Budget::new(len);
    let mut ignored = ErasedSlot::new(PhantomData::<IgnoredAny>);
    FormatDeserializer::<_, MessagePackRules>::read(deserializer, &budget, &mut ignored)
}

/// Counts the bytes after the first value, by decoding it a second time.
#[cold]
fn trailing(bytes: &[u8]) -> ValueError {
    let mut cursor = Cursor::new(bytes);
    let _ = skip(&mut Deserializer::new(&mut cursor), bytes.len());
    let count = bytes.len().saturating_sub(position(&cursor));
    Error::Trailing { count }.into()
}

fn position(cursor: &Cursor<&[u8]>) -> usize {
    usize::try_from(cursor.position()).unwrap_or(usize::MAX)
}

#[cold]
fn cut() -> ValueError {
    ValueError::new(CUT)
}
