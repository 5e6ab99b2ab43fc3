//! Peers that have room, have none, and have gone, without a socket.

use std::collections::HashMap;

use super::*;
use crate::dialect::{CallId, Dialect, FrameKind, Outbound};
use crate::socket::{Arrival, Frame, SocketError, Upkeep};

/// Peers by name, and how many messages each has room for. A peer that is not in the map has gone.
#[derive(Default)]
struct Peers {
    free: HashMap<&'static str, usize>,
    taken: Vec<(String, u64)>,
    attempts: usize,
}

impl Upkeep for Peers {}

impl Replier for Peers {
    fn receive(&mut self, _: &mut Frame) -> Result<Option<Arrival<Route>>, SocketError> {
        Ok(None)
    }

    fn send(&mut self, reply: RoutedMessage) -> Result<(), SendError> {
        self.attempts += 1;
        let peer = String::from_utf8(reply.route.peer().to_vec()).unwrap();
        match self.free.get_mut(&*peer) {
            None => Err(SendError::Gone(Box::new(reply))),
            Some(0) => Err(SendError::Full(Box::new(reply))),
            Some(free) => {
                *free -= 1;
                let id = match Dialect::Native.classify(&reply.message) {
                    FrameKind::Reply(id) => id,
                    _ => 0,
                };
                self.taken.push((peer, id));
                Ok(())
            }
        }
    }
}

fn outbound(peer: &str, id: u64, message: Outbound<'_>) -> OutboundFrame {
    let to = ReplyTo::new(Dialect::Native, CallId::from(id));
    let (route, frame) = (Route::made_up(peer, &[]), to.encode(message));
    match message {
        Outbound::Reply(_) => OutboundFrame::reply(route, to, frame),
        Outbound::Pong | Outbound::Working | Outbound::Draining => {
            OutboundFrame::ending_none(route, frame)
        }
    }
}

#[derive(Default)]
struct Scene {
    outbox: Outbox,
    peers: Peers,
    counters: ServerCounters,
}

impl Scene {
    fn send(&mut self, peer: &str, id: u64, len: usize) -> Option<Route> {
        let value = Reply::Value {
            codec: 0,
            metadata: crate::wire::Metadata::EMPTY,
            body: &vec![0; len],
        };
        self.send_frame(peer, id, value.into())
    }

    fn send_frame(&mut self, peer: &str, id: u64, message: Outbound<'_>) -> Option<Route> {
        let frame = outbound(peer, id, message);
        let Self {
            outbox,
            peers,
            counters,
        } = self;
        outbox.send(frame, peers, counters)
    }

    fn retry(&mut self) -> Vec<Route> {
        self.outbox.retry(&mut self.peers, &self.counters).gone
    }

    /// How many replies were sent, dropped and unreachable.
    fn counts(&self) -> (u64, u64, u64) {
        let stats = self.counters.read();
        (stats.replies, stats.dropped, stats.unreachable)
    }
}

#[test]
fn replies_wait_for_room_in_their_order() {
    let mut scene = Scene::default();
    scene.peers.free.extend([("ann", 1), ("bob", 9)]);
    for id in 1..=4 {
        assert!(scene.send("ann", id, 10).is_none());
    }
    assert!(scene.send("bob", 9, 10).is_none(), "others do not wait");
    assert_eq!(scene.counts(), (2, 0, 0));
    // Room for one more is for the first that waits, not for the next that is sent.
    scene.peers.free.insert("ann", 1);
    assert!(scene.send("ann", 5, 10).is_none());
    assert!(scene.retry().is_empty() && !scene.outbox.is_empty());
    scene.peers.free.insert("ann", 9);
    assert!(scene.retry().is_empty() && scene.outbox.is_empty());
    let expected = [
        ("ann", 1),
        ("bob", 9),
        ("ann", 2),
        ("ann", 3),
        ("ann", 4),
        ("ann", 5),
    ];
    assert_eq!(
        scene.peers.taken,
        expected.map(|(peer, id)| (peer.into(), id))
    );
    assert_eq!(scene.counts(), (6, 0, 0));
}

#[test]
fn the_end_waits_for_replies_and_not_for_pongs() {
    let mut scene = Scene::default();
    scene.peers.free.insert("ann", 0);
    for _ in 0..3 {
        let Scene {
            outbox,
            peers,
            counters,
        } = &mut scene;
        assert!(
            outbox
                .send_optional(outbound("ann", 1, Outbound::Pong), peers, counters)
                .is_none()
        );
    }
    assert!(!scene.outbox.is_empty() && !scene.outbox.needs_flush());
    scene.send("ann", 2, 10);
    assert!(scene.outbox.needs_flush());
    // A retry that fails changes nothing.
    scene.retry();
    assert!(scene.outbox.needs_flush());
    scene.peers.free.insert("ann", 3);
    scene.retry();
    assert!(scene.outbox.needs_flush(), "it is the last");
    scene.peers.free.insert("ann", 1);
    scene.retry();
    assert!(!scene.outbox.needs_flush() && scene.outbox.is_empty());
}

