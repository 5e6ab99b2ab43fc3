//! Durations that mean the same everywhere.

use std::time::Duration;

/// A hundred years: longer than any program runs, and far from the end of the clock. Callers pass `Duration::MAX` for
/// "never", which would overflow an `Instant`.
pub(crate) const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// A thread that wakes this much too late has been stalled itself: stopped, starved or migrated. What was sent to it
/// meanwhile may still be in the system's buffers.
pub(crate) const STALL_THRESHOLD: Duration = Duration::from_millis(100);
