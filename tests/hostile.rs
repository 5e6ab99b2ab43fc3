//! A live server against everything that a peer or a service can do to it: afterwards the next valid request is served.

mod support;

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::{
    Gate, Peer, ProbeClient, Random, Stubborn, Tree, anywhere, call_by_key, call_by_name, head,
    key, serve, text, varint, within,
};
use zmqrpc::{Client, Error, Executed, ServerHandle, ServerStats};

const LIMIT: Duration = Duration::from_secs(30);
const MAX_MESSAGE: usize = 64 << 10;

/// A server, a raw peer that torments it, and a well-behaved client beside it.
struct Victim {
    server: ServerHandle,
    gate: Gate,
    endpoint: String,
    peer: Peer,
    client: ProbeClient,
}

impl Victim {
    fn start() -> Self {
        Self::with_workers(4)
    }

    fn with_workers(workers: usize) -> Self {
        let (server, gate) = serve(|builder| {
            anywhere(builder)
                .workers(workers)
                .max_message(MAX_MESSAGE)
                .max_queue(1_000)
                .max_queue_bytes(1 << 20)
        });
        let endpoint = server.endpoints().remove(0);
        let client = Client::builder()
            .connect(&endpoint)
            .max_message(4 * MAX_MESSAGE)
            .timeout(Duration::from_secs(5))
            .build()
            .unwrap();
        Self {
            peer: Peer::connect(&endpoint),
            client: ProbeClient::new(client),
            server,
            gate,
            endpoint,
        }
    }

    /// The next valid request is served, to the tormentor and to others.
    #[track_caller]
    fn serves(&self) {
        assert_eq!(self.client.add(2, 3), Ok(5));
        let answer = Peer::connect(&self.endpoint).ask(valid(7));
        assert_eq!(answer, support::reply(7, 0, 0, &[10]));
    }

    /// The counters when everything has been counted: the server is over then.
    fn counted(self) -> ServerStats {
        self.server.shutdown(LIMIT).unwrap();
        self.server.stats()
    }
}

fn add_key() -> u64 {
    key("Probe.add", "(i64, i64) -> i64", 1)
}

/// `Probe.add(2, 3)` by key.
fn valid(id: u64) -> Vec<u8> {
    call_by_key(id, add_key(), 5_000, &[4, 6])
}

/// Status, executed and detail of a failure.
#[track_caller]
fn refusal(frame: &[u8], id: u64) -> (u8, u8, String) {
    assert_eq!(frame[..11], head(0x81, id), "{frame:x?}");
    assert_eq!(frame[12..14], [0, 0], "no codec, no metadata");
    let detail = String::from_utf8(frame[15..].to_vec()).unwrap();
    (frame[11], frame[14], detail)
}

#[test]
fn random_bytes_are_answered_under_no_id_and_counted() {
    within(LIMIT, || {
        let victim = Victim::start();
        let mut random = Random(1);
        let count = 4_000;
        for _ in 0..count {
            let len = random.below(64);
            let mut bytes = random.bytes(len);
            if bytes.first() == Some(&0xC1) {
                bytes[0] = 0;
            }
            let answer = victim.peer.ask(bytes);
            assert_eq!(refusal(&answer, 0).0, 12);
        }
        victim.serves();
        assert_eq!(victim.counted().malformed, count);
    });
}

#[test]
fn random_frames_with_a_valid_head_never_stop_the_server() {
    within(LIMIT, || {
        let victim = Victim::start();
        let mut random = Random(2);
        for round in 0..40 {
            for _ in 0..100 {
                let kind = [1, 1, 1, 2, 3, 4, 5, 0x81, 0x85, 0x86, 0x42][random.below(11)];
                let mut frame = head(kind, random.number());
                if random.below(2) == 0 {
                    frame.extend([
                        u8::try_from(random.below(3)).unwrap(),
                        u8::try_from(random.below(3)).unwrap(),
                    ]);
                }
                if random.below(2) == 0 && frame.len() == 13 {
                    frame[12] = 0;
                    frame.extend(add_key().to_le_bytes());
                }
                let len = random.below(40);
                frame.extend(random.bytes(len));
                victim.peer.send(frame);
            }
            let mark = 1_000_000 + round;
            victim.peer.send(head(5, mark));
            while victim.peer.answer() != support::pong(mark) {}
        }
        victim.serves();
    });
}

