//! A connection's socket, its calls and its queue: everything that stands under the connection's lock.

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

/// A connection that was alive so shortly ago is taken to be alive. Looking costs a tenth of a call.
const FRESH: Duration = Duration::from_millis(10);

/// What a connection may hold. Everything beyond is refused, typed.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallLimits {
    /// Calls that have not ended.
    pub(super) calls: usize,
    /// Bytes of the requests that wait for a connection.
    pub(super) queued_bytes: usize,
}

/// Which bound a call met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LimitExceeded {
    Calls(usize),
    QueuedBytes(usize),
}

/// A call that has got its id.
#[derive(Clone, Copy, Debug)]
pub(super) struct Submitted {
    pub(super) id: u64,
    /// It has been handed over to the socket at once.
    pub(super) written: bool,
}

/// The invariants that hold whenever the lock is free:
///
/// 1. If a thread waits on the socket, the last operation on it was a receive that found nothing.
/// 2. If nobody leads, no follower sleeps: whoever stops leading has woken one.
/// 3. Requests are sent only while the connection is up. libzmq accepts them a moment longer and loses them.
/// 4. Nothing is sent to a server that ends, once it has been answered.
pub(super) struct ConnectionState {
    pub(super) dealer: DealerSocket,
    pub(super) link: Link,
    pub(super) calls: InFlightCalls,
    pub(super) queue: SendQueue,
    bounds: CallLimits,
    pub(super) pollers: Pollers,
    late: u64,
    /// There is more to take in: a server sends faster than that can be done in a turn.
    pub(super) behind: bool,
    pub(super) renewals: u64,
    pub(super) oneway: NotificationTracker,
    /// The call whose request was the last thing that the socket was used for.
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
            oneway: NotificationTracker::default(),
            last_sent: None,
        }
    }

    /// Numbers a request and sends it, or keeps it until it can be sent.
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
                // It may have been lost while nobody looked: what is sent into it is lost as well.
                self.refresh(poller);
            }
            // Silence counts from here: nothing was asked before.
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
            // It drains once for any number of sends, or has it done.
            self.pollers.tasks.undrained = true;
        } else if !self.is_just_sent(id) {
            self.call_driver();
        }
        Ok(Submitted { id, written })
    }

    /// A send may have taken the signal that somebody waits for.
    pub(super) fn after_send(&mut self, poller: &Poller) {
        if self.pollers.polling {
            self.service(poller);
        } else {
            // It drains once for any number of sends.
            self.call_driver();
        }
    }

    fn written(&mut self, id: u64, poller: &Poller) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        call.written = true;
        call.behind = self.oneway.handed_over();
        match &call.state {
            // They may wait for just this.
            CallState::Parked(thread) => thread.unpark(),
            CallState::Leader => poller.wake(),
            _ => {}
        }
        if call.options.oneway {
            self.oneway.hand_over();
            finish(&mut self.calls, id, Ok(None), poller);
        }
    }

    /// Whether hardly anything can have arrived: this is the only call, and the socket was last used to send it.
    ///
    /// A send may take the signal of an arrival before it writes, not after. So such a call is waited for without a look
    /// before, which would cost a system call. But something else may have come just before: the reply to a call that was
    /// given up, or word of the server's end. Behind that libzmq signals no reply, so that the wait is
    /// [not for long](super::task_waiters::GRACE) at first.
    pub(super) fn is_just_sent(&self, id: u64) -> bool {
        self.last_sent == Some(id) && self.calls.len() == 1
    }

    /// Takes in everything that has arrived and hands over everything that can be, until nothing moves. Or a part of it:
    /// then whoever waits comes back at once.
    ///
    /// A send can swallow the signal of an arrival, one that fails too, and a receive the signal of new room. So one
    /// pass is not enough, and the last operation is a receive in any case.
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

    /// Something waits although there is a connection: the socket has no room for it.
    pub(super) fn lacks_room(&self) -> bool {
        self.link.owed_ping().is_some() || self.takes_calls() && !self.queue.is_empty()
    }

    /// Whether anything has arrived.
    fn take_in(&mut self, poller: &Poller) -> Result<bool, SocketError> {
        let Self {
            dealer,
            calls,
            link,
            late,
            oneway,
            ..
        } = self;
        let mut lost = Vec::new();
        let (mut arrived, mut heard, mut cut, mut no_server) = (false, false, false, false);
        let (mut drained, mut is_known) = (false, false);
        let empty = dealer.drain(|event| {
            arrived = true;
            match event {
                ConnectionEvent::Received(message) => {
                    // Once: asking libzmq where the bytes are takes longer than looking at them.
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
                                oneway.arrive(behind);
                                finish(calls, id, Ok(None), poller);
                            } else if news == LinkNews::Acknowledged {
                                // That ping was the last that was sent.
                                oneway.arrive(oneway.handed_over());
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
                    oneway.lose_connection();
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
            // What waiting pings are to ask; and they would ask another connection.
            let moot = |call: &CallEntry| !call.written && call.options.ping;
            self.fail(moot, &NoReply::Disconnected, poller);
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

    /// Whether something was handed over.
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

    /// Why nothing is handed over, if that is known.
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

    /// Whether there is a server that is not about to end.
    pub(super) fn takes_calls(&self) -> bool {
        self.link.takes_calls()
    }

    /// Replies that came for nobody.
    pub(super) fn late(&self) -> u64 {
        self.late
    }

    /// Connections that were given up and made anew.
    pub(super) fn renewals(&self) -> u64 {
        self.renewals
    }

    pub(super) fn in_flight(&self) -> usize {
        self.calls.len()
    }
}
