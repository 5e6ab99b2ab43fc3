//! What a connection's mutex protects: its socket, its calls and its queue.

use std::time::Duration;

use super::DIALECT;
use super::completion::{fail_written, finish};
use super::connection::BlockedBy;
use super::in_flight::{CallEntry, CallOptions, CallState, InFlightCalls, NoReply};
use super::notifications::NotificationTracker;
use super::pollers::Pollers;
use super::send_queue::SendQueue;
use crate::clock::Instant;
use crate::connection::{Link, LinkNews, Liveness, MAX_CALLS};
use crate::dialect::FrameKind;
use crate::log;
use crate::socket::{ConnectionEvent, DealerSocket, Frame, Poller, SocketError};

/// How long a connection that was alive is assumed to be alive still. To check it takes a tenth of a call's time.
const FRESH: Duration = Duration::from_millis(10);

/// Limits of what a connection holds. What exceeds them is rejected.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallLimits {
    /// Calls that have not ended.
    pub(super) calls: usize,
    /// Bytes of the requests that wait for a connection.
    pub(super) queued_bytes: usize,
}

/// The limit that a call exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LimitExceeded {
    Calls(usize),
    QueuedBytes(usize),
}

/// A call that has an id.
#[derive(Clone, Copy, Debug)]
pub(super) struct Submitted {
    pub(super) id: u64,
    /// Whether the socket has taken the request already.
    pub(super) written: bool,
}

/// The invariants that hold whenever the lock is free:
///
/// 1. If a thread waits on the socket, the last operation on it was a receive that found nothing.
/// 2. If nobody leads, no follower sleeps: whoever stops leading has woken one.
/// 3. Requests are sent only while the connection is up. libzmq accepts them a moment longer and loses them.
/// 4. Nothing is sent to a draining server behind the ping that acknowledges its notice.
pub(super) struct ConnectionState {
    pub(super) dealer: DealerSocket,
    pub(super) link: Link,
    pub(super) calls: InFlightCalls,
    pub(super) queue: SendQueue,
    bounds: CallLimits,
    pub(super) pollers: Pollers,
    late: u64,
    /// Whether more has arrived than one turn takes in.
    pub(super) behind: bool,
    pub(super) renewals: u64,
    pub(super) notifications: NotificationTracker,
    /// The call whose request the socket sent last, if it was not used since.
    pub(super) last_sent: Option<u64>,
}

impl ConnectionState {
    pub(super) fn new(dealer: DealerSocket, bounds: CallLimits, liveness: Liveness) -> Self {
        Self {
            dealer,
            link: Link::new(liveness),
            calls: InFlightCalls::default(),
            queue: SendQueue::default(),
            bounds: CallLimits {
                calls: bounds.calls.min(MAX_CALLS),
                ..bounds
            },
            pollers: Pollers::default(),
            late: 0,
            behind: false,
            renewals: 0,
            notifications: NotificationTracker::default(),
            last_sent: None,
        }
    }

    /// Gives a request an id and sends it, or queues it until it can be sent.
    pub(super) fn begin(
        &mut self,
        mut message: Frame,
        options: CallOptions,
        poller: &Poller,
    ) -> Result<Submitted, LimitExceeded> {
        if self.calls.len() >= self.bounds.calls {
            return Err(LimitExceeded::Calls(self.bounds.calls));
        }
        if self.calls.len() == 0 && !self.pollers.polling {
            let now = Instant::now();
            if !self.link.is_up() || self.link.is_older(now, FRESH) || self.dealer.is_inproc() {
                // The connection may have been lost while nobody looked, and what is sent over it would be lost, too.
                self.refresh(poller);
            }
            // Silence counts from here: before, no reply was due.
            self.link.hear(now);
        }
        if !self.link.is_up() {
            self.dealer.retry_login_soon();
        }
        let must_queue = !self.takes_calls() || !self.queue.is_empty();
        if must_queue && self.queue.bytes().saturating_add(message.len()) > self.bounds.queued_bytes
        {
            return Err(LimitExceeded::QueuedBytes(self.bounds.queued_bytes));
        }
        let id = self.calls.insert(options);
        let mut written = false;
        DIALECT.set_id(&mut message, id);
        if must_queue {
            self.queue.push(id, message);
        } else {
            match self.dealer.send(message) {
                Ok(()) => {
                    self.last_sent = Some(id);
                    self.written(id, poller);
                    written = true;
                }
                Err(message) => self.queue.push(id, message),
            }
        }
        if self.pollers.polling {
            self.service(poller);
        } else if options.task && !options.oneway {
            // The task drains the socket once for any number of sends, or the driver does.
            self.pollers.tasks.undrained = true;
        } else if !self.is_just_sent(id) {
            self.call_driver();
        }
        Ok(Submitted { id, written })
    }

    /// Makes up for a signal that a send may have consumed while somebody waits for it.
    pub(super) fn after_send(&mut self, poller: &Poller) {
        if self.pollers.polling {
            self.service(poller);
        } else {
            // The driver drains once for any number of sends.
            self.call_driver();
        }
    }