#[test]
fn valid_frames_cut_anywhere_are_refused_or_read_as_what_they_are() {
    within(LIMIT, || {
        let victim = Victim::start();
        let named = call_by_name(9, "Probe.add", 5_000, &[0x92, 2, 3]);
        let mut with_metadata = head(1, 9);
        with_metadata.extend([2, 1]);
        with_metadata.extend(text("Probe.who"));
        with_metadata.extend(varint(5_000));
        with_metadata.extend([varint(1), text("key"), text("value")].concat());
        with_metadata.extend([0x91, 0xA3, b'k', b'e', b'y']);
        for frame in [valid(9), named, with_metadata] {
            for len in 0..frame.len() {
                let answer = victim.peer.ask(&frame[..len]);
                let id = if len < 11 { 0 } else { 9 };
                let (status, executed, _) = refusal(&answer, id);
                // The header is not complete, or only the arguments are cut.
                assert!(status == 12 || status == 4, "{len} bytes: {status}");
                assert_eq!(executed, 0);
            }
            let answer = victim.peer.ask(&frame);
            assert_eq!(answer[11], 0, "{answer:x?}");
            let longer = [&frame[..], &[0]].concat();
            assert_eq!(refusal(&victim.peer.ask(longer), 9).0, 4);
        }
        victim.serves();
    });
}

#[test]
fn what_the_protocol_names_is_refused_with_its_status() {
    within(LIMIT, || {
        let victim = Victim::start();
        let patched = |at: usize, byte: u8| {
            let mut frame = valid(9);
            frame[at] = byte;
            frame
        };
        let mut ping = head(5, 9);
        ping.push(0);
        for (what, frame, id, status) in [
            ("no version", vec![0xC1], 0, 12),
            ("version 0", patched(1, 0), 9, 13),
            ("version 2", patched(1, 2), 9, 13),
            ("version 255", patched(1, 255), 9, 13),
            ("kind 0", patched(2, 0), 9, 15),
            ("kind 6", patched(2, 6), 9, 15),
            ("kind 7F", patched(2, 0x7F), 9, 15),
            ("codec JSON", patched(11, 1), 9, 14),
            ("codec 3", patched(11, 3), 9, 14),
            ("codec 255", patched(11, 255), 9, 14),
            ("method tag 2", patched(12, 2), 9, 12),
            ("another name", patched(17, 0xFF), 9, 2),
            ("another signature", patched(13, 0xFF), 9, 3),
            ("a ping with more", ping, 9, 12),
            (
                "an unknown name",
                call_by_name(9, "Probe.nothing", 0, &[0x90]),
                9,
                2,
            ),
            (
                "a name that is too long",
                call_by_name(9, &"x".repeat(257), 0, &[0x90]),
                9,
                6,
            ),
            (
                "too many entries",
                [head(1, 9), vec![2, 1, 1, b'x', 0, 65]].concat(),
                9,
                6,
            ),
            (
                "JSON-RPC",
                br#"{"jsonrpc":"2.0","method":"add","id":1}"#.to_vec(),
                0,
                12,
            ),
            (
                "MessagePack-RPC",
                vec![0x94, 0, 1, 0xA3, b'a', b'd', b'd', 0x92, 2, 3],
                0,
                12,
            ),
            (
                "zerorpc",
                vec![
                    0x93, 0x82, 0xA1, b'v', 3, 0xA3, b'a', b'd', b'd', 0x92, 2, 3,
                ],
                0,
                12,
            ),
            ("an empty frame", vec![], 0, 12),
        ] {
            let (got, executed, detail) = refusal(&victim.peer.ask(frame), id);
            assert_eq!((got, executed), (status, 0), "{what}: {detail}");
        }
        victim.serves();
        let stats = victim.counted();
        assert_eq!((stats.malformed, stats.refused, stats.requests), (15, 6, 2));
    });
}

