//! The side that callers connect to: what they send, and what they are answered.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::counters::ProxyCounters;
use crate::command::{CallFailure, reply_frame};
use crate::error::Error;
use crate::log;
use crate::publish::open_all;
use crate::server::{Draining, Outbox};
use crate::socket::{
    Arrival, Endpoint, Message, Poller, RETRY_INTERVAL, Route, RoutedMessage, RouterSocket,
    SocketError, SocketOptions,
};
use crate::wire::{
    ACCEPTED_KEY, Executed, Incoming, Limits, MetadataBuf, NO_ID, ReplyBody, Request, RequestKind,
    Status, patch_id,
};

pub(super) struct Frontend {
    router: RouterSocket,
    poller: Arc<Poller>,
    outbox: Outbox,
    draining: Draining,
    pub(super) limits: Limits,
    counters: Arc<ProxyCounters>,
    hasher: RandomState,
    /// The socket was used since it was drained: it must not be waited on.
    used: bool,
    /// The ways to callers that turned out to have gone.
    gone: Vec<Route>,
}

/// Who waits for a call.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) route: Route,
    /// The call's number as the caller knows it.
    pub(super) id: u64,
    /// A hash of both, to find the call by.
    pub(super) mark: u64,
    pub(super) wants_reply: bool,
}

impl Caller {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.id == other.id && self.route.is_same(&other.route)
    }
}

/// What a caller wants.
pub(super) enum FrontendRequest {
    /// A call or a notification, which can be read.
    Request {
        caller: Caller,
        request: Message,
        deadline: Option<Instant>,
    },
    /// The call that this caller made is not wanted any more.
    Cancel(Caller),
}

/// Bytes after which a turn ends early.
const TURN_BYTES: usize = 16 << 20;

/// Messages that are taken in at a time: callers that never stop keep a proxy neither from its targets nor from its end.
const TURN: usize = 256;
/// What a call's time is less at least behind each proxy.
const HOP: Duration = Duration::from_millis(1);

impl Frontend {
    pub(super) fn open(
        endpoints: &[Endpoint],
        options: &SocketOptions,
        limits: Limits,
        counters: Arc<ProxyCounters>,
    ) -> Result<Self, Error> {
        let mut router = RouterSocket::new(options)?;
        open_all(endpoints, |endpoint| router.open(endpoint))?;
        counters.watch_refused(router.rejected_logins());
        Ok(Self {
            poller: router.poller(),
            router,
            outbox: Outbox::default(),
            draining: Draining::new(Instant::now()),
            limits,
            counters,
            hasher: RandomState::new(),
            used: true,
            gone: Vec::new(),
        })
    }

    pub(super) fn poller(&self) -> Arc<Poller> {
        Arc::clone(&self.poller)
    }

    pub(super) fn endpoints(&self) -> Vec<String> {
        self.router.endpoints().map(str::to_owned).collect()
    }

    pub(super) fn is_used(&self) -> bool {
        self.used
    }

    /// When to look at the socket though nothing tells: a connection to a hub is to be made again, or a caller may have
    /// room for what waits.
    pub(super) fn due(&self) -> Option<Instant> {
        let retry = (!self.outbox.is_empty()).then(|| Instant::now() + RETRY_INTERVAL);
        self.router.due().into_iter().chain(retry).min()
    }

    /// Somebody has waited: the socket is looked at if it has something.
    pub(super) fn wake(&mut self) {
        let connects = self.router.due().is_some_and(|due| due <= Instant::now());
        self.used |= self.poller.take_ready() || !self.outbox.is_empty() || connects;
    }

    /// Whether every reply has left for its caller.
    pub(super) fn is_flushed(&self) -> bool {
        !self.outbox.owes()
    }

    /// Tells callers of the end, which is to come within so long, and that the proxy lives until then. Whether they know of
    /// it: no more is to be taken from them then.
    pub(super) fn drain(&mut self, limit: Duration, now: Instant) -> bool {
        for RoutedMessage { route, message } in self.draining.start(limit, now) {
            self.answer(route, message);
        }
        let mut reminded = Vec::new();
        self.draining.remind(now, &mut reminded);
        for route in reminded {
            // What has no room there is tried again, and finds out by itself who has gone.
            if !self.outbox.is_blocked(&route) {
                self.answer(route, reply_frame(NO_ID, ReplyBody::Pong));
            }
        }
        self.draining.is_over(now)
    }

    /// When to [`drain`](Self::drain) again, whatever comes.
    pub(super) fn drains_at(&self) -> Option<Instant> {
        self.draining.due()
    }

    pub(super) fn close_and_release(self) {
        self.router.close_and_release();
    }

    /// Takes in what has arrived, up to a turn of it.
    pub(super) fn take_in(
        &mut self,
        now: Instant,
        mut on: impl FnMut(&mut Self, FrontendRequest),
    ) -> Result<(), SocketError> {
        let (mut taken, mut bytes, mut refused) = (0, 0, false);
        while taken < TURN && bytes < TURN_BYTES {
            let mut message = Message::new();
            let Some(arrival) = self.router.receive(&mut message)? else {
                // As in a server: the last operation before a wait is a receive.
                if self.outbox.is_empty() || refused {
                    self.used = false;
                    return Ok(());
                }
                refused = !self.retry();
                continue;
            };
            (taken, bytes, refused) = (taken + 1, bytes + message.len(), false);
            let Arrival::Message(route) = arrival else {
                self.counters.frontend.malformed.increment();
                continue;
            };
            if let Some(RoutedMessage { route, message }) = self.draining.hear(&route, now) {
                self.answer(route, message);
            }
            if let Some(asked) = self.read(route, message, now) {
                on(self, asked);
            }
        }
        self.used = true;
        // Those who have no room must not wait for a peer that never stops sending.
        self.retry();
        Ok(())
    }

