//! Tokens to `MessagePack`.

use std::io::Write;

use rmp::encode;

use crate::codec::erased::{Token, ValueError};
use crate::codec::limited_buffer::LimitedBuffer;
use crate::codec::self_describing::TokenWriter;

/// The name of the structs that `rmp-serde` takes for extension types.
const EXTENSION: &str = rmp_serde::MSGPACK_EXT_STRUCT_NAME;

pub(super) struct MessagePackWriter<'o, 'b> {
    out: &'o mut LimitedBuffer<'b>,
    open: Vec<OpenContainer>,
    extension: Extension,
}

/// An extension type, which `rmp-serde` has a name for: the type's number, and bytes.
#[derive(Clone, Copy)]
enum Extension {
    /// None is being written.
    None,
    /// The pair of number and bytes is to come.
    Begun,
    /// The bytes are to come.
    Numbered(i8),
    /// The end of the pair is to come.
    Written,
}

/// What holds parts.
#[derive(Clone, Copy)]
enum Container {
    Array,
    Map,
}

/// A value whose parts are being written.
enum OpenContainer {
    /// Its length has been written.
    Known,
    /// Its length is to take the place of the byte at this offset.
    Unknown {
        container: Container,
        at: usize,
        parts: u32,
    },
}

impl Container {
    fn write_length(self, out: &mut impl Write, parts: u32) -> Result<(), ValueError> {
        match self {
            Self::Array => encode::write_array_len(out, parts),
            Self::Map => encode::write_map_len(out, parts),
        }
        .map(drop)
        .map_err(ValueError::new)
    }
}

impl<'o, 'b> MessagePackWriter<'o, 'b> {
    pub(super) fn new(out: &'o mut LimitedBuffer<'b>) -> Self {
        Self {
            out,
            open: Vec::new(),
            extension: Extension::None,
        }
    }

    /// Writes a part of an extension type.
    fn extension(&mut self, token: Token<'_>) -> Result<(), ValueError> {
        self.extension = match (self.extension, token) {
            (Extension::Written, Token::End) => Extension::None,
            (extension, Token::Tuple(_, 2) | Token::Element) => extension,
            (Extension::Begun, Token::I64(number)) => {
                Extension::Numbered(i8::try_from(number).map_err(ValueError::new)?)
            }
            (Extension::Numbered(number), Token::Bytes(bytes)) => {
                let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                encode::write_ext_meta(self.out, len, number).map_err(ValueError::new)?;
                self.out.write_all(bytes).map_err(ValueError::new)?;
                Extension::Written
            }
            _ => {
                return Err(ValueError::new(format_args!(
                    "`{EXTENSION}` is a pair of an `i8` and bytes"
                )));
            }
        };
        Ok(())
    }

    /// Begins a value of as many parts as are announced.
    fn begin(&mut self, container: Container, announced: Option<usize>) -> Result<(), ValueError> {
        let Some(announced) = announced else {
            self.open.push(OpenContainer::Unknown {
                container,
                at: self.out.len(),
                parts: 0,
            });
            return self.out.write_all(&[0]).map_err(ValueError::new);
        };
        self.open.push(OpenContainer::Known);
        // Beyond the greatest length the buffer is full before there are so many parts.
        let announced = u32::try_from(announced).unwrap_or(u32::MAX);
        container.write_length(self.out, announced)
    }

    fn count(&mut self) {
        if let Some(OpenContainer::Unknown { parts, .. }) = self.open.last_mut() {
            *parts += 1;
        }
    }

    fn end(&mut self) -> Result<(), ValueError> {
        let Some(OpenContainer::Unknown {
            container,
            at,
            parts,
        }) = self.open.pop()
        else {
            return Ok(());
        };
        let mut length = Vec::new();
        container.write_length(&mut length, parts)?;
        self.out.replace(at, &length).map_err(ValueError::new)
    }
}

impl TokenWriter for MessagePackWriter<'_, '_> {
    const HUMAN_READABLE: bool = false;

    fn write(&mut self, token: Token<'_>) -> Result<(), ValueError> {
        if !matches!(self.extension, Extension::None) {
            return self.extension(token);
        }
        let out = &mut *self.out;
        match token {
            Token::Bool(value) => encode::write_bool(out, value).map_err(ValueError::new),
            Token::I64(value) => encode::write_sint(out, value)
                .map(drop)
                .map_err(ValueError::new),
            Token::U64(value) => encode::write_uint(out, value)
                .map(drop)
                .map_err(ValueError::new),
            Token::I128(value) => {
                encode::write_bin(out, &value.to_be_bytes()).map_err(ValueError::new)
            }
            Token::U128(value) => {
                encode::write_bin(out, &value.to_be_bytes()).map_err(ValueError::new)
            }
            Token::F32(value) => encode::write_f32(out, value).map_err(ValueError::new),
            Token::F64(value) => encode::write_f64(out, value).map_err(ValueError::new),
            Token::Char(value) => {
                let mut buffer = [0; 4];
                encode::write_str(out, value.encode_utf8(&mut buffer)).map_err(ValueError::new)
            }
            Token::Str(text) | Token::Field(text) => {
                encode::write_str(out, text).map_err(ValueError::new)
            }
            Token::Bytes(bytes) => encode::write_bin(out, bytes).map_err(ValueError::new),
            Token::None | Token::Unit => encode::write_nil(out).map_err(ValueError::new),
            Token::UnitStruct => Container::Array.write_length(out, 0),
            Token::Newtype(EXTENSION) => {
                self.extension = Extension::Begun;
                Ok(())
            }
            Token::Some | Token::Value | Token::Newtype(_) => Ok(()),
            Token::UnitVariant(variant) => {
                encode::write_str(out, variant.name).map_err(ValueError::new)
            }
            Token::Variant(variant) => {
                self.begin(Container::Map, Some(1))?;
                encode::write_str(self.out, variant.name).map_err(ValueError::new)
            }
            Token::Seq(len) => self.begin(Container::Array, len),
            Token::Tuple(_, len) => self.begin(Container::Array, Some(len)),
            Token::Map(len) => self.begin(Container::Map, len),
            Token::Struct(_, len) => self.begin(Container::Map, Some(len)),
            Token::Element | Token::Key => {
                self.count();
                Ok(())
            }
            Token::End => self.end(),
        }
    }

    fn is_nil(&self, token: &Token<'_>) -> bool {
        matches!(token, Token::None | Token::Unit)
    }
}
