//! What is written into the log, and by whom. The only module that names `tracing`.
//!
//! What takes a log line is the program's: a subscriber, a terminal that nobody looks at, a pipe that nobody reads. None
//! of it may run under a lock or hold up a thread that others wait for. So [lines](line) are handed to a thread of their
//! own; those alone that a program causes itself, where it starts something, are written [here and now](here).
//!
//! ```text
//! log_thread the thread, and what it has still to write
//! throttle  how often the same is said
//! text      what peers have sent, fit to be printed
//! ```

mod log_thread;
mod text;
mod throttle;

pub(crate) use log_thread::{flush, post};
pub(crate) use text::{Printable, text};
pub(crate) use throttle::Throttle;

/// Writes a line soon, on another thread: `line!(warn, peer = text(peer), bytes; "it is no request")`. Fields are owned
/// values; what a peer may have had a part in is a [`text`].
macro_rules! line {
    ($level:ident, $($field:ident $(= $value:expr)?),* $(,)? ; $text:literal) => {{
        $($(let $field = $value;)?)*
        $crate::log::post(move || $crate::log::here!($level, $($field),* ; $text))
    }};
}
pub(crate) use line;

/// Writes a line at once, on this thread.
macro_rules! here {
    ($level:ident, $($field:ident $(= $value:expr)?),* $(,)? ; $text:literal) => {{
        $($(let $field = $value;)?)*
        ::tracing::$level!($($field,)* $text)
    }};
}
pub(crate) use here;
