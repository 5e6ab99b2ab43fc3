//! What stands before a request: routes that are odd, long or alike.

use std::time::Duration;

use super::support::{self, Peer, call_by_key, head, key, within};
use super::victim::{LIMIT, MAX_MESSAGE, Victim, refusal, valid};

#[test]
fn odd_envelopes_are_mirrored_or_dropped() {
    within(LIMIT, || {
        let victim = Victim::start();
        for hops in [0, 1, 2, 15, 16] {
            let route: Vec<Vec<u8>> = (0..hops).map(|hop| vec![hop; hop.into()]).collect();
            victim.peer.send_all(&[&route[..], &[valid(9)]].concat());
            let mut frames = victim.peer.receive(LIMIT).unwrap();
            assert_eq!(frames.pop().unwrap(), support::reply(9, 0, 0, &[10]));
            assert_eq!(frames, route);
        }
        for hops in [17, 20, 1_000] {
            let mut frames = vec![vec![]; hops];
            frames.push(valid(9));
            victim.peer.send_all(&frames);
        }
        // Everything after the frame that would be the request makes that a hop.
        victim.peer.send_all(&[valid(9), vec![]]);
        let frames = victim.peer.receive(LIMIT).unwrap();
        assert_eq!(frames[0], valid(9));
        assert_eq!(refusal(&frames[1], 0).0, 12);
        victim.serves();
        assert_eq!(victim.counted().malformed, 4);
    });
}

#[test]
fn long_routes_count_towards_the_queue_limit() {
    within(LIMIT, || {
        let victim = Victim::start();
        let hold = key("Probe.hold", "->unit", 1);
        victim.peer.send(call_by_key(1, hold, 0, &[]));
        victim.gate.await_arrivals(1);
        let (count, hop) = (64, vec![0; MAX_MESSAGE]);
        for id in 2..count + 2 {
            victim
                .peer
                .send_all(&[hop.clone(), call_by_key(id, hold, 0, &[])]);
        }
        // A server that reads while its handlers run refuses now, one that does not will when the gate is open.
        let mut answers: Vec<_> =
            std::iter::from_fn(|| victim.peer.receive(Duration::from_millis(300))).collect();
        victim.gate.open();
        answers.extend(std::iter::from_fn(|| {
            victim.peer.receive(Duration::from_secs(1))
        }));
        let served = answers
            .iter()
            .filter(|frames| frames.last().unwrap()[11] == 0)
            .count();
        // 4 MiB were sent to a queue that may hold 1 MiB.
        assert!(served <= 32, "{served} routes of 64 KiB were kept in 1 MiB");
    });
}

#[test]
fn a_req_socket_gets_its_reply_whatever_it_sends() {
    within(LIMIT, || {
        let victim = Victim::start();
        let peer = Peer::of(zmq::REQ, &victim.endpoint);
        let panics = key("Probe.panics", "string,->unit", 1);
        for _ in 0..3 {
            assert_eq!(peer.ask(valid(1)), support::reply(1, 0, 0, &[10]));
            assert_eq!(refusal(&peer.ask("hello"), 0).0, 12);
            assert_eq!(refusal(&peer.ask(""), 0).0, 12);
            assert_eq!(refusal(&peer.ask(&valid(3)[..20]), 3).0, 12);
            assert_eq!(refusal(&peer.ask(call_by_key(4, panics, 0, &[0])), 4).0, 10);
            let mut large = valid(5);
            large.resize(MAX_MESSAGE + 1, 0);
            assert_eq!(refusal(&peer.ask(large), 5).0, 6);
            assert_eq!(peer.ask(head(5, 6)), support::pong(6));
        }
        victim.serves();
    });
}

#[test]
fn a_cancel_reaches_no_other_callers_call() {
    within(LIMIT, || {
        let victim = Victim::start();
        let hold = key("Probe.hold", "->unit", 1);
        victim.peer.send(call_by_key(1, hold, 0, &[]));
        victim.gate.await_arrivals(1);
        // As a hub hands on what two callers send it: one peer to the server, and ids that are alike, as every client
        // begins with the same.
        let (one, other) = (b"one".to_vec(), b"other".to_vec());
        victim.peer.send_all(&[other.clone(), valid(7)]);
        victim.peer.send_all(&[one, head(4, 7)]);
        // A server that reads while its handlers run answers now, one that does not will when the gate is open.
        let early = victim.peer.receive(Duration::from_millis(300));
        victim.gate.open();
        let answer = early.or_else(|| {
            victim.peer.answer();
            victim.peer.receive(Duration::from_secs(2))
        });
        assert_eq!(
            answer,
            Some(vec![other, support::reply(7, 0, 0, &[10])]),
            "the other caller's call was cancelled"
        );
    });
}
