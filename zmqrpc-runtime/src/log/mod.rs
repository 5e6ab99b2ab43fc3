//! Log lines. The only module that names `tracing`.
//!
//! The program's subscriber receives a log line, and may write it to a terminal that nobody scrolls or a pipe that
//! nobody reads. It must not run under a lock, nor delay a thread that others wait for. So [`line!`](line) passes its
//! line to a thread of its own; only lines that a program causes by starting something are written at once, with
//! [`here!`](here).
//!
//! ```text
//! log_thread  the thread that writes lines, and its queue
//! text        sanitized texts of peers
//! throttle    the rate limit of repeated lines
//! ```

mod log_thread;
mod text;
mod throttle;

pub(crate) use log_thread::{flush, post};
pub(crate) use text::{Printable, text};
pub(crate) use throttle::Throttle;

/// Writes a line later, on the log thread: `line!(warn, peer = text(peer), bytes; "the frame is no request")`. Fields
/// are owned values; a field with a peer's text goes through [`text`].
macro_rules! line {
    ($level:ident, $($field:ident $(= $value:expr)?),* $(,)? ; $text:literal) => {{
        $($(let $field = $value;)?)*
        $crate::log::post(move || $crate::log::here!($level, $($field),* ; $text))
    }};
}
pub(crate) use line;

/// Writes a line at once, on the calling thread.
macro_rules! here {
    ($level:ident, $($field:ident $(= $value:expr)?),* $(,)? ; $text:literal) => {{
        $($(let $field = $value;)?)*
        ::tracing::$level!($($field,)* $text)
    }};
}
pub(crate) use here;
