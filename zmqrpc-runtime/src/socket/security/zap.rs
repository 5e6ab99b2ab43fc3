//! The ZAP handler that libzmq asks to verify logins: one thread per context, at a fixed endpoint in it.
//!
//! It starts with the first socket that requires logins and ends with the context. If it fails, no login is admitted:
//! such sockets enforce their domain, and libzmq refuses logins if no handler replies.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::auth_worker::{AuthDeadline, AuthJob, DecidedLogins, judged};
use super::login_schedule::SOONEST;
use super::zap_domain::{AuthDecision, ZapDomain, domain_named};
use super::zap_request::{Mechanism, ZapReplyTo, ZapRequest};
use super::{OPEN, Security};
use crate::log::{self, Throttle};
use crate::socket::context::SharedContext;
use crate::socket::process::PerProcess;
use crate::socket::raw::RawSocket;
use crate::socket::{Direction, Endpoint, Keepalive, Message, Poller, SocketError, SocketOptions};

const ENDPOINT: &str = "inproc://zeromq.zap.01";

/// Delayed replies at most. Beyond, the oldest is sent early.
const MAX_HELD: usize = 4096;

/// Limits the log lines about requests for unknown domains.
static UNASKED: PerProcess<Throttle> = PerProcess::new();

/// Frames of a request; libzmq sends at most ten.
const MAX_FRAMES: usize = 16;

/// Starts the handler, which ends when the context does.
pub(in crate::socket) fn start(context: &SharedContext) -> Result<JoinHandle<()>, SocketError> {
    let options = SocketOptions {
        max_frame: usize::MAX,
        linger: Duration::ZERO,
        // One request per handshake: the number of descriptors limits them.
        send_high_water: 0,
        receive_high_water: 0,
        ipv6: false,
        security: Security::Open,
        upkeep: Keepalive::default(),
    };
    let mut socket = RawSocket::within(context, zmq::ROUTER, &options)?;
    let endpoint = Endpoint::parse(ENDPOINT, Direction::Bind)
        .map_err(|reason| SocketError::refused("bind", &reason))?;
    socket.open(&endpoint, false)?;
    let poller = Arc::new(Poller::new(vec![socket.descriptor()?])?);
    let handler = ZapHandler {
        socket,
        registry: DecidedLogins::new(Arc::clone(&poller)),
        poller,
        held: BTreeMap::new(),
        count: 0,
    };
    thread::Builder::new()
        .name("zmqrpc-zap".into())
        .spawn(move || handler.run())
        .map_err(|error| SocketError::thread(&error))
}

struct DelayedAnswer {
    from: ZapReplyTo,
    /// Whether to refuse the login. Otherwise the connection ends without a decision.
    refused: bool,
    /// For a login that is not decided yet: the domain that counts it as refused when the reply is sent, and the peer's
    /// address.
    undecided: Option<(Weak<ZapDomain>, String)>,
}

struct ZapHandler {
    socket: RawSocket,
    poller: Arc<Poller>,
    registry: Arc<DecidedLogins>,
    /// Delayed replies that admit no login, by the time to send them.
    held: BTreeMap<(Instant, u64), DelayedAnswer>,
    count: u64,
}

impl ZapHandler {
    fn run(mut self) {
        let ended = loop {
            match self.turn() {
                // A send may have consumed the signal of an arrival.
                Ok(true) => {}
                Ok(false) => {
                    let due = self.held.keys().next().map(|(due, _)| *due);
                    if let Err(error) = self.poller.drive(due) {
                        break SocketError::waiting(&error);
                    }
                }
                Err(error) => break error,
            }
        };
        if ended.code() != zmq::Error::ETERM.to_raw() {
            log::line!(error, error = log::text(&ended); "logins cannot be checked any more: nobody is let in");
        }
    }

    /// Handles all requests, decisions and delayed replies that are due. Returns whether it sent a reply.
    fn turn(&mut self) -> Result<bool, SocketError> {
        let mut sent = false;
        while let Some(frames) = self.receive()? {
            if let Some(request) = ZapRequest::read(frames) {
                sent |= self.take(request)?;
            }
        }
        for (job, decision) in self.registry.decided() {
            sent |= self.conclude(job, decision)?;
        }
        let now = Instant::now();
        while let Some(first) = self.held.first_entry()
            && (first.key().0 <= now || self.held.len() > MAX_HELD)
        {
            let Some((_, held)) = self.held.pop_first() else {
                break;
            };
            let DelayedAnswer {
                from,
                refused,
                undecided,
            } = held;
            if let Some((domain, address)) = undecided
                && let Some(domain) = domain.upgrade()
            {
                domain.refused(None, &address, "too many logins come");
            }
            let answer = if refused {
                from.refuse()
            } else {
                from.break_off()
            };
            self.send(answer)?;
            sent = true;
        }
        Ok(sent)
    }

    fn receive(&mut self) -> Result<Option<Vec<Message>>, SocketError> {
        let mut frames = Vec::new();
        while let Some(frame) = self.socket.receive()? {
            let more = frame.more();
            if frames.len() < MAX_FRAMES {
                frames.push(frame);
            }
            if !more {
                return Ok(Some(frames));
            }
        }
        Ok(None)
    }

