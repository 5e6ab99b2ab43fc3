//! Reading: what formats implement, and what they see of a type.

use std::fmt;

use super::visit::Visit;
use super::{Hint, Scalar, ValueError};

/// One value of a format, to be read once.
pub(crate) trait ErasedDeserializer<'de> {
    /// Passes the value to the visitor, as what `hint` says or as what it is.
    fn deserialize(
        &mut self,
        hint: Hint,
        visitor: &mut dyn ErasedVisitor<'de>,
    ) -> Result<(), ValueError>;

    fn is_human_readable(&self) -> bool;
}

/// The elements of a sequence.
pub(crate) trait ErasedSeq<'de> {
    /// Reads the next element; returns whether there was one.
    fn next(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<bool, ValueError>;
    fn size_hint(&self) -> Option<usize>;
}

/// The entries of a map.
pub(crate) trait ErasedMap<'de> {
    /// Reads the next key; returns whether there was one.
    fn next_key(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<bool, ValueError>;
    /// Reads the value of the key that was read last.
    fn next_value(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError>;
    fn size_hint(&self) -> Option<usize>;
}

/// A variant: first its name, then one of the others.
pub(crate) trait ErasedEnum<'de> {
    fn name(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError>;
    fn unit(&mut self) -> Result<(), ValueError>;
    fn newtype(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError>;
    fn tuple(&mut self, len: usize, visitor: &mut dyn ErasedVisitor<'de>)
    -> Result<(), ValueError>;
    fn fields(
        &mut self,
        fields: &'static [&'static str],
        visitor: &mut dyn ErasedVisitor<'de>,
    ) -> Result<(), ValueError>;
}

/// A visitor of serde's, to be called once.
pub(crate) trait ErasedVisitor<'de> {
    /// Returns the name of the type that it makes, as the compiler has it.
    fn makes(&self) -> &'static str;
    /// Returns the size of what it makes, in bytes.
    fn size(&self) -> usize;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn visit(&mut self, found: Visit<'_, 'de>) -> Result<(), ValueError>;
}

impl<'de> dyn ErasedVisitor<'de> + '_ {
    pub(crate) fn scalar(&mut self, value: Scalar<'_, 'de>) -> Result<(), ValueError> {
        self.visit(Visit::Scalar(value))
    }

    pub(crate) fn some(
        &mut self,
        value: &mut dyn ErasedDeserializer<'de>,
    ) -> Result<(), ValueError> {
        self.visit(Visit::Some(value))
    }

    pub(crate) fn newtype_struct(
        &mut self,
        value: &mut dyn ErasedDeserializer<'de>,
    ) -> Result<(), ValueError> {
        self.visit(Visit::NewtypeStruct(value))
    }

    pub(crate) fn seq(&mut self, elements: &mut dyn ErasedSeq<'de>) -> Result<(), ValueError> {
        self.visit(Visit::Seq(elements))
    }

    pub(crate) fn map(&mut self, entries: &mut dyn ErasedMap<'de>) -> Result<(), ValueError> {
        self.visit(Visit::Map(entries))
    }

    pub(crate) fn variant(&mut self, variant: &mut dyn ErasedEnum<'de>) -> Result<(), ValueError> {
        self.visit(Visit::Variant(variant))
    }
}

/// A seed of serde's, to be used once: a part of a type.
pub(crate) trait ErasedSeed<'de> {
    /// Returns the name of the type that it makes, as the compiler has it.
    fn makes(&self) -> &'static str;
    /// Returns the size of what it makes, in bytes.
    fn size(&self) -> usize;
    fn deserialize(&mut self, value: &mut dyn ErasedDeserializer<'de>) -> Result<(), ValueError>;
    /// Returns a number that two values have in common where they are the same variant of an enum; `None` if there is no
    /// value yet, or one that holds more than its variant.
    fn variant(&self) -> Option<u64>;
}
