//! Publishing, over real sockets. The subscribers are raw ones: the bytes are those of `PROTOCOL.md`.

mod support;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use support::{Event, Peer, await_state, head, ipc, key, text, varint, within};
use zmqrpc::{
    Error, Executed, Overflow, Publisher, Server, ServerBuilder, ServerHandle, Subscription,
    zmq_service,
};

const LIMIT: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_secs(10);

#[zmq_service]
pub(crate) trait Sensor {
    fn reading(&self, number: u64);
    fn blob(&self, bytes: &[u8]) -> Result<u64, String>;
    async fn checked(&self, number: u64) -> bool;
}

/// Passes on what it gets.
struct Recorder(Mutex<Sender<u64>>);

impl Sensor for Recorder {
    fn reading(&self, number: u64) {
        let _ = self.0.lock().unwrap().send(number);
    }

    fn blob(&self, bytes: &[u8]) -> Result<u64, String> {
        let _ = self.0.lock().unwrap().send(bytes.len() as u64);
        Err("nobody hears this".into())
    }

    async fn checked(&self, number: u64) -> bool {
        self.0.lock().unwrap().send(number).is_ok()
    }
}

/// A server of this library, and what it has got.
fn server(settings: impl FnOnce(ServerBuilder) -> ServerBuilder) -> (ServerHandle, Receiver<u64>) {
    let (sender, receiver) = channel();
    let service = SensorServer::new(Recorder(Mutex::new(sender)));
    let server = settings(Server::builder().service(service));
    (server.start().unwrap(), receiver)
}

fn publisher() -> (SensorClient<Publisher>, String) {
    let publisher = Publisher::bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.endpoints().remove(0);
    (SensorClient::new(publisher), endpoint)
}

fn subscriber(out: &SensorClient<Publisher>, endpoint: &str, topics: &[&str]) -> Peer {
    let before = out.transport().subscribers();
    let peer = Peer::subscribed(endpoint, topics);
    let waited = out.transport().wait_subscribers(before + 1, SOON);
    waited.unwrap();
    peer
}

#[test]
fn an_event_has_the_bytes_of_the_protocol() {
    within(LIMIT, || {
        let (out, endpoint) = publisher();
        let peer = subscriber(&out, &endpoint, &[""]);
        out.with_topic("eu.").reading(300).unwrap();
        let frames = peer.receive(SOON).unwrap();
        assert_eq!(frames[0], b"eu.");
        let publisher = &frames[1][11..19];
        let key = key("Sensor.reading", "(u64) -> ()", 1).to_le_bytes();
        let event = [
            &head(3, 1)[..],
            publisher,
            &[1, 0, 0],
            &key,
            &[0, 0, 0xAC, 2],
        ]
        .concat();
        assert_eq!(frames[1], event);

        out.transport().heartbeat().unwrap();
        let beat = [&head(3, 1)[..], publisher, &[0]].concat();
        assert_eq!(peer.receive(SOON).unwrap(), [vec![0xFF], beat]);

        let tagged = out.with(|publisher| publisher.with_metadata("site", "north"));
        tagged.reading(1).unwrap();
        let frames = peer.receive(SOON).unwrap();
        let metadata = [varint(1), text("site"), text("north")].concat();
        let event = [
            &head(3, 1)[..],
            publisher,
            &[1, 0, 0],
            &key,
            &[0],
            &metadata,
            &[1],
        ];
        assert_eq!(frames, [vec![], event.concat()]);
    });
}

#[test]
fn methods_of_every_kind_give_nothing() {
    within(LIMIT, || {
        let (out, endpoint) = publisher();
        let peer = subscriber(&out, &endpoint, &[""]);
        let results: [Result<(), Error>; 3] = [out.reading(1), out.blob(b"xy"), out.checked(3)];
        assert_eq!(results, [Ok(()), Ok(()), Ok(())]);
        let bodies: Vec<_> = (0..3).map(|_| peer.event().1.body.unwrap()).collect();
        assert_eq!(bodies, [vec![1], vec![2, b'x', b'y'], vec![3]]);
    });
}

