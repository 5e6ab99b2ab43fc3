//! How long a proxy waits between two attempts.

use std::time::Duration;

/// How long to wait after an attempt that failed: `first`, then twice as long each time, up to `longest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first attempt. Default: 100 ms. Above zero.
    pub first: Duration,
    /// The longest wait. Default: 5 s. No shorter than `first`.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            longest: Duration::from_secs(5),
        }
    }
}
