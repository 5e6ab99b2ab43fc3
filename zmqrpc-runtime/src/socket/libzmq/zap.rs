//! The ZAP handler that libzmq asks to verify logins: one thread per context, at a fixed endpoint in it.
//!
//! It starts with the first socket that requires logins and ends with the context. If it fails, no login is admitted:
//! such sockets enforce their domain, and libzmq refuses logins if no handler replies.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::auth_worker::{AuthDeadline, AuthJob, DecidedLogins, contain_panic};
use super::context::SharedContext;
use super::frame::Frame;
use super::login_options::OPEN;
use super::raw::{RawSocket, WouldBlock};
use super::server_auth::domain_named;
use super::zap_domain::ZapDomain;
use super::zap_request::{Mechanism, ZapReplyTo, ZapRequest};
use crate::log::{self, Throttle};
use crate::socket::login::AuthDecision;
use crate::socket::login_schedule::EARLIEST;
use crate::socket::process::PerProcess;
use crate::socket::{Direction, Endpoint, Keepalive, Poller, Security, SocketError, SocketOptions};

const ENDPOINT: &str = "inproc://zeromq.zap.01";

/// Delayed replies at most. Beyond, the oldest is sent early.
const MAX_DELAYED: usize = 4096;

/// Limits the log lines about requests for unknown domains.
static UNKNOWN_DOMAINS: PerProcess<Throttle> = PerProcess::new();

/// Frames of a request; libzmq sends at most ten.
const MAX_FRAMES: usize = 16;

/// Starts the handler, which ends when the context does.
pub(super) fn start(context: &SharedContext) -> Result<JoinHandle<()>, SocketError> {
    let options = SocketOptions {
        max_frame: usize::MAX,
        linger: Duration::ZERO,
        // One request per handshake: the number of descriptors limits them.
        send_high_water: 0,
        receive_high_water: 0,
        ipv6: false,
        security: Security::Open,
        handshake_timeout: Duration::from_secs(10),
        keepalive: Keepalive::default(),
    };
    let mut socket = RawSocket::in_context(context, zmq::ROUTER, &options)?;
    let endpoint = Endpoint::parse(ENDPOINT, Direction::Bind)
        .map_err(|reason| SocketError::refused("bind", &reason))?;
    socket.open(&endpoint, false)?;
    let poller = Arc::new(Poller::new(vec![socket.descriptor()?])?);
    let handler = ZapHandler {
        socket,
        decided_logins: DecidedLogins::new(Arc::clone(&poller)),
        poller,
        delayed: BTreeMap::new(),
        last_number: 0,
    };
    thread::Builder::new()
        .name("zmqrpc-zap".into())
        .spawn(move || handler.run())
        .map_err(|error| SocketError::thread(&error))
}

struct DelayedReply {
    reply_to: ZapReplyTo,
    /// Whether to refuse the login. Otherwise the connection ends without a decision.
    refused: bool,
    /// For a login that is not decided yet: the domain that counts it as refused when the reply is sent, and the peer's
    /// address.
    undecided: Option<(Weak<ZapDomain>, String)>,
}

struct ZapHandler {
    socket: RawSocket,
    poller: Arc<Poller>,
    decided_logins: Arc<DecidedLogins>,
    /// Delayed replies that admit no login, by the time to send them.
    delayed: BTreeMap<(Instant, u64), DelayedReply>,
    last_number: u64,
}

impl ZapHandler {
    fn run(mut self) {
        let ended = loop {
            match self.turn() {
                // A send may have consumed the signal of an arrival.
                Ok(true) => {}
                Ok(false) => {
                    let due = self.delayed.keys().next().map(|(due, _)| *due);
                    if let Err(error) = self.poller.wait(due) {
                        break SocketError::waiting(&error);
                    }
                }
                Err(error) => break error,
            }
        };
        if ended.code() != zmq::Error::ETERM.to_raw() {
            log::line!(error, error = log::text(&ended); "logins can no longer be verified: none is admitted");
        }
    }

    /// Handles all requests, decisions and delayed replies that are due. Returns whether it sent a reply.
    fn turn(&mut self) -> Result<bool, SocketError> {
        let mut sent = false;
        while let Some(frames) = self.receive()? {
            if let Some(request) = ZapRequest::parse(frames) {
                sent |= self.handle(request)?;
            }
        }
        for (job, decision) in self.decided_logins.take() {
            sent |= self.finish(job, decision)?;
        }
        let now = Instant::now();
        while let Some(first) = self.delayed.first_entry()
            && (first.key().0 <= now || self.delayed.len() > MAX_DELAYED)
        {
            let Some((_, delayed)) = self.delayed.pop_first() else {
                break;
            };
            let DelayedReply {
                reply_to,
                refused,
                undecided,
            } = delayed;
            if let Some((domain, address)) = undecided
                && let Some(domain) = domain.upgrade()
            {
                domain.record_refusal(None, &address, "too many logins come");
            }
            let reply = if refused {
                reply_to.refuse()
            } else {
                reply_to.break_off()
            };
            self.send(reply)?;
            sent = true;
        }
        Ok(sent)
    }

