//! The services that a proxy passes calls on to: its connections to them, and the calls that are under way there.
//!
//! Every way to forward calls goes through here; `O` is where a call came from, which is told what became of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::counters::Counters;
use super::endings::{
    Callers, ENDED, LOST, SILENT, UNANSWERED, UNCONNECTED, lose, receive, refusal,
};
use super::link::{Link, send};
use super::table::{Call, Stage, Table};
use crate::client::{Beat, Pulse};
use crate::command::Refusal;
use crate::error::Error;
use crate::socket::{Dealer, Endpoint, LinkEvent, Message, Options, SocketError, Waiter};
use crate::wire::{
    Executed, NO_ID, Status, encode_cancel, encode_ping, patch_id, shorten_remaining,
};

/// A request on its way out.
pub(super) struct Outgoing<O> {
    pub(super) origin: O,
    pub(super) request: Message,
    pub(super) deadline: Option<Instant>,
    pub(super) wants_reply: bool,
}

/// What the calls of one proxy may take up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) calls: usize,
    /// Bytes of the requests that wait for a connection.
    pub(super) waiting_bytes: usize,
    /// How long they wait.
    pub(super) connect_timeout: Duration,
}

pub(super) struct Target<O> {
    links: Vec<Link>,
    /// The link whose turn it is.
    turn: usize,
    table: Table<O>,
    bounds: Bounds,
    counters: Arc<Counters>,
    /// When the monitors were asked last.
    looked: Instant,
}

/// How often a target is looked for of whose coming nothing tells.
const LOOK: Duration = Duration::from_millis(20);
/// How often requests that no socket has room for are tried again, whatever the sockets signal: the last receive before
/// the wait may have taken the signal.
const RETRY: Duration = Duration::from_millis(10);
/// How often the monitors are asked while there is never time to wait for them.
const NEWS: Duration = Duration::from_millis(10);
/// libzmq receives small frames in common buffers of this size, each of which lives as long as one of its frames.
const RECEIVE_BUFFER: usize = 8192;

impl<O> Target<O> {
    pub(super) fn open(
        endpoints: &[Endpoint],
        options: &Options,
        pulse: Pulse,
        bounds: Bounds,
        counters: Arc<Counters>,
    ) -> Result<Self, Error> {
        let open = |endpoint: &Endpoint| {
            let dealer = Dealer::connect(endpoint, options)
                .map_err(|error| Error::bad_endpoint(endpoint.as_str(), error.to_string()))?;
            Ok::<_, Error>(Link {
                waiter: dealer.waiter(),
                dealer,
                up: false,
                pulse,
                calls: 0,
                used: true,
                renew_at: None,
            })
        };
        Ok(Self {
            links: endpoints.iter().map(open).collect::<Result<_, _>>()?,
            turn: 0,
            table: Table::default(),
            bounds,
            counters,
            looked: Instant::now(),
        })
    }

