//! Finds out which mechanism an endpoint uses, if it only breaks handshakes off.
//!
//! A server with another mechanism closes the connection before it has sent its greeting, since libzmq compares what it
//! has read before it writes what is pending. To a caller this looks like a server that is shutting down, or a load
//! balancer without a backend. So the probe opens a connection of its own and sends only the part of a greeting before
//! the mechanism: then the server has to send its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::super::unix::connect_to;
use super::super::{Endpoint, Poller};
use super::zap_request::CURVE;
use crate::log;

/// Tracks how handshakes with one endpoint end.
#[derive(Debug)]
pub(in crate::socket) struct MechanismProbe {
    mechanism: &'static str,
    failures: u32,
    last: Option<Instant>,
    asked: Option<Instant>,
    findings: Option<Arc<Mutex<ProbeResult>>>,
}

#[derive(Debug, Default)]
enum ProbeResult {
    #[default]
    Pending,
    /// The endpoint's mechanism. `None` if the peer does not speak ZMTP, or there is none.
    Found(Option<Vec<u8>>),
}

/// Why a login failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthFailure {
    /// The server has verified the login and refused it.
    Refused,
    /// The server requires a login, and this side has none.
    Required,
    /// The server requires none, or another mechanism.
    OtherMechanism,
    /// The server breaks the handshake off: with CURVE, its key is not the expected one.
    BrokenOff,
}

impl AuthFailure {
    /// Returns the reason to report to the caller.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Refused => "the server refused the login",
            Self::Required => "the server asks for a login, and this client has none",
            Self::OtherMechanism => "the server asks for another kind of login, or for none",
            Self::BrokenOff => {
                "the server breaks the login off: its key is not the one that is expected here"
            }
        }
    }
}

/// Consecutive handshakes that fail without a reason before the probe runs: a server that shuts down breaks one off.
const BEFORE_ASKING: u32 = 2;

/// Consecutive failed handshakes before a login counts as refused.
const BEFORE_REFUSED: u32 = 3;

/// Failures further apart than this do not count as consecutive: those handshakes timed out.
const IN_A_ROW: Duration = Duration::from_secs(4);

/// The time between two probes.
const PAUSE: Duration = Duration::from_secs(5);

/// How long connecting may take, and receiving the greeting.
const LIMIT: Duration = Duration::from_millis(500);

/// The first part of a greeting: signature and major version. A peer that receives it sends its own greeting in full.
const GREETING: [u8; 11] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3];

/// The mechanism's bytes in a greeting.
const MECHANISM: std::ops::Range<usize> = 12..32;

impl MechanismProbe {
    pub(super) fn new(mechanism: &'static str) -> Self {
        Self {
            mechanism,
            failures: 0,
            last: None,
            asked: None,
            findings: None,
        }
    }

    /// Records a handshake that failed without a reason, and starts a probe if there were enough. The probe wakes
    /// `poller` when it has a result.
    pub(in crate::socket) fn note_failure(&mut self, endpoint: &Endpoint, poller: &Arc<Poller>) {
        let now = Instant::now();
        if self
            .last
            .is_none_or(|last| now.duration_since(last) > IN_A_ROW)
        {
            self.failures = 0;
        }
        self.last = Some(now);
        self.failures += 1;
        let lately = |asked: Instant| now.duration_since(asked) < PAUSE;
        if self.failures < BEFORE_ASKING || self.asked.is_some_and(lately) {
            return;
        }
        self.asked = Some(now);
        let finding = Arc::new(Mutex::default());
        self.findings = Some(Arc::clone(&finding));
        let (endpoint, poller) = (endpoint.as_str().to_owned(), Arc::clone(poller));
        let asked = thread::Builder::new()
            .name("zmqrpc-inquiry".into())
            .spawn(move || {
                let found = ProbeResult::Found(mechanism_at(&endpoint));
                *finding.lock().unwrap_or_else(PoisonError::into_inner) = found;
                poller.bring_news();
            });
        if let Err(error) = asked {
            log::line!(warn, error = log::text(&error); "an endpoint could not be asked how to log in");
            self.findings = None;
        }
    }

    /// Forgets all failures, after a successful handshake.
    pub(in crate::socket) fn forget(&mut self) {
        *self = Self::new(self.mechanism);
    }

    /// Returns the failure if the server uses another mechanism.
    pub(in crate::socket) fn mismatch(&self) -> AuthFailure {
        if self.mechanism == "NULL" {
            AuthFailure::Required
        } else {
            AuthFailure::OtherMechanism
        }
    }

    /// Takes the reason of the failures, once a probe has found it.
    pub(in crate::socket) fn failure(&mut self) -> Option<AuthFailure> {
        let findings = self.findings.as_ref()?;
        let finding = findings.lock().unwrap_or_else(PoisonError::into_inner);
        let ProbeResult::Found(mechanism) = &*finding else {
            return None;
        };
        let ours = self.mechanism.as_bytes();
        let failure = match mechanism.as_deref() {
            Some(theirs) if theirs != ours => self.mismatch(),
            // With PLAIN, the server is overloaded; without a login, logins are not the cause.
            Some(_) if ours == CURVE.as_bytes() => {
                if self.failures < BEFORE_REFUSED {
                    return None;
                }
                AuthFailure::BrokenOff
            }
            _ => {
                drop(finding);
                self.findings = None;
                return None;
            }
        };
        drop(finding);
        self.forget();
        Some(failure)
    }
}

fn mechanism_at(endpoint: &str) -> Option<Vec<u8>> {
    let greeting = if let Some(address) = endpoint.strip_prefix("tcp://") {
        let address: SocketAddr = address.parse().ok()?;
        let stream = TcpStream::connect_timeout(&address, LIMIT).ok()?;
        stream.set_read_timeout(Some(LIMIT)).ok()?;
        greeting(stream)?
    } else {
        let stream = UnixStream::from(connect_to(endpoint.strip_prefix("ipc://")?).ok()?);
        stream.set_nonblocking(false).ok()?;
        stream.set_read_timeout(Some(LIMIT)).ok()?;
        greeting(stream)?
    };
    let mechanism = greeting.split(|byte| *byte == 0).next()?;
    (!mechanism.is_empty()).then(|| mechanism.to_vec())
}

/// Exchanges greetings and returns the peer's mechanism field.
fn greeting(mut stream: impl Read + Write) -> Option<[u8; 20]> {
    stream.write_all(&GREETING).ok()?;
    let mut greeting = [0; MECHANISM.end];
    stream.read_exact(&mut greeting).ok()?;
    (greeting[0] == 0xFF && greeting[10] >= 3)
        .then(|| greeting[MECHANISM].try_into().ok())
        .flatten()
}
