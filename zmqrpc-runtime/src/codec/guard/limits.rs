//! The allowances of one message, and where in it we are.

use std::cell::Cell;

use serde::de::{self, DeserializeSeed, Deserializer};

use crate::codec::Error;
use crate::codec::noted::{Noted, is_noted, note};

/// The levels of options, sequences, maps and enums that a message may nest.
const MAX_DEPTH: usize = 128;

/// The elements allowed beyond one for each byte, for those that take no bytes.
const FREE_ELEMENTS: usize = 1_024;

/// The elements that take no memory, such as `()`: in `MessagePack` they take a byte, in postcard
/// none, and the limit is the same.
const EMPTY_ELEMENTS: usize = 10_000;

/// The bytes of memory that any message may become.
const FREE_MEMORY: usize = 64 * 1024 * 1024;

/// The bytes of memory that each byte of a message may become beyond that.
const MEMORY_PER_BYTE: usize = 8;

/// What a message may still hold, shared by all that decodes it.
pub(in crate::codec) struct Budget {
    /// The bytes of the message.
    len: usize,
    self_describing: bool,
    elements_left: Cell<usize>,
    empty_left: Cell<usize>,
    memory_left: Cell<usize>,
}

impl Budget {
    /// Returns the limits of a message of `len` bytes.
    ///
    /// `self_describing` if it tells what comes next.
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

    /// Decodes one value within the limits.
    ///
    /// # Errors
    ///
    /// The format's own; why a type refused the value is to be [recalled](crate::codec::noted::recall).
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
            limits: self,
            levels_left: MAX_DEPTH,
            place: 0,
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

/// Where in a message we are: in which, and how far below its top.
#[derive(Clone, Copy)]
pub(super) struct Scope<'g> {
    limits: &'g Budget,
    levels_left: usize,
    /// The size of the place that the value has in what holds it, which is paid for.
    place: usize,
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
            None => Err(E::custom(note(Error::TooDeep { limit: MAX_DEPTH }))),
        }
    }

    /// The format failed to tell what comes next: says so, where that is why.
    #[cold]
    pub(super) fn ask<E: de::Error>(self, error: E) -> Noted<E> {
        // A type that was told and refused has noted its reason.
        if self.limits.self_describing || is_noted() {
            return Noted::new(error);
        }
        Noted::new(E::custom(note(Error::SelfDescribing { name: "" })))
    }

    /// Takes an element without a size out of the message's allowance.
    #[inline]
    pub(super) fn charge_empty<E: de::Error>(self) -> Result<(), E> {
        match self.limits.empty_left.get().checked_sub(1) {
            Some(left) => {
                self.limits.empty_left.set(left);
                Ok(())
            }
            None => Err(E::custom(note(Error::TooManyEmpty {
                limit: EMPTY_ELEMENTS,
            }))),
        }
    }

    /// Returns the scope of a part that is a `T`.
    #[inline]
    pub(super) fn at<T>(self) -> Self {
        Self {
            place: size_of::<T>(),
            ..self
        }
    }

    /// Takes the memory of a `T` out of the message's allowance, unless it fits into its place:
    /// what does not is in a box.
    #[inline]
    pub(super) fn charge_boxed<T, E: de::Error>(self) -> Result<(), E> {
        if size_of::<T>() > self.place {
            self.charge_memory(size_of::<T>())?;
        }
        Ok(())
    }

    /// Takes `bytes` of memory out of the message's allowance.
    #[inline]
    pub(super) fn charge_memory<E: de::Error>(self, bytes: usize) -> Result<(), E> {
        let limits = self.limits;
        match limits.memory_left.get().checked_sub(bytes) {
            Some(left) => {
                limits.memory_left.set(left);
                Ok(())
            }
            None => Err(E::custom(note(Error::TooMuchMemory {
                limit: max_memory(limits.len),
            }))),
        }
    }

    /// Takes `count` elements out of the message's allowance.
    #[inline]
    pub(super) fn charge<E: de::Error>(self, count: usize) -> Result<(), E> {
        let limits = self.limits;
        match limits.elements_left.get().checked_sub(count) {
            Some(left) => {
                limits.elements_left.set(left);
                Ok(())
            }
            None => Err(E::custom(note(Error::TooManyElements {
                limit: max_elements(limits.len),
            }))),
        }
    }
}

/// A part of a format (deserializer, access) or of a type (seed) under guard.
///
/// Calls pass through it unchanged but for the counting, and what they hand on is guarded again.
pub(super) struct Guard<'g, T> {
    pub(super) inner: T,
    pub(super) scope: Scope<'g>,
}
