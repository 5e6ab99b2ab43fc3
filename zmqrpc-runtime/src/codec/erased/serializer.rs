//! The serializer that users' types see, whatever the format is.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::token::TUPLE;
use super::{Token, TokenSink, ValueError, VariantName};

/// Turns a value into tokens.
pub(super) struct TokenSerializer<'s>(pub(super) &'s mut dyn TokenSink);

impl TokenSerializer<'_> {
    /// Writes a part of a value.
    fn part<T: Serialize + ?Sized>(
        &mut self,
        token: Token<'_>,
        value: &T,
    ) -> Result<(), ValueError> {
        self.0
            .put(token)
            .and_then(|()| value.serialize(TokenSerializer(self.0)))
            .inspect_err(|_| self.0.abandon())
    }

    fn end(self) -> Result<(), ValueError> {
        self.0.put(Token::End)
    }

    fn end_variant(self) -> Result<(), ValueError> {
        self.0.put(Token::End)?;
        self.0.put(Token::End)
    }
}

macro_rules! scalars {
    ($($method:ident($type:ty) $token:ident;)*) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<(), ValueError> {
            self.0.put(Token::$token(value.into()))
        }
    )*};
}

impl Serializer for TokenSerializer<'_> {
    type Ok = ();
    type Error = ValueError;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    scalars! {
        serialize_bool(bool) Bool;
        serialize_i8(i8) I64;
        serialize_i16(i16) I64;
        serialize_i32(i32) I64;
        serialize_i64(i64) I64;
        serialize_i128(i128) I128;
        serialize_u8(u8) U64;
        serialize_u16(u16) U64;
        serialize_u32(u32) U64;
        serialize_u64(u64) U64;
        serialize_u128(u128) U128;
        serialize_f32(f32) F32;
        serialize_f64(f64) F64;
        serialize_char(char) Char;
    }

    fn serialize_str(self, value: &str) -> Result<(), ValueError> {
        self.0.put(Token::Str(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), ValueError> {
        self.0.put(Token::Bytes(value))
    }

    fn serialize_none(self) -> Result<(), ValueError> {
        self.0.put(Token::None)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), ValueError> {
        self.0.put(Token::Some)?;
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), ValueError> {
        self.0.put(Token::Unit)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), ValueError> {
        self.0.put(Token::UnitStruct)
    }

    fn serialize_unit_variant(
        self,
        of: &'static str,
        number: u32,
        name: &'static str,
    ) -> Result<(), ValueError> {
        let variant = VariantName { of, number, name };
        self.0.put(Token::UnitVariant(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), ValueError> {
        self.0.put(Token::Newtype(name))?;
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        of: &'static str,
        number: u32,
        name: &'static str,
        value: &T,
    ) -> Result<(), ValueError> {
        let variant = VariantName { of, number, name };
        self.part(Token::Variant(variant), value)?;
        self.end()
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self, ValueError> {
        self.0.put(Token::Seq(len))?;
        Ok(self)
    }

    fn serialize_tuple(self, len: usize) -> Result<Self, ValueError> {
        self.serialize_tuple_struct(TUPLE, len)
    }

    fn serialize_tuple_struct(self, name: &'static str, len: usize) -> Result<Self, ValueError> {
        self.0.put(Token::Tuple(name, len))?;
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        of: &'static str,
        number: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Self, ValueError> {
        let variant = VariantName { of, number, name };
        self.0.put(Token::Variant(variant))?;
        self.serialize_tuple_struct(of, len)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self, ValueError> {
        self.0.put(Token::Map(len))?;
        Ok(self)
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self, ValueError> {
        self.0.put(Token::Struct(name, len))?;
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        of: &'static str,
        number: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Self, ValueError> {
        let variant = VariantName { of, number, name };
        self.0.put(Token::Variant(variant))?;
        self.serialize_struct(of, len)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

/// Implements a trait whose parts are elements or unnamed fields.
macro_rules! elements {
    ($($trait:ident::$method:ident $end:ident;)*) => {$(
        impl $trait for TokenSerializer<'_> {
            type Ok = ();
            type Error = ValueError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
                self.part(Token::Element, value)
            }

            fn end(self) -> Result<(), ValueError> {
                TokenSerializer::$end(self)
            }
        }
    )*};
}

elements! {
    SerializeSeq::serialize_element end;
    SerializeTuple::serialize_element end;
    SerializeTupleStruct::serialize_field end;
    SerializeTupleVariant::serialize_field end_variant;
}

/// Implements a trait whose parts are named fields.
macro_rules! fields {
    ($($trait:ident $end:ident;)*) => {$(
        impl $trait for TokenSerializer<'_> {
            type Ok = ();
            type Error = ValueError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), ValueError> {
                self.part(Token::Field(name), value)
            }

            fn end(self) -> Result<(), ValueError> {
                TokenSerializer::$end(self)
            }
        }
    )*};
}

fields! {
    SerializeStruct end;
    SerializeStructVariant end_variant;
}

impl SerializeMap for TokenSerializer<'_> {
    type Ok = ();
    type Error = ValueError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ValueError> {
        self.part(Token::Key, key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.part(Token::Value, value)
    }

    fn end(self) -> Result<(), ValueError> {
        TokenSerializer::end(self)
    }
}
