//! Values of any type that serde reads, drawn from bytes that stand for chance.
//!
//! It does not know what the tracer knows: what is drawn does not depend on what is tested.

use serde::Deserialize;
use serde::de::value::Error;
use serde::de::{Deserializer, Error as _, Visitor};

use super::drawn_parts::{DrawnParts, DrawnVariant};

/// Texts that some types insist on.
const TEXTS: &[&str] = &["somebody@example.org", "127.0.0.1", "42", "\u{10ffff}\0\"ß"];

/// Returns a value; `None` if the type refuses what was drawn for it.
pub(super) fn drawn<T: for<'de> Deserialize<'de>>(chance: &[u8]) -> Option<T> {
    T::deserialize(&mut Chance(chance)).ok()
}

/// The bytes that are left. Where there are none, values come to their end.
pub(super) struct Chance<'c>(&'c [u8]);

impl Chance<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Draws a number of up to this many bytes: small ones, and the greatest, are as likely as all others.
    fn number(&mut self, bytes: usize) -> u128 {
        let Some(kind) = self.byte() else { return 0 };
        let all = u128::MAX >> (128 - 8 * bytes);
        match kind % 8 {
            0 => 0,
            1 => all,
            2 => all >> 1,
            3 => (all >> 1) + 1,
            4 | 5 => u128::from(kind),
            _ => {
                let bytes = 0..bytes;
                bytes.fold(0, |number, _| {
                    number << 8 | u128::from(self.byte().unwrap_or(0))
                })
            }
        }
    }

    fn length(&mut self) -> usize {
        self.byte().map_or(0, |byte| usize::from(byte % 4))
    }

    fn char(&mut self) -> char {
        let code = self.number(3) % 0x11_0000;
        u32::try_from(code)
            .ok()
            .and_then(char::from_u32)
            .unwrap_or('a')
    }

    fn text(&mut self) -> String {
        match self.byte() {
            Some(byte) if byte % 3 == 0 => TEXTS[usize::from(byte) % TEXTS.len()].to_owned(),
            _ => (0..self.length()).map(|_| self.char()).collect(),
        }
    }

    /// Draws one of several; the last one where nothing is left, for that is where recursions end.
    fn index(&mut self, count: usize) -> usize {
        self.byte()
            .map_or(count - 1, |byte| usize::from(byte) % count)
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty, $bytes:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            #[expect(clippy::allow_attributes, reason = "for some types alone")]
            #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, trivial_numeric_casts, reason = "any bits will do")]
            visitor.$visit(self.number($bytes) as $type)
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Chance<'_> {
    type Error = Error;

    numbers! {
        deserialize_i8 visit_i8 i8, 1;
        deserialize_i16 visit_i16 i16, 2;
        deserialize_i32 visit_i32 i32, 4;
        deserialize_i64 visit_i64 i64, 8;
        deserialize_i128 visit_i128 i128, 16;
        deserialize_u8 visit_u8 u8, 1;
        deserialize_u16 visit_u16 u16, 2;
        deserialize_u32 visit_u32 u32, 4;
        deserialize_u64 visit_u64 u64, 8;
        deserialize_u128 visit_u128 u128, 16;
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("a value of any kind"))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.index(2) == 0)
    }

    /// NaN is not equal to itself, and JSON knows but one.
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let number = f32::from_bits(u32::try_from(self.number(4)).unwrap());
        visitor.visit_f32(if number.is_nan() { 0.5 } else { number })
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let number = f64::from_bits(u64::try_from(self.number(8)).unwrap());
        visitor.visit_f64(if number.is_nan() { 0.5 } else { number })
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_char(self.char())
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.text())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_byte_buf(self.text().into_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.index(2) {
            0 => visitor.visit_some(self),
            _ => visitor.visit_none(),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let len = self.length();
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(DrawnParts {
            chance: self,
            left: len,
        })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let left = self.length();
        visitor.visit_map(DrawnParts { chance: self, left })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        // Aliases are among the names: there are not more fields than that.
        self.deserialize_tuple(names.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if names.is_empty() {
            return Err(Error::custom("there is no variant"));
        }
        let name = names[self.index(names.len())];
        visitor.visit_enum(DrawnVariant { chance: self, name })
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
