//! Finds out which mechanism an endpoint uses, if it only breaks handshakes off.
//!
//! A server with another mechanism closes the connection before it has sent its greeting, since libzmq compares what it
//! has read before it writes what is pending. To a caller this looks like a server that is shutting down, or a load
//! balancer without a backend. So the probe opens a connection of its own and sends only the part of a greeting before
//! the mechanism: then the server has to send its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::log;
use crate::socket::mechanism::{CURVE, NULL};
use crate::socket::unix::connect_to;
use crate::socket::{AuthFailure, Endpoint, Poller};
use crate::sync::Mutex;

/// Tracks how handshakes with one endpoint end.
#[derive(Debug)]
pub(super) struct MechanismProbe {
    mechanism: &'static str,
    failures: u32,
    last_failure: Option<Instant>,
    probed_at: Option<Instant>,
    result: Option<Arc<Mutex<ProbeResult>>>,
}

#[derive(Debug, Default)]
enum ProbeResult {
    #[default]
    Pending,
    /// The endpoint's mechanism. `None` if the peer does not speak ZMTP, or there is none.
    Done(Option<Vec<u8>>),
}

/// Consecutive handshakes that fail without a reason before the probe runs: a server that shuts down breaks one off.
const FAILURES_BEFORE_PROBE: u32 = 2;

/// Consecutive failed handshakes before a login counts as refused.
const FAILURES_BEFORE_REFUSED: u32 = 3;

/// Failures further apart than this do not count as consecutive: those handshakes timed out.
const MAX_GAP: Duration = Duration::from_secs(4);

/// The time between two probes.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);

/// How long connecting may take, and receiving the greeting.
const TIMEOUT: Duration = Duration::from_millis(500);

/// The first part of a greeting: signature and major version. A peer that receives it sends its own greeting in full.
const GREETING: [u8; 11] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3];

/// The mechanism's bytes in a greeting.
const MECHANISM: std::ops::Range<usize> = 12..32;

impl MechanismProbe {
    pub(super) fn new(mechanism: &'static str) -> Self {
        Self {
            mechanism,
            failures: 0,
            last_failure: None,
            probed_at: None,
            result: None,
        }
    }

    /// Records a handshake that failed without a reason, and starts a probe if there were enough. The probe wakes
    /// `poller` when it has a result.
    pub(super) fn record_failure(&mut self, endpoint: &Endpoint, poller: &Arc<Poller>) {
        let now = Instant::now();
        if self
            .last_failure
            .is_none_or(|last_failure| now.duration_since(last_failure) > MAX_GAP)
        {
            self.failures = 0;
        }
        self.last_failure = Some(now);
        self.failures += 1;
        let recently = |probed_at: Instant| now.duration_since(probed_at) < PROBE_INTERVAL;
        if self.failures < FAILURES_BEFORE_PROBE || self.probed_at.is_some_and(recently) {
            return;
        }
        self.probed_at = Some(now);
        let shared = Arc::new(Mutex::default());
        self.result = Some(Arc::clone(&shared));
        let (endpoint, poller) = (endpoint.as_str().to_owned(), Arc::clone(poller));
        let spawned = thread::Builder::new()
            .name("zmqrpc-probe".into())
            .spawn(move || {
                let result = ProbeResult::Done(mechanism_at(&endpoint));
                *shared.lock() = result;
                poller.notify_owner();
            });
        if let Err(error) = spawned {
            log::line!(warn, error = log::text(&error); "an endpoint could not be asked for its login mechanism");
            self.result = None;
        }
    }

    /// Forgets all failures, after a successful handshake.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.mechanism);
    }

    /// Returns the failure if the server uses another mechanism.
    pub(super) fn mismatch_failure(&self) -> AuthFailure {
        if self.mechanism == NULL {
            AuthFailure::Required
        } else {
            AuthFailure::OtherMechanism
        }
    }

    /// Takes the reason of the failures, once a probe has found it.
    pub(super) fn take_failure(&mut self) -> Option<AuthFailure> {
        let result = self.result.as_ref()?;
        let result = result.lock();
        let ProbeResult::Done(mechanism) = &*result else {
            return None;
        };
        let ours = self.mechanism.as_bytes();
        let failure = match mechanism.as_deref() {
            Some(theirs) if theirs != ours => self.mismatch_failure(),
            // With PLAIN, the server is overloaded; without a login, logins are not the cause.
            Some(_) if ours == CURVE.as_bytes() => {
                if self.failures < FAILURES_BEFORE_REFUSED {
                    return None;
                }
                AuthFailure::BrokenOff
            }
            _ => {
                drop(result);
                self.result = None;
                return None;
            }
        };
        drop(result);
        self.reset();
        Some(failure)
    }
}

fn mechanism_at(endpoint: &str) -> Option<Vec<u8>> {
    let greeting = if let Some(address) = endpoint.strip_prefix("tcp://") {
        let address: SocketAddr = address.parse().ok()?;
        let stream = TcpStream::connect_timeout(&address, TIMEOUT).ok()?;
        stream.set_read_timeout(Some(TIMEOUT)).ok()?;
        greeting(stream)?
    } else {
        let stream = UnixStream::from(connect_to(endpoint.strip_prefix("ipc://")?).ok()?);
        stream.set_nonblocking(false).ok()?;
        stream.set_read_timeout(Some(TIMEOUT)).ok()?;
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
