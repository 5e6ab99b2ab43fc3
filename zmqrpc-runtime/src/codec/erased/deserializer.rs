//! The deserializer that users' types see, in whatever format the value is.

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::visit::{
    Wanted, WantsAny, WantsBool, WantsBytes, WantsEnum, WantsMap, WantsName, WantsNewtype,
    WantsNumber, WantsOption, WantsSeq, WantsStruct, WantsText, WantsUnit, WantsWideNumber,
};
use super::{ErasedDeserializer, ErasedEnum, ErasedMap, ErasedSeq, ErasedSlot, Hint, ValueError};

/// A value of some format.
pub(super) struct TypedDeserializer<'s, 'de>(pub(super) &'s mut dyn ErasedDeserializer<'de>);

impl<'de> TypedDeserializer<'_, 'de> {
    fn deserialize<W: Wanted, V: Visitor<'de>>(
        self,
        hint: Hint,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let mut slot: ErasedSlot<_, _, W> = ErasedSlot::new(visitor);
        self.0.deserialize(hint, &mut slot)?;
        slot.into_made()
    }
}

macro_rules! hints {
    ($($method:ident($($arg:ident: $type:ty),*) $wanted:ident $hint:expr;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(
            self,
            $($arg: $type,)*
            visitor: V,
        ) -> Result<V::Value, ValueError> {
            self.deserialize::<$wanted, V>($hint, visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for TypedDeserializer<'_, 'de> {
    type Error = ValueError;

    hints! {
        deserialize_any() WantsAny Hint::Any;
        deserialize_ignored_any() WantsAny Hint::IgnoredAny;
        deserialize_identifier() WantsName Hint::Identifier;
        deserialize_bool() WantsBool Hint::Bool;
        deserialize_i8() WantsNumber Hint::I8;
        deserialize_i16() WantsNumber Hint::I16;
        deserialize_i32() WantsNumber Hint::I32;
        deserialize_i64() WantsNumber Hint::I64;
        deserialize_i128() WantsWideNumber Hint::I128;
        deserialize_u8() WantsNumber Hint::U8;
        deserialize_u16() WantsNumber Hint::U16;
        deserialize_u32() WantsNumber Hint::U32;
        deserialize_u64() WantsNumber Hint::U64;
        deserialize_u128() WantsWideNumber Hint::U128;
        deserialize_f32() WantsNumber Hint::F32;
        deserialize_f64() WantsNumber Hint::F64;
        deserialize_char() WantsText Hint::Char;
        deserialize_str() WantsText Hint::Str;
        deserialize_string() WantsText Hint::Str;
        deserialize_bytes() WantsBytes Hint::Bytes;
        deserialize_byte_buf() WantsBytes Hint::Bytes;
        deserialize_option() WantsOption Hint::Option;
        deserialize_unit() WantsUnit Hint::Unit;
        deserialize_unit_struct(name: &'static str) WantsUnit Hint::UnitStruct(name);
        deserialize_newtype_struct(name: &'static str) WantsNewtype Hint::NewtypeStruct(name);
        deserialize_seq() WantsSeq Hint::Seq;
        deserialize_tuple(len: usize) WantsSeq Hint::Tuple(len);
        deserialize_tuple_struct(name: &'static str, len: usize) WantsSeq Hint::TupleStruct(name, len);
        deserialize_map() WantsMap Hint::Map;
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
            WantsStruct Hint::Struct(name, fields);
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
            WantsEnum Hint::Enum(name, variants);
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
        let mut slot: ErasedSlot<_, _> = ErasedSlot::new(seed);
        if !self.0.next(&mut slot)? {
            return Ok(None);
        }
        Ok(Some(slot.into_made()?))
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
        let mut slot: ErasedSlot<_, _> = ErasedSlot::new(seed);
        if !self.0.next_key(&mut slot)? {
            return Ok(None);
        }
        Ok(Some(slot.into_made()?))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, ValueError> {
        let mut slot: ErasedSlot<_, _> = ErasedSlot::new(seed);
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
        let mut slot: ErasedSlot<_, _> = ErasedSlot::new(seed);
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
        let mut slot: ErasedSlot<_, _> = ErasedSlot::new(seed);
        self.0.newtype(&mut slot)?;
        slot.into_made()
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let mut slot: ErasedSlot<_, _, WantsSeq> = ErasedSlot::new(visitor);
        self.0.tuple(len, &mut slot)?;
        slot.into_made()
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let mut slot: ErasedSlot<_, _, WantsStruct> = ErasedSlot::new(visitor);
        self.0.fields(fields, &mut slot)?;
        slot.into_made()
    }
}