#[test]
fn what_must_not_be_answered_is_not() {
    within(LIMIT, || {
        let victim = Victim::start();
        let mut bad_notify = valid(9);
        bad_notify[2] = 2;
        bad_notify[13] = 0xFF;
        let mut other_version = head(0x81, 9);
        other_version[1] = 2;
        for frame in [
            bad_notify,
            head(2, 9),
            head(3, 9),
            head(4, 9),
            [head(4, 9), vec![1, 2, 3]].concat(),
            head(0x80, 9),
            head(0x81, 9),
            support::reply(9, 0, 0, &[10]),
            support::failure(9, 12, 0, "no"),
            head(0x85, 9),
            head(0x86, 9),
            head(0xFF, 9),
            other_version,
        ] {
            victim.peer.send(frame);
        }
        assert_eq!(victim.peer.ask(head(5, 77)), support::pong(77));
        victim.serves();
    });
}

#[test]
fn an_oversized_frame_is_refused_up_to_twice_the_limit_and_cut_off_beyond() {
    within(LIMIT, || {
        let victim = Victim::start();
        let of_size = |size: usize| {
            let mut frame = valid(9);
            frame.resize(size, 0);
            frame
        };
        for size in [MAX_MESSAGE + 1, 2 * MAX_MESSAGE] {
            let answer = victim.peer.ask(of_size(size));
            assert_eq!(refusal(&answer, 9), (6, 0, MAX_MESSAGE.to_string()));
        }
        assert_eq!(victim.peer.ask(valid(9))[11], 0, "the connection stays");
        let error = victim.client.len(&vec![0; 3 * MAX_MESSAGE]).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert_eq!(error.executed(), Executed::Maybe);
        victim.serves();
    });
}

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
        let hold = key("Probe.hold", "() -> ()", 1);
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
fn raw_tcp_bytes_never_reach_dispatch() {
    within(LIMIT, || {
        let victim = Victim::start();
        let address = victim.endpoint.strip_prefix("tcp://").unwrap();
        let mut random = Random(3);
        let greeting = [&[0xFF][..], &[0; 8], &[0x7F, 3, 0, b'N', b'U', b'L', b'L']].concat();
        let mut attempts = vec![
            b"\x01\x00\x06\x00hello".to_vec(),
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
            [&[0xFF][..], &[0; 7], &[1, 0x7F, 1]].concat(),
            [&greeting[..], &[0xFF; 64]].concat(),
            [&[1, 0, 28, 0][..], &valid(9)].concat(),
            vec![0xFF],
            vec![],
        ];
        attempts.extend((0..100).map(|_| random.bytes(200)));
        let mut open = Vec::new();
        for bytes in attempts {
            let mut stream = TcpStream::connect(address).unwrap();
            let _ = stream.write_all(&bytes);
            open.push(stream);
        }
        victim.serves();
        drop(open);
        victim.serves();
        let stats = victim.counted();
        assert_eq!((stats.requests, stats.malformed), (4, 0));
    });
}

