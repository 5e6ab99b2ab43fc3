//! Short, harmless text for people, made of what a peer sent.

use std::fmt::{self, Display, Write};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Codec;

/// The most characters of one such text.
const MAX_CHARS: usize = 256;

/// Renders a self-describing body on one line of at most 256 characters, much like JSON.
///
/// Returns `None` if the body is not self-describing (postcard) or is malformed. A body that is
/// text, such as an enum's variant without fields, appears without quotation marks.
#[must_use]
pub fn describe(codec: Codec, bytes: &[u8]) -> Option<String> {
    let mut line = TextLine::default();
    let result = codec.decode_seed(bytes, Rendering::of_body(&mut line))?;
    (result.is_ok() || line.full).then_some(line.text)
}

/// Formats `value` on one line of at most 256 characters.
pub(super) fn clip(value: impl Display) -> String {
    let mut line = TextLine::default();
    // An error means that the line is full, which its ellipsis shows.
    let _ = write!(line, "{value}");
    line.text
}

/// A line of text that ends in `…` when it is full, and in which nothing moves a terminal's cursor
/// or looks like another line of a log.
#[derive(Default)]
struct TextLine {
    text: String,
    chars: usize,
    full: bool,
}

impl TextLine {
    fn put<E: de::Error>(&mut self, value: impl Display) -> Result<(), E> {
        write!(self, "{value}").map_err(E::custom)
    }
}

impl Write for TextLine {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            let escaped = char.escape_debug();
            let verbatim = matches!(char, '"' | '\'' | '\\');
            let width = if verbatim { 1 } else { escaped.len() };
            // The last character is reserved for the ellipsis.
            if self.full || self.chars + width >= MAX_CHARS {
                if !self.full {
                    self.text.push('…');
                }
                self.full = true;
                return Err(fmt::Error);
            }
            self.chars += width;
            if verbatim {
                self.text.push(char);
            } else {
                self.text.extend(escaped);
            }
        }
        Ok(())
    }
}

/// Writes one value of a body to the line: serves as both its seed and its visitor.
struct Rendering<'l> {
    line: &'l mut TextLine,
    before: &'static str,
    /// Whether text gets quotation marks, to delimit it from the rest of the line.
    quoted: bool,
}

impl<'l> Rendering<'l> {
    fn of_body(line: &'l mut TextLine) -> Self {
        Self {
            line,
            before: "",
            quoted: false,
        }
    }

    fn part(line: &'l mut TextLine, before: &'static str) -> Self {
        Self {
            line,
            before,
            quoted: true,
        }
    }

    fn write<E: de::Error>(self, value: impl Display) -> Result<(), E> {
        self.line.put(value)
    }
}

impl<'de> DeserializeSeed<'de> for Rendering<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.line.put(self.before)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Rendering<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.write(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.write(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.write(value)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.write(value)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        if self.quoted {
            self.write(format_args!("{value:?}"))
        } else {
            self.write(value)
        }
    }

    fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<(), E> {
        self.write(format_args!("b\"{}\"", value.escape_ascii()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.write("null")
    }

    /// Renders an extension type of `MessagePack`: its number and its bytes.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let line = self.line;
        line.put("[")?;
        let mut before = "";
        while elements
            .next_element_seed(Rendering::part(line, before))?
            .is_some()
        {
            before = ", ";
        }
        line.put("]")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let line = self.line;
        line.put("{")?;
        let mut before = "";
        while entries
            .next_key_seed(Rendering::part(line, before))?
            .is_some()
        {
            entries.next_value_seed(Rendering::part(line, ": "))?;
            before = ", ";
        }
        line.put("}")
    }
}
