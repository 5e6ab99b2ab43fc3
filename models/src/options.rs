//! The options that the sources name.

use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub struct Ping {
    pub interval: Duration,
    pub timeout: Duration,
}
