//! Replies that a slow peer has no room for.
//!
//! libzmq drops what a ROUTER has no room for, or refuses it where the socket is told to. What is refused waits here,
//! per peer and within bounds, and is tried again whenever the socket was drained: its descriptor signals when a peer
//! reads, and when one leaves.

use std::collections::{HashMap, VecDeque};

use super::counters::Counters;
use crate::socket::{Delivery, PeerId, Route, Router, Unsent};
use crate::wire::answered_id;

/// Replies that wait for one peer at most.
pub(super) const MAX_REPLIES: usize = 65_536;
/// Bytes that wait for one peer at most.
pub(super) const MAX_BYTES: usize = 64 << 20;

/// Takes the replies; a ROUTER, or something else in a test.
pub(crate) trait Sink {
    fn send(&mut self, delivery: Delivery) -> Result<(), Unsent>;
}

impl Sink for Router {
    fn send(&mut self, delivery: Delivery) -> Result<(), Unsent> {
        Router::send(self, delivery)
    }
}

#[derive(Default)]
pub(crate) struct Outbox {
    blocked: HashMap<PeerId, Waiting>,
}

/// What came of another try.
#[derive(Default)]
pub(crate) struct Retried {
    /// Something was taken, or given up.
    pub(crate) moved: bool,
    /// The ways to peers that have gone.
    pub(crate) gone: Vec<Route>,
}

#[derive(Default)]
struct Waiting {
    deliveries: VecDeque<Delivery>,
    bytes: usize,
}

impl Outbox {
    /// Sends a reply now, or when its peer has room; in order per peer. Answers the way to a peer that has gone.
    pub(crate) fn send(
        &mut self,
        delivery: Delivery,
        sink: &mut impl Sink,
        counters: &Counters,
    ) -> Option<Route> {
        if let Some(waiting) = self.blocked.get_mut(delivery.route.peer()) {
            waiting.push(delivery, counters);
            return None;
        }
        let replies = replies(&delivery);
        match sink.send(delivery) {
            Ok(()) => counters.replies.add(replies),
            Err(Unsent::Full(delivery)) => {
                let peer = delivery.route.peer().clone();
                self.blocked
                    .entry(peer)
                    .or_default()
                    .push(*delivery, counters);
            }
            Err(Unsent::Gone(route)) => {
                counters.unreachable.add(replies);
                return Some(route);
            }
            Err(Unsent::Broken(error)) => {
                counters.dropped.add(replies);
                tracing::error!(%error, "a reply could not be sent");
            }
        }
        None
    }

    /// Tries again for every peer that had no room.
    pub(crate) fn retry(&mut self, sink: &mut impl Sink, counters: &Counters) -> Retried {
        let mut retried = Retried::default();
        self.blocked
            .retain(|_, waiting| waiting.flush(sink, counters, &mut retried));
        retried
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.blocked.is_empty()
    }
}

impl Waiting {
    fn push(&mut self, delivery: Delivery, counters: &Counters) {
        self.bytes += delivery.message.len();
        self.deliveries.push_back(delivery);
        // The oldest goes: its caller is the one most likely to have given up.
        while (self.deliveries.len() > MAX_REPLIES || self.bytes > MAX_BYTES)
            && self.deliveries.len() > 1
        {
            if let Some(oldest) = self.deliveries.pop_front() {
                self.bytes -= oldest.message.len();
                counters.dropped.add(replies(&oldest));
            }
        }
    }

    /// Whether something is left.
    fn flush(&mut self, sink: &mut impl Sink, counters: &Counters, retried: &mut Retried) -> bool {
        while let Some(delivery) = self.deliveries.pop_front() {
            let (bytes, replies) = (delivery.message.len(), replies(&delivery));
            match sink.send(delivery) {
                Ok(()) => {
                    retried.moved = true;
                    self.bytes -= bytes;
                    counters.replies.add(replies);
                }
                Err(Unsent::Full(delivery)) => {
                    self.deliveries.push_front(*delivery);
                    return true;
                }
                Err(Unsent::Gone(route)) => {
                    retried.moved = true;
                    retried.gone.push(route);
                    counters.unreachable.add(replies + self.replies());
                    return false;
                }
                Err(Unsent::Broken(error)) => {
                    retried.moved = true;
                    counters.dropped.add(replies + self.replies());
                    tracing::error!(%error, "replies could not be sent");
                    return false;
                }
            }
        }
        false
    }

    fn replies(&self) -> u64 {
        self.deliveries.iter().map(replies).sum()
    }
}

/// How many replies a message is: one, or none where it is a pong or a sign that a call still runs.
fn replies(delivery: &Delivery) -> u64 {
    u64::from(answered_id(&delivery.message).is_some())
}

#[cfg(test)]
mod tests;
