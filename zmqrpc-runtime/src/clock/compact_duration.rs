//! A duration that is kept in every call.

use std::time::Duration;

use super::FOREVER;

/// A duration of at most [`FOREVER`], in half of the space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CompactDuration {
    nanos: u64,
}

impl CompactDuration {
    pub(crate) fn get(self) -> Duration {
        Duration::from_nanos(self.nanos)
    }
}

impl From<Duration> for CompactDuration {
    fn from(duration: Duration) -> Self {
        // Fits, and costs less than the 128 bits that `as_nanos` takes.
        let bounded = duration.min(FOREVER);
        Self {
            nanos: bounded.as_secs() * 1_000_000_000 + u64::from(bounded.subsec_nanos()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_kept_exactly() {
        let exact = [
            Duration::ZERO,
            Duration::from_nanos(1),
            Duration::new(7, 999_999_999),
            FOREVER,
        ];
        for duration in exact {
            assert_eq!(CompactDuration::from(duration).get(), duration);
        }
        assert_eq!(CompactDuration::from(Duration::MAX).get(), FOREVER);
    }
}
