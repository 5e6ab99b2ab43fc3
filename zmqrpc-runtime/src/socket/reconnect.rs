//! The back-off of reconnections that libzmq does not make itself.

use std::time::{Duration, Instant};

use super::idle_poller::notice_due;
use super::monitor::ConnectionChange;

/// The back-off of one connection.
#[derive(Debug, Default)]
pub(super) struct ReconnectBackoff {
    /// When the connection was lost, the login refused or the last attempt made. `None` while connected, and while
    /// libzmq reconnects.
    cut: Option<Instant>,
    /// Consecutive refused logins.
    refusals: u32,
    /// Whether a caller waits for the next attempt.
    hurried: bool,
}

/// libzmq abandons a connection that delivered an oversized message, or bytes that are not ZMTP. When it does
/// reconnect, it reports so at once; if it has not within this time, it does not reconnect.
const PATIENCE: Duration = Duration::from_millis(500);

/// The delay before the next login doubles this often at most, to 32 s.
const DOUBLINGS: u32 = 6;

impl ReconnectBackoff {
    pub(super) fn note(&mut self, event: ConnectionChange) {
        match event {
            ConnectionChange::Lost => {
                self.cut = Some(Instant::now());
                notice_due();
            }
            ConnectionChange::Established => *self = Self::default(),
            // After a refused login, the back-off applies: libzmq would retry twenty times a second.
            ConnectionChange::Retried if self.refusals == 0 => self.cut = None,
            _ => {}
        }
    }

    /// Records a refused login. The delay before the next attempt doubles with each.
    pub(super) fn refuse(&mut self) {
        self.cut = Some(Instant::now());
        self.refusals = (self.refusals + 1).min(DOUBLINGS + 1);
        self.hurried = false;
        notice_due();
    }

    /// Returns the back-off of the connection that replaces this one.
    pub(super) fn heir(&self) -> Self {
        Self {
            refusals: self.refusals,
            ..Self::default()
        }
    }

    /// Shortens the delay before the next login to the shortest one, because a caller waits.
    pub(super) fn hurry(&mut self) {
        self.hurried = true;
    }

    fn patience(&self) -> Duration {
        if self.hurried {
            return PATIENCE;
        }
        PATIENCE * (1 << self.refusals.saturating_sub(1))
    }

    /// Returns when to reconnect, unless an event arrives before.
    pub(super) fn due(&self) -> Option<Instant> {
        self.cut.map(|cut| cut + self.patience())
    }

    /// Returns whether to reconnect now and, if so, records the attempt.
    pub(super) fn begin(&mut self) -> bool {
        let due = self.cut.is_some_and(|cut| cut.elapsed() >= self.patience());
        if due {
            self.postpone();
        }
        due
    }

    /// Records an attempt now, so that the next one waits for the full delay.
    pub(super) fn postpone(&mut self) {
        self.cut = self.cut.map(|_| Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(backoff: &ReconnectBackoff) -> Duration {
        let due = backoff.due().unwrap();
        due.duration_since(backoff.cut.unwrap())
    }

    #[test]
    fn a_login_that_is_refused_again_and_again_is_tried_more_and_more_rarely() {
        let mut backoff = ReconnectBackoff::default();
        let mut waits = Vec::new();
        for _ in 0..9 {
            backoff.refuse();
            backoff.note(ConnectionChange::Lost);
            backoff.note(ConnectionChange::Retried);
            waits.push(wait(&backoff).as_millis());
            backoff = backoff.heir();
        }
        assert_eq!(
            waits,
            [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 32_000, 32_000]
        );
    }

    #[test]
    fn who_waits_makes_a_login_come_sooner_and_a_connection_makes_it_forgotten() {
        let mut backoff = ReconnectBackoff::default();
        (0..5).for_each(|_| backoff.refuse());
        backoff.hurry();
        assert_eq!(wait(&backoff), PATIENCE);
        backoff.note(ConnectionChange::Established);
        assert_eq!(backoff.due(), None);
        backoff.note(ConnectionChange::Lost);
        assert_eq!(wait(&backoff), PATIENCE);
    }
}
