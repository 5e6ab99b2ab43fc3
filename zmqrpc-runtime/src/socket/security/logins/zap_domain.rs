//! What a socket that requires logins verifies, and the ZAP domain by which libzmq's requests refer to it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Instant;

use zeroize::Zeroizing;

use super::auth_worker::AuthWorker;
use crate::log::{self, Throttle};
use crate::socket::RejectedLogins;
use crate::socket::login::{KEY, LoginAttempt, Verifier};
use crate::socket::login_schedule::{EARLIEST, LoginSchedule};
use crate::socket::mechanism::{CURVE, PLAIN};
use crate::socket::process::PerProcess;
use crate::sync::{Mutex, MutexGuard};

/// Verifies the logins of peers that connect to the sockets it is given to.
#[derive(Clone)]
pub(crate) struct ServerAuth {
    domain: Arc<ZapDomain>,
}

/// A ZAP domain. Requests find it by its name until it is dropped.
pub(super) struct ZapDomain {
    name: String,
    pub(super) verifier: Arc<dyn Verifier>,
    secret: Option<Zeroizing<[u8; KEY]>>,
    endpoints: Mutex<Vec<String>>,
    rejected_logins: RejectedLogins,
    refusal_log: Throttle,
    schedule: Mutex<LoginSchedule>,
    pub(super) worker: Arc<AuthWorker>,
}

static DOMAINS: PerProcess<Mutex<ZapDomains>> = PerProcess::new();

#[derive(Default)]
struct ZapDomains {
    by_name: HashMap<String, Weak<ZapDomain>>,
    last: u64,
}

fn domains() -> MutexGuard<'static, ZapDomains> {
    DOMAINS.get().lock()
}

/// Returns the domain of this name. `None` if there is none.
pub(super) fn domain_named(name: &str) -> Option<Arc<ZapDomain>> {
    domains().by_name.get(name)?.upgrade()
}

impl ServerAuth {
    /// Requires a user name and a password.
    pub(crate) fn plain(verifier: Arc<dyn Verifier>) -> Self {
        Self::new(verifier, None)
    }

    /// Requires a key. `secret` is the server's own.
    pub(crate) fn curve(verifier: Arc<dyn Verifier>, secret: Zeroizing<[u8; KEY]>) -> Self {
        Self::new(verifier, Some(secret))
    }

    fn new(verifier: Arc<dyn Verifier>, secret: Option<Zeroizing<[u8; KEY]>>) -> Self {
        let mut domains = domains();
        domains.last += 1;
        let name = format!("zmqrpc.{}", domains.last);
        let domain = Arc::new(ZapDomain {
            name: name.clone(),
            verifier,
            secret,
            endpoints: Mutex::default(),
            rejected_logins: RejectedLogins::default(),
            refusal_log: Throttle::default(),
            schedule: Mutex::default(),
            worker: Arc::default(),
        });
        domains.by_name.insert(name, Arc::downgrade(&domain));
        Self { domain }
    }

    pub(super) fn domain(&self) -> &str {
        &self.domain.name
    }

    pub(super) fn secret(&self) -> Option<&[u8; KEY]> {
        self.domain.secret.as_deref()
    }

    pub(super) fn mechanism(&self) -> &'static str {
        self.domain.mechanism()
    }

    pub(super) fn add_endpoint(&self, endpoint: &str) {
        let endpoints = &self.domain.endpoints;
        let mut endpoints = endpoints.lock();
        if !endpoints.iter().any(|known| known == endpoint) {
            endpoints.push(endpoint.to_owned());
        }
    }

    /// Records a peer that uses another mechanism or, with CURVE, expects another server key. libzmq does not report
    /// which peer.
    pub(super) fn record_mismatch(&self) {
        self.domain.rejected_logins.count();
        if let Some(hidden) = self.domain.hidden() {
            log::line!(
                warn,
                endpoint = self.domain.endpoints(),
                mechanism = self.mechanism(),
                hidden;
                "a login of another kind, or for another server, is refused; `hidden` more were before this one"
            );
        }
    }

    pub(super) fn rejected_logins(&self) -> RejectedLogins {
        self.domain.rejected_logins.clone()
    }
}

impl ZapDomain {
    pub(super) fn mechanism(&self) -> &'static str {
        if self.secret.is_some() { CURVE } else { PLAIN }
    }

    /// Returns the endpoints of its sockets, for log lines.
    pub(super) fn endpoints(&self) -> String {
        self.endpoints.lock().join(" ")
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

impl Drop for ZapDomain {
    fn drop(&mut self) {
        self.worker.close();
        domains().by_name.remove(&self.name);
    }
}

impl fmt::Debug for ServerAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerAuth")
            .field(&self.domain.name)
            .finish()
    }
}
