//! Limits the rate of log lines of the same kind.

use std::time::{Duration, Instant};

use crate::sync::Mutex;

/// Admits [`LINES`] lines of each kind in a second and counts the others, as peers can cause any number of them. Each
/// server, proxy and other part with peers of its own has one.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<Vec<(&'static str, ThrottlePeriod)>>);

#[derive(Clone, Copy, Debug, Default)]
struct ThrottlePeriod {
    since: Option<Instant>,
    lines: u32,
    hidden: u64,
}

const PERIOD: Duration = Duration::from_secs(1);
const LINES: u32 = 10;

impl Throttle {
    /// Returns the number of lines of this kind that were suppressed since the last one, if another one may be written;
    /// `None` if not.
    pub(crate) fn admit(&self, kind: &'static str) -> Option<u64> {
        self.admit_at(kind, Instant::now())
    }

    fn admit_at(&self, kind: &'static str, now: Instant) -> Option<u64> {
        let mut kinds = self.0.lock();
        let at = kinds.iter().position(|(known, _)| *known == kind);
        let at = at.unwrap_or_else(|| {
            kinds.push((kind, ThrottlePeriod::default()));
            kinds.len() - 1
        });
        kinds.get_mut(at)?.1.admit(now)
    }
}

impl ThrottlePeriod {
    fn admit(&mut self, now: Instant) -> Option<u64> {
        if self
            .since
            .is_none_or(|since| now.duration_since(since) >= PERIOD)
        {
            self.since = Some(now);
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
        let (throttle, now) = (Throttle::default(), Instant::now());
        let lines = (0..1000).filter_map(|_| throttle.admit_at("a", now));
        assert_eq!(lines.collect::<Vec<_>>(), [0; 10]);
        assert_eq!(throttle.admit_at("a", now + PERIOD), Some(990));
        assert_eq!(throttle.admit_at("a", now + PERIOD), Some(0));
    }

    #[test]
    fn a_flood_of_one_kind_hides_no_other() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        assert_eq!(
            (0..1000)
                .filter_map(|_| throttle.admit_at("a", now))
                .count(),
            10
        );
        assert_eq!(throttle.admit_at("b", now), Some(0));
    }
}
