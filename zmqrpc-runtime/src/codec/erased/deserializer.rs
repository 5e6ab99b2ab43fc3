//! The deserializer that users' types see, in whatever format the value is.

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::{ErasedDeserializer, ErasedEnum, ErasedMap, ErasedSeq, ErasedSlot, Hint, ValueError};

/// A value of some format.
pub(super) struct TypedDeserializer<'s, 'de>(pub(super) &'s mut dyn ErasedDeserializer<'de>);

impl<'de> TypedDeserializer<'_, 'de> {
    fn deserialize<V: Visitor<'de>>(self, hint: Hint, visitor: V) -> Result<V::Value, ValueError> {
        let mut slot = ErasedSlot::new(visitor);
        self.0.deserialize(hint, &mut slot)?;
        slot.into_made()
    }
}

macro_rules! hints {
    ($($method:ident($($arg:ident: $type:ty),*) $hint:expr;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(
            self,
            $($arg: $type,)*
            visitor: V,
        ) -> Result<V::Value, ValueError> {
            self.deserialize($hint, visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for TypedDeserializer<'_, 'de> {
    type Error = ValueError;

    hints! {
        deserialize_any() Hint::Any;
        deserialize_ignored_any() Hint::IgnoredAny;
        deserialize_identifier() Hint::Identifier;
        deserialize_bool() Hint::Bool;
        deserialize_i8() Hint::I8;
        deserialize_i16() Hint::I16;
        deserialize_i32() Hint::I32;
        deserialize_i64() Hint::I64;
        deserialize_i128() Hint::I128;
        deserialize_u8() Hint::U8;
        deserialize_u16() Hint::U16;
        deserialize_u32() Hint::U32;
        deserialize_u64() Hint::U64;
        deserialize_u128() Hint::U128;
        deserialize_f32() Hint::F32;
        deserialize_f64() Hint::F64;
        deserialize_char() Hint::Char;
        deserialize_str() Hint::Str;
        deserialize_string() Hint::Str;
        deserialize_bytes() Hint::Bytes;
        deserialize_byte_buf() Hint::Bytes;
        deserialize_option() Hint::Option;
        deserialize_unit() Hint::Unit;
        deserialize_unit_struct(name: &'static str) Hint::UnitStruct(name);
        deserialize_newtype_struct(name: &'static str) Hint::NewtypeStruct(name);
        deserialize_seq() Hint::Seq;
        deserialize_tuple(len: usize) Hint::Tuple(len);
        deserialize_tuple_struct(name: &'static str, len: usize) Hint::TupleStruct(name, len);
        deserialize_map() Hint::Map;
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
            Hint::Struct(name, fields);
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
            Hint::Enum(name, variants);
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

pub(super) struct TypedSeq<'s, 'de>(pub(super) &'s mut dyn ErasedSeq<'de>);

impl<'de> SeqAccess<'de> for TypedSeq<'_, 'de> {
    type Error = ValueError;

    fn next_element_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, ValueError>
    where
        S: DeserializeSeed<'de>,
    {
        let mut slot = ErasedSlot::new(seed);
        self.0
            .next(&mut slot)?
            .then(|| slot.into_made())
            .transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

pub(super) struct TypedMap<'s, 'de>(pub(super) &'s mut dyn ErasedMap<'de>);

impl<'de> MapAccess<'de> for TypedMap<'_, 'de> {
    type Error = ValueError;

    fn next_key_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, ValueError>
    where
        S: DeserializeSeed<'de>,
    {
        let mut slot = ErasedSlot::new(seed);
        self.0
            .next_key(&mut slot)?
            .then(|| slot.into_made())
            .transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, ValueError> {
        let mut slot = ErasedSlot::new(seed);
        self.0.next_value(&mut slot)?;
        slot.into_made()
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

pub(super) struct TypedEnum<'s, 'de>(pub(super) &'s mut dyn ErasedEnum<'de>);

impl<'de> EnumAccess<'de> for TypedEnum<'_, 'de> {
    type Error = ValueError;
    type Variant = Self;

    fn variant_seed<S>(self, seed: S) -> Result<(S::Value, Self), ValueError>
    where
        S: DeserializeSeed<'de>,
    {
        let mut slot = ErasedSlot::new(seed);
        self.0.name(&mut slot)?;
        Ok((slot.into_made()?, self))
    }
}

impl<'de> VariantAccess<'de> for TypedEnum<'_, 'de> {
    type Error = ValueError;

    fn unit_variant(self) -> Result<(), ValueError> {
        self.0.unit()
    }

    fn newtype_variant_seed<S>(self, seed: S) -> Result<S::Value, ValueError>
    where
        S: DeserializeSeed<'de>,
    {
        let mut slot = ErasedSlot::new(seed);
        self.0.newtype(&mut slot)?;
        slot.into_made()
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let mut slot = ErasedSlot::new(visitor);
        self.0.tuple(len, &mut slot)?;
        slot.into_made()
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let mut slot = ErasedSlot::new(visitor);
        self.0.fields(fields, &mut slot)?;
        slot.into_made()
    }
}
