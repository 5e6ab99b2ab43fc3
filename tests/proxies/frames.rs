//! Frames of peers in other languages, and the routes in front of them.

use crate::support::{Peer, anywhere, call_by_key, key, serve, text, varint, within};
use crate::{LIMIT, endpoint, eventually, proxy_to};

#[test]
fn a_req_socket_is_served_and_its_route_kept() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let req = Peer::of(zmq::REQ, &proxy.endpoints()[0]);
        let key = key("Probe.add", "i64,i64,->i64", 1);
        for id in [1, 77, u64::MAX] {
            let answer = req.ask(call_by_key(id, key, 2000, &[4, 6]));
            assert_eq!(answer, crate::support::reply(id, 0, 0, &[10]));
        }
        // Devices in front put any frames there.
        let dealer = Peer::connect(&proxy.endpoints()[0]);
        let hops = vec![b"one".to_vec(), b"".to_vec(), b"three".to_vec()];
        let mut frames = hops.clone();
        frames.push(call_by_key(5, key, 2000, &[4, 6]));
        dealer.send_all(&frames);
        let answer = dealer.receive(LIMIT).unwrap();
        assert_eq!(answer[..3], hops);
        assert_eq!(answer[3], crate::support::reply(5, 0, 0, &[10]));
    });
}

#[test]
fn two_callers_with_the_same_ids_get_their_own_replies() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let key = key("Probe.add", "i64,i64,->i64", 1);
        let peers: Vec<Peer> = (0..8)
            .map(|_| Peer::connect(&proxy.endpoints()[0]))
            .collect();
        for id in 1..50 {
            for (number, peer) in (0_u8..).zip(&peers) {
                peer.send(call_by_key(id, key, 2000, &[2 * number, 0]));
            }
            for (number, peer) in (0_u8..).zip(&peers) {
                let expected = crate::support::reply(id, 0, 0, &[2 * number]);
                assert_eq!(peer.answer(), expected);
            }
        }
    });
}

#[test]
fn a_caller_that_has_gone_is_found_out_by_the_signs_of_life() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let key = key("Probe.hold_for_ever", "->unit", 1);
        let peer = Peer::connect(&proxy.endpoints()[0]);
        peer.send(call_by_key(3, key, 0, &[]));
        // A sign that the call still runs, under the caller's number.
        assert_eq!(peer.answer(), crate::support::head(0x86, 3));
        drop(peer);
        eventually("the cancellation", || server.stats().cancelled == 1);
    });
}

#[test]
fn the_proxy_answers_pings_itself() {
    within(LIMIT, || {
        let proxy = proxy_to("tcp://127.0.0.1:1");
        let peer = Peer::connect(&proxy.endpoints()[0]);
        for id in [0, 1, u64::MAX] {
            assert_eq!(
                peer.ask(crate::support::head(0x05, id)),
                crate::support::pong(id)
            );
        }
    });
}

#[test]
fn a_request_with_everything_arrives_byte_for_byte() {
    within(LIMIT, || {
        let (seen, see) = std::sync::mpsc::channel();
        let target = crate::support::Fake::start(move |frame| {
            seen.send(frame.to_vec()).unwrap();
            let mut reply = crate::support::head(0x81, 0);
            reply[3..11].copy_from_slice(&frame[3..11]);
            reply.extend([0, 2, 1]);
            reply.extend([text("key"), text("value")].concat());
            reply.extend(b"whatever it is");
            vec![reply]
        });
        let proxy = proxy_to(&target.endpoint);
        let peer = Peer::connect(&proxy.endpoints()[0]);
        let mut call = crate::support::head(0x01, 42);
        call.extend([2, 1]);
        call.extend([text("No.such"), varint(0), varint(1), text("a"), text("b")].concat());
        call.extend(b"not even MessagePack");
        let answer = peer.ask(&call);
        let arrived = see.recv().unwrap();
        assert_eq!(arrived[..3], call[..3]);
        assert_eq!(arrived[11..], call[11..]);
        assert_eq!(answer[3..11], 42_u64.to_le_bytes());
        assert!(answer.ends_with(b"whatever it is"));
    });
}
