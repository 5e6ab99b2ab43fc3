//! Whether a call is made again, and where: decided without I/O.
//!
//! | how an attempt ended | it goes on |
//! |---|---|
//! | there was no connection, or the server began to end before the request was handed over | wherever there is a connection, if the client has several endpoints |
//! | the server refused it, shutting down, overloaded, or as a proxy without a service | at another endpoint that is connected, at each once |
//! | the server refused it, shutting down, and nothing says so of the only endpoint | there, see `repeat` |
//! | the connection broke, or the server fell silent | wherever there is a connection, if the method is idempotent |
//! | anything else | not |
//!
//! A retry stays within the call's time, and a call that may have been executed is made again only if its method is
//! idempotent. There is no pause: the other server is not the one that has refused, and a call costs each no more than
//! one refusal.

use std::sync::Arc;
use std::time::Instant;

use super::DIALECT;
use super::balancer::Balancer;
use super::deadlines::Deadlines;
use crate::connection::{CallResult, NoReply};
use crate::socket::Frame;
use crate::wire::{Executed, Status};

/// What a retry needs.
pub(super) struct RetryContext {
    pub(super) connections: Arc<Balancer>,
    pub(super) frame: Frame,
    pub(super) attempts: Attempts,
}

/// The attempts of a call so far.
#[derive(Debug)]
pub(super) struct Attempts {
    /// It may be executed more than once.
    idempotent: bool,
    /// There are several endpoints.
    several: bool,
    /// The endpoints that have refused it.
    pub(super) refused: Vec<u64>,
    /// One of the attempts may have been executed.
    pub(super) tried: bool,
}

/// How an attempt ended, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AttemptOutcome {
    /// It was not sent.
    Unsent,
    /// It was not executed by the server with this number among the endpoints; `left` if that was shutting down and takes
    /// no calls by now.
    Refused { by: u64, left: bool },
    /// It is unknown what became of it.
    Lost,
    /// A retry would not help.
    Final,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RetryDecision {
    /// The call ends with this result.
    Stop,
    /// Retry at another endpoint that is connected and has not refused the call; if there is none, it ends with this
    /// result.
    Elsewhere,
    /// The same, but if there is none, wait for a connection.
    ElsewhereOrLater,
    /// Retry wherever there is a connection, or will be.
    Anywhere,
}

impl Attempts {
    pub(super) fn new(idempotent: bool, several: bool) -> Self {
        Self {
            idempotent,
            several,
            refused: Vec::new(),
            tried: false,
        }
    }

    /// Decides what follows an attempt that has ended at `now`.
    pub(super) fn next(
        &mut self,
        end: AttemptOutcome,
        deadlines: &Deadlines,
        now: Instant,
    ) -> RetryDecision {
        if now >= deadlines.deadline {
            return RetryDecision::Stop;
        }
        match end {
            AttemptOutcome::Unsent if self.several && now < deadlines.connected_by => {
                RetryDecision::Anywhere
            }
            AttemptOutcome::Refused { by, left } => {
                if !self.refused.contains(&by) {
                    self.refused.push(by);
                    if left {
                        return RetryDecision::ElsewhereOrLater;
                    }
                }
                RetryDecision::Elsewhere
            }
            AttemptOutcome::Lost if self.idempotent => {
                self.tried = true;
                RetryDecision::Anywhere
            }
            AttemptOutcome::Unsent | AttemptOutcome::Lost | AttemptOutcome::Final => {
                RetryDecision::Stop
            }
        }
    }
}

