//! Remembers why a value was refused while the error passes through a format.
//!
//! Serde makes errors out of nothing but a text, by a static call to the format's error type, and
//! postcard's has no room for a text: what a type's own validation said would be lost. A richer
//! error type that is translated at every step between type and format was tried and made the
//! decoding of small structs 1.7 times as slow. So the reason waits beside the stack: in a slot of
//! the thread, since encoding and decoding never leave it.

use std::any::type_name;
use std::cell::Cell;
use std::fmt;

use serde::{de, ser};

use super::Error;

/// The text of the format's error while the reason is noted.
const STAND_IN: &str = "the reason is noted";

thread_local! {
    static REASON: Cell<Option<Box<Error>>> = const { Cell::new(None) };
}

/// Notes why encoding or decoding fails, and returns the text of the error that stands for it in
/// the format.
#[cold]
#[inline(never)]
pub(super) fn note(reason: Error) -> &'static str {
    REASON.set(Some(Box::new(reason)));
    STAND_IN
}

/// Returns the reason for which the error of a format stands.
///
/// `text` is what that error holds, if it holds any. A text of the format's own means that there
/// is nothing noted for it: an older reason may be left over from a type that tried again.
#[cold]
pub(super) fn recall(text: Option<&str>) -> Option<Error> {
    let reason = REASON.take()?;
    text.is_none_or(|text| text == STAND_IN).then_some(*reason)
}

/// Forgets the reason of a failure that was none in the end: a type has tried something else.
#[inline]
pub(super) fn forget() {
    REASON.set(None);
}

/// Whether a reason is noted.
#[cold]
pub(super) fn is_noted() -> bool {
    let reason = REASON.take();
    let noted = reason.is_some();
    REASON.set(reason);
    noted
}

/// Puts the name of `T`, in which encoding or decoding has failed, into a reason that lacks one.
///
/// Asked on the way out of each value, so the innermost type gives its name.
#[cold]
#[inline(never)]
fn put_name(name: &'static str) {
    // What serde's macros put around a field has no name that its author knows.
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

/// The error of a guarded format: the format's own, with its reason noted.
///
/// No larger than what it wraps, so that nothing is paid for it unless it is made.
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

    /// Leaves a value of the type `T`.
    #[cold]
    pub(super) fn leave<T: ?Sized>(self) -> E {
        put_name(type_name::<T>());
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
        Self(E::custom(note(Error::decode(reason))))
    }
}

impl<E: ser::Error> ser::Error for Noted<E> {
    #[cold]
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self(E::custom(note(Error::encode(reason))))
    }
}
