//! What a connection's mutex protects: its socket, its calls and who waits for them.

use std::sync::Arc;
use std::time::Duration;

use super::client_peers::ClientPeers;
use super::connection::BlockedBy;
use super::peers::Peers;
use super::pollers::Pollers;
use super::waiter::{Waiter, Waiters};
use crate::clock::Instant;
use crate::connection::{
    CallKind, CallSettings, LimitExceeded, Liveness, Multiplexer, NewCall, NoReply, Submitted,
};
use crate::log;
use crate::socket::{Frame, Poller, SocketError};

/// How long a connection that was alive is assumed to be alive still. To check it takes a tenth of a call's time.
const FRESH: Duration = Duration::from_millis(10);

/// The link of a connection to a server, which has but one.
pub(super) const LINK: usize = 0;

/// Limits of what a connection holds. What exceeds them is rejected.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallLimits {
    /// Calls that have not ended.
    pub(super) calls: usize,
    /// Bytes of the requests that wait for a connection.
    pub(super) queued_bytes: usize,
}

/// How a call is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallOptions {
    pub(super) kind: CallKind,
    /// It can be made over another connection.
    pub(super) movable: bool,
    /// A task makes it, which is about to wait for it.
    pub(super) task: bool,
}

/// The invariants that hold whenever the lock is free:
///
/// 1. If a thread waits on the socket, the last operation on it was a receive that found nothing.
/// 2. If nobody leads, no follower sleeps: whoever stops leading has woken one.
/// 3. Requests are sent only while the connection is up. libzmq accepts them a moment longer and loses them.
/// 4. Nothing is sent to a draining server behind the ping that acknowledges its notice.
pub(super) struct ConnectionState<P = ClientPeers> {
    pub(super) peers: P,
    pub(super) calls: Multiplexer<Waiter>,
    pub(super) waiters: Waiters,
    pub(super) pollers: Pollers,
    /// Whether more has arrived than one turn takes in.
    pub(super) behind: bool,
    pub(super) renewals: u64,
    /// The call whose request the socket sent last, if it was not used since.
    pub(super) last_sent: Option<u64>,
}

impl<P: Peers> ConnectionState<P> {
    pub(super) fn new(
        peers: P,
        poller: Arc<Poller>,
        limits: CallLimits,
        liveness: Liveness,
    ) -> Self {
        // Workers are added as they come.
        let links = usize::from(!peers.come_by_themselves());
        let settings = CallSettings {
            max_calls: limits.calls,
            max_queued_bytes: limits.queued_bytes,
            // Who waits watches the time.
            connect_timeout: None,
            shortens_remaining: false,
            cancels_expired: true,
        };
        Self {
            peers,
            calls: Multiplexer::new(links, liveness, settings),
            waiters: Waiters::new(poller),
            pollers: Pollers::default(),
            behind: false,
            renewals: 0,
            last_sent: None,
        }
    }

    /// Gives a request an id and sends it, or queues it until it can be sent.
    pub(super) fn begin(
        &mut self,
        mut request: Frame,
        options: CallOptions,
        now: Instant,
    ) -> Result<Submitted, LimitExceeded> {
        if self.calls.len() == 0
            && !self.pollers.polling
            && (!self.calls.is_fresh(now, FRESH) || self.peers.is_inproc())
        {
            // The connection may have been lost while nobody looked, and what is sent over it would be lost, too.
            self.refresh(now);
        }
        if !self.calls.is_up() {
            self.peers.retry_login_soon();
        }
        let call = NewCall {
            kind: options.kind,
            hops: 0,
            deadline: None,
            movable: options.movable,
        };
        let submitted =
            self.calls
                .begin(&mut request, call, now, &mut self.peers, &mut self.waiters)?;
        if submitted.written {
            self.last_sent = Some(submitted.id);
        }
        if self.pollers.polling {
            self.service(now);
        } else if options.task && options.kind != CallKind::Notification {
            // The task drains the socket once for any number of sends, or the driver does.
            self.pollers.tasks.undrained = true;
        } else if !self.is_just_sent(submitted.id) {
            self.call_driver();
        }
        Ok(submitted)
    }

