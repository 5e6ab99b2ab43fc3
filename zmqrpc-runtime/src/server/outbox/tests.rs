//! Peers that have room, have none, and have gone, without a socket.

use std::collections::HashMap;

use super::*;
use crate::socket::Message;
use crate::wire::{Reply, ReplyBody};

/// Peers by their names: how many messages they take, if they are there.
#[derive(Default)]
struct Peers {
    room: HashMap<&'static str, usize>,
    taken: Vec<(String, u64)>,
    tries: usize,
}

impl ReplySink for Peers {
    fn send(&mut self, delivery: RoutedMessage) -> Result<(), SendError> {
        self.tries += 1;
        let peer = String::from_utf8(delivery.route.peer().to_vec()).unwrap();
        match self.room.get_mut(&*peer) {
            None => Err(SendError::Gone(delivery.route)),
            Some(0) => Err(SendError::Full(Box::new(delivery))),
            Some(room) => {
                *room -= 1;
                let id = answered_id(&delivery.message).unwrap_or_default();
                self.taken.push((peer, id));
                Ok(())
            }
        }
    }
}

fn delivery(peer: &str, reply: &Reply<'_>) -> RoutedMessage {
    let mut frame = Vec::new();
    reply.encode(&mut frame);
    RoutedMessage {
        route: Route::made_up(peer, &[]),
        message: Message::from(frame),
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
        let body = ReplyBody::Ok {
            codec: 0,
            metadata: crate::wire::Metadata::EMPTY,
            body: &vec![0; len],
        };
        self.send_frame(peer, &Reply { id, body })
    }

    fn send_frame(&mut self, peer: &str, reply: &Reply<'_>) -> Option<Route> {
        let delivery = delivery(peer, reply);
        let Self {
            outbox,
            peers,
            counters,
        } = self;
        outbox.send(delivery, peers, counters)
    }

    fn retry(&mut self) -> Vec<Route> {
        self.outbox.retry(&mut self.peers, &self.counters).gone
    }

    /// What became of the replies: handed over, dropped, for nobody.
    fn counts(&self) -> (u64, u64, u64) {
        let stats = self.counters.read();
        (stats.replies, stats.dropped, stats.unreachable)
    }
}

