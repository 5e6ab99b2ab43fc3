//! Serde's visitors and seeds as trait objects.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::marker::PhantomData;
use std::mem;

use serde::de::{DeserializeSeed, Visitor};

use super::deserializer::TypedDeserializer;
use super::visit::{Visit, Wanted};
use super::{ErasedDeserializer, ErasedSeed, ErasedVisitor, ValueError};

/// The size of an enum that stands for the names of fields or variants, and holds nothing: of up to 65,536 of them.
const LARGEST_NAME: usize = 2;

/// A visitor or a seed, and what it has made; a visitor with what its type has asked for, `W`.
///
/// Without closures, since each is one more function for each type.
pub(crate) struct ErasedSlot<T, V, W = ()> {
    maker: Option<T>,
    made: Option<V>,
    wanted: PhantomData<W>,
}

impl<T, V, W> ErasedSlot<T, V, W> {
    pub(crate) fn new(maker: T) -> Self {
        Self {
            maker: Some(maker),
            made: None,
            wanted: PhantomData,
        }
    }

    /// Returns what was made. A format that returns without an error has called the visitor once.
    pub(crate) fn into_made(self) -> Result<V, ValueError> {
        match self.made {
            Some(made) => Ok(made),
            None => Err(ValueError::new("no value was decoded")),
        }
    }

    fn take_maker(&mut self) -> Result<T, ValueError> {
        match self.maker.take() {
            Some(maker) => Ok(maker),
            None => Err(ValueError::new("a value was decoded twice")),
        }
    }
}

impl<'de, V: Visitor<'de>, W: Wanted> ErasedVisitor<'de> for ErasedSlot<V, V::Value, W> {
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

    fn visit(&mut self, found: Visit<'_, 'de>) -> Result<(), ValueError> {
        self.made = Some(W::show(self.take_maker()?, found)?);
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