#[test]
fn the_first_message_arrives_after_waiting_for_the_subscriber() {
    within(Duration::from_secs(60), || {
        let (out, endpoint) = publisher();
        let out = out.with_topic("eu.berlin");
        for number in 1..=1_000 {
            let peer = Peer::subscribed(&endpoint, &["eu."]);
            out.transport().wait_subscribers(1, SOON).unwrap();
            out.reading(number).unwrap();
            let (topic, event) = peer.event();
            assert_eq!((&*topic, event.number()), ("eu.berlin", number));
            drop(peer);
            await_state("the subscriber has gone", || {
                out.transport().subscribers() == 0
            });
        }
    });
}

#[test]
fn the_first_message_reaches_a_server_too() {
    within(Duration::from_secs(60), || {
        let (out, endpoint) = publisher();
        let out = out.with_topic("eu.berlin");
        for number in 1..=1_000 {
            let subscription = Subscription::connect(&endpoint).topic("eu.");
            let (server, got) = server(|builder| builder.subscribe(subscription).workers(1));
            out.transport().wait_subscribers(1, SOON).unwrap();
            out.reading(number).unwrap();
            assert_eq!(got.recv_timeout(SOON), Ok(number));
            server.shutdown(SOON).unwrap();
            await_state("the subscriber has gone", || {
                out.transport().subscribers() == 0
            });
        }
    });
}

#[test]
fn servers_subscribe_over_every_transport_and_in_both_directions() {
    within(LIMIT, || {
        for (round, endpoint) in ["tcp://127.0.0.1:*", &ipc("both"), "inproc://both"]
            .into_iter()
            .enumerate()
        {
            // The publisher is bound.
            let out = SensorClient::new(Publisher::bind(endpoint).unwrap());
            let bound = out.transport().endpoints().remove(0);
            let (first, got) = server(|builder| builder.subscribe(&*bound));
            out.transport().wait_subscribers(1, SOON).unwrap();
            for number in 0..1_000 {
                out.with_topic("eu.").reading(number).unwrap();
            }
            // Several threads execute what comes.
            let numbers: BTreeSet<_> = (0..1_000)
                .map_while(|_| got.recv_timeout(SOON).ok())
                .collect();
            assert_eq!(numbers, (0..1_000).collect(), "{endpoint}");
            assert_eq!(first.subscriptions()[0].lost, 0);
            drop((out, first));

            // The subscriber is, at the same place, and comes last, and comes again.
            let out = SensorClient::new(Publisher::connect(&bound).unwrap());
            let place = bound;
            for number in 0..3 {
                let number = 10 * round as u64 + number;
                let bound = Subscription::bind(&place);
                let (second, got) = server(|builder| builder.subscribe(bound));
                out.transport().wait_subscribers(1, SOON).unwrap();
                out.reading(number).unwrap();
                assert_eq!(got.recv_timeout(SOON), Ok(number), "{place}");
                second.shutdown(SOON).unwrap();
                await_state(&format!("{place} is left"), || {
                    out.transport().subscribers() == 0
                });
            }
        }
    });
}

#[test]
fn heartbeats_of_a_publisher_keep_a_subscription_from_being_renewed() {
    within(LIMIT, || {
        let builder = Publisher::builder().bind("tcp://127.0.0.1:*");
        let publisher = builder
            .heartbeat(Duration::from_millis(20))
            .build()
            .unwrap();
        let endpoint = &publisher.endpoints()[0];
        let limit = Duration::from_millis(500);
        let subscription = Subscription::connect(endpoint)
            .topic("eu.")
            .heartbeat(limit);
        let (server, _got) = server(|builder| builder.subscribe(subscription));
        await_state("many heartbeats have come", || {
            server.subscriptions()[0].heartbeats >= 50
        });
        assert_eq!(server.subscriptions()[0].renewals, 0);
        drop(publisher);
        await_state("silence is noticed", || {
            server.subscriptions()[0].renewals > 0
        });
    });
}

