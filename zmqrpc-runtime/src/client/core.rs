//! A link's socket, its calls and its queue: everything that stands under the link's lock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::ending::{answered_id, fail, finish, is_sign_of_life};
use super::oneway::Oneway;
use super::pulse::{Beat, Pulse};
use super::table::{Call, Loss, State, Table};
use super::watch::Watch;
use crate::log;
use crate::socket::{Dealer, LinkEvent, Message, SocketError, Waiter};
use crate::wire::{NO_ID, encode_ping, is_from_client, is_from_server, patch_id, peek_id};

/// A connection that was alive so shortly ago is taken to be alive. Looking costs a tenth of a call.
const FRESH: Duration = Duration::from_millis(10);

/// How often a request that the socket has no room for is tried again, whatever the socket signals: the last receive
/// before the wait may have taken the signal.
const RETRY: Duration = Duration::from_millis(10);

/// How often a server is looked for whose coming nothing tells.
const LOOK: Duration = Duration::from_millis(20);

/// What a link may hold. Everything beyond is refused, typed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Calls that have not ended.
    pub(super) calls: usize,
    /// Bytes of the requests that wait for a connection.
    pub(super) queued_bytes: usize,
}

/// Which bound a call met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overflow {
    Calls(usize),
    QueuedBytes(usize),
}

/// A call that has got its id.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbered {
    pub(super) id: u64,
    /// It has been handed over to the socket at once.
    pub(super) written: bool,
}

/// The invariants that hold whenever the lock is free:
///
/// 1. If a thread waits on the socket, the last operation on it was a receive that found nothing.
/// 2. If nobody leads, no follower sleeps: whoever stops leading has woken one.
/// 3. Requests are sent only while the link is up. libzmq accepts them a moment longer and loses them.
pub(super) struct Core {
    pub(super) dealer: Dealer,
    pub(super) up: bool,
    pub(super) table: Table,
    pub(super) queue: VecDeque<(u64, Message)>,
    pub(super) queued_bytes: usize,
    bounds: Bounds,
    pub(super) watch: Watch,
    late: u64,
    pub(super) pulse: Pulse,
    renewals: u64,
    pub(super) oneway: Oneway,
    /// The call whose request was the last thing that the socket was used for.
    pub(super) last_sent: Option<u64>,
}

impl Core {
    pub(super) fn new(dealer: Dealer, bounds: Bounds, pulse: Pulse) -> Self {
        Self {
            dealer,
            up: false,
            table: Table::default(),
            queue: VecDeque::new(),
            queued_bytes: 0,
            bounds,
            watch: Watch::default(),
            late: 0,
            pulse,
            renewals: 0,
            oneway: Oneway::default(),
            last_sent: None,
        }
    }

    /// Numbers a request and sends it, or keeps it until it can be sent.
    pub(super) fn begin(
        &mut self,
        mut message: Message,
        oneway: bool,
        waiter: &Waiter,
    ) -> Result<Numbered, Overflow> {
        if self.table.len() >= self.bounds.calls {
            return Err(Overflow::Calls(self.bounds.calls));
        }
        if self.table.len() == 0 && !self.watch.polling {
            let now = Instant::now();
            if !self.up || self.pulse.is_older(now, FRESH) || self.dealer.is_inproc() {
                // It may have been lost while nobody looked: what is sent into it is lost as well.
                self.refresh(waiter);
            }
            // Silence counts from here: nothing was asked before.
            self.pulse.hear(now);
        }
        if !self.up {
            self.dealer.hurry();
        }
        let must_queue = !self.up || !self.queue.is_empty();
        if must_queue && self.queued_bytes.saturating_add(message.len()) > self.bounds.queued_bytes
        {
            return Err(Overflow::QueuedBytes(self.bounds.queued_bytes));
        }
        let id = self.table.insert(oneway);
        let mut written = false;
        patch_id(&mut message, id);
        if must_queue {
            self.enqueue(id, message);
        } else {
            match self.dealer.send(message) {
                Ok(()) => {
                    self.last_sent = Some(id);
                    self.written(id, waiter);
                    written = true;
                }
                Err(message) => self.enqueue(id, message),
            }
        }
        self.after_send(Some(id), waiter);
        Ok(Numbered { id, written })
    }

    /// A send may have taken the signal that somebody waits for.
    pub(super) fn after_send(&mut self, request: Option<u64>, waiter: &Waiter) {
        if self.watch.polling {
            self.service(waiter);
        } else if !request.is_some_and(|id| self.is_just_sent(id)) {
            // It drains once for any number of sends.
            self.call_driver();
        }
    }

    fn enqueue(&mut self, id: u64, message: Message) {
        self.queued_bytes += message.len();
        self.queue.push_back((id, message));
    }

    fn written(&mut self, id: u64, waiter: &Waiter) {
        let Some(call) = self.table.get_mut(id) else {
            return;
        };
        call.written = true;
        match &call.state {
            // They may wait for just this.
            State::Parked(thread) => thread.unpark(),
            State::Leader => waiter.wake(),
            _ => {}
        }
        if call.oneway {
            self.oneway.hand_over();
            finish(&mut self.table, id, Ok(None), waiter);
        }
    }

    /// Whether nothing can have arrived: this is the only call, and the socket was last used to send it.
    ///
    /// A send may take the signal of an arrival before it writes, not after. So such a call is waited for without a look
    /// before, which would cost a system call.
    pub(super) fn is_just_sent(&self, id: u64) -> bool {
        self.last_sent == Some(id) && self.table.len() == 1
    }

    /// Finds out what became of the connection while nobody waited for it.
    pub(super) fn refresh(&mut self, waiter: &Waiter) {
        waiter.expect_news();
        self.service(waiter);
    }