    /// Tries again for callers that had no room. Whether that brought anything.
    fn retry(&mut self) -> bool {
        let retried = self.outbox.retry(&mut self.router, &self.counters.frontend);
        for gone in &retried.gone {
            self.draining.forget(gone);
        }
        self.gone.extend(retried.gone);
        retried.moved
    }

    /// The ways to callers that have gone: what they asked for is not wanted any more.
    pub(super) fn take_gone(&mut self) -> Vec<Route> {
        std::mem::take(&mut self.gone)
    }

    fn read(&mut self, route: Route, message: Message, now: Instant) -> Option<FrontendRequest> {
        let (id, wants_reply, deadline) = match Incoming::decode(&message, &self.limits) {
            Ok(Incoming::Request(Request {
                kind,
                id,
                remaining,
                ..
            })) => {
                // Passing on takes time, if less than can be told. A time so long that the clock cannot express it is no
                // limit.
                let deadline = remaining
                    .and_then(|remaining| now.checked_add(remaining.saturating_sub(HOP).max(HOP)));
                (id, kind == RequestKind::Call, deadline)
            }
            Ok(Incoming::Cancel(id)) => {
                return Some(FrontendRequest::Cancel(self.caller(route, id, false)));
            }
            Ok(Incoming::Ping(id)) => {
                self.draining.answer(&route, id);
                self.answer(route, reply_frame(id, ReplyBody::Pong));
                return None;
            }
            Err(error) => {
                self.counters.frontend.malformed.increment();
                if let Some(hidden) = self.counters.frontend.log.admit("malformed") {
                    log::line!(
                        warn,
                        peer = message.peer_address().map(log::text),
                        bytes = message.len(),
                        error = log::text(error),
                        hidden;
                        "a message to a proxy is no request; `hidden` more were before this one"
                    );
                }
                if let Some(refusal) = CallFailure::of_unreadable(&message, &error, &self.limits) {
                    self.answer(route, refusal);
                }
                return None;
            }
        };
        self.counters.received.increment();
        Some(FrontendRequest::Request {
            caller: self.caller(route, id, wants_reply),
            request: message,
            deadline,
        })
    }

    fn caller(&self, route: Route, id: u64, wants_reply: bool) -> Caller {
        Caller {
            mark: self.hasher.hash_one((&route, id)),
            route,
            id,
            wants_reply,
        }
    }

    /// A number for the way to a caller, which no other way has, in this process or the next.
    pub(super) fn connection(&self, route: &Route) -> u64 {
        self.hasher.hash_one(route)
    }

    /// Passes a target's reply to the caller.
    pub(super) fn pass_back(&mut self, caller: Caller, mut reply: Message) {
        if !caller.wants_reply {
            return;
        }
        let limit = self.limits.message;
        if reply.len() > limit {
            let refusal = CallFailure::new(Status::TooLarge, limit.to_string());
            return self.refuse(caller, &refusal.surely(Executed::Yes));
        }
        patch_id(&mut reply, caller.id);
        self.send(caller.route, reply);
    }

    /// Tells a caller that its call still runs.
    pub(super) fn pass_sign(&mut self, caller: &Caller, mut sign: Message) {
        // A REQ socket takes the first message that comes for the reply.
        if caller.wants_reply && !caller.route.ends_with_delimiter() {
            patch_id(&mut sign, caller.id);
            self.send(caller.route.clone(), sign);
        }
    }

    /// Tells a caller why there is no reply; nobody, if it was a notification.
    pub(super) fn refuse(&mut self, caller: Caller, refusal: &CallFailure) {
        if caller.wants_reply {
            self.send(caller.route, refusal.encode(caller.id));
        }
    }

    /// Tells a caller that its request has been taken on: an empty reply, which says so.
    pub(super) fn accept(&mut self, caller: Caller, codec: u8) {
        if caller.wants_reply {
            let mut mark = MetadataBuf::new();
            mark.set(ACCEPTED_KEY, "");
            let (metadata, body) = (mark.as_metadata(), &[][..]);
            let accepted = ReplyBody::Ok {
                codec,
                metadata,
                body,
            };
            self.send(caller.route, reply_frame(caller.id, accepted));
        }
    }

    fn send(&mut self, route: Route, message: Message) {
        let (delivery, counters) = (RoutedMessage { route, message }, &self.counters.frontend);
        let gone = self.outbox.send(delivery, &mut self.router, counters);
        self.has_sent(gone);
    }

    /// Sends what nobody is waited for to take.
    fn answer(&mut self, route: Route, message: Message) {
        let (delivery, counters) = (RoutedMessage { route, message }, &self.counters.frontend);
        let gone = self.outbox.answer(delivery, &mut self.router, counters);
        self.has_sent(gone);
    }

    fn has_sent(&mut self, gone: Option<Route>) {
        self.used = true;
        if let Some(gone) = gone {
            self.draining.forget(&gone);
            self.gone.push(gone);
        }
    }
}
