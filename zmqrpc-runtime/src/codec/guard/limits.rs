//! The budget of one message, and the position of a value in it.

use std::cell::Cell;

use serde::de::{self, DeserializeSeed, Deserializer};

use crate::codec::Error;
use crate::codec::noted::{Noted, has_reason, keep_reason};

/// The levels of options, sequences, maps and enums that a message may nest.
const MAX_DEPTH: usize = 128;

/// The elements allowed in addition to one for each byte, for elements that take no bytes.
const FREE_ELEMENTS: usize = 1_024;

/// The elements allowed that take no memory, such as `()`: in `MessagePack` they take a byte, in
/// postcard none, and the limit is the same.
const EMPTY_ELEMENTS: usize = 10_000;

/// The bytes of memory allowed for the value of any message.
const FREE_MEMORY: usize = 64 * 1024 * 1024;

/// The additional bytes of memory allowed for each byte of the message.
const MEMORY_PER_BYTE: usize = 8;

/// What a message may still hold, shared by all that decodes it.
pub(in crate::codec) struct Budget {
    /// The length of the message, in bytes.
    len: usize,
    self_describing: bool,
    elements_left: Cell<usize>,
    empty_left: Cell<usize>,
    memory_left: Cell<usize>,
}

impl Budget {
    /// Returns the budget of a message of `len` bytes.
    ///
    /// `self_describing` tells whether the format says what comes next.
    #[inline]
    pub(in crate::codec) fn new(len: usize, self_describing: bool) -> Self {
        Self {
            len,
            self_describing,
            elements_left: Cell::new(max_elements(len)),
            empty_left: Cell::new(EMPTY_ELEMENTS),
            memory_left: Cell::new(max_memory(len)),
        }
    }

    /// Decodes one value within the budget.
    ///
    /// # Errors
    ///
    /// The format's own; [`take_reason`](crate::codec::noted::take_reason) returns why a type
    /// rejected the value.
    #[inline]
    pub(in crate::codec) fn decode<'de, D, S>(
        &self,
        deserializer: D,
        seed: S,
    ) -> Result<S::Value, D::Error>
    where
        D: Deserializer<'de>,
        S: DeserializeSeed<'de>,
    {
        let scope = Scope {
            budget: self,
            levels_left: MAX_DEPTH,
            slot_size: 0,
        };
        scope.guard(seed).deserialize(deserializer)
    }
}

fn max_elements(len: usize) -> usize {
    len.saturating_add(FREE_ELEMENTS)
}

fn max_memory(len: usize) -> usize {
    len.saturating_mul(MEMORY_PER_BYTE)
        .saturating_add(FREE_MEMORY)
}

/// The position of a value in a message: which message, and how far below its top.
#[derive(Clone, Copy)]
pub(super) struct Scope<'g> {
    budget: &'g Budget,
    levels_left: usize,
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
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(Self {
                levels_left,
                ..self
            }),
            None => Err(E::custom(keep_reason(Error::TooDeep { limit: MAX_DEPTH }))),
        }
    }

    /// Adds a reason to the error of a format that was asked what comes next.
    #[cold]
    pub(super) fn explain<E: de::Error>(self, error: E) -> Noted<E> {
        // A type that got a value and rejected it has left its own reason.
        if self.budget.self_describing || has_reason() {
            return Noted::new(error);
        }
        Noted::new(E::custom(keep_reason(Error::SelfDescribing { name: "" })))
    }

    /// Charges an element without a size.
    #[inline]
    pub(super) fn charge_empty<E: de::Error>(self) -> Result<(), E> {
        match self.budget.empty_left.get().checked_sub(1) {
            Some(left) => {
                self.budget.empty_left.set(left);
                Ok(())
            }
            None => Err(E::custom(keep_reason(Error::TooManyEmpty {
                limit: EMPTY_ELEMENTS,
            }))),
        }
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
        let budget = self.budget;
        match budget.memory_left.get().checked_sub(bytes) {
            Some(left) => {
                budget.memory_left.set(left);
                Ok(())
            }
            None => Err(E::custom(keep_reason(Error::TooMuchMemory {
                limit: max_memory(budget.len),
            }))),
        }
    }

    /// Charges `count` elements.
    #[inline]
    pub(super) fn charge<E: de::Error>(self, count: usize) -> Result<(), E> {
        let budget = self.budget;
        match budget.elements_left.get().checked_sub(count) {
            Some(left) => {
                budget.elements_left.set(left);
                Ok(())
            }
            None => Err(E::custom(keep_reason(Error::TooManyElements {
                limit: max_elements(budget.len),
            }))),
        }
    }
}

/// A part of a format (deserializer, access) or of a type (seed) under guard.
///
/// Forwards each call, counts, and puts a guard around what it passes on.
pub(super) struct Guard<'g, T> {
    pub(super) inner: T,
    pub(super) scope: Scope<'g>,
}