    pub(super) fn waiters(&self) -> impl Iterator<Item = Arc<Waiter>> + '_ {
        self.links.iter().map(|link| Arc::clone(&link.waiter))
    }

    /// Calls that have not ended.
    pub(super) fn calls(&self) -> usize {
        self.table.len()
    }

    /// Whether a target is connected.
    pub(super) fn is_up(&self) -> bool {
        self.links.iter().any(|link| link.up)
    }

    /// Passes a call on, or keeps it until it can be. Answers its number; or gives it back when there is no room for it,
    /// and says so.
    pub(super) fn begin(&mut self, call: Outgoing<O>, now: Instant) -> Result<u64, (O, Refusal)> {
        if self.table.len() >= self.bounds.calls {
            let detail = format!(
                "the proxy has {} calls under way, see `max_calls`",
                self.bounds.calls
            );
            return Err((call.origin, self.overloaded(detail)));
        }
        let Outgoing {
            origin,
            mut request,
            deadline,
            wants_reply,
        } = call;
        let id = self.table.next_id();
        patch_id(&mut request, id);
        let mut stage = None;
        if !self.table.has_waiting() {
            shorten(&mut request, deadline, now);
            match send(&mut self.links, &mut self.turn, request, now) {
                Ok(link) => {
                    self.counters.forwarded.increment();
                    if !wants_reply {
                        return Ok(id);
                    }
                    self.links[link].calls += 1;
                    request = Message::new();
                    stage = Some(Stage::Sent { link });
                }
                Err(back) => request = back,
            }
        }
        let stage = match stage {
            Some(stage) => stage,
            None => match self.room_for(request, now) {
                Ok(stage) => stage,
                Err(refusal) => return Err((origin, refusal)),
            },
        };
        Ok(self.table.insert(Call {
            origin,
            deadline,
            wants_reply,
            stage,
        }))
    }

    fn room_for(&self, request: Message, now: Instant) -> Result<Stage, Refusal> {
        let limit = self.bounds.waiting_bytes;
        if self.table.waiting_bytes().saturating_add(request.len()) > limit {
            let detail = format!(
                "over {limit} bytes of requests wait for a connection of the proxy, see `max_queued_bytes`"
            );
            return Err(self.overloaded(detail));
        }
        // A frame that waits must not keep the whole buffer that it was received in.
        let request = if request.len() < RECEIVE_BUFFER {
            Message::copy_of(&request)
        } else {
            request
        };
        let until = now + self.bounds.connect_timeout;
        Ok(Stage::Waiting { request, until })
    }

    fn overloaded(&self, detail: String) -> Refusal {
        self.counters.overloaded.increment();
        Refusal::new(Status::Overloaded, detail)
    }

    /// Where a call came from.
    pub(super) fn origin(&self, id: u64) -> Option<&O> {
        self.table.get(id).map(|call| &call.origin)
    }

    /// Gives a call up, and tells the target. Answers where it came from.
    pub(super) fn cancel(&mut self, id: u64) -> Option<O> {
        let call = self.table.take(id)?;
        if let Stage::Sent { link } = call.stage {
            self.links[link].calls -= 1;
            self.links[link].tell(&encode_cancel(id));
        }
        self.counters.cancelled.increment();
        Some(call.origin)
    }

    /// Gives up the calls that `which` picks.
    pub(super) fn cancel_all(&mut self, which: impl Fn(&O) -> bool) -> Vec<O> {
        let picked = self.table.pick(|call| which(&call.origin));
        picked
            .into_iter()
            .filter_map(|id| self.cancel(id))
            .collect()
    }

    /// Takes in what has arrived, hands over what can be, ends what is over. Returns when nothing moves; then every
    /// socket may be waited on.
    pub(super) fn serve(
        &mut self,
        now: Instant,
        callers: &mut impl Callers<O>,
    ) -> Result<(), SocketError> {
        if now.saturating_duration_since(self.looked) >= NEWS {
            self.looked = now;
            for link in &mut self.links {
                link.waiter.expect_news();
                link.used = true;
            }
        }
        // A send can swallow the signal of an arrival, one that fails too, and a receive the signal of new room. So one
        // pass is not enough, and the last operation is a receive in any case.
        let mut refused = false;
        loop {
            let mut arrived = false;
            for at in 0..self.links.len() {
                if std::mem::take(&mut self.links[at].used) {
                    arrived |= self.drain(at, now, callers)?;
                }
                self.check(at, now, callers);
            }
            self.expire(now, callers);
            if !refused || arrived {
                refused = !self.hand_over(now);
            }
            if !self.is_used() {
                return Ok(());
            }
        }
    }

    /// Whether a socket was used since it was drained.
    pub(super) fn is_used(&self) -> bool {
        self.links.iter().any(|link| link.used)
    }

    /// Somebody has waited: the sockets are looked at that have something, and those that nothing tells of.
    pub(super) fn wake(&mut self) {
        for link in &mut self.links {
            let must_look = link.dealer.is_inproc() || link.dealer.must_look();
            link.used |= link.waiter.take_stir() || must_look;
        }
    }

    fn drain(
        &mut self,
        at: usize,
        now: Instant,
        callers: &mut impl Callers<O>,
    ) -> Result<bool, SocketError> {
        let (mut arrived, mut heard, mut cut, mut refused) = (false, false, false, None);
        let Self {
            links,
            table,
            counters,
            ..
        } = self;
        let alone = links.len() == 1;
        let Link {
            dealer,
            up,
            calls,
            pulse,
            ..
        } = &mut links[at];
        dealer.drain(|event| {
            arrived = true;
            match event {
                LinkEvent::Received(message) => {
                    heard = true;
                    if !receive(table, at, calls, message, callers) {
                        counters.late.increment();
                    }
                }
                LinkEvent::Up => (*up, heard) = (true, true),
                LinkEvent::Down => {
                    (*up, *calls) = (false, 0);
                    lose(table, at, LOST, counters, callers);
                }
                LinkEvent::Cut => cut = true,
                LinkEvent::Foreign => refused = Some("the proxy's target does not speak ZeroMQ"),
                LinkEvent::Denied => refused = Some("the proxy's target does not let it in"),
            }
        })?;
        if heard {
            pulse.hear(now);
        }
        if cut {
            self.give_up(at, LOST, now, callers);
        }
        if let Some(reason) = refused {
            tracing::warn!(reason, "a proxy has no target");
            if alone {
                self.fail_waiting(&refusal(Status::Unavailable, reason, Executed::No), callers);
            }
        }
        Ok(arrived)
    }

    /// Looks whether a target still lives, while calls are under way there.
    fn check(&mut self, at: usize, now: Instant, callers: &mut impl Callers<O>) {
        let link = &mut self.links[at];
        if link.renew_at.is_some_and(|due| due <= now) {
            link.renew(now);
        }
        if !link.up || link.calls == 0 {
            return;
        }
        match link.pulse.check(now) {
            Beat::Wait(_) => {}
            Beat::Ask => link.tell(&encode_ping(NO_ID)),
            Beat::Dead => {
                tracing::warn!("a proxy's target shows no sign of life, the connection is renewed");
                self.counters.renewals.increment();
                self.give_up(at, SILENT, now, callers);
            }
        }
    }

    fn give_up(
        &mut self,
        at: usize,
        reason: &'static str,
        now: Instant,
        callers: &mut impl Callers<O>,
    ) {
        let link = &mut self.links[at];
        link.calls = 0;
        link.renew(now);
        lose(&mut self.table, at, reason, &self.counters, callers);
    }

    /// `false` if something is left that no socket has room for.
    fn hand_over(&mut self, now: Instant) -> bool {
        let Self {
            links,
            turn,
            table,
            counters,
            ..
        } = self;
        while let Some(id) = table.send_next(|mut request, deadline| {
            shorten(&mut request, deadline, now);
            send(links, turn, request, now)
        }) {
            counters.forwarded.increment();
            match table.get(id) {
                Some(Call {
                    wants_reply: true,
                    stage: Stage::Sent { link },
                    ..
                }) => links[*link].calls += 1,
                _ => drop(table.take(id)),
            }
        }
        !self.lacks_room()
    }

    /// Requests wait although there is a connection: no socket has room for them.
    fn lacks_room(&self) -> bool {
        self.table.has_waiting() && self.is_up()
    }

    fn expire(&mut self, now: Instant, callers: &mut impl Callers<O>) {
        while let Some((_, call)) = self.table.expire(now) {
            let late = call.deadline.is_some_and(|deadline| deadline <= now);
            if late {
                self.counters.expired.increment();
            }
            let failure = match call.stage {
                Stage::Sent { link } => {
                    self.links[link].calls -= 1;
                    refusal(Status::Expired, UNANSWERED, Executed::Maybe)
                }
                Stage::Waiting { .. } if late => {
                    refusal(Status::Expired, UNCONNECTED, Executed::No)
                }
                Stage::Waiting { .. } => refusal(Status::Unavailable, UNCONNECTED, Executed::No),
            };
            callers.failed(call.origin, failure);
        }
    }

    /// Fails the calls that have not been handed over.
    pub(super) fn fail_waiting(&mut self, failure: &Refusal, callers: &mut impl Callers<O>) {
        for id in self
            .table
            .pick(|call| matches!(call.stage, Stage::Waiting { .. }))
        {
            if let Some(call) = self.table.take(id) {
                callers.failed(call.origin, failure.clone());
            }
        }
    }

    /// Fails every call, and tells the targets that nobody waits.
    pub(super) fn abandon(&mut self, callers: &mut impl Callers<O>) {
        let failure = refusal(Status::Unavailable, ENDED, Executed::No);
        self.fail_waiting(&failure, callers);
        for origin in self.cancel_all(|_| true) {
            callers.failed(origin, failure.clone().surely(Executed::Maybe));
        }
    }

    /// When to look again although nothing has happened.
    pub(super) fn next_look(&self, now: Instant) -> Option<Instant> {
        let mut next = self.table.next_alarm();
        let mut add = |at: Instant| next = Some(next.map_or(at, |next| next.min(at)));
        if self.lacks_room() {
            add(now + RETRY);
        }
        for link in &self.links {
            if let Some(at) = link.renew_at {
                add(at);
            }
            if link.up && link.calls > 0 {
                // A copy: asking changes what it answers next.
                let mut pulse = link.pulse;
                add(match pulse.check(now) {
                    Beat::Wait(until) => until,
                    Beat::Ask | Beat::Dead => now,
                });
            }
            if link.dealer.must_look() && self.table.has_waiting() {
                add(now + LOOK);
            }
        }
        next
    }
}

fn shorten(request: &mut Message, deadline: Option<Instant>, now: Instant) {
    if let Some(deadline) = deadline {
        shorten_remaining(request, deadline.saturating_duration_since(now));
    }
}