#[test]
fn a_peer_without_room_is_tried_once_each_time() {
    let mut scene = Scene::default();
    scene.peers.free.insert("ann", 0);
    for id in 1..=100 {
        scene.send("ann", id, 10);
    }
    assert_eq!(scene.peers.attempts, 1);
    let retried = scene.outbox.retry(&mut scene.peers, &scene.counters);
    assert!(!retried.progressed);
    assert_eq!(scene.peers.attempts, 2);
    scene.peers.free.insert("ann", 1);
    let retried = scene.outbox.retry(&mut scene.peers, &scene.counters);
    assert!(retried.progressed && retried.gone.is_empty());
}

#[test]
fn the_oldest_go_when_there_are_too_many() {
    let mut scene = Scene::default();
    scene.peers.free.insert("ann", 0);
    let most = MAX_REPLIES as u64;
    for id in 1..=most + 7 {
        scene.send("ann", id, 1);
    }
    assert_eq!(scene.counts(), (0, 7, 0));
    scene.peers.free.insert("ann", usize::MAX);
    scene.retry();
    assert_eq!(scene.counts(), (most, 7, 0));
    assert_eq!(scene.peers.taken.first(), Some(&("ann".into(), 8)));
    assert_eq!(scene.peers.taken.last(), Some(&("ann".into(), most + 7)));
}

#[test]
fn the_oldest_go_when_they_are_too_large() {
    let mut scene = Scene::default();
    scene.peers.free.insert("ann", 0);
    let third = MAX_BYTES / 3;
    for id in 1..=4 {
        scene.send("ann", id, third);
    }
    // With their headers, three replies are too large.
    assert_eq!(scene.counts(), (0, 2, 0));
    // A reply that is too large alone is kept.
    scene.send("ann", 5, MAX_BYTES + 1);
    assert_eq!(scene.counts(), (0, 4, 0));
    scene.peers.free.insert("ann", 5);
    scene.retry();
    // The failures that replace the others do not count as replies.
    assert_eq!(
        scene.peers.taken,
        (1..=5).map(|id| ("ann".into(), id)).collect::<Vec<_>>()
    );
    assert_eq!(scene.counts(), (1, 4, 0));
    assert!(scene.outbox.is_empty());
}

#[test]
fn short_replies_are_kept_beside_large_ones() {
    let mut scene = Scene::default();
    scene.peers.free.insert("ann", 0);
    let third = MAX_BYTES / 3;
    for id in 1..=30 {
        let len = if id % 2 == 0 { third } else { 10 };
        scene.send("ann", id, len);
    }
    assert_eq!(scene.counts(), (0, 13, 0));
    scene.peers.free.insert("ann", 7);
    scene.retry();
    assert_eq!(scene.counts(), (4, 13, 0));
    // The outbox does not check replies again that were short, and does check the ones that follow.
    scene.send("ann", 31, third);
    scene.send("ann", 32, third);
    assert_eq!(scene.counts(), (4, 15, 0));
    scene.peers.free.insert("ann", usize::MAX);
    scene.retry();
    assert_eq!(
        scene.peers.taken,
        (1..=32).map(|id| ("ann".into(), id)).collect::<Vec<_>>()
    );
    assert_eq!(scene.counts(), (17, 15, 0));
}

#[test]
fn replies_that_a_peer_takes_free_their_bytes() {
    let mut scene = Scene::default();
    let third = MAX_BYTES / 3;
    for id in 1..=20 {
        scene.peers.free.insert("ann", 0);
        scene.send("ann", id, third);
        scene.send("ann", id, third);
        scene.peers.free.insert("ann", 2);
        scene.retry();
    }
    assert_eq!(scene.counts(), (40, 0, 0));
}

#[test]
fn replies_to_a_peer_that_goes_are_counted_as_unreachable() {
    let mut scene = Scene::default();
    scene.peers.free.extend([("ann", 0), ("bob", 0)]);
    for id in 1..=5 {
        scene.send("ann", id, 10);
        scene.send("bob", id, 10);
    }
    scene.peers.free.remove("ann");
    let gone = scene.retry();
    assert_eq!(gone.len(), 1);
    assert_eq!(**gone[0].peer(), *b"ann");
    assert_eq!(scene.counts(), (0, 0, 5));
    let gone = scene.send("ann", 6, 10).unwrap();
    assert_eq!(**gone.peer(), *b"ann");
    assert_eq!(scene.counts(), (0, 0, 6));
    scene.peers.free.insert("bob", 9);
    assert!(scene.retry().is_empty());
    assert_eq!(scene.counts(), (5, 0, 6));
}

#[test]
fn only_replies_are_counted() {
    let mut scene = Scene::default();
    scene.peers.free.insert("ann", 1);
    let control_frames = [Outbound::Pong, Outbound::Working];
    for reply in control_frames.into_iter().cycle().take(10) {
        scene.send_frame("ann", 1, reply);
    }
    scene.send("ann", 2, 10);
    scene.peers.free.insert("ann", 3);
    scene.retry();
    assert_eq!(scene.counts(), (0, 0, 0));
    scene.peers.free.remove("ann");
    scene.retry();
    assert_eq!(scene.counts(), (0, 0, 1));
}