    fn receive(&mut self) -> Result<Option<Vec<Frame>>, SocketError> {
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

    fn handle(&mut self, request: ZapRequest) -> Result<bool, SocketError> {
        let received = Instant::now();
        let ZapRequest {
            reply_to,
            domain,
            address,
            mechanism,
        } = request;
        let attempt = match (mechanism, &*domain) {
            (Mechanism::Null, OPEN) => {
                self.send(reply_to.admit("", ""))?;
                return Ok(true);
            }
            (Mechanism::Login(attempt), _) => Some(attempt),
            (Mechanism::Null | Mechanism::Other, _) => None,
        };
        let Some(named) = domain_named(&domain) else {
            if let Some(hidden) = UNKNOWN_DOMAINS.get().admit("unasked") {
                log::line!(
                    warn,
                    domain = log::text(&domain),
                    peer = log::text(&address),
                    hidden;
                    "a login for an unknown domain is refused; `hidden` more were before this one"
                );
            }
            self.delay(reply_to, received + EARLIEST, true);
            return Ok(false);
        };
        let domain = &named.domain;
        let Some(attempt) = attempt else {
            // Counted, and throttled in the log, as others are: strangers can send as many of these.
            domain.record_refusal(None, &address, "it is no text, or no login");
            self.delay(reply_to, received + EARLIEST, true);
            return Ok(false);
        };
        if attempt.mechanism() != domain.mechanism() {
            domain.record_refusal(Some(&attempt), &address, "it uses another mechanism");
            self.delay(reply_to, received + EARLIEST, true);
            return Ok(false);
        }
        let decision = contain_panic(|| domain.verifier.try_decide(&attempt));
        if let Some(AuthDecision::Admitted(user)) = decision {
            return self.admit(domain, &user, &address, reply_to).map(|()| true);
        }
        // From here on, refusals are timed alike, whether they are decided already or take time.
        let due = domain.schedule_refusal(&address, received);
        if let Some(AuthDecision::Refused(reason)) = decision {
            let (at, refused) = due.map_or((received + EARLIEST, false), |at| (at, true));
            domain.record_refusal(Some(&attempt), &address, reason);
            self.delay(reply_to, at, refused);
            return Ok(false);
        }
        let due = due.map_or_else(
            || self.delay_undecided(domain, &address, &reply_to, received + EARLIEST),
            AuthDeadline::Refused,
        );
        let submitted = named.worker.submit(AuthJob {
            domain: Arc::downgrade(domain),
            attempt,
            address,
            reply_to,
            due,
            decided_logins: Arc::clone(&self.decided_logins),
        });
        if let Err((job, reason)) = submitted
            && let AuthDeadline::Refused(_) = job.due
        {
            domain.record_refusal(Some(&job.attempt), &job.address, reason);
            self.delay(job.reply_to, received + EARLIEST, false);
        }
        Ok(false)
    }

    fn finish(&mut self, job: AuthJob, decision: AuthDecision) -> Result<bool, SocketError> {
        let AuthJob {
            domain,
            attempt,
            address,
            reply_to,
            due,
            ..
        } = job;
        let Some(domain) = domain.upgrade() else {
            return Ok(false);
        };
        match (decision, due) {
            // Its connection was ended meanwhile.
            (AuthDecision::Admitted(_), AuthDeadline::BrokenOff(at, number))
                if self.delayed.remove(&(at, number)).is_none() =>
            {
                Ok(false)
            }
            (AuthDecision::Admitted(user), _) => self
                .admit(&domain, &user, &address, reply_to)
                .map(|()| true),
            (AuthDecision::Refused(reason), AuthDeadline::Refused(at)) => {
                domain.record_refusal(Some(&attempt), &address, reason);
                self.delay(reply_to, at, true);
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
        reply_to: ZapReplyTo,
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
        self.send(reply_to.admit(user, mechanism))
    }

    /// Ends the connection of a login at `at`, unless the login is admitted before.
    fn delay_undecided(
        &mut self,
        domain: &Arc<ZapDomain>,
        address: &str,
        reply_to: &ZapReplyTo,
        at: Instant,
    ) -> AuthDeadline {
        let number = self.delay(reply_to.clone(), at, false);
        if let Some(delayed) = self.delayed.get_mut(&(at, number)) {
            delayed.undecided = Some((Arc::downgrade(domain), address.to_owned()));
        }
        AuthDeadline::BrokenOff(at, number)
    }

    /// Schedules a reply that admits no login. Returns its number.
    fn delay(&mut self, reply_to: ZapReplyTo, at: Instant, refused: bool) -> u64 {
        self.last_number += 1;
        self.delayed.insert(
            (at, self.last_number),
            DelayedReply {
                reply_to,
                refused,
                undecided: None,
            },
        );
        self.last_number
    }

    fn send(&mut self, reply: Vec<Frame>) -> Result<(), SocketError> {
        let last = reply.len() - 1;
        for (at, mut frame) in reply.into_iter().enumerate() {
            match self.socket.send(&mut frame, at != last) {
                // The peer may have disconnected.
                Ok(()) | Err(WouldBlock::Full | WouldBlock::Unreachable) => {}
                Err(WouldBlock::Broken(error)) => return Err(error),
            }
        }
        Ok(())
    }
}