#[test]
fn topics_are_prefixes() {
    within(LIMIT, || {
        let (out, endpoint) = publisher();
        let all = subscriber(&out, &endpoint, &[""]);
        let eu = subscriber(&out, &endpoint, &["eu."]);
        let two = subscriber(&out, &endpoint, &["eu.berlin", "us"]);
        let none = subscriber(&out, &endpoint, &[]);
        let topics = [
            "",
            "eu",
            "eu.",
            "eu.berlin",
            "eu.berlin.mitte",
            "us",
            "asia",
            "äöü",
        ];
        for topic in topics {
            out.with_topic(topic).reading(1).unwrap();
        }
        out.with_topic("us.end").reading(1).unwrap();
        out.with_topic("eu.end").reading(1).unwrap();
        let until_end = |peer: &Peer| {
            let topics = std::iter::repeat_with(|| peer.event().0);
            topics
                .take_while(|topic| !topic.contains("end"))
                .collect::<Vec<_>>()
        };
        assert_eq!(until_end(&all), topics);
        assert_eq!(until_end(&eu), ["eu.", "eu.berlin", "eu.berlin.mitte"]);
        assert_eq!(until_end(&two), ["eu.berlin", "eu.berlin.mitte", "us"]);
        assert!(none.is_silent());
    });
}

#[test]
fn every_topic_has_its_own_sequence_and_every_publisher_its_own_number() {
    within(LIMIT, || {
        let (out, endpoint) = publisher();
        out.with_topic("eu.").reading(0).unwrap();
        let peer = subscriber(&out, &endpoint, &[""]);
        for topic in ["eu.", "us.", "eu.", "", "eu.", "us."] {
            out.with_topic(topic).reading(0).unwrap();
        }
        let seen: Vec<_> = (0..6)
            .map(|_| peer.event())
            .map(|(topic, event)| (topic, event.sequence))
            .collect();
        // What nobody got counts, too.
        let expected = [
            ("eu.", 2),
            ("us.", 1),
            ("eu.", 3),
            ("", 1),
            ("eu.", 4),
            ("us.", 2),
        ];
        assert_eq!(
            seen,
            expected.map(|(topic, number)| (topic.to_owned(), number))
        );

        let (other, endpoint) = publisher();
        let beside = subscriber(&other, &endpoint, &[""]);
        out.reading(0).unwrap();
        other.reading(0).unwrap();
        let (ours, theirs) = (peer.event().1, beside.event().1);
        assert_eq!((ours.sequence, theirs.sequence), (2, 1));
        assert_ne!(ours.publisher, theirs.publisher);
    });
}

#[test]
fn handles_share_the_socket_and_keep_their_topics() {
    within(LIMIT, || {
        let (out, endpoint) = publisher();
        let peer = subscriber(&out, &endpoint, &[""]);
        let threads: Vec<_> = (0..4_u64)
            .map(|thread| {
                let out = out.with_topic(&thread.to_string());
                thread::spawn(move || (0..500).try_for_each(|number| out.reading(number)))
            })
            .collect();
        let mut next = [0; 4];
        for _ in 0..2_000 {
            let (topic, event) = peer.event();
            let next = &mut next[topic.parse::<usize>().unwrap()];
            assert_eq!((event.number(), event.sequence), (*next, *next + 1));
            *next += 1;
        }
        for thread in threads {
            thread.join().unwrap().unwrap();
        }
        assert_eq!(out.transport().stats().published, 2_000);
    });
}

#[test]
fn heartbeats_reach_subscribers_of_every_topic() {
    within(LIMIT, || {
        let interval = Duration::from_millis(20);
        let builder = Publisher::builder().bind("tcp://127.0.0.1:*");
        let publisher = builder.heartbeat(interval).build().unwrap();
        let endpoint = publisher.endpoints().remove(0);
        let peers = [&["eu."][..], &[]].map(|topics| Peer::subscribed(&endpoint, topics));
        for peer in &peers {
            let beats: Vec<_> = (0..5)
                .map(|_| peer.receive(SOON).unwrap())
                .map(|frames| (frames[0].clone(), Event::read(&frames[1])))
                .collect();
            for (before, after) in beats.iter().zip(&beats[1..]) {
                assert_eq!(after.0, [0xFF]);
                assert_eq!(after.1.body, None);
                assert_eq!(after.1.sequence, before.1.sequence + 1);
            }
        }
        let before = publisher.stats();
        publisher.heartbeat().unwrap();
        assert!(publisher.stats().heartbeats > before.heartbeats);
        assert_eq!(publisher.stats().published, 0);
        // The thread ends with the last handle, though another interval were an hour.
        let builder = Publisher::builder().bind("tcp://127.0.0.1:*");
        let slow = builder
            .heartbeat(Duration::from_secs(3600))
            .build()
            .unwrap();
        let start = Instant::now();
        drop(slow);
        assert!(start.elapsed() < Duration::from_secs(2));
    });
}

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