    fn written(&mut self, id: u64, poller: &Poller) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        call.written = true;
        call.behind = self.notifications.handed_over();
        match &call.state {
            // Whoever waits may wait just for the request to be sent.
            CallState::Parked(thread) => thread.unpark(),
            CallState::Leader => poller.wake(),
            _ => {}
        }
        if call.options.oneway {
            self.notifications.hand_over();
            finish(&mut self.calls, id, Ok(None), poller);
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
    pub(super) fn service(&mut self, poller: &Poller) {
        self.last_sent = None;
        self.pollers.tasks.undrained = false;
        let mut refused = false;
        loop {
            let arrived = match self.take_in(poller) {
                Ok(arrived) => arrived,
                Err(error) => return self.fail(|_| true, &NoReply::Broken(error), poller),
            };
            if refused && !arrived {
                return;
            }
            let moved = self.flush(poller);
            if self.behind || !moved && !self.lacks_room() {
                return;
            }
            refused = !moved;
        }
    }

    /// Returns whether something waits although there is a connection: the socket has no room for it.
    pub(super) fn lacks_room(&self) -> bool {
        self.link.owed_ping().is_some() || self.takes_calls() && !self.queue.is_empty()
    }

    /// Receives one turn's worth. Returns whether anything had arrived.
    fn take_in(&mut self, poller: &Poller) -> Result<bool, SocketError> {
        let Self {
            dealer,
            calls,
            link,
            late,
            notifications,
            ..
        } = self;
        let mut lost = Vec::new();
        let (mut arrived, mut heard, mut cut, mut no_server) = (false, false, false, false);
        let (mut drained, mut is_known) = (false, false);
        let empty = dealer.drain(|event| {
            arrived = true;
            match event {
                ConnectionEvent::Received(message) => {
                    // Dereferenced once: asking libzmq for the address of the bytes takes longer than reading them.
                    let frame: &[u8] = &message;
                    let kind = DIALECT.classify(frame);
                    heard |= kind.is_from_server();
                    let news = link.handle_frame(kind);
                    let expected = match kind {
                        FrameKind::Reply(id) => finish(calls, id, Ok(Some(message)), poller),
                        FrameKind::FromClient(id) => {
                            no_server = true;
                            let returned = Err(NoReply::NoServer { returned: true });
                            finish(calls, id, returned, poller);
                            true
                        }
                        FrameKind::Draining(_) => {
                            drained |= news == LinkNews::Draining;
                            true
                        }
                        FrameKind::Pong(id) => {
                            if let Some(behind) = calls.is_behind(id) {
                                notifications.arrive(behind);
                                finish(calls, id, Ok(None), poller);
                            } else if news == LinkNews::Acknowledged {
                                // That ping was the last frame that was sent.
                                notifications.arrive(notifications.handed_over());
                                is_known = true;
                            }
                            true
                        }
                        FrameKind::Working(_) => true,
                        FrameKind::Unknown { .. } => false,
                    };
                    *late += u64::from(!expected);
                }
                ConnectionEvent::Up => {
                    link.handle_up();
                    heard = true;
                }
                ConnectionEvent::Down => {
                    link.handle_down();
                    notifications.lose_connection();
                    is_known = true;
                    fail_written(calls, poller);
                }
                ConnectionEvent::Abandoned => cut = true,
                ConnectionEvent::NotZmtp => lost.push(NoReply::Foreign),
                ConnectionEvent::LoginRefused(denial) => lost.push(NoReply::Denied(denial)),
            }
        })?;
        if heard {
            link.hear(Instant::now());
        }
        if drained {
            let moves = |call: &CallEntry| !call.written && call.options.movable;
            self.fail(moves, &NoReply::Drained, poller);
        }
        if is_known {
            // It is known what queued pings are to find out, and they would ask over another connection.
            let is_queued_ping = |call: &CallEntry| !call.written && call.options.ping;
            self.fail(is_queued_ping, &NoReply::Disconnected, poller);
        }
        self.come_back(!empty, poller);
        if no_server {
            log::line!(warn, ; "what a client is connected to is no server, the connection is renewed");
            self.give_up(&NoReply::NoServer { returned: false }, poller);
        } else if cut {
            self.give_up(&NoReply::Disconnected, poller);
        }
        for reason in lost {
            self.fail(|call| !call.written, &reason, poller);
        }
        Ok(arrived)
    }

    /// Sends what waits. Returns whether anything was sent.
    fn flush(&mut self, poller: &Poller) -> bool {
        if let Some(id) = self.link.owed_ping() {
            let answered = self.dealer.send(DIALECT.ping(id)).is_ok();
            if answered {
                self.link.handle_ping_sent();
            }
            return answered;
        }
        let before = self.queue.len();
        while self.takes_calls()
            && let Some((id, message)) = self.queue.pop()
        {
            match self.dealer.send(message) {
                Ok(()) => self.written(id, poller),
                Err(message) => {
                    self.queue.push_front(id, message);
                    break;
                }
            }
        }
        self.queue.len() != before
    }

    pub(super) fn is_written(&mut self, id: u64) -> bool {
        self.calls.get_mut(id).is_some_and(|call| call.written)
    }

    /// Returns why requests wait; `None` if it is not known.
    pub(super) fn blocked_by(&self) -> Option<BlockedBy> {
        if !self.link.is_up() {
            return self.dealer.resolve_failure().map(BlockedBy::Name);
        }
        Some(if self.link.is_draining() {
            BlockedBy::Ending
        } else {
            BlockedBy::Full
        })
    }

    /// Returns whether the server is connected and not draining.
    pub(super) fn takes_calls(&self) -> bool {
        self.link.takes_calls()
    }

    /// Returns the number of replies that belonged to no call.
    pub(super) fn late(&self) -> u64 {
        self.late
    }

    /// Returns the number of connections that were replaced.
    pub(super) fn renewals(&self) -> u64 {
        self.renewals
    }

    pub(super) fn in_flight(&self) -> usize {
        self.calls.len()
    }
}
