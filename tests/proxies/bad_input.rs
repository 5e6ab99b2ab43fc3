//! What hostile callers send to a proxy, and hostile targets send back.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use zmqrpc::{CallError, Client, Error, Executed};

use crate::support::{
    Fake, Peer, ProbeAdd, Random, anywhere, call_by_key, failure, head, key, reply, serve, within,
};
use crate::{LIMIT, await_stats, client_of, endpoint, proxy_to};

const MALFORMED: u8 = 12;
const UNKNOWN_KIND: u8 = 15;

fn status_of(answer: &[u8]) -> (u8, u8) {
    assert_eq!(answer[..3], [0xC1, 1, 0x81], "{answer:x?}");
    (answer[11], answer[14])
}

#[test]
fn random_bytes_are_refused_and_the_next_request_is_served() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let peer = Peer::connect(&proxy.endpoints()[0]);
        let mut random = Random(4);
        for round in 0..500 {
            let len = random.below(200);
            let mut frame = random.bytes(len);
            // Not those that happen to ask for no answer.
            frame.insert(0, if round % 2 == 0 { 0x00 } else { 0x7E });
            let (status, executed) = status_of(&peer.ask(&frame));
            assert_eq!((status, executed), (MALFORMED, 0));
        }
        let key = key("Probe.add", "i64,i64,->i64", 1);
        let answer = peer.ask(call_by_key(7, key, 2000, &[4, 6]));
        assert_eq!(answer, reply(7, 0, 0, &[10]));
        assert_eq!(proxy.stats().malformed, 500);
        assert_eq!(server.stats().malformed, 0);
    });
}

#[test]
fn every_header_cut_anywhere_is_refused_or_ignored() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let peer = Peer::connect(&proxy.endpoints()[0]);
        let key = key("Probe.add", "i64,i64,->i64", 1);
        let whole = call_by_key(7, key, 2000, &[]);
        for end in 0..whole.len() {
            let (status, executed) = status_of(&peer.ask(&whole[..end]));
            assert_eq!((status, executed), (MALFORMED, 0), "cut at {end}");
        }
        for (kind, answered) in [(0x03, false), (0x81, false), (0xFF, false), (0x7F, true)] {
            peer.send(head(kind, 9));
            if answered {
                assert_eq!(status_of(&peer.answer()), (UNKNOWN_KIND, 0));
            }
        }
        assert_eq!(peer.ask(head(0x05, 1)), head(0x85, 1));
        assert_eq!(proxy.stats().received, 0);
    });
}

#[test]
fn other_dialects_and_versions_are_refused() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let peer = Peer::connect(&proxy.endpoints()[0]);
        let json = br#"{"jsonrpc": "2.0", "method": "add", "params": [2, 3], "id": 1}"#;
        assert_eq!(status_of(&peer.ask(json)), (MALFORMED, 0));
        assert_eq!(status_of(&peer.ask([0x94, 0, 1, 0xA3])), (MALFORMED, 0));
        let mut newer = head(0x01, 5);
        newer[1] = 9;
        let answer = peer.ask(newer);
        assert_eq!(answer[3..11], 5_u64.to_le_bytes());
        assert_eq!(status_of(&answer), (13, 0));
    });
}

#[test]
fn wrong_frame_counts_are_counted() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let peer = Peer::connect(&proxy.endpoints()[0]);
        let many = vec![b"hop".to_vec(); 100];
        peer.send_all(&many);
        let long = vec![vec![b'x'; 1000], b"message".to_vec()];
        peer.send_all(&long);
        await_stats(&proxy, "two malformed", |stats| stats.malformed == 2);
        assert_eq!(peer.ask(head(0x05, 1)), head(0x85, 1));
    });
}

#[test]
fn raw_tcp_bytes_reach_nobody() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let at = proxy.endpoints()[0].replace("tcp://", "");
        for bytes in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"\x01\x00\x06\x00hello",
            &[0xFF; 300],
        ] {
            TcpStream::connect(&at).unwrap().write_all(bytes).unwrap();
        }
        assert_eq!(client_of(&proxy).add(2, 3), Ok(5));
        assert_eq!((proxy.stats().malformed, proxy.stats().received), (0, 1));
    });
}

#[test]
fn a_cancellation_of_nothing_is_ignored() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let peer = Peer::connect(&proxy.endpoints()[0]);
        for id in [0, 1, 1 << 32, u64::MAX] {
            peer.send(head(0x04, id));
        }
        assert_eq!(peer.ask(head(0x05, 1)), head(0x85, 1));
        assert_eq!((proxy.stats().cancelled, proxy.stats().malformed), (0, 0));
    });
}

