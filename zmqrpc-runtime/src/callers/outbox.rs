//! Replies that wait for slow peers to make room.
//!
//! libzmq drops what a ROUTER's peer has no room for, or rejects it if the socket is told to. What it rejects waits
//! here, in a bounded queue per peer, and is retried whenever the socket was drained: its descriptor signals when a
//! peer reads, and when one leaves. Servers and proxies use it.

use std::collections::{HashMap, VecDeque};

use super::counters::ServerCounters;
use crate::dialect::{OutboundFrame, Reply, ReplyTo};
use crate::log;
use crate::socket::{PeerId, Replier, Route, RoutedMessage, SendError};
use crate::wire::{Executed, Metadata, Status};

/// Replies that libzmq holds for one peer.
///
/// No larger: libzmq does not report what it still held for a peer that leaves, whereas what waits here is counted. No
/// smaller: with 100, a connection with 1,024 short calls in flight reached five sixths of the rate.
pub(crate) const REPLIES_IN_SOCKET: u32 = 500;

/// The most replies that wait for one peer.
pub(super) const MAX_REPLIES: usize = 65_536;
/// The most bytes that wait for one peer.
pub(super) const MAX_BYTES: usize = 64 << 20;

/// Replies of up to this many bytes are not worth replacing.
const SHORT: usize = 256;

/// Replaces a reply that was dropped.
const DROPPED_REPLY: Reply<'static> = Reply::Failure {
    status: Status::Unavailable,
    executed: Executed::Yes,
    metadata: Metadata::EMPTY,
    detail: "the reply was dropped: too many bytes of replies wait for this connection",
};

#[derive(Default)]
pub(crate) struct Outbox {
    queues: HashMap<PeerId, PeerQueue>,
}

/// The outcome of a retry.
#[derive(Default)]
pub(crate) struct FlushResult {
    /// Whether any reply was sent or dropped.
    pub(crate) progressed: bool,
    /// The routes to peers that have gone.
    pub(crate) gone: Vec<Route>,
}

#[derive(Default)]
struct PeerQueue {
    replies: VecDeque<QueuedReply>,
    bytes: usize,
    /// How many replies at the front are short, because they always were or because they were replaced.
    short: usize,
    /// How many replies the end waits for.
    needs_flush: usize,
}

struct QueuedReply {
    reply: RoutedMessage,
    /// The call that it ends. `None` for a pong, a `Working` frame and what replaces a dropped reply.
    ends: Option<ReplyTo>,
    /// Whether the end waits for it.
    needs_flush: bool,
}

impl QueuedReply {
    fn count(&self) -> u64 {
        u64::from(self.ends.is_some())
    }
}

impl Outbox {
    /// Sends a reply now, or when its peer has room, in order per peer. Returns the route if the peer has gone.
    pub(crate) fn send(
        &mut self,
        frame: OutboundFrame,
        socket: &mut impl Replier,
        counters: &ServerCounters,
    ) -> Option<Route> {
        self.send_or_queue(frame, true, socket, counters)
    }

    /// Sends a frame like [`send`](Self::send), except that the end does [not wait](Self::needs_flush) for it: pongs,
    /// notices and rejections, which a peer that reads nothing could ask for without end.
    pub(crate) fn send_optional(
        &mut self,
        frame: OutboundFrame,
        socket: &mut impl Replier,
        counters: &ServerCounters,
    ) -> Option<Route> {
        self.send_or_queue(frame, false, socket, counters)
    }

    fn send_or_queue(
        &mut self,
        frame: OutboundFrame,
        needs_flush: bool,
        socket: &mut impl Replier,
        counters: &ServerCounters,
    ) -> Option<Route> {
        let OutboundFrame { route, frame, ends } = frame;
        let reply = RoutedMessage {
            route,
            message: frame,
        };
        if let Some(queue) = self.queues.get_mut(reply.route.peer()) {
            queue.push(reply, ends, needs_flush, counters);
            return None;
        }
        let count = u64::from(ends.is_some());
        match socket.send(reply) {
            Ok(()) => counters.replies.add(count),
            Err(SendError::Full(reply)) => {
                let peer = reply.route.peer().clone();
                self.queues
                    .entry(peer)
                    .or_default()
                    .push(*reply, ends, needs_flush, counters);
            }
            Err(SendError::Gone(reply)) => {
                counters.unreachable.add(count);
                return Some(reply.route);
            }
            Err(SendError::Broken(error)) => {
                counters.dropped.add(count);
                log::line!(error, error = log::text(&error); "a reply could not be sent");
            }
        }
        None
    }

