//! The types' own code may panic, or go on asking for ever.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::thread;

use crate::codec::erased::ValueError;

thread_local! {
    static IS_TRACING: Cell<bool> = const { Cell::new(false) };
}

/// What unwinds a type that does not stop.
struct GivenUp;

/// Returns what `read` does; a panic is an error. [`give_up`] passes through.
pub(super) fn caught(read: impl FnOnce() -> Result<(), ValueError>) -> Result<(), ValueError> {
    match panic::catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result,
        Err(payload) if payload.is::<GivenUp>() => panic::resume_unwind(payload),
        Err(_) => Err(ValueError::new("its `Deserialize` panicked")),
    }
}

/// Unwinds a type that goes on asking although it gets errors.
pub(super) fn give_up() -> ! {
    panic::resume_unwind(Box::new(GivenUp))
}

/// Returns what `run` does, with nothing printed of panics in it, which are expected.
pub(super) fn stubborn(run: impl FnOnce() -> Result<(), ValueError>) -> Result<(), ValueError> {
    silence_panics();
    let before = IS_TRACING.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    IS_TRACING.set(before);
    result.unwrap_or_else(|_| Err(ValueError::new("it does not stop asking")))
}

/// Has the process print no panic of this module's: a panic while a type is traced is an answer, and nobody's mistake. All
/// others go to the hook that was there.
fn silence_panics() {
    static ONCE: Once = Once::new();
    // Where this thread is panicking, the hook cannot be changed: the next one does it.
    if thread::panicking() {
        return;
    }
    ONCE.call_once_force(|_| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_TRACING.try_with(Cell::get).unwrap_or(false) {
                hook(info);
            }
        }));
    });
}