#[test]
fn a_target_that_answers_garbage_ends_no_call_but_its_own() {
    within(LIMIT, || {
        let mut random = Random(8);
        let target = Fake::start(move |frame| {
            if frame[2] == 0x05 {
                return vec![head(0x85, 0)];
            }
            let id = u64::from_le_bytes(frame[3..11].try_into().unwrap());
            let len = random.below(100);
            let mut noise = random.bytes(len);
            noise.insert(0, 0x00);
            vec![
                noise,
                Vec::new(),
                reply(id.wrapping_add(1), 0, 0, &[2]),
                reply(0, 0, 0, &[2]),
                reply(u64::MAX, 0, 0, &[2]),
                head(0x81, id)[..10].to_vec(),
                head(0x86, id ^ 1),
                head(0x99, id),
                reply(id, 0, 0, &[42]),
                // A second answer is one too many.
                reply(id, 0, 0, &[44]),
            ]
        });
        let proxy = proxy_to(&target.endpoint);
        let client = client_of(&proxy);
        for _ in 0..100 {
            assert_eq!(client.add(2, 3), Ok(21));
        }
        await_stats(&proxy, "the garbage", |stats| stats.late == 800);
        await_stats(&proxy, "all answers", |stats| stats.answered == 100);
    });
}

#[test]
fn a_target_that_sends_requests_is_no_server_and_its_calls_are_told() {
    within(LIMIT, || {
        // As a device would that a target should be behind: the request comes back.
        let target = Fake::start(|frame| vec![frame.to_vec()]);
        let proxy = proxy_to(&target.endpoint);
        let error = client_of(&proxy).add(2, 3).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error}");
        assert!(error.to_string().contains("is no server"), "{error}");
        assert_eq!(error.executed(), Executed::No);
    });
}

#[test]
fn a_reply_that_cannot_be_read_fails_the_call_it_names() {
    within(LIMIT, || {
        let target = Fake::start(|frame| {
            let mut broken = head(0x81, 0);
            broken[3..11].copy_from_slice(&frame[3..11]);
            vec![broken]
        });
        let proxy = proxy_to(&target.endpoint);
        let error = client_of(&proxy).add(2, 3).unwrap_err();
        assert!(matches!(error, Error::Decode { .. }), "{error}");
        assert_eq!(error.executed(), Executed::Maybe);
    });
}

#[test]
fn a_target_cannot_answer_what_another_one_was_asked() {
    within(LIMIT, || {
        // It answers the calls of both, in advance.
        let liar = Fake::start(|frame| {
            let id = u64::from_le_bytes(frame[3..11].try_into().unwrap());
            let places = 0..8;
            let forged = places.map(|place| reply((id & !0xFFFF_FFFF) + place, 1, 0, &[9]));
            let own = std::iter::once(failure(id, 8, 1, "enough"));
            own.chain(forged).collect()
        });
        let (honest, gate) = serve(anywhere);
        let back = zmqrpc::proxy::Req::new()
            .connect(endpoint(&honest))
            .connect(&liar.endpoint);
        let proxy =
            zmqrpc::proxy::Proxy::new(zmqrpc::proxy::Rep::new().bind(crate::ANYWHERE), back)
                .start()
                .unwrap();
        let client = Client::connect(&proxy.endpoints()[0]).unwrap();
        while proxy.stats().late == 0 {
            let _ = client.call(&ProbeAdd { a: 2, b: 3 });
        }
        let before = honest.stats().requests;
        let held: Vec<_> = (0..8)
            .map(|_| client.begin(&crate::support::ProbeHold {}).unwrap())
            .collect();
        gate.await_arrivals(4);
        gate.open();
        // It may lie about its own calls, not about those of the honest one.
        let ended = held.into_iter().map(zmqrpc::client::Pending::wait);
        let good = ended.flatten().count();
        assert_eq!((good, honest.stats().requests - before), (4, 4));
    });
}

#[test]
fn a_flood_from_a_target_stops_neither_calls_nor_the_end() {
    within(LIMIT, || {
        let target = Fake::start(|frame| {
            let id = u64::from_le_bytes(frame[3..11].try_into().unwrap());
            let mut flood = vec![reply(u64::MAX, 0, 0, &[0; 20]); 20_000];
            flood.push(reply(id, 0, 0, &[42]));
            flood
        });
        let proxy = proxy_to(&target.endpoint);
        let client = Client::connect(&proxy.endpoints()[0]).unwrap();
        assert_eq!(client.call(&ProbeAdd { a: 1, b: 1 }), Ok(21));
        assert_eq!(proxy.stats().late, 20_000);
        let _under_way = client.begin(&ProbeAdd { a: 1, b: 1 }).unwrap();
        let took = crate::timed_drop(proxy);
        assert!(took < Duration::from_secs(1), "{took:?}");
    });
}

#[test]
fn a_services_error_that_no_caller_can_read_is_passed_on_as_it_is() {
    within(LIMIT, || {
        let target = Fake::start(|frame| {
            let id = u64::from_le_bytes(frame[3..11].try_into().unwrap());
            vec![reply(id, 1, 0, &[0xFF; 3])]
        });
        let proxy = proxy_to(&target.endpoint);
        let error = client_of(&proxy).divide(1, 0).unwrap_err();
        assert!(
            matches!(error, CallError::Rpc(Error::Decode { .. })),
            "{error}"
        );
    });
}