    fn take(&mut self, request: ZapRequest) -> Result<bool, SocketError> {
        let received = Instant::now();
        let ZapRequest {
            from,
            domain,
            address,
            mechanism,
        } = request;
        let attempt = match (mechanism, &*domain) {
            (Mechanism::Null, OPEN) => {
                self.send(from.admit("", ""))?;
                return Ok(true);
            }
            (Mechanism::Login(attempt), _) => Some(attempt),
            (Mechanism::Null | Mechanism::Other, _) => None,
        };
        let Some(domain) = domain_named(&domain) else {
            if let Some(hidden) = UNASKED.get().admit("unasked") {
                log::line!(
                    warn,
                    domain = log::text(&domain),
                    peer = log::text(&address),
                    hidden;
                    "a login that nobody asked for is refused; `hidden` more were before this one"
                );
            }
            self.unread(from, received + SOONEST, true);
            return Ok(false);
        };
        let Some(attempt) = attempt else {
            // Counted, and throttled in the log, as others are: strangers can send as many of these.
            domain.refused(None, &address, "it is no text, or no login");
            self.unread(from, received + SOONEST, true);
            return Ok(false);
        };
        if attempt.mechanism() != domain.mechanism() {
            domain.refused(Some(&attempt), &address, "it is another way to log in");
            self.unread(from, received + SOONEST, true);
            return Ok(false);
        }
        let glance = judged(|| domain.verifier.glance(&attempt));
        if let Some(AuthDecision::Admitted(user)) = glance {
            return self.admit(&domain, &user, &address, from).map(|()| true);
        }
        // From here on, refusals are timed alike, whether they are decided already or take time.
        let due = domain.place(&address, received);
        if let Some(AuthDecision::Refused(reason)) = glance {
            let (at, refused) = due.map_or((received + SOONEST, false), |at| (at, true));
            domain.refused(Some(&attempt), &address, reason);
            self.unread(from, at, refused);
            return Ok(false);
        }
        let due = due.map_or_else(
            || self.hold_undecided(&domain, &address, &from, received + SOONEST),
            AuthDeadline::Refused,
        );
        let filed = domain.worker.file(AuthJob {
            domain: Arc::downgrade(&domain),
            attempt,
            address,
            from,
            due,
            registry: Arc::clone(&self.registry),
        });
        if let Err((job, reason)) = filed
            && let AuthDeadline::Refused(_) = job.due
        {
            domain.refused(Some(&job.attempt), &job.address, reason);
            self.unread(job.from, received + SOONEST, false);
        }
        Ok(false)
    }

    fn conclude(&mut self, job: AuthJob, decision: AuthDecision) -> Result<bool, SocketError> {
        let AuthJob {
            domain,
            attempt,
            address,
            from,
            due,
            ..
        } = job;
        let Some(domain) = domain.upgrade() else {
            return Ok(false);
        };
        match (decision, due) {
            // Its connection was ended meanwhile.
            (AuthDecision::Admitted(_), AuthDeadline::BrokenOff(at, number))
                if self.held.remove(&(at, number)).is_none() =>
            {
                Ok(false)
            }
            (AuthDecision::Admitted(user), _) => {
                self.admit(&domain, &user, &address, from).map(|()| true)
            }
            (AuthDecision::Refused(reason), AuthDeadline::Refused(at)) => {
                domain.refused(Some(&attempt), &address, reason);
                self.unread(from, at, true);
                Ok(false)
            }
            (AuthDecision::Refused(_), AuthDeadline::BrokenOff(..)) => Ok(false),
        }
    }

    fn admit(
        &mut self,
        domain: &ZapDomain,
        user: &str,
        address: &str,
        from: ZapReplyTo,
    ) -> Result<(), SocketError> {
        let mechanism = domain.mechanism();
        log::line!(
            debug,
            endpoint = domain.endpoints(),
            user = log::text(format_args!("{user:?}")),
            mechanism,
            peer = log::text(address);
            "a login is accepted"
        );
        self.send(from.admit(user, mechanism))
    }

    /// Ends the connection of a login at `at`, unless the login is admitted before.
    fn hold_undecided(
        &mut self,
        domain: &Arc<ZapDomain>,
        address: &str,
        from: &ZapReplyTo,
        at: Instant,
    ) -> AuthDeadline {
        let number = self.unread(from.clone(), at, false);
        if let Some(held) = self.held.get_mut(&(at, number)) {
            held.undecided = Some((Arc::downgrade(domain), address.to_owned()));
        }
        AuthDeadline::BrokenOff(at, number)
    }

    /// Schedules a reply that admits no login. Returns its number.
    fn unread(&mut self, from: ZapReplyTo, at: Instant, refused: bool) -> u64 {
        self.count += 1;
        self.held.insert(
            (at, self.count),
            DelayedAnswer {
                from,
                refused,
                undecided: None,
            },
        );
        self.count
    }

    fn send(&mut self, answer: Vec<Message>) -> Result<(), SocketError> {
        let last = answer.len() - 1;
        for (at, mut frame) in answer.into_iter().enumerate() {
            use crate::socket::raw::WouldBlock;
            match self.socket.send(&mut frame, at != last) {
                // The peer may have disconnected.
                Ok(()) | Err(WouldBlock::Full | WouldBlock::Unreachable) => {}
                Err(WouldBlock::Broken(error)) => return Err(error),
            }
        }
        Ok(())
    }
}
