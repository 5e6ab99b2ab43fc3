//! Tokens to `MessagePack`.

use std::io::Write;

use rmp::encode;

use crate::codec::erased::{Token, ValueError};
use crate::codec::limited_buffer::LimitedBuffer;
use crate::codec::self_describing::TokenWriter;

pub(super) struct MessagePackWriter<'o, 'b> {
    out: &'o mut LimitedBuffer<'b>,
    open: Vec<OpenContainer>,
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
        }
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
            Token::Str(text) | Token::UnitVariant(text) | Token::Field(text) => {
                encode::write_str(out, text).map_err(ValueError::new)
            }
            Token::Bytes(bytes) => encode::write_bin(out, bytes).map_err(ValueError::new),
            Token::None | Token::Unit => encode::write_nil(out).map_err(ValueError::new),
            Token::UnitStruct => Container::Array.write_length(out, 0),
            Token::Some | Token::Value => Ok(()),
            Token::Variant(name) => {
                self.begin(Container::Map, Some(1))?;
                encode::write_str(self.out, name).map_err(ValueError::new)
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

    fn is_nil(token: &Token<'_>) -> bool {
        matches!(token, Token::None | Token::Unit)
    }
}
