//! What sockets that require logins verify.

use std::sync::Arc;
use std::time::Instant;

use zeroize::Zeroizing;

use crate::log::{self, Throttle};
use crate::socket::RejectedLogins;
use crate::socket::login::{KEY, LoginAttempt, Verifier};
use crate::socket::login_schedule::{EARLIEST, LoginSchedule};
use crate::socket::mechanism::{CURVE, PLAIN};
use crate::sync::{Mutex, MutexGuard};

/// What the sockets of one domain verify, and what came of it.
pub(super) struct ZapDomain {
    pub(super) verifier: Arc<dyn Verifier>,
    secret: Option<Zeroizing<[u8; KEY]>>,
    endpoints: Mutex<Vec<String>>,
    rejected_logins: RejectedLogins,
    refusal_log: Throttle,
    schedule: Mutex<LoginSchedule>,
}

impl ZapDomain {
    pub(super) fn new(verifier: Arc<dyn Verifier>, secret: Option<Zeroizing<[u8; KEY]>>) -> Self {
        Self {
            verifier,
            secret,
            endpoints: Mutex::default(),
            rejected_logins: RejectedLogins::default(),
            refusal_log: Throttle::default(),
            schedule: Mutex::default(),
        }
    }

    pub(super) fn secret(&self) -> Option<&[u8; KEY]> {
        self.secret.as_deref()
    }

    pub(super) fn mechanism(&self) -> &'static str {
        if self.secret.is_some() { CURVE } else { PLAIN }
    }

    pub(super) fn add_endpoint(&self, endpoint: &str) {
        let mut endpoints = self.endpoints.lock();
        if !endpoints.iter().any(|known| known == endpoint) {
            endpoints.push(endpoint.to_owned());
        }
    }

    /// Returns the endpoints of its sockets, for log lines.
    pub(super) fn endpoints(&self) -> String {
        self.endpoints.lock().join(" ")
    }

    pub(super) fn rejected_logins(&self) -> RejectedLogins {
        self.rejected_logins.clone()
    }

    /// Records a peer that uses another mechanism or, with CURVE, expects another server key. libzmq does not report
    /// which peer.
    pub(super) fn record_mismatch(&self) {
        self.rejected_logins.count();
        if let Some(hidden) = self.hidden() {
            log::line!(
                warn,
                endpoint = self.endpoints(),
                mechanism = self.mechanism(),
                hidden;
                "a login of another kind, or for another server, is refused; `hidden` more were before this one"
            );
        }
    }

    /// Counts and logs a refused login. `attempt` is `None` if the credentials could not be parsed.
    pub(super) fn record_refusal(&self, attempt: Option<&LoginAttempt>, peer: &str, reason: &str) {
        self.rejected_logins.count();
        if let Some(hidden) = self.hidden() {
            log::line!(
                warn,
                endpoint = self.endpoints(),
                user = attempt.map(|attempt| log::text(name_of(attempt))),
                mechanism = attempt.map_or(self.mechanism(), LoginAttempt::mechanism),
                peer = log::text(peer),
                reason = log::text(reason),
                hidden;
                "a login is refused; `hidden` more were before this one"
            );
        }
    }

    /// Returns when to send a refusal of a login that has just arrived from this address. `None` if that would be too
    /// late.
    pub(super) fn schedule_refusal(&self, address: &str, now: Instant) -> Option<Instant> {
        // Keys cannot be guessed one by one, so timing reveals nothing about them.
        if self.secret.is_some() {
            return now.checked_add(EARLIEST);
        }
        self.schedule().schedule(address, now)
    }

    fn schedule(&self) -> MutexGuard<'_, LoginSchedule> {
        self.schedule.lock()
    }

    /// Returns whether to log a refusal: `Some` with the number of refusals not logged since the last line.
    fn hidden(&self) -> Option<u64> {
        self.refusal_log.admit("refused")
    }
}

/// Returns the user name for a log line: no secret, and no text that could be taken for another line.
fn name_of(attempt: &LoginAttempt) -> String {
    match attempt {
        LoginAttempt::Plain { user, .. } => format!("{user:?}"),
        LoginAttempt::Curve { key } => zmq::z85_encode(key).unwrap_or_default(),
    }
}