#[test]
fn announced_lengths_are_compared_with_what_is_there() {
    within(LIMIT, || {
        let victim = Victim::start();
        let huge = varint(u64::MAX);
        let deep = |depth: usize| [vec![1; depth], vec![0]].concat();
        let sum = key("Probe.sum", "(Vec<u64>) -> u64", 1);
        let echo = key("Probe.echo", "(Vec<u8>) -> Vec<u8>", 1);
        let who = key("Probe.who", "(String) -> Option<String>", 1);
        let depth = key("Probe.depth", "(Tree) -> u32", 1);
        for (what, key, body) in [
            ("a sequence", sum, huge.clone()),
            ("a sequence of 2^40", sum, varint(1 << 40)),
            (
                "a sequence of 2^20",
                sum,
                [varint(1 << 20), vec![0; 100]].concat(),
            ),
            ("bytes", echo, huge.clone()),
            ("bytes of 2^40", echo, varint(1 << 40)),
            ("text", who, huge.clone()),
            ("text of 2^40", who, varint(1 << 40)),
            ("no utf-8", who, vec![1, 0xFF]),
            ("recursion", depth, deep(50_000)),
            ("a recursion too deep", depth, deep(200)),
            ("an unknown variant", depth, varint(9)),
        ] {
            let (status, executed, detail) =
                refusal(&victim.peer.ask(call_by_key(9, key, 0, &body)), 9);
            assert_eq!((status, executed), (4, 0), "{what}: {detail}");
        }
        for (what, name, body) in [
            (
                "an array",
                "Probe.sum",
                vec![0x91, 0xDD, 0xFF, 0xFF, 0xFF, 0xFF],
            ),
            (
                "a map",
                "Probe.sum",
                vec![0x91, 0xDF, 0xFF, 0xFF, 0xFF, 0xFF],
            ),
            (
                "bin",
                "Probe.echo",
                vec![0x91, 0xC6, 0xFF, 0xFF, 0xFF, 0xFF],
            ),
            ("str", "Probe.who", vec![0x91, 0xDB, 0xFF, 0xFF, 0xFF, 0xFF]),
            ("nested arrays", "Probe.sum", vec![0x91; 50_000]),
            ("nested maps", "Probe.depth", {
                let node = [&[0x81, 0xA4][..], b"Node"].concat();
                [vec![0x91], node.repeat(8_000)].concat()
            }),
            ("ext", "Probe.add", vec![0xC9, 0xFF, 0xFF, 0xFF, 0xFF, 0]),
            ("reserved", "Probe.add", vec![0xC1]),
        ] {
            let (status, executed, detail) =
                refusal(&victim.peer.ask(call_by_name(9, name, 0, &body)), 9);
            assert_eq!((status, executed), (4, 0), "{what}: {detail}");
        }
        let tree = (0..100).fold(Tree::Leaf, |tree, _| Tree::Node(Box::new(tree)));
        assert_eq!(victim.client.depth(tree), Ok(100));
        victim.serves();
    });
}

#[test]
fn panicking_services_are_their_callers_misfortune_alone() {
    within(LIMIT, || {
        let victim = Victim::start();
        let panicked = |result: Result<(), Error>| {
            assert!(matches!(result, Err(Error::Panicked { .. })), "{result:?}");
            victim.serves();
        };
        panicked(victim.client.panics("on purpose"));
        panicked(victim.client.panics_later());
        panicked(victim.client.bomb(0));
        panicked(victim.client.answers_with(2).map(drop));
        panicked(victim.client.takes(Stubborn::Explodes).map(drop));
        assert_eq!(victim.counted().panics, 5);
    });
}

#[test]
fn a_panic_that_panics_when_it_is_dropped_does_not_stop_the_server() {
    within(LIMIT, || {
        let victim = Victim::start();
        for depth in [1, 2, 5] {
            let error = victim.client.bomb(depth).unwrap_err();
            assert!(
                matches!(error, Error::Panicked { .. }),
                "{depth}: {error:?}"
            );
            victim.serves();
        }
        assert_eq!(victim.counted().panics, 3);
    });
}

#[test]
fn replies_that_cannot_travel_are_refused() {
    within(LIMIT, || {
        let victim = Victim::start();
        let error = victim.client.bytes(MAX_MESSAGE as u64).unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit, .. } if limit == MAX_MESSAGE));
        assert_eq!(error.executed(), Executed::Yes);
        victim.serves();
        let error = victim.client.answers_with(1).unwrap_err();
        assert!(matches!(error, Error::Encode { .. }), "{error:?}");
        victim.serves();
        assert_eq!(victim.counted().refused, 2);
    });
}

#[test]
fn an_async_service_that_never_ends_is_ended_at_its_deadline() {
    within(LIMIT, || {
        let victim = Victim::start();
        let hasty = victim.client.with_timeout(Duration::from_millis(50));
        let error = hasty.hold_for_ever().unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
        victim.serves();
    });
}

