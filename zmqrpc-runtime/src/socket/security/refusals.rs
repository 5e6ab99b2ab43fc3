//! Log lines of logins that were refused.

use std::time::{Duration, Instant};

/// Lets so many lines pass in each period, and tells how many there were beside them.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    period: Option<Instant>,
    lines: u32,
    hidden: u64,
}

const PERIOD: Duration = Duration::from_secs(1);
const LINES: u32 = 10;

impl Refusals {
    /// Whether to write a line at `now`; with how many were not written since the last.
    pub(super) fn admit(&mut self, now: Instant) -> Option<u64> {
        if self
            .period
            .is_none_or(|since| now.duration_since(since) >= PERIOD)
        {
            self.period = Some(now);
            self.lines = 0;
        }
        if self.lines == LINES {
            self.hidden += 1;
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.hidden))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_by_its_number() {
        let (mut refusals, now) = (Refusals::default(), Instant::now());
        let lines = (0..1000).filter_map(|_| refusals.admit(now));
        assert_eq!(lines.collect::<Vec<_>>(), [0; 10]);
        assert_eq!(refusals.admit(now + PERIOD), Some(990));
        assert_eq!(refusals.admit(now + PERIOD), Some(0));
    }
}