#[test]
fn replies_wait_for_room_in_their_order() {
    let mut scene = Scene::default();
    scene.peers.room.extend([("ann", 1), ("bob", 9)]);
    for id in 1..=4 {
        assert!(scene.send("ann", id, 10).is_none());
    }
    assert!(scene.send("bob", 9, 10).is_none(), "others do not wait");
    assert_eq!(scene.counts(), (2, 0, 0));
    // Room for one more: it is for the first that waits, not for the next that comes.
    scene.peers.room.insert("ann", 1);
    assert!(scene.send("ann", 5, 10).is_none());
    assert!(scene.retry().is_empty() && !scene.outbox.is_empty());
    scene.peers.room.insert("ann", 9);
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
fn replies_are_owed_and_answers_to_those_who_only_ask_are_not() {
    let mut scene = Scene::default();
    scene.peers.room.insert("ann", 0);
    let pong = Reply {
        id: 1,
        body: ReplyBody::Pong,
    };
    for _ in 0..3 {
        let Scene {
            outbox,
            peers,
            counters,
        } = &mut scene;
        assert!(
            outbox
                .answer(delivery("ann", &pong), peers, counters)
                .is_none()
        );
    }
    assert!(!scene.outbox.is_empty() && !scene.outbox.owes());
    scene.send("ann", 2, 10);
    assert!(scene.outbox.owes());
    // One try that fails changes nothing.
    scene.retry();
    assert!(scene.outbox.owes());
    scene.peers.room.insert("ann", 3);
    scene.retry();
    assert!(scene.outbox.owes(), "it is the last");
    scene.peers.room.insert("ann", 1);
    scene.retry();
    assert!(!scene.outbox.owes() && scene.outbox.is_empty());
}

#[test]
fn a_peer_without_room_is_tried_once_each_time() {
    let mut scene = Scene::default();
    scene.peers.room.insert("ann", 0);
    for id in 1..=100 {
        scene.send("ann", id, 10);
    }
    assert_eq!(scene.peers.tries, 1);
    let retried = scene.outbox.retry(&mut scene.peers, &scene.counters);
    assert!(!retried.moved);
    assert_eq!(scene.peers.tries, 2);
    scene.peers.room.insert("ann", 1);
    let retried = scene.outbox.retry(&mut scene.peers, &scene.counters);
    assert!(retried.moved && retried.gone.is_empty());
}

#[test]
fn the_oldest_go_when_there_are_too_many() {
    let mut scene = Scene::default();
    scene.peers.room.insert("ann", 0);
    let most = MAX_REPLIES as u64;
    for id in 1..=most + 7 {
        scene.send("ann", id, 1);
    }
    assert_eq!(scene.counts(), (0, 7, 0));
    scene.peers.room.insert("ann", usize::MAX);
    scene.retry();
    assert_eq!(scene.counts(), (most, 7, 0));
    assert_eq!(scene.peers.taken.first(), Some(&("ann".into(), 8)));
    assert_eq!(scene.peers.taken.last(), Some(&("ann".into(), most + 7)));
}

#[test]
fn the_oldest_go_when_they_are_too_large() {
    let mut scene = Scene::default();
    scene.peers.room.insert("ann", 0);
    let third = MAX_BYTES / 3;
    for id in 1..=4 {
        scene.send("ann", id, third);
    }
    // With their headers three are too much.
    assert_eq!(scene.counts(), (0, 2, 0));
    // One that is too large alone is kept.
    scene.send("ann", 5, MAX_BYTES + 1);
    assert_eq!(scene.counts(), (0, 4, 0));
    scene.peers.room.insert("ann", 5);
    scene.retry();
    // The others' callers are told, which counts as no reply.
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
    scene.peers.room.insert("ann", 0);
    let third = MAX_BYTES / 3;
    for id in 1..=30 {
        let len = if id % 2 == 0 { third } else { 10 };
        scene.send("ann", id, len);
    }
    assert_eq!(scene.counts(), (0, 13, 0));
    scene.peers.room.insert("ann", 7);
    scene.retry();
    assert_eq!(scene.counts(), (4, 13, 0));
    // What was found short is not looked at again, and what comes later still is.
    scene.send("ann", 31, third);
    scene.send("ann", 32, third);
    assert_eq!(scene.counts(), (4, 15, 0));
    scene.peers.room.insert("ann", usize::MAX);
    scene.retry();
    assert_eq!(
        scene.peers.taken,
        (1..=32).map(|id| ("ann".into(), id)).collect::<Vec<_>>()
    );
    assert_eq!(scene.counts(), (17, 15, 0));
}

#[test]
fn bytes_that_were_taken_make_room() {
    let mut scene = Scene::default();
    let third = MAX_BYTES / 3;
    for id in 1..=20 {
        scene.peers.room.insert("ann", 0);
        scene.send("ann", id, third);
        scene.send("ann", id, third);
        scene.peers.room.insert("ann", 2);
        scene.retry();
    }
    assert_eq!(scene.counts(), (40, 0, 0));
}

#[test]
fn what_waits_for_a_peer_that_goes_is_counted() {
    let mut scene = Scene::default();
    scene.peers.room.extend([("ann", 0), ("bob", 0)]);
    for id in 1..=5 {
        scene.send("ann", id, 10);
        scene.send("bob", id, 10);
    }
    scene.peers.room.remove("ann");
    let gone = scene.retry();
    assert_eq!(gone.len(), 1);
    assert_eq!(**gone[0].peer(), *b"ann");
    assert_eq!(scene.counts(), (0, 0, 5));
    let gone = scene.send("ann", 6, 10).unwrap();
    assert_eq!(**gone.peer(), *b"ann");
    assert_eq!(scene.counts(), (0, 0, 6));
    scene.peers.room.insert("bob", 9);
    assert!(scene.retry().is_empty());
    assert_eq!(scene.counts(), (5, 0, 6));
}

#[test]
fn only_replies_are_counted() {
    let mut scene = Scene::default();
    scene.peers.room.insert("ann", 1);
    let signs = [ReplyBody::Pong, ReplyBody::Working];
    for body in signs.into_iter().cycle().take(10) {
        scene.send_frame("ann", &Reply { id: 1, body });
    }
    scene.send("ann", 2, 10);
    scene.peers.room.insert("ann", 3);
    scene.retry();
    assert_eq!(scene.counts(), (0, 0, 0));
    scene.peers.room.remove("ann");
    scene.retry();
    assert_eq!(scene.counts(), (0, 0, 1));
}
