//! How an endpoint wants one to log in, where it only breaks the handshake off.
//!
//! A server that asks for another way to log in closes the connection before it has said so, since libzmq compares what
//! it has read before it writes what is pending. To its caller that looks like a server that is just ending, or a load
//! balancer with nothing behind it. So the greeting is asked for on a connection of its own, which says nothing of how
//! this side would log in: then the server has to go first.

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

/// Watches how handshakes with one endpoint end.
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
    /// The mechanism; nothing if it is no ZMTP, or nobody is there.
    Found(Option<Vec<u8>>),
}

/// What is wrong with the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthFailure {
    /// The server has looked at it and refused.
    Refused,
    /// The server asks for a login, and none is set here.
    Required,
    /// The server asks for none, or for another kind.
    OtherMechanism,
    /// The server breaks it off: for CURVE, its key is another one.
    BrokenOff,
}

impl AuthFailure {
    /// For the caller.
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

/// Handshakes in a row that fail without a reason before it is asked for: a server that ends breaks off one.
const BEFORE_ASKING: u32 = 2;

/// The same, before a login counts as refused.
const BEFORE_REFUSED: u32 = 3;

/// Handshakes that fail further apart from each other than this ran out of time.
const IN_A_ROW: Duration = Duration::from_secs(4);

/// How long an answer counts, or the lack of one.
const PAUSE: Duration = Duration::from_secs(5);

/// How long connecting may take, and the greeting after it.
const LIMIT: Duration = Duration::from_millis(500);

/// The first part of a greeting: signature and major version. Whoever gets it sends its own, whole.
const GREETING: [u8; 11] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3];

/// Bytes of a greeting up to the mechanism's end.
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

    /// A handshake has failed and nobody said why.
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

    /// A handshake has gone well.
    pub(in crate::socket) fn forget(&mut self) {
        *self = Self::new(self.mechanism);
    }

    /// The server has said that it wants another mechanism.
    pub(in crate::socket) fn mismatch(&self) -> AuthFailure {
        if self.mechanism == "NULL" {
            AuthFailure::Required
        } else {
            AuthFailure::OtherMechanism
        }
    }

    /// What is wrong, once that is known.
    pub(in crate::socket) fn failure(&mut self) -> Option<AuthFailure> {
        let findings = self.findings.as_ref()?;
        let finding = findings.lock().unwrap_or_else(PoisonError::into_inner);
        let ProbeResult::Found(mechanism) = &*finding else {
            return None;
        };
        let ours = self.mechanism.as_bytes();
        let failure = match mechanism.as_deref() {
            Some(theirs) if theirs != ours => self.mismatch(),
            // With a password it is a server that has too much to do, and without a login no matter of logins.
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

/// The field of the mechanism in the greeting.
fn greeting(mut stream: impl Read + Write) -> Option<[u8; 20]> {
    stream.write_all(&GREETING).ok()?;
    let mut greeting = [0; MECHANISM.end];
    stream.read_exact(&mut greeting).ok()?;
    (greeting[0] == 0xFF && greeting[10] >= 3)
        .then(|| greeting[MECHANISM].try_into().ok())
        .flatten()
}
