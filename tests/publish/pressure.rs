//! Subscribers that are full, that send what they should not, or that do not read at the end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use zmqrpc::pubsub::{Overflow, Publisher};
use zmqrpc::{Error, Executed};

use super::sensor::{BLOB, LIMIT, SOON, SensorClient, publisher, subscriber};
use super::support::{Event, Peer, await_state, within};

/// A publisher of few messages, a subscriber that reads nothing and one that reads.
fn congested(overflow: Overflow) -> (SensorClient<Publisher>, Peer, Peer) {
    let builder = Publisher::builder().bind("tcp://127.0.0.1:*");
    let publisher = builder.high_water(50).overflow(overflow).build().unwrap();
    let endpoint = publisher.endpoints().remove(0);
    let out = SensorClient::new(publisher);
    let deaf = zmq::Context::new().socket(zmq::SUB).unwrap();
    deaf.set_rcvhwm(1).unwrap();
    deaf.set_rcvbuf(4096).unwrap();
    deaf.connect(&endpoint).unwrap();
    let deaf = Peer(deaf);
    deaf.subscribe(&[""]);
    out.transport().wait_subscribers(1, SOON).unwrap();
    let reader = subscriber(&out, &endpoint, &[""]);
    (out, deaf, reader)
}

#[test]
fn a_full_subscriber_misses_messages_that_others_get() {
    within(LIMIT, || {
        let (out, deaf, reader) = congested(Overflow::Drop);
        let mut published = 0;
        // Enough to be sure that it has missed something.
        while out.transport().stats().congested == 0 || published % 100 != 0 {
            out.blob(&BLOB).unwrap();
            published += 1;
            assert_eq!(reader.event().1.sequence, published, "nothing is lost here");
            assert!(published < 20_000, "it is never full");
        }
        assert_eq!(out.transport().stats().published, published);
        // It takes in what was held for it, and from then on it gets everything again.
        let mut seen = Vec::new();
        while seen.last() != Some(&published) {
            if let Some(frames) = deaf.receive(Duration::from_millis(50)) {
                seen.push(Event::read(&frames[1]).sequence);
            } else {
                out.blob(&BLOB).unwrap();
                published += 1;
                reader.event();
            }
        }
        let lost = published - seen.len() as u64;
        assert!(lost > 0, "{published} published");
        assert!(seen.is_sorted(), "{seen:?}");
        out.reading(1).unwrap();
        assert_eq!(deaf.event().1.sequence, published + 1);
    });
}

#[test]
fn where_full_subscribers_count_publishing_is_refused() {
    within(LIMIT, || {
        let (out, deaf, reader) = congested(Overflow::Refuse);
        let mut published = 0;
        let error = loop {
            match out.blob(&BLOB) {
                Ok(()) => published += 1,
                Err(error) => break error,
            }
            reader.event();
            assert!(published < 20_000, "it is never full");
        };
        assert!(matches!(error, Error::Overloaded { .. }), "{error}");
        assert_eq!(error.executed(), Executed::No);
        assert_eq!(error.method(), Some("Sensor.blob"));
        assert!(error.to_string().contains("high_water"), "{error}");
        let stats = out.transport().stats();
        assert_eq!((stats.published, stats.congested), (published, 1));
        assert!(reader.is_silent(), "nobody gets what was refused");
        // A heartbeat is not refused: who is full needs none.
        out.transport().send_heartbeat().unwrap();
        for number in 1..=published {
            assert_eq!(deaf.event().1.sequence, number);
        }
        await_state("there is room", || out.blob(&BLOB).is_ok());
        assert_eq!(deaf.event().1.sequence, published + 1, "no gap");
    });
}

#[test]
fn dropping_never_hangs() {
    within(LIMIT, || {
        let (out, deaf, _reader) = congested(Overflow::Drop);
        while out.transport().stats().congested == 0 {
            out.blob(&BLOB).unwrap();
        }
        let start = Instant::now();
        drop(out);
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "{:?}",
            start.elapsed()
        );
        drop(deaf);

        // What was published just before arrives nevertheless.
        let (out, endpoint) = publisher();
        let peer = subscriber(&out, &endpoint, &[""]);
        for number in 0..100 {
            out.reading(number).unwrap();
        }
        drop(out);
        for number in 0..100 {
            assert_eq!(peer.event().1.number(), number);
        }
    });
}

#[test]
fn bad_peers_harm_nobody() {
    within(LIMIT, || {
        let (out, endpoint) = publisher();
        let peer = subscriber(&out, &endpoint, &[""]);
        let address = endpoint.strip_prefix("tcp://").unwrap();
        let mut raw = TcpStream::connect(address).unwrap();
        raw.write_all(b"GET / HTTP/1.1\r\nHost: example\r\n\r\n")
            .unwrap();
        let mut scanner = TcpStream::connect(address).unwrap();
        scanner.write_all(&[0xFF; 10]).unwrap();

        let stranger = Peer::of(zmq::XSUB, &endpoint);
        for message in [
            &b""[..],
            b"\x02",
            b"hello",
            b"\x00\xFFnot subscribed",
            b"\x00",
        ] {
            stranger.send(message);
        }
        stranger.send_all(&[b"\x01one".to_vec(), b"two".to_vec()]);
        // One that is longer than any topic costs its sender the connection: it never gets to say more.
        stranger.send([&[1][..], &[b'a'; 5_000]].concat());
        stranger.send([1, 0xFF]);
        for number in 1..=500 {
            out.reading(number).unwrap();
            assert_eq!(peer.event().1.sequence, number);
        }
        assert_eq!(out.transport().subscribers(), 1);
        // Not an answer, whatever was asked.
        raw.set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        let mut answer = Vec::new();
        let _ = raw.read_to_end(&mut answer);
        assert!(answer.len() <= 64 && !answer.windows(4).any(|bytes| bytes == b"\xC1\x01\x03"));
        out.transport().wait_subscribers(1, SOON).unwrap();
    });
}
