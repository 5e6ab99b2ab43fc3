//! Serde's visitors and seeds as trait objects.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem;

use serde::de::{DeserializeSeed, Visitor};

use super::deserializer::{TypedDeserializer, TypedEnum, TypedMap, TypedSeq};
use super::{
    ErasedDeserializer, ErasedEnum, ErasedMap, ErasedSeed, ErasedSeq, ErasedVisitor, Scalar,
    ValueError,
};

/// The size of an enum that stands for the names of fields or variants, and holds nothing: of up to 65,536 of them.
const LARGEST_NAME: usize = 2;

/// A visitor or a seed, and what it has made.
pub(crate) struct ErasedSlot<T, V> {
    maker: Option<T>,
    made: Option<V>,
}

impl<T, V> ErasedSlot<T, V> {
    pub(crate) fn new(maker: T) -> Self {
        Self {
            maker: Some(maker),
            made: None,
        }
    }

    /// Returns what was made. A format that returns without an error has called the visitor once.
    pub(crate) fn into_made(self) -> Result<V, ValueError> {
        self.made
            .ok_or_else(|| ValueError::new("no value was decoded"))
    }

    fn take_maker(&mut self) -> Result<T, ValueError> {
        self.maker
            .take()
            .ok_or_else(|| ValueError::new("a value was decoded twice"))
    }
}

impl<'de, V: Visitor<'de>> ErasedVisitor<'de> for ErasedSlot<V, V::Value> {
    fn makes(&self) -> &'static str {
        std::any::type_name::<V::Value>()
    }

    fn size(&self) -> usize {
        size_of::<V::Value>()
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.maker {
            Some(visitor) => visitor.expecting(f),
            None => f.write_str("nothing more"),
        }
    }

    fn scalar(&mut self, value: Scalar<'_, 'de>) -> Result<(), ValueError> {
        let visitor = self.take_maker()?;
        let made: Result<V::Value, ValueError> = match value {
            Scalar::Bool(value) => visitor.visit_bool(value),
            Scalar::I64(value) => visitor.visit_i64(value),
            Scalar::I128(value) => visitor.visit_i128(value),
            Scalar::U64(value) => visitor.visit_u64(value),
            Scalar::U128(value) => visitor.visit_u128(value),
            Scalar::F32(value) => visitor.visit_f32(value),
            Scalar::F64(value) => visitor.visit_f64(value),
            Scalar::Str(value) => visitor.visit_str(value),
            Scalar::BorrowedStr(value) => visitor.visit_borrowed_str(value),
            Scalar::Bytes(value) => visitor.visit_bytes(value),
            Scalar::BorrowedBytes(value) => visitor.visit_borrowed_bytes(value),
            Scalar::ByteBuf(value) => visitor.visit_byte_buf(value),
            Scalar::None => visitor.visit_none(),
            Scalar::Unit => visitor.visit_unit(),
        };
        self.made = Some(made?);
        Ok(())
    }

    fn some(&mut self, value: &mut dyn ErasedDeserializer<'de>) -> Result<(), ValueError> {
        self.made = Some(self.take_maker()?.visit_some(TypedDeserializer(value))?);
        Ok(())
    }

    fn newtype_struct(
        &mut self,
        value: &mut dyn ErasedDeserializer<'de>,
    ) -> Result<(), ValueError> {
        let visitor = self.take_maker()?;
        self.made = Some(visitor.visit_newtype_struct(TypedDeserializer(value))?);
        Ok(())
    }

    fn seq(&mut self, elements: &mut dyn ErasedSeq<'de>) -> Result<(), ValueError> {
        self.made = Some(self.take_maker()?.visit_seq(TypedSeq(elements))?);
        Ok(())
    }

    fn map(&mut self, entries: &mut dyn ErasedMap<'de>) -> Result<(), ValueError> {
        self.made = Some(self.take_maker()?.visit_map(TypedMap(entries))?);
        Ok(())
    }

    fn variant(&mut self, variant: &mut dyn ErasedEnum<'de>) -> Result<(), ValueError> {
        self.made = Some(self.take_maker()?.visit_enum(TypedEnum(variant))?);
        Ok(())
    }
}

impl<'de, S: DeserializeSeed<'de>> ErasedSeed<'de> for ErasedSlot<S, S::Value> {
    fn makes(&self) -> &'static str {
        std::any::type_name::<S::Value>()
    }

    fn size(&self) -> usize {
        size_of::<S::Value>()
    }

    fn deserialize(&mut self, value: &mut dyn ErasedDeserializer<'de>) -> Result<(), ValueError> {
        self.made = Some(self.take_maker()?.deserialize(TypedDeserializer(value))?);
        Ok(())
    }

    fn variant(&self) -> Option<u64> {
        // The discriminant of a text, or of a number, is the same for all.
        let made = self
            .made
            .as_ref()
            .filter(|_| size_of::<S::Value>() <= LARGEST_NAME)?;
        let mut hasher = DefaultHasher::new();
        mem::discriminant(made).hash(&mut hasher);
        Some(hasher.finish())
    }
}
