//! Connections that libzmq gives up for good: they have to be made again.

use std::time::{Duration, Instant};

use super::idle_poller::notice_due;
use super::monitor::ConnectionChange;

/// Watches one connection that was made to an endpoint.
#[derive(Debug, Default)]
pub(super) struct ReconnectBackoff {
    /// Since when there is no connection, and libzmq has not said that it tries to make one.
    cut: Option<Instant>,
    /// Logins in a row that were refused.
    refusals: u32,
    /// Somebody waits for the next try.
    hurried: bool,
}

/// libzmq gives a connection up for good that brought a message which is too large, or bytes that are no ZMTP. It tells
/// at once when it tries again itself; after this time it does not.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often the time until the next login doubles at most: to 32 s.
const DOUBLINGS: u32 = 6;

impl ReconnectBackoff {
    pub(super) fn note(&mut self, event: ConnectionChange) {
        match event {
            ConnectionChange::Lost => {
                self.cut = Some(Instant::now());
                notice_due();
            }
            ConnectionChange::Established => *self = Self::default(),
            // What was refused is not left to libzmq, which tries twenty times a second.
            ConnectionChange::Retried if self.refusals == 0 => self.cut = None,
            _ => {}
        }
    }

    /// The login was refused: it is tried again after a while, and after a longer one each time.
    pub(super) fn refuse(&mut self) {
        self.cut = Some(Instant::now());
        self.refusals = (self.refusals + 1).min(DOUBLINGS + 1);
        self.hurried = false;
        notice_due();
    }

    /// For a connection that takes the place of this one.
    pub(super) fn heir(&self) -> Self {
        Self {
            refusals: self.refusals,
            ..Self::default()
        }
    }

    /// Somebody waits: what was refused is tried again soon, though not at once.
    pub(super) fn hurry(&mut self) {
        self.hurried = true;
    }

    fn patience(&self) -> Duration {
        if self.hurried {
            return PATIENCE;
        }
        PATIENCE * (1 << self.refusals.saturating_sub(1))
    }

    /// When to make the connection again, if nothing happens until then.
    pub(super) fn due(&self) -> Option<Instant> {
        self.cut.map(|cut| cut + self.patience())
    }

    /// Whether to make the connection again now. If that fails, it is due once more.
    pub(super) fn begin(&mut self) -> bool {
        let due = self.cut.is_some_and(|cut| cut.elapsed() >= self.patience());
        if due {
            self.postpone();
        }
        due
    }

    /// It is tried now, and not again at once.
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
