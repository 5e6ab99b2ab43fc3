//! The back-off of reconnections that libzmq does not make itself.

use std::time::{Duration, Instant};

use super::connection_change::ConnectionChange;
use super::idle_poller::request_maintenance;

/// The back-off of one connection.
#[derive(Debug, Default)]
pub(super) struct ReconnectBackoff {
    /// When the connection was lost, the login refused or the last attempt made. `None` while connected, and while
    /// libzmq reconnects.
    waiting_since: Option<Instant>,
    /// Consecutive refused logins.
    refusals: u32,
    /// Whether a caller waits for the next attempt.
    caller_waits: bool,
}

/// libzmq abandons a connection that delivered an oversized message, or bytes that are not ZMTP. When it does
/// reconnect, it reports so at once; if it has not within this time, it does not reconnect.
const BASE_DELAY: Duration = Duration::from_millis(500);

/// The delay before the next login doubles this often at most, to 32 s.
const DOUBLINGS: u32 = 6;

impl ReconnectBackoff {
    pub(super) fn on_event(&mut self, event: ConnectionChange) {
        match event {
            ConnectionChange::Lost => {
                self.waiting_since = Some(Instant::now());
                request_maintenance();
            }
            ConnectionChange::Established => *self = Self::default(),
            // After a refused login, the back-off applies: libzmq would retry twenty times a second.
            ConnectionChange::Retried if self.refusals == 0 => self.waiting_since = None,
            _ => {}
        }
    }

    /// Records a refused login. The delay before the next attempt doubles with each.
    pub(super) fn record_refusal(&mut self) {
        self.waiting_since = Some(Instant::now());
        self.refusals = (self.refusals + 1).min(DOUBLINGS + 1);
        self.caller_waits = false;
        request_maintenance();
    }

    /// Returns the back-off of the connection that replaces this one.
    pub(super) fn successor(&self) -> Self {
        Self {
            refusals: self.refusals,
            ..Self::default()
        }
    }

    /// Shortens the delay before the next login to the shortest one, because a caller waits.
    pub(super) fn retry_login_soon(&mut self) {
        self.caller_waits = true;
    }

    fn delay(&self) -> Duration {
        if self.caller_waits {
            return BASE_DELAY;
        }
        BASE_DELAY * (1 << self.refusals.saturating_sub(1))
    }

    /// Returns when to reconnect, unless an event arrives before.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting_since
            .map(|waiting_since| waiting_since + self.delay())
    }

    /// Returns whether to reconnect now and, if so, records the attempt.
    pub(super) fn should_reconnect(&mut self) -> bool {
        let due = self
            .waiting_since
            .is_some_and(|waiting_since| waiting_since.elapsed() >= self.delay());
        if due {
            self.record_attempt();
        }
        due
    }

    /// Records an attempt now, so that the next one waits for the full delay.
    pub(super) fn record_attempt(&mut self) {
        self.waiting_since = self.waiting_since.map(|_| Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(backoff: &ReconnectBackoff) -> Duration {
        let due = backoff.due().unwrap();
        due.duration_since(backoff.waiting_since.unwrap())
    }

    #[test]
    fn a_login_that_is_refused_again_and_again_is_tried_more_and_more_rarely() {
        let mut backoff = ReconnectBackoff::default();
        let mut waits = Vec::new();
        for _ in 0..9 {
            backoff.record_refusal();
            backoff.on_event(ConnectionChange::Lost);
            backoff.on_event(ConnectionChange::Retried);
            waits.push(wait(&backoff).as_millis());
            backoff = backoff.successor();
        }
        assert_eq!(
            waits,
            [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 32_000, 32_000]
        );
    }

    #[test]
    fn a_waiting_caller_shortens_the_back_off_and_a_connection_resets_it() {
        let mut backoff = ReconnectBackoff::default();
        (0..5).for_each(|_| backoff.record_refusal());
        backoff.retry_login_soon();
        assert_eq!(wait(&backoff), BASE_DELAY);
        backoff.on_event(ConnectionChange::Established);
        assert_eq!(backoff.due(), None);
        backoff.on_event(ConnectionChange::Lost);
        assert_eq!(wait(&backoff), BASE_DELAY);
    }
}
