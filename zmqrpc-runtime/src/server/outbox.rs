//! Replies that a slow peer has no room for.
//!
//! libzmq drops what a ROUTER has no room for, or refuses it where the socket is told to. What is refused waits here,
//! per peer and within bounds, and is tried again whenever the socket was drained: its descriptor signals when a peer
//! reads, and when one leaves.

use std::collections::{HashMap, VecDeque};

use super::counters::ServerCounters;
use crate::command::reply_frame;
use crate::log;
use crate::socket::{PeerId, Route, RoutedMessage, RouterSocket, SendError};
use crate::wire::{Executed, Metadata, ReplyBody, Status, answered_id};

/// Replies that libzmq holds for one peer.
///
/// No larger: libzmq does not tell what it still held for a peer that leaves, and what does not fit waits here, which
/// counts. No smaller: with 100 a connection with 1,024 short calls in flight had five sixths of the rate.
pub(crate) const REPLIES_IN_SOCKET: u32 = 500;

/// Replies that wait for one peer at most.
pub(super) const MAX_REPLIES: usize = 65_536;
/// Bytes that wait for one peer at most.
pub(super) const MAX_BYTES: usize = 64 << 20;

/// Replies up to this many bytes are not worth replacing.
const SHORT: usize = 256;

/// What stands for a reply that was dropped.
const DROPPED: ReplyBody<'static> = ReplyBody::Failure {
    status: Status::Unavailable,
    executed: Executed::Yes,
    metadata: Metadata::EMPTY,
    detail: "the reply was dropped: too many bytes of replies wait for this connection",
};

/// Takes the replies; a ROUTER, or something else in a test.
pub(crate) trait ReplySink {
    fn send(&mut self, delivery: RoutedMessage) -> Result<(), SendError>;
}

impl ReplySink for RouterSocket {
    fn send(&mut self, delivery: RoutedMessage) -> Result<(), SendError> {
        RouterSocket::send(self, delivery)
    }
}

#[derive(Default)]
pub(crate) struct Outbox {
    blocked: HashMap<PeerId, PeerQueue>,
}

/// What came of another try.
#[derive(Default)]
pub(crate) struct FlushResult {
    /// Something was taken, or given up.
    pub(crate) moved: bool,
    /// The ways to peers that have gone.
    pub(crate) gone: Vec<Route>,
}

#[derive(Default)]
struct PeerQueue {
    held: VecDeque<HeldReply>,
    bytes: usize,
    /// How many of the oldest are short, be it that they were replaced.
    short: usize,
    /// How many are worth waiting for.
    owed: usize,
}

struct HeldReply {
    delivery: RoutedMessage,
    /// How many replies it counts as: one, or none where it is a pong, a sign that a call still runs, or stands for a
    /// reply that was dropped.
    replies: u64,
    /// It tells of what was executed.
    owed: bool,
}

impl Outbox {
    /// Sends a reply now, or when its peer has room; in order per peer. Answers the way to a peer that has gone.
    pub(crate) fn send(
        &mut self,
        delivery: RoutedMessage,
        sink: &mut impl ReplySink,
        counters: &ServerCounters,
    ) -> Option<Route> {
        self.post(delivery, true, sink, counters)
    }

    /// The same for what answers a question, or refuses: who asks without end and reads nothing is [owed](Self::owes)
    /// nothing.
    pub(crate) fn answer(
        &mut self,
        delivery: RoutedMessage,
        sink: &mut impl ReplySink,
        counters: &ServerCounters,
    ) -> Option<Route> {
        self.post(delivery, false, sink, counters)
    }

    fn post(
        &mut self,
        delivery: RoutedMessage,
        owed: bool,
        sink: &mut impl ReplySink,
        counters: &ServerCounters,
    ) -> Option<Route> {
        if let Some(waiting) = self.blocked.get_mut(delivery.route.peer()) {
            waiting.push(delivery, owed, counters);
            return None;
        }
        let replies = u64::from(answered_id(&delivery.message).is_some());
        match sink.send(delivery) {
            Ok(()) => counters.replies.add(replies),
            Err(SendError::Full(delivery)) => {
                let peer = delivery.route.peer().clone();
                self.blocked
                    .entry(peer)
                    .or_default()
                    .push(*delivery, owed, counters);
            }
            Err(SendError::Gone(route)) => {
                counters.unreachable.add(replies);
                return Some(route);
            }
            Err(SendError::Broken(error)) => {
                counters.dropped.add(replies);
                log::line!(error, error = log::text(&error); "a reply could not be sent");
            }
        }
        None
    }