impl AttemptOutcome {
    /// Returns the outcome of an attempt over the connection with the number `by`, whose server `has_left` or not; `None` if
    /// it is an answer.
    pub(super) fn of(
        ending: &CallResult,
        by: impl FnOnce() -> u64,
        has_left: impl FnOnce() -> bool,
    ) -> Option<Self> {
        match ending {
            Ok(None) => None,
            Ok(Some(reply)) => {
                let status = DIALECT.rejection(reply)?;
                let left = status == Status::ShuttingDown && has_left();
                Some(Self::Refused { by: by(), left })
            }
            Err(NoReply::Denied(_)) => Some(Self::Refused {
                by: by(),
                left: false,
            }),
            Err(NoReply::TimedOut { .. } | NoReply::Broken(_)) => Some(Self::Final),
            Err(reason) if reason.executed() == Executed::No => Some(Self::Unsent),
            Err(_) => Some(Self::Lost),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::dialect::CallFailure;
    use crate::dialect::{CallId, ReplyTo};

    const SECOND: Duration = Duration::from_secs(1);

    fn deadlines(now: Instant) -> Deadlines {
        Deadlines {
            deadline: now + 30 * SECOND,
            connected_by: now + 5 * SECOND,
            connect_timeout: (5 * SECOND).into(),
        }
    }

    fn refused(by: u64) -> AttemptOutcome {
        AttemptOutcome::Refused { by, left: false }
    }

    #[test]
    fn what_was_not_sent_goes_elsewhere_as_long_as_it_waits_for_a_connection() {
        let now = Instant::now();
        let deadlines = deadlines(now);
        for idempotent in [false, true] {
            let mut attempts = Attempts::new(idempotent, true);
            assert_eq!(
                attempts.next(AttemptOutcome::Unsent, &deadlines, now),
                RetryDecision::Anywhere
            );
            let late = now + 5 * SECOND;
            assert_eq!(
                attempts.next(AttemptOutcome::Unsent, &deadlines, late),
                RetryDecision::Stop
            );
            let mut alone = Attempts::new(idempotent, false);
            assert_eq!(
                alone.next(AttemptOutcome::Unsent, &deadlines, now),
                RetryDecision::Stop
            );
        }
    }

    #[test]
    fn what_was_lost_is_made_again_only_where_that_does_no_harm() {
        let now = Instant::now();
        let deadlines = deadlines(now);
        let mut once = Attempts::new(false, true);
        assert_eq!(
            once.next(AttemptOutcome::Lost, &deadlines, now),
            RetryDecision::Stop
        );
        let mut again = Attempts::new(true, false);
        assert_eq!(
            again.next(AttemptOutcome::Lost, &deadlines, now),
            RetryDecision::Anywhere
        );
        assert!(again.tried);
        let late = now + 30 * SECOND;
        assert_eq!(
            again.next(AttemptOutcome::Lost, &deadlines, late),
            RetryDecision::Stop
        );
    }

    #[test]
    fn what_was_refused_goes_to_each_endpoint_once() {
        let now = Instant::now();
        let deadlines = deadlines(now);
        let mut attempts = Attempts::new(false, true);
        assert_eq!(
            attempts.next(refused(1), &deadlines, now),
            RetryDecision::Elsewhere
        );
        assert_eq!(
            attempts.next(refused(0), &deadlines, now),
            RetryDecision::Elsewhere
        );
        assert_eq!(attempts.refused, [1, 0]);
        assert!(!attempts.tried);
        let late = now + 30 * SECOND;
        assert_eq!(
            attempts.next(refused(2), &deadlines, late),
            RetryDecision::Stop
        );
    }

    #[test]
    fn what_a_server_refuses_that_ends_waits_for_the_next_one_once() {
        let now = Instant::now();
        let deadlines = deadlines(now);
        let mut attempts = Attempts::new(true, false);
        let end = AttemptOutcome::Refused { by: 0, left: true };
        assert_eq!(
            attempts.next(end, &deadlines, now),
            RetryDecision::ElsewhereOrLater
        );
        assert_eq!(
            attempts.next(end, &deadlines, now),
            RetryDecision::Elsewhere
        );
    }

    #[test]
    fn only_what_was_surely_not_executed_is_a_refusal() {
        let reply = |status, executed| {
            let refusal = CallFailure::new(status, "no").with_executed(executed);
            let to = ReplyTo::new(DIALECT, CallId::from(7));
            Ok(Some(to.fail(&refusal)))
        };
        for status in [
            Status::ShuttingDown,
            Status::Overloaded,
            Status::Unavailable,
        ] {
            let end = |executed| AttemptOutcome::of(&reply(status, executed), || 3, || false);
            assert_eq!(end(Executed::No), Some(refused(3)));
            assert_eq!(end(Executed::Maybe), None);
            assert_eq!(end(Executed::Yes), None);
        }
        for status in [Status::UnknownMethod, Status::Expired, Status::Decode] {
            assert_eq!(
                AttemptOutcome::of(&reply(status, Executed::No), || 3, || false),
                None
            );
        }
        let told = AttemptOutcome::of(&reply(Status::ShuttingDown, Executed::No), || 3, || true);
        assert_eq!(told, Some(AttemptOutcome::Refused { by: 3, left: true }));
        let ok = Frame::copy_of(&[0xC1, 1, 0x81, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(AttemptOutcome::of(&Ok(Some(ok)), || 3, || true), None);
    }
}
