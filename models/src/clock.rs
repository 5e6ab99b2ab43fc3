//! Time, which passes where somebody waits for it.

#[path = "../../zmqrpc-runtime/src/clock/compact_duration.rs"]
mod compact_duration;
#[path = "../../zmqrpc-runtime/src/clock/durations.rs"]
mod durations;

use std::ops::{Add, Sub};
use std::time::Duration;

use rustix::kernel;

pub(crate) use self::compact_duration::CompactDuration;
pub(crate) use self::durations::{FOREVER, STALL_THRESHOLD};

/// The time since the model began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(Duration);

impl Instant {
    pub(crate) fn now() -> Self {
        Self(kernel::now())
    }

    pub(crate) fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    pub(crate) fn elapsed(self) -> Duration {
        Self::now() - self
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0 + duration)
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.saturating_duration_since(earlier)
    }
}
