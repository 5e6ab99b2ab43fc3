//! The allowances of one message, and where in it we are.

use std::cell::Cell;

use serde::de::{self, DeserializeSeed, Deserializer};

use super::noted::{Noted, note};
use crate::codec::Error;

/// The levels of options, sequences, maps and enums that a message may nest.
const MAX_DEPTH: usize = 128;

/// The elements allowed beyond one for each byte, for those that take no bytes.
const FREE_ELEMENTS: usize = 1_024;

/// What a message may still hold, shared by all that decodes it.
pub(in crate::codec) struct Limits {
    max_elements: usize,
    elements_left: Cell<usize>,
}

impl Limits {
    /// Returns the limits of a message of `len` bytes.
    #[inline]
    pub(in crate::codec) fn new(len: usize) -> Self {
        let max_elements = len.saturating_add(FREE_ELEMENTS);
        Self {
            max_elements,
            elements_left: Cell::new(max_elements),
        }
    }

    /// Decodes one value within the limits.
    ///
    /// # Errors
    ///
    /// The format's own; why a type refused the value is to be [recalled](super::recall).
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
        };
        seed.deserialize(scope.guard(deserializer))
            .map_err(Noted::into_inner)
    }
}

/// Where in a message we are: in which, and how far below its top.
#[derive(Clone, Copy)]
pub(super) struct Scope<'g> {
    limits: &'g Limits,
    levels_left: usize,
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
            None => Err(note(Error::TooDeep { limit: MAX_DEPTH })),
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
            None => Err(note(Error::TooManyElements {
                limit: limits.max_elements,
            })),
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
