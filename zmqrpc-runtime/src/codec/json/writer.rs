//! Tokens to JSON.

use std::io::Write;

use serde::Serialize;

use super::base64;
use crate::codec::erased::{Token, ValueError};
use crate::codec::limited_buffer::LimitedBuffer;
use crate::codec::self_describing::TokenWriter;

/// The structs of `serde_json` that hold JSON which has been written already: their only field is copied as it is.
const RAW: [&str; 2] = [
    "$serde_json::private::RawValue",
    "$serde_json::private::Number",
];

pub(super) struct JsonWriter<'o, 'b> {
    out: &'o mut LimitedBuffer<'b>,
    open: Vec<OpenBracket>,
    /// The next value is the key of a map.
    is_key: bool,
}

struct OpenBracket {
    /// What closes it.
    close: &'static [u8],
    /// Whether it has no parts yet.
    is_empty: bool,
    /// Whether it holds JSON, as a text.
    is_raw: bool,
}

impl<'o, 'b> JsonWriter<'o, 'b> {
    pub(super) fn new(out: &'o mut LimitedBuffer<'b>) -> Self {
        Self {
            out,
            open: Vec::new(),
            is_key: false,
        }
    }

    /// Returns whether the next text is JSON.
    fn is_raw(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_raw)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), ValueError> {
        self.out.write_all(bytes).map_err(ValueError::new)
    }

    /// Writes what `serde_json` has a form for.
    fn plain(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), ValueError> {
        serde_json::to_writer(&mut *self.out, value).map_err(ValueError::new)
    }

    /// Writes a value that is in quotation marks where it is a key.
    fn bare(&mut self, value: &impl Serialize) -> Result<(), ValueError> {
        if !std::mem::take(&mut self.is_key) {
            return self.plain(value);
        }
        self.put(b"\"")?;
        self.plain(value)?;
        self.put(b"\"")
    }

    fn text(&mut self, text: &str) -> Result<(), ValueError> {
        self.is_key = false;
        if self.is_raw() {
            return self.put(text.as_bytes());
        }
        self.plain(text)
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), ValueError> {
        self.is_key = false;
        self.put(b"\"")?;
        base64::write(bytes, &mut *self.out).map_err(ValueError::new)?;
        self.put(b"\"")
    }

    fn float32(&mut self, value: f32) -> Result<(), ValueError> {
        // Who reads the shortest digits as 64 bits and makes 32 of them has another number in one of a million cases.
        let digits: f64 = value.to_string().parse().map_err(ValueError::new)?;
        #[expect(clippy::cast_possible_truncation, reason = "that is what it looks at")]
        let is_exact = (digits as f32).to_bits() == value.to_bits();
        if is_exact || !value.is_finite() {
            self.float(value.into(), &value)
        } else {
            self.float(value.into(), &f64::from(value))
        }
    }

    fn float(&mut self, value: f64, shortest: &impl Serialize) -> Result<(), ValueError> {
        if value.is_finite() {
            return self.bare(shortest);
        }
        self.text(match value {
            f64::INFINITY => "Infinity",
            f64::NEG_INFINITY => "-Infinity",
            _ => "NaN",
        })
    }

    fn begin(&mut self, open: &[u8], close: &'static [u8]) -> Result<(), ValueError> {
        self.check_no_key()?;
        self.open.push(OpenBracket {
            close,
            is_empty: true,
            is_raw: false,
        });
        self.put(open)
    }

    fn begin_struct(&mut self, name: &str) -> Result<(), ValueError> {
        if !Self::is_written(name) {
            return self.begin(b"{", b"}");
        }
        self.check_no_key()?;
        self.open.push(OpenBracket {
            close: b"",
            is_empty: true,
            is_raw: true,
        });
        Ok(())
    }

    /// Writes a comma before all parts but the first.
    fn part(&mut self) -> Result<(), ValueError> {
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        if std::mem::take(&mut open.is_empty) {
            return Ok(());
        }
        self.put(b",")
    }

    fn field(&mut self, name: &str) -> Result<(), ValueError> {
        if self.is_raw() {
            return Ok(());
        }
        self.part()?;
        self.plain(name)?;
        self.put(b":")
    }

    fn check_no_key(&self) -> Result<(), ValueError> {
        if self.is_key {
            return Err(ValueError::new(
                "a key of a map must be a text, a number or a bool in JSON",
            ));
        }
        Ok(())
    }
}

impl TokenWriter for JsonWriter<'_, '_> {
    const HUMAN_READABLE: bool = true;

    fn write(&mut self, token: Token<'_>) -> Result<(), ValueError> {
        match token {
            Token::Bool(value) => self.bare(&value),
            Token::I64(value) => self.bare(&value),
            Token::I128(value) => self.bare(&value),
            Token::U64(value) => self.bare(&value),
            Token::U128(value) => self.bare(&value),
            Token::F32(value) => self.float32(value),
            Token::F64(value) => self.float(value, &value),
            Token::Char(value) => self.text(value.encode_utf8(&mut [0; 4])),
            Token::Str(text) => self.text(text),
            Token::UnitVariant(variant) => self.text(variant.name),
            Token::Bytes(bytes) => self.bytes(bytes),
            Token::None | Token::Unit | Token::UnitStruct => {
                self.check_no_key()?;
                self.put(b"null")
            }
            Token::Some | Token::Newtype(_) => Ok(()),
            Token::Variant(variant) => {
                self.begin(b"{", b"}")?;
                self.field(variant.name)
            }
            Token::Seq(_) | Token::Tuple(..) => self.begin(b"[", b"]"),
            Token::Map(_) => self.begin(b"{", b"}"),
            Token::Struct(name, _) => self.begin_struct(name),
            Token::Element => self.part(),
            Token::Key => {
                self.is_key = true;
                self.part()
            }
            Token::Value => self.put(b":"),
            Token::Field(name) => self.field(name),
            Token::End => match self.open.pop() {
                Some(open) => self.put(open.close),
                None => Ok(()),
            },
        }
    }

    fn is_nil(&self, token: &Token<'_>) -> bool {
        match token {
            Token::None | Token::Unit | Token::UnitStruct => true,
            Token::Str(text) => self.is_raw() && text.trim_ascii() == "null",
            _ => false,
        }
    }

    fn is_written(name: &str) -> bool {
        RAW.contains(&name)
    }
}