    /// What [`Ward::tend`](crate::socket::Ward::tend) does.
    pub(super) fn tend(&mut self, waiter: &Waiter) -> bool {
        if !self.watch.polling {
            self.refresh(waiter);
        }
        self.dealer.is_cut()
    }

    /// Takes in everything that has arrived and hands over everything that can be, until nothing moves.
    ///
    /// A send can swallow the signal of an arrival, one that fails too, and a receive the signal of new room. So one
    /// pass is not enough, and the last operation is a receive in any case.
    pub(super) fn service(&mut self, waiter: &Waiter) {
        self.last_sent = None;
        let mut refused = false;
        loop {
            let arrived = match self.take_in(waiter) {
                Ok(arrived) => arrived,
                Err(error) => return self.fail(|_| true, &Loss::Broken(error), waiter),
            };
            if refused && !arrived {
                return;
            }
            let moved = self.flush(waiter);
            if !moved && !self.lacks_room() {
                return;
            }
            refused = !moved;
        }
    }

    /// Requests wait although there is a connection: the socket has no room for them.
    fn lacks_room(&self) -> bool {
        self.up && !self.queue.is_empty()
    }

    /// Fails what was handed over, and makes another connection for the rest.
    fn give_up(&mut self, loss: &Loss, waiter: &Waiter) {
        self.up = false;
        self.oneway.lose_connection();
        self.renewals += 1;
        self.fail(|call| call.written, loss, waiter);
        if let Err(error) = self.dealer.renew() {
            self.fail(|_| true, &Loss::Broken(error), waiter);
        }
        self.pulse.hear(Instant::now());
        self.call_driver();
    }

    /// Looks whether the server still lives, while calls are under way. Answers when to look again.
    pub(super) fn check_pulse(&mut self, now: Instant, waiter: &Waiter) -> Option<Instant> {
        while self.up && self.table.len() > self.queue.len() {
            match self.pulse.check(now) {
                Beat::Wait(until) if self.lacks_room() => return Some(until.min(now + RETRY)),
                Beat::Wait(until) => return Some(until),
                Beat::Ask => {
                    // Full is silent enough: the next look finds out.
                    let _ = self.dealer.send(Message::copy_of(&encode_ping(NO_ID)));
                    self.service(waiter);
                }
                Beat::Dead => {
                    log::line!(warn, ; "a server shows no sign of life, its connection is renewed");
                    self.give_up(&Loss::Silent(self.pulse.limit()), waiter);
                    self.service(waiter);
                }
            }
        }
        if self.lacks_room() {
            return Some(now + RETRY);
        }
        (self.dealer.must_look() && !self.queue.is_empty()).then(|| now + LOOK)
    }

    /// Whether anything has arrived.
    fn take_in(&mut self, waiter: &Waiter) -> Result<bool, SocketError> {
        let Self {
            dealer,
            table,
            up,
            late,
            pulse,
            oneway,
            ..
        } = self;
        let mut lost = Vec::new();
        let (mut arrived, mut heard, mut cut, mut no_server) = (false, false, false, false);
        dealer.drain(|event| {
            arrived = true;
            match event {
                LinkEvent::Received(message) => {
                    // Once: asking libzmq where the bytes are takes longer than looking at them.
                    let frame: &[u8] = &message;
                    heard |= is_from_server(frame);
                    let expected = match answered_id(frame) {
                        Some(id) => finish(table, id, Ok(Some(message)), waiter),
                        None if is_from_client(frame) => {
                            no_server = true;
                            let returned = Err(Loss::NoServer { returned: true });
                            finish(table, peek_id(frame).unwrap_or(NO_ID), returned, waiter);
                            true
                        }
                        None => is_sign_of_life(frame),
                    };
                    *late += u64::from(!expected);
                }
                LinkEvent::Up => {
                    *up = true;
                    heard = true;
                }
                LinkEvent::Down => {
                    *up = false;
                    oneway.lose_connection();
                    fail(table, |call| call.written, &Loss::Disconnected, waiter);
                }
                LinkEvent::Cut => cut = true,
                LinkEvent::Foreign => lost.push(Loss::Foreign),
                LinkEvent::Denied(denial) => lost.push(Loss::Denied(denial)),
            }
        })?;
        if heard {
            pulse.hear(Instant::now());
        }
        if no_server {
            log::line!(warn, ; "what a client is connected to is no server, the connection is renewed");
            self.give_up(&Loss::NoServer { returned: false }, waiter);
        } else if cut {
            self.give_up(&Loss::Disconnected, waiter);
        }
        for loss in lost {
            self.fail(|call| !call.written, &loss, waiter);
        }
        Ok(arrived)
    }

    /// Whether something was handed over.
    fn flush(&mut self, waiter: &Waiter) -> bool {
        let before = self.queue.len();
        while self.up
            && let Some((id, message)) = self.queue.pop_front()
        {
            let len = message.len();
            match self.dealer.send(message) {
                Ok(()) => {
                    self.queued_bytes -= len;
                    self.written(id, waiter);
                }
                Err(message) => {
                    self.queue.push_front((id, message));
                    break;
                }
            }
        }
        self.queue.len() != before
    }

    fn fail(&mut self, which: impl Fn(&Call) -> bool, loss: &Loss, waiter: &Waiter) {
        fail(&mut self.table, which, loss, waiter);
        self.purge_queue();
    }

    pub(super) fn is_written(&mut self, id: u64) -> bool {
        self.table.get_mut(id).is_some_and(|call| call.written)
    }

    /// Why there is no connection, if it is for the endpoint's name.
    pub(super) fn obstacle(&self) -> Option<String> {
        self.dealer.obstacle()
    }

    pub(super) fn is_up(&self) -> bool {
        self.up
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
        self.table.len()
    }
}