    /// Retries the queues of all peers.
    pub(crate) fn retry(
        &mut self,
        socket: &mut impl Replier,
        counters: &ServerCounters,
    ) -> FlushResult {
        let mut retried = FlushResult::default();
        self.queues
            .retain(|_, queue| queue.flush(socket, counters, &mut retried));
        retried
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// Returns whether replies wait that are worth waiting for at the end.
    pub(crate) fn needs_flush(&self) -> bool {
        self.queues.values().any(|queue| queue.needs_flush > 0)
    }

    /// Returns whether replies wait for this peer.
    pub(crate) fn is_blocked(&self, route: &Route) -> bool {
        self.queues.contains_key(route.peer())
    }
}

impl PeerQueue {
    fn push(
        &mut self,
        reply: RoutedMessage,
        ends: Option<ReplyTo>,
        needs_flush: bool,
        counters: &ServerCounters,
    ) {
        self.bytes += reply.message.len();
        self.needs_flush += usize::from(needs_flush);
        self.replies.push_back(QueuedReply {
            reply,
            ends,
            needs_flush,
        });
        // Drops the oldest: its caller is the most likely to have given up.
        while self.replies.len() > MAX_REPLIES
            && let Some(oldest) = self.pop()
        {
            counters.dropped.add(oldest.count());
        }
        while self.bytes > MAX_BYTES && self.short + 1 < self.replies.len() {
            self.shorten(counters);
        }
    }

    /// Replaces the oldest long reply by a failure that tells the caller. Behind a proxy or a hub all callers share a
    /// connection: large replies to one must not cost the others theirs.
    fn shorten(&mut self, counters: &ServerCounters) {
        let oldest = &mut self.replies[self.short];
        self.short += 1;
        let message = &mut oldest.reply.message;
        if message.len() > SHORT
            && let Some(to) = oldest.ends.take()
        {
            self.bytes -= message.len();
            *message = to.encode(DROPPED_REPLY);
            self.bytes += message.len();
            counters.dropped.increment();
        }
    }

    fn pop(&mut self) -> Option<QueuedReply> {
        let oldest = self.replies.pop_front()?;
        self.bytes -= oldest.reply.message.len();
        self.needs_flush -= usize::from(oldest.needs_flush);
        self.short = self.short.saturating_sub(1);
        Some(oldest)
    }

    /// Returns whether replies are left.
    fn flush(
        &mut self,
        socket: &mut impl Replier,
        counters: &ServerCounters,
        retried: &mut FlushResult,
    ) -> bool {
        loop {
            let short = self.short;
            let Some(oldest) = self.pop() else {
                return false;
            };
            let QueuedReply {
                reply,
                ends,
                needs_flush,
            } = oldest;
            let count = u64::from(ends.is_some());
            match socket.send(reply) {
                Ok(()) => {
                    retried.progressed = true;
                    counters.replies.add(count);
                }
                Err(SendError::Full(reply)) => {
                    let reply = *reply;
                    self.bytes += reply.message.len();
                    self.needs_flush += usize::from(needs_flush);
                    self.short = short;
                    self.replies.push_front(QueuedReply {
                        reply,
                        ends,
                        needs_flush,
                    });
                    return true;
                }
                Err(SendError::Gone(reply)) => {
                    retried.progressed = true;
                    retried.gone.push(reply.route);
                    counters.unreachable.add(count + self.queued_replies());
                    return false;
                }
                Err(SendError::Broken(error)) => {
                    retried.progressed = true;
                    counters.dropped.add(count + self.queued_replies());
                    log::line!(error, error = log::text(&error); "replies could not be sent");
                    return false;
                }
            }
        }
    }

    fn queued_replies(&self) -> u64 {
        self.replies.iter().map(QueuedReply::count).sum()
    }
}

#[cfg(test)]
mod tests;