    /// Begins a ping to one of several peers.
    pub(super) fn ping_worker(
        &mut self,
        link: usize,
        now: Instant,
    ) -> Result<Submitted, LimitExceeded> {
        let submitted = self.calls.ping(link, now, &mut self.peers)?;
        self.after_send(now);
        Ok(submitted)
    }

    /// Makes up for a signal that a send may have consumed while somebody waits for it.
    pub(super) fn after_send(&mut self, now: Instant) {
        if self.pollers.polling {
            self.service(now);
        } else {
            // The driver drains once for any number of sends.
            self.call_driver();
        }
    }

    /// Returns whether hardly anything can have arrived: this is the only call, and the socket was last used to send it.
    ///
    /// A send may consume the signal of an arrival before it writes, not after. So a thread waits for such a call without a
    /// receive before, which would be a system call. But something else may have arrived just before: the reply to a
    /// cancelled call, or the notice of the server's end. libzmq signals no reply behind that, so that the first wait is
    /// [short](super::task_waiters::GRACE).
    pub(super) fn is_just_sent(&self, id: u64) -> bool {
        self.last_sent == Some(id) && self.calls.len() == 1
    }

    /// Receives what has arrived and sends what is queued, until nothing moves; at most one turn's worth, after which
    /// whoever waits comes back at once.
    ///
    /// A send, even one that fails, can consume the signal of an arrival, and a receive the signal of new room. So one
    /// pass is not enough, and the last operation is a receive.
    pub(super) fn service(&mut self, now: Instant) {
        self.last_sent = None;
        self.pollers.tasks.undrained = false;
        let mut refused = false;
        loop {
            let arrived = match self.receive(now) {
                Ok(arrived) => arrived,
                Err(error) => {
                    let reason = NoReply::Broken(error);
                    return self.calls.fail_all(&reason, &mut self.waiters);
                }
            };
            if refused && !arrived {
                return;
            }
            let moved = self.flush(now);
            if self.behind || !moved && !self.calls.lacks_room() {
                return;
            }
            refused = !moved;
        }
    }

    /// Receives one turn's worth. Returns whether anything had arrived.
    fn receive(&mut self, now: Instant) -> Result<bool, SocketError> {
        let Self {
            peers,
            calls,
            waiters,
            ..
        } = self;
        let received = peers.receive(calls, waiters, now)?;
        self.come_back(received.more);
        for (link, reason) in received.lost {
            self.replace(link, &reason, now);
        }
        Ok(received.any)
    }

    /// Sends what waits. Returns whether anything was sent.
    fn flush(&mut self, now: Instant) -> bool {
        self.calls.send_owed_pings(now, &mut self.peers)
            | self
                .calls
                .send_waiting(now, &mut self.peers, &mut self.waiters)
    }

    /// Fails the calls whose requests were sent over a link, and makes another connection for the rest.
    pub(super) fn replace(&mut self, link: usize, reason: &NoReply, now: Instant) {
        if matches!(reason, NoReply::NoServer { .. }) {
            log::line!(warn, ; "what a client is connected to is no server, the connection is renewed");
        }
        if !self.peers.come_by_themselves() {
            self.renewals += 1;
        }
        self.calls
            .handle_replaced(link, reason, now, &mut self.waiters);
        if let Err(error) = self.peers.replace(link) {
            let reason = NoReply::Broken(error);
            self.calls.fail_all(&reason, &mut self.waiters);
        }
        self.call_driver();
    }

    /// Returns why requests wait; `None` if it is not known.
    pub(super) fn blocked_by(&self) -> Option<BlockedBy> {
        if !self.calls.is_up() {
            if self.peers.come_by_themselves() {
                return Some(BlockedBy::NoWorker);
            }
            return self.peers.resolve_failure().map(BlockedBy::Name);
        }
        Some(if self.calls.takes_calls() {
            BlockedBy::Full
        } else {
            BlockedBy::Ending
        })
    }
}