static BLOB: [u8; 32 * 1024] = [7; 32 * 1024];

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
        out.transport().heartbeat().unwrap();
        for number in 1..=published {
            assert_eq!(deaf.event().1.sequence, number);
        }
        await_state("there is room", || out.blob(&BLOB).is_ok());
        assert_eq!(deaf.event().1.sequence, published + 1, "no gap");
    });
}

#[test]
fn subscribers_are_counted_as_they_come_and_go() {
    within(LIMIT, || {
        let (out, endpoint) = publisher();
        let publisher = out.transport().clone();
        assert_eq!(publisher.subscribers(), 0);
        publisher.wait_subscribers(0, Duration::ZERO).unwrap();
        let start = Instant::now();
        let error = publisher.wait_subscribers(2, Duration::from_millis(200));
        let (error, waited) = (error.unwrap_err(), start.elapsed());
        assert!(matches!(error, Error::Unavailable { .. }), "{error}");
        assert!(error.to_string().contains("0 of 2 subscribers"), "{error}");
        assert_eq!(error.executed(), Executed::No);
        assert!((200..2000).contains(&waited.as_millis()), "{waited:?}");

        let start = Instant::now();
        let waiters: Vec<_> = [1, 2, 3, 3, 2, 1]
            .into_iter()
            .map(|count| {
                let publisher = publisher.clone();
                thread::spawn(move || publisher.wait_subscribers(count, SOON))
            })
            .collect();
        // Publishing beside those who wait must not take their news away.
        let busy = Arc::new(std::sync::atomic::AtomicBool::new(true));
        let noise = thread::spawn({
            let (out, busy) = (out.clone(), Arc::clone(&busy));
            move || {
                while busy.load(std::sync::atomic::Ordering::Relaxed) {
                    out.with_topic("noise").reading(1).unwrap();
                }
            }
        });
        let mut peers: Vec<_> = (0..3)
            .map(|_| Peer::subscribed(&endpoint, &["eu.", "us.", "eu."]))
            .collect();
        for waiter in waiters {
            waiter.join().unwrap().unwrap();
        }
        // Not one of them was only woken by its own time limit.
        assert!(start.elapsed() < SOON / 2, "{:?}", start.elapsed());
        busy.store(false, std::sync::atomic::Ordering::Relaxed);
        noise.join().unwrap();
        assert_eq!(publisher.subscribers(), 3);
        peers.pop();
        await_state("one has gone", || publisher.subscribers() == 2);
        peers[0].0.set_unsubscribe(b"eu.").unwrap();
        out.with_topic("eu.").reading(1).unwrap();
        assert_eq!(peers[1].event().0, "eu.");
        assert_eq!(publisher.subscribers(), 2);
    });
}

#[test]
fn either_side_binds_and_endpoints_come_and_go() {
    within(LIMIT, || {
        let (first, at_first) = Peer::bound(zmq::SUB, "tcp://127.0.0.1:*");
        first.subscribe(&[""]);
        let publisher = Publisher::connect(&at_first).unwrap();
        let out = SensorClient::new(publisher.clone());
        // A raw socket that is bound notices who connects, and says what it subscribes, only while it is used.
        let counts = |peer: &Peer, count| {
            peer.0.get_events().unwrap();
            publisher.subscribers() == count
        };
        await_state("the first is there", || counts(&first, 1));

        let path = ipc("publish");
        let (second, at_second) = Peer::bound(zmq::SUB, &path);
        second.subscribe(&[""]);
        assert_eq!(publisher.also_connect(&at_second).unwrap(), at_second);
        await_state("the second is there", || counts(&second, 2));
        let resolved = publisher.also_bind("tcp://127.0.0.1:*").unwrap();
        let third = Peer::subscribed(&resolved, &[""]);
        publisher.wait_subscribers(3, SOON).unwrap();
        assert_eq!(publisher.endpoints(), [&*at_first, &at_second, &resolved]);
        out.reading(5).unwrap();
        for peer in [&first, &second, &third] {
            assert_eq!(peer.event().1.number(), 5);
        }
        publisher.close(&at_first).unwrap();
        publisher.close(&resolved).unwrap();
        await_state("two have gone", || publisher.subscribers() == 1);
        out.reading(6).unwrap();
        assert_eq!(second.event().1.number(), 6);
        assert!(first.is_silent() && third.is_silent());
        assert_eq!(publisher.endpoints(), [&*at_second]);
        let error = publisher.close(&at_first).unwrap_err();
        assert!(matches!(error, Error::Endpoint { .. }), "{error}");
    });
}

