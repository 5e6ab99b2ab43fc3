//! The position of a value in a message.

use serde::de::{self, DeserializeSeed, Deserializer};

use crate::codec::Error;
use crate::codec::budget::{Budget, Depth, Exceeded};
use crate::codec::postcard::noted::{Noted, has_reason, keep_reason};

/// Decodes one value within the budget.
///
/// # Errors
///
/// postcard's own; [`take_reason`](crate::codec::postcard::noted::take_reason) returns why a type rejected the value.
#[inline]
pub(in crate::codec::postcard) fn decode<'de, D, S>(
    budget: &Budget,
    deserializer: D,
    seed: S,
) -> Result<S::Value, D::Error>
where
    D: Deserializer<'de>,
    S: DeserializeSeed<'de>,
{
    let scope = Scope {
        budget,
        depth: Depth::WHOLE,
        slot_size: 0,
    };
    scope.guard(seed).deserialize(deserializer)
}

/// The position of a value in a message: which message, and how far below its top.
#[derive(Clone, Copy)]
pub(super) struct Scope<'g> {
    budget: &'g Budget,
    depth: Depth,
    /// The size of the value's slot in its parent, which has been charged.
    slot_size: usize,
}

impl<'g> Scope<'g> {
    #[inline]
    pub(super) fn guard<T>(self, inner: T) -> Guard<'g, T> {
        Guard { inner, scope: self }
    }

    /// Returns the scope one level further down.
    #[inline]
    pub(super) fn descend<E: de::Error>(self) -> Result<Self, E> {
        let depth = self.check(self.depth.descend())?;
        Ok(Self { depth, ..self })
    }

    /// Returns the scope within a struct or a tuple.
    #[inline]
    pub(super) fn descend_struct<E: de::Error>(self) -> Result<Self, E> {
        let depth = self.check(self.depth.descend_struct())?;
        Ok(Self { depth, ..self })
    }

    /// Adds a reason to the error of a format that was asked what comes next.
    #[cold]
    pub(super) fn explain<E: de::Error>(error: E) -> Noted<E> {
        // A type that got a value and rejected it has left its own reason.
        if has_reason() {
            return Noted::new(error);
        }
        Noted::new(E::custom(keep_reason(Error::SelfDescribing { name: "" })))
    }

    /// Charges an element without a size.
    #[inline]
    pub(super) fn charge_empty<E: de::Error>(self) -> Result<(), E> {
        self.check(self.budget.charge_empty())
    }

    /// Returns the scope of a part that is a `T`.
    #[inline]
    pub(super) fn with_slot_of<T>(self) -> Self {
        Self {
            slot_size: size_of::<T>(),
            ..self
        }
    }

    /// Charges the memory of a `T`, unless it fits into its slot: a larger value is in a box.
    #[inline]
    pub(super) fn charge_boxed<T, E: de::Error>(self) -> Result<(), E> {
        if size_of::<T>() > self.slot_size {
            self.charge_memory(size_of::<T>())?;
        }
        Ok(())
    }

    /// Charges `bytes` of memory.
    #[inline]
    pub(super) fn charge_memory<E: de::Error>(self, bytes: usize) -> Result<(), E> {
        self.check(self.budget.charge_memory(bytes))
    }

    /// Charges `count` elements.
    #[inline]
    pub(super) fn charge<E: de::Error>(self, count: usize) -> Result<(), E> {
        self.check(self.budget.charge_elements(count))
    }

    #[inline]
    fn check<T, E: de::Error>(self, charged: Result<T, Exceeded>) -> Result<T, E> {
        charged.map_err(|exceeded| E::custom(keep_reason(self.budget.error(exceeded))))
    }
}

/// A part of a format (deserializer, access) or of a type (seed) under guard.
///
/// Forwards each call, counts, and puts a guard around what it passes on.
pub(super) struct Guard<'g, T> {
    pub(super) inner: T,
    pub(super) scope: Scope<'g>,
}
