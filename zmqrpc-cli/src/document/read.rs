//! Reads JSON, with what `serde_json` says of where it is none.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Document;

/// The most values within each other: as deep as `serde_json` reads.
const MAX_DEPTH: usize = 128;

/// Reads a text that is one JSON value.
///
/// # Errors
///
/// Where it is no JSON, and why.
pub(crate) fn read(text: &str) -> Result<Document, serde_json::Error> {
    let raw = serde_json::from_str::<&RawValue>(text).map_err(|error| {
        // What reads values says more than what passes over them.
        let read = serde_json::from_str::<serde_json::Value>(text);
        read.err().unwrap_or(error)
    });
    value(raw?.get(), 0)
}

/// Reads a value that is known to be JSON, without white space around it.
fn value(text: &str, depth: usize) -> Result<Document, serde_json::Error> {
    if depth == MAX_DEPTH {
        return Err(serde_json::Error::custom("it is nested too deeply"));
    }
    let below = |part: &RawValue| value(part.get(), depth + 1);
    Ok(match text.as_bytes().first() {
        Some(b'n') | None => Document::Null,
        Some(b't') => Document::Bool(true),
        Some(b'f') => Document::Bool(false),
        Some(b'"') => Document::Text(serde_json::from_str(text)?),
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(text)?;
            let elements = elements.into_iter().map(below);
            Document::List(elements.collect::<Result<_, _>>()?)
        }
        Some(b'{') => {
            let entries = serde_json::Deserializer::from_str(text).deserialize_map(Entries)?;
            let entries = entries
                .into_iter()
                .map(|(name, entry)| Ok((name, below(entry)?)));
            Document::Object(entries.collect::<Result<_, serde_json::Error>>()?)
        }
        Some(_) => Document::Number(text.to_owned()),
    })
}

/// Takes the entries of an object as they come.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}