#[test]
fn a_publisher_that_has_ended_leaves_its_port_to_the_next_and_subscribers_follow() {
    within(LIMIT, || {
        let (out, endpoint) = publisher();
        let peer = subscriber(&out, &endpoint, &[""]);
        drop(out);
        for number in 0..5 {
            let out = SensorClient::new(Publisher::bind(&endpoint).unwrap());
            // A raw socket says again what it subscribes only while it is used.
            await_state("the subscriber is back", || {
                peer.0.get_events().unwrap();
                out.transport().subscribers() == 1
            });
            out.reading(number).unwrap();
            let event = peer.event().1;
            assert_eq!((event.number(), event.sequence), (number, 1));
        }
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

#[test]
fn what_cannot_be_published_is_an_error_and_nobody_gets_it() {
    within(LIMIT, || {
        let builder = Publisher::builder().bind("tcp://127.0.0.1:*");
        let publisher = builder.max_message(2_000).build().unwrap();
        let endpoint = publisher.endpoints().remove(0);
        let out = SensorClient::new(publisher);
        let peer = subscriber(&out, &endpoint, &[""]);
        let error = out.blob(&BLOB).unwrap_err();
        assert!(
            matches!(error, Error::TooLarge { limit: 2_000, .. }),
            "{error}"
        );
        let error = out.with_topic(&"x".repeat(256)).reading(1).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Config {
                    setting: "with_topic",
                    ..
                }
            ),
            "{error}"
        );
        let fat = out.with(|publisher| publisher.with_metadata("key", "x".repeat(10_000)));
        let error = fat.reading(1).unwrap_err();
        assert!(matches!(error, Error::Encode { .. }), "{error}");
        assert_eq!(error.executed(), Executed::No);
        out.with_topic(&"x".repeat(255)).reading(2).unwrap();
        let (topic, event) = peer.event();
        assert_eq!((topic.len(), event.number(), event.sequence), (255, 2, 1));
        assert_eq!(out.transport().stats().published, 1);
    });
}

#[test]
fn errors_name_the_setting_that_is_wrong() {
    let anywhere = || Publisher::builder().bind("tcp://127.0.0.1:*");
    for (builder, setting) in [
        (Publisher::builder(), "bind"),
        (anywhere().high_water(0), "high_water"),
        (anywhere().heartbeat(Duration::ZERO), "heartbeat"),
        (anywhere().max_message(10), "max_message"),
        (anywhere().metadata("key", "x".repeat(10_000)), "metadata"),
    ] {
        match builder.build() {
            Err(Error::Config { setting: wrong, .. }) => assert_eq!(wrong, setting),
            other => panic!("{setting}: {other:?}"),
        }
    }
    let taken = Publisher::bind("tcp://127.0.0.1:*").unwrap();
    let taken = taken.endpoints().remove(0);
    let blocker = Publisher::bind(&taken);
    for (result, endpoint) in [
        (Publisher::bind("127.0.0.1:1"), "127.0.0.1:1"),
        (Publisher::bind("tcp://256.0.0.1:1"), "tcp://256.0.0.1:1"),
        (Publisher::bind("udp://127.0.0.1:1"), "udp://127.0.0.1:1"),
        (Publisher::connect("tcp://127.0.0.1:*"), "tcp://127.0.0.1:*"),
        (Publisher::bind(&taken), &*taken),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.endpoint(), Some(endpoint), "{error}");
        assert!(matches!(error, Error::Endpoint { .. }), "{error}");
    }
    drop(blocker);
}
