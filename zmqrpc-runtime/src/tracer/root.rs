//! A type to be traced, as a value.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;

use crate::codec::erased::{ErasedDeserializer, ErasedSeed, ErasedSlot, ValueError};

/// A type whose shape may be asked for, and which borrows for `'de`. All that is compiled for each type is one function.
#[derive(Clone, Copy)]
pub struct RootType<'de> {
    name: fn() -> &'static str,
    read: fn(&mut dyn ErasedDeserializer<'de>) -> Result<(), ValueError>,
}

impl<'de> RootType<'de> {
    /// Returns the type `T`.
    #[must_use]
    pub const fn of<T: Deserialize<'de>>() -> Self {
        Self {
            name: std::any::type_name::<T>,
            read: |value| ErasedSlot::new(PhantomData::<T>).deserialize(value),
        }
    }

    pub(super) fn name(self) -> &'static str {
        (self.name)()
    }
}

impl<'de> ErasedSeed<'de> for RootType<'de> {
    fn makes(&self) -> &'static str {
        self.name()
    }

    fn size(&self) -> usize {
        0
    }

    fn deserialize(&mut self, value: &mut dyn ErasedDeserializer<'de>) -> Result<(), ValueError> {
        (self.read)(value)
    }

    fn variant(&self) -> Option<u64> {
        None
    }
}

impl fmt::Debug for RootType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RootType").field(&self.name()).finish()
    }
}