#[test]
fn a_req_socket_gets_its_reply_whatever_it_sends() {
    within(LIMIT, || {
        let victim = Victim::start();
        let peer = Peer::of(zmq::REQ, &victim.endpoint);
        let panics = key("Probe.panics", "(String) -> ()", 1);
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
fn expired_and_cancelled_calls_are_not_executed() {
    within(LIMIT, || {
        // While its only worker is held, everything waits.
        let victim = Victim::with_workers(1);
        let hold = key("Probe.hold", "() -> ()", 1);
        let note = key("Probe.note", "(u64) -> ()", 1);
        victim.peer.send(call_by_key(1, hold, 0, &[]));
        victim.gate.await_arrivals(1);
        victim.peer.send(call_by_key(2, note, 1, &[5]));
        victim.peer.send(call_by_key(3, note, 0, &[5]));
        victim.peer.send(call_by_key(4, note, 0, &[5]));
        victim.peer.send(head(4, 3));
        victim.peer.send(head(4, 999));
        victim.peer.send(head(5, 5));
        // The pong tells that the others have been read; the time of the second begins there.
        assert_eq!(victim.peer.answer(), support::pong(5));
        let read = Instant::now();
        while read.elapsed() <= Duration::from_millis(1) {
            thread::yield_now();
        }
        victim.gate.open();
        let mut answers: Vec<_> = (0..3).map(|_| victim.peer.answer()).collect();
        answers.sort_by_key(|frame| frame[3]);
        assert_eq!((answers[0][3], answers[0][11]), (1, 0));
        assert_eq!(refusal(&answers[1], 2).0, 11);
        assert_eq!((answers[2][3], answers[2][11]), (4, 0));
        assert_eq!(victim.client.notes(), Ok(1));
        victim.serves();
        let counted = victim.counted();
        assert_eq!((counted.cancelled, counted.expired), (1, 1));
    });
}

/// Sends `frame` as fast as it can and never reads an answer.
fn flood(endpoint: &str, frame: Vec<u8>, stop: &Arc<AtomicBool>) -> thread::JoinHandle<()> {
    let (peer, stop) = (Peer::connect(endpoint), Arc::clone(stop));
    thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let _ = peer.0.send(&frame[..], zmq::DONTWAIT);
        }
    })
}

#[test]
fn a_flood_from_one_peer_does_not_starve_another() {
    within(LIMIT, || {
        for frame in [b"garbage".to_vec(), head(4, 1), head(5, 1), valid(1)] {
            let victim = Victim::start();
            victim.serves();
            let stop = Arc::new(AtomicBool::new(false));
            let flooders: Vec<_> = (0..2)
                .map(|_| flood(&victim.endpoint, frame.clone(), &stop))
                .collect();
            let mut worst = Duration::ZERO;
            let mut refused = 0;
            let end = Instant::now() + Duration::from_secs(1);
            while Instant::now() < end {
                let start = Instant::now();
                match victim.client.add(2, 3) {
                    Ok(sum) => assert_eq!(sum, 5),
                    // That is no silence.
                    Err(Error::Overloaded { .. }) => refused += 1,
                    Err(error) => panic!("beside a flood of {frame:x?}: {error}"),
                }
                worst = worst.max(start.elapsed());
            }
            let start = Instant::now();
            let ended = victim.server.shutdown(Duration::from_millis(500));
            let took = start.elapsed();
            stop.store(true, Ordering::Relaxed);
            for flooder in flooders {
                flooder.join().unwrap();
            }
            println!("{frame:x?}: worst {worst:?}, refused {refused}, shutdown {took:?} {ended:?}");
            assert!(worst < Duration::from_secs(2), "{frame:x?}: {worst:?}");
            assert!(
                took < Duration::from_secs(1),
                "{frame:x?}: shutdown took {took:?}"
            );
        }
    });
}

#[test]
fn a_caller_that_never_reads_does_not_hold_up_others() {
    within(LIMIT, || {
        let victim = Victim::start();
        let deaf = Peer::deaf(&victim.endpoint);
        let bytes = key("Probe.bytes", "(u64) -> Vec<u8>", 1);
        for id in 1..900 {
            deaf.send(call_by_key(id, bytes, 0, &varint(60_000)));
        }
        victim.serves();
        drop(deaf);
        victim.serves();
    });
}

#[test]
fn a_cancel_reaches_no_other_callers_call() {
    within(LIMIT, || {
        let victim = Victim::start();
        let hold = key("Probe.hold", "() -> ()", 1);
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
