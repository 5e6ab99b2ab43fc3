//! Keeps the reason of an error while the error passes through a format.
//!
//! Serde creates errors from a text alone, by a static call to the format's error type, and
//! postcard's error has no room for a text: the message of a type's own validation would be lost. A
//! richer error type, translated at every step between type and format, was tried and made the
//! decoding of small structs 1.7 times as slow. So the reason is kept in a thread-local slot, as
//! encoding and decoding never leave their thread.

use std::any::type_name;
use std::cell::Cell;
use std::fmt;

use serde::{de, ser};

use super::Error;

/// The text of the format's error whose reason is in the slot.
const PLACEHOLDER: &str = "the reason is noted";

thread_local! {
    static REASON: Cell<Option<Box<Error>>> = const { Cell::new(None) };
}

/// Keeps the reason why encoding or decoding fails, and returns the text of the error that stands
/// for it in the format.
#[cold]
#[inline(never)]
pub(super) fn keep_reason(reason: Error) -> &'static str {
    REASON.set(Some(Box::new(reason)));
    PLACEHOLDER
}

/// Takes the reason of the format's error out of the slot.
#[cold]
pub(super) fn take_reason() -> Option<Error> {
    REASON.take().map(|reason| *reason)
}

/// Clears the slot after a success: a type may have swallowed an error and tried something else.
#[inline]
pub(super) fn clear_reason() {
    REASON.set(None);
}

/// Returns whether the slot holds a reason.
#[cold]
pub(super) fn has_reason() -> bool {
    let reason = REASON.take();
    let is_some = reason.is_some();
    REASON.set(reason);
    is_some
}

/// Puts `name`, of a type in which encoding or decoding has failed, into a reason that lacks one.
///
/// Called on the way out of each value, so the innermost type gives its name.
#[cold]
#[inline(never)]
fn name_reason(name: &'static str) {
    // Serde's macros wrap fields in types whose names the user does not know.
    if name.contains("__") {
        return;
    }
    let mut reason = REASON.take();
    if let Some(Error::UnknownLength { name: slot } | Error::SelfDescribing { name: slot }) =
        reason.as_deref_mut()
        && slot.is_empty()
    {
        *slot = name.trim_start_matches('&');
    }
    REASON.set(reason);
}

/// The error of a guarded format: the format's own, with its reason in the slot.
///
/// No larger than the error that it wraps, so that it costs nothing until an error is created.
#[derive(Debug)]
#[repr(transparent)]
pub(super) struct Noted<E>(E);

impl<E> Noted<E> {
    #[inline]
    pub(super) fn new(error: E) -> Self {
        Self(error)
    }

    #[inline]
    pub(super) fn into_inner(self) -> E {
        self.0
    }

    /// Returns the format's error, after naming `T` in the reason if that lacks a name.
    #[cold]
    pub(super) fn into_inner_of<T: ?Sized>(self) -> E {
        name_reason(type_name::<T>());
        self.0
    }
}

impl<E: fmt::Display> fmt::Display for Noted<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for Noted<E> {}

impl<E: de::Error> de::Error for Noted<E> {
    #[cold]
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self(E::custom(keep_reason(Error::decode(reason))))
    }
}

impl<E: ser::Error> ser::Error for Noted<E> {
    #[cold]
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self(E::custom(keep_reason(Error::encode(reason))))
    }
}