    /// Tries again for every peer that had no room.
    pub(crate) fn retry(
        &mut self,
        sink: &mut impl ReplySink,
        counters: &ServerCounters,
    ) -> FlushResult {
        let mut retried = FlushResult::default();
        self.blocked
            .retain(|_, waiting| waiting.flush(sink, counters, &mut retried));
        retried
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.blocked.is_empty()
    }

    /// Whether anything waits that is worth waiting for at the end.
    pub(crate) fn owes(&self) -> bool {
        self.blocked.values().any(|waiting| waiting.owed > 0)
    }

    /// Replies for this peer wait for room.
    pub(crate) fn is_blocked(&self, route: &Route) -> bool {
        self.blocked.contains_key(route.peer())
    }
}

impl PeerQueue {
    fn push(&mut self, delivery: RoutedMessage, owed: bool, counters: &ServerCounters) {
        self.bytes += delivery.message.len();
        self.owed += usize::from(owed);
        self.held.push_back(HeldReply {
            replies: u64::from(answered_id(&delivery.message).is_some()),
            delivery,
            owed,
        });
        // The oldest goes: its caller is the one most likely to have given up.
        while self.held.len() > MAX_REPLIES
            && let Some(oldest) = self.pop()
        {
            counters.dropped.add(oldest.replies);
        }
        while self.bytes > MAX_BYTES && self.short + 1 < self.held.len() {
            self.shorten(counters);
        }
    }

    /// Drops the oldest long reply, and has its caller told so. Behind a proxy or a hub all callers share a connection:
    /// one who asks for much must not cost the others their answers.
    fn shorten(&mut self, counters: &ServerCounters) {
        let oldest = &mut self.held[self.short];
        self.short += 1;
        let message = &mut oldest.delivery.message;
        if let Some(id) = answered_id(message)
            && message.len() > SHORT
        {
            self.bytes -= message.len();
            *message = reply_frame(id, DROPPED);
            self.bytes += message.len();
            counters.dropped.add(std::mem::take(&mut oldest.replies));
        }
    }

    fn pop(&mut self) -> Option<HeldReply> {
        let oldest = self.held.pop_front()?;
        self.bytes -= oldest.delivery.message.len();
        self.owed -= usize::from(oldest.owed);
        self.short = self.short.saturating_sub(1);
        Some(oldest)
    }

    /// Whether something is left.
    fn flush(
        &mut self,
        sink: &mut impl ReplySink,
        counters: &ServerCounters,
        retried: &mut FlushResult,
    ) -> bool {
        loop {
            let short = self.short;
            let Some(oldest) = self.pop() else {
                return false;
            };
            let HeldReply {
                delivery,
                replies,
                owed,
            } = oldest;
            match sink.send(delivery) {
                Ok(()) => {
                    retried.moved = true;
                    counters.replies.add(replies);
                }
                Err(SendError::Full(delivery)) => {
                    let delivery = *delivery;
                    self.bytes += delivery.message.len();
                    self.owed += usize::from(owed);
                    self.short = short;
                    self.held.push_front(HeldReply {
                        delivery,
                        replies,
                        owed,
                    });
                    return true;
                }
                Err(SendError::Gone(route)) => {
                    retried.moved = true;
                    retried.gone.push(route);
                    counters.unreachable.add(replies + self.replies());
                    return false;
                }
                Err(SendError::Broken(error)) => {
                    retried.moved = true;
                    counters.dropped.add(replies + self.replies());
                    log::line!(error, error = log::text(&error); "replies could not be sent");
                    return false;
                }
            }
        }
    }

    fn replies(&self) -> u64 {
        self.held.iter().map(|held| held.replies).sum()
    }
}

#[cfg(test)]
mod tests;
