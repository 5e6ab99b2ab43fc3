//! One word of a command line as a value.

use zmqrpc::schema::Shape;

use super::number::{number, range};
use super::{Form, Misfit, Shapes};
use crate::bytes::{from_hexadecimal, to_base64};
use crate::document::{self, Document};
use crate::input;

impl<'d> Shapes<'d> {
    /// Returns what a word stands for; `@file` is what the file holds, `@-` the standard input and `@@` an `@`.
    pub(super) fn word(self, shape: &'d Shape, word: &str) -> Result<Document, Misfit> {
        match word.strip_prefix('@') {
            Some(text) if text.starts_with('@') => self.plain_word(shape, text),
            Some(path) => self.file(shape, path),
            None => self.plain_word(shape, word),
        }
    }

    /// Returns the content of a file: as it is for bytes and texts, as JSON for the rest.
    fn file(self, shape: &'d Shape, path: &str) -> Result<Document, Misfit> {
        let bytes = input::read(path).map_err(|error| Misfit::new(format!("{path}: {error}")))?;
        let form = self.form(self.within_options(shape));
        if matches!(form, Form::Shape(Shape::Bytes)) {
            return Ok(Document::Text(to_base64(&bytes)));
        }
        let text = String::from_utf8(bytes);
        let text = text.map_err(|_| Misfit::new(format!("{path} is not UTF-8")))?;
        if matches!(form, Form::Shape(Shape::String)) {
            return Ok(Document::Text(text));
        }
        document::read(&text).map_err(|error| Misfit::new(format!("{path}: {error}")))
    }

    fn plain_word(self, shape: &'d Shape, word: &str) -> Result<Document, Misfit> {
        if self.is_option(shape) && word == "null" {
            return Ok(Document::Null);
        }
        let shape = self.within_options(shape);
        match self.form(shape) {
            Form::Shape(Shape::String | Shape::Char) => Ok(Document::text(word)),
            Form::Shape(Shape::Bytes) => bytes(word),
            Form::Shape(Shape::Bool | Shape::Unit) => {
                Ok(document::read(word).unwrap_or_else(|_| Document::text(word)))
            }
            Form::Shape(Shape::F32 | Shape::F64) => {
                Ok(number(word).unwrap_or_else(|| Document::text(word)))
            }
            Form::Shape(other) if range(other).is_some() => {
                Ok(number(word).unwrap_or_else(|| Document::text(word)))
            }
            Form::Shape(Shape::Any | Shape::Unknown(_)) => {
                Ok(document::read(word).unwrap_or_else(|_| Document::text(word)))
            }
            Form::Enum(_) if !word.starts_with(['{', '"']) => Ok(Document::text(word)),
            _ if self.is_duration(shape) && !word.starts_with('{') => Ok(Document::text(word)),
            _ => document::read(word).map_err(|error| {
                let expected = self.name(shape);
                Misfit::new(format!("{expected} is expected, as JSON: {error}"))
                    .or_example(|| self.example(shape).to_string())
            }),
        }
    }
}

/// Returns the bytes that a word says. A bare word is refused: it could be text, base64 or hexadecimal.
fn bytes(word: &str) -> Result<Document, Misfit> {
    let encoded = |bytes: &[u8]| Ok(Document::Text(to_base64(bytes)));
    if let Some(digits) = word.strip_prefix("hex:") {
        let bytes = from_hexadecimal(digits);
        let bytes = bytes.ok_or_else(|| {
            Misfit::new(format!(
                "`{digits}` is no even number of hexadecimal digits"
            ))
        })?;
        encoded(&bytes)
    } else if let Some(text) = word.strip_prefix("base64:") {
        Ok(Document::text(text))
    } else if let Some(text) = word.strip_prefix("text:") {
        encoded(text.as_bytes())
    } else {
        Err(Misfit::new(
            "bytes are expected: @file, hex:00ff, base64:AP8= or text:hello",
        ))
    }
}
