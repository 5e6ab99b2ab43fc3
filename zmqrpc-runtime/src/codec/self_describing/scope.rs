//! The position of a value in a message.

use std::borrow::Cow;
use std::cell::RefCell;
use std::marker::PhantomData;

use serde::de::{self, Expected};

use super::{FormatReason, Rules};
use crate::codec::budget::{Budget, Depth, Exceeded};
use crate::codec::erased::{PathStep, ValueError};

/// A message that is read by a format, whose errors have no room for ours.
pub(super) struct Message<'g, R: ?Sized> {
    budget: &'g Budget,
    /// The error that a format's stands for.
    noted: RefCell<Option<ValueError>>,
    rules: PhantomData<R>,
}

impl<'g, R: Rules> Message<'g, R> {
    pub(super) fn new(budget: &'g Budget) -> Self {
        Self {
            budget,
            noted: RefCell::default(),
            rules: PhantomData,
        }
    }
}

/// The position of a value in a message. Small, since it is copied at each step, and there are many on the stack.
pub(super) struct FormatScope<'g, R: ?Sized> {
    message: &'g Message<'g, R>,
    depth: Depth,
    /// The size of the value's slot in its parent, which has been charged.
    slot_size: usize,
}

impl<R: ?Sized> Clone for FormatScope<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R: ?Sized> Copy for FormatScope<'_, R> {}

impl<'g, R: Rules> FormatScope<'g, R> {
    /// Returns the scope of a whole message, or of a part that is encoded by itself.
    pub(super) fn of(message: &'g Message<'g, R>) -> Self {
        Self {
            message,
            depth: Depth::WHOLE,
            slot_size: 0,
        }
    }

    /// Returns the scope one level further down.
    pub(super) fn descend(self) -> Result<Self, ValueError> {
        let depth = self.check(self.depth.descend())?;
        Ok(Self { depth, ..self })
    }

    /// Returns the scope within a struct or a tuple.
    pub(super) fn descend_struct(self) -> Result<Self, ValueError> {
        let depth = self.check(self.depth.descend_struct())?;
        Ok(Self { depth, ..self })
    }

    /// Returns the scope of a part whose slot has this size.
    pub(super) fn with_slot(self, slot_size: usize) -> Self {
        Self { slot_size, ..self }
    }

    /// Charges the memory of a value, unless it fits into its slot: a larger one is in a box.
    pub(super) fn charge_boxed(self, size: usize) -> Result<(), ValueError> {
        if size > self.slot_size {
            self.charge_memory(size)?;
        }
        Ok(())
    }

    pub(super) fn charge_memory(self, bytes: usize) -> Result<(), ValueError> {
        self.check(self.message.budget.charge_memory(bytes))
    }

    pub(super) fn charge_elements(self, count: usize) -> Result<(), ValueError> {
        self.check(self.message.budget.charge_elements(count))
    }

    pub(super) fn charge_empty(self) -> Result<(), ValueError> {
        self.check(self.message.budget.charge_empty())
    }

    fn check<T>(self, charged: Result<T, Exceeded>) -> Result<T, ValueError> {
        charged.map_err(|exceeded| self.message.budget.error(exceeded).into())
    }

    /// Keeps an error while a format's stands for it.
    #[cold]
    pub(super) fn note<E: de::Error>(self, error: ValueError) -> E {
        self.message.noted.replace(Some(error));
        // With a place, or `serde_json` looks for the line in which it is, at each level.
        E::custom("it is noted at line 1 column 1")
    }

    /// Returns the error that a format's stands for, or what that says itself.
    #[cold]
    pub(super) fn recall<E: de::Error>(self, error: &E) -> ValueError {
        self.recall_of(error, &"something else")
    }

    /// Returns the error that a format's stands for, or what that says itself of a value where `expected` is.
    #[cold]
    pub(super) fn recall_of<E: de::Error>(self, error: &E, expected: &dyn Expected) -> ValueError {
        let noted = self.message.noted.take();
        noted.unwrap_or_else(|| match R::reason(error) {
            FormatReason::Found(found) => {
                ValueError::new(format_args!("invalid type: {found}, expected {expected}"))
            }
            FormatReason::Other(reason) => ValueError::new(reason),
        })
    }
}

/// The name of the part that is read, as far as it is known: borrowed where it can be, since it is known for each field
/// and needed for one in many messages.
#[derive(Default)]
pub(super) enum Key<'de> {
    #[default]
    Unknown,
    Name(Cow<'de, str>),
    Number(i128),
}

impl Key<'_> {
    pub(super) fn step(&self) -> PathStep {
        match self {
            Self::Unknown => PathStep::name("?"),
            Self::Name(name) => PathStep::name(name),
            Self::Number(number) => PathStep::Name(number.to_string()),
        }
    }
}
