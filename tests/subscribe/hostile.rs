//! What nobody in his right mind sends.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use zmqrpc::Subscription;

use super::publisher::{Publisher, Pusher, Rogue, event, heartbeat, notification, number};
use super::recorder::{only, record};
use super::support::{Random, await_state, head, within};

const LIMIT: Duration = Duration::from_secs(60);

/// Frames that are neither events nor notifications.
fn garbage() -> Vec<Vec<u8>> {
    let mut random = Random(1);
    let mut frames: Vec<Vec<u8>> = (0..200)
        .map(|_| {
            let len = random.below(100);
            random.bytes(len)
        })
        .collect();
    frames.extend([
        Vec::new(),
        b"{\"jsonrpc\": \"2.0\", \"method\": \"reading\", \"params\": [1]}".to_vec(),
        vec![0x94, 0x00, 0x01, 0xA7],
        vec![0xC1],
        vec![0xC1, 2, 2, 0, 0],
        head(0x81, 1),
        head(0x04, 1),
        head(0x05, 1),
        head(0x77, 1),
        vec![0; 100_000],
    ]);
    // Every beginning of a good one.
    let good = event(1, 1, "reading", &number(1));
    frames.extend((0..20).map(|len| good[..len].to_vec()));
    frames
}

#[test]
fn garbage_among_events_is_counted_and_the_next_event_arrives() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let (server, recorder) =
            record(|builder| builder.subscribe(&publisher.endpoint).max_message(64 << 10));
        publisher.await_subscriber();
        let good = event(1, 1, "reading", &number(1));
        let mut sent = 0;
        let mut send = |frames: &[&[u8]]| {
            publisher.send(frames);
            sent += 1;
        };
        for frame in garbage() {
            send(&[b"", &frame]);
        }
        // A notification is no event.
        send(&[b"", &notification("reading", &number(1))]);
        // One frame, three frames, topics that are no text or too long.
        send(&[b"topic"]);
        send(&[&good]);
        send(&[b"", &good, b"more"]);
        send(&[b"\xFE", &good]);
        send(&[&[b'x'; 256], &good]);
        // Heartbeats under topics, commands under that of heartbeats, contents that do not exist.
        send(&[b"", &heartbeat(1, 1)]);
        send(&[b"\xFF", &good]);
        let mut content = good.clone();
        content[19] = 2;
        send(&[b"", &content]);
        let mut longer = heartbeat(1, 1);
        longer.push(0);
        send(&[b"\xFF", &longer]);
        publisher.reading("", 7);
        assert_eq!(recorder.log.await_numbers(1), [7]);
        let stats = only(&server);
        assert_eq!((stats.malformed, stats.received), (sent, 1));
        assert_eq!((stats.lost, stats.heartbeats), (0, 0));
        assert_eq!(server.stats().malformed, sent);
    });
}

#[test]
fn garbage_among_what_is_pushed_is_counted_and_the_next_command_arrives() {
    within(LIMIT, || {
        let pusher = Pusher::bind();
        let (server, recorder) =
            record(|builder| builder.pull_connect(&pusher.endpoint).max_message(64 << 10));
        let good = notification("reading", &number(1));
        let mut sent = 0;
        for frame in garbage() {
            pusher.socket.send(frame, 0).unwrap();
            sent += 1;
        }
        for frames in [
            vec![event(1, 1, "reading", &number(1))],
            vec![good.clone(), good.clone()],
            vec![Vec::new(), good.clone()],
            vec![good.clone(), good.clone(), good],
        ] {
            pusher.socket.send_multipart(frames, 0).unwrap();
            sent += 1;
        }
        pusher.reading(7);
        assert_eq!(recorder.log.await_numbers(1), [7]);
        let stats = &server.pulls()[0];
        assert_eq!((stats.malformed, stats.received), (sent, 1));
    });
}

#[test]
fn what_is_larger_than_twice_the_limit_cuts_the_connection_which_comes_again() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let (server, recorder) = record(|builder| {
            builder
                .subscribe(&publisher.endpoint)
                .pull_bind("tcp://127.0.0.1:*")
                .max_message(64 << 10)
        });
        publisher.await_subscriber();
        publisher.send(&[b"", &vec![0; 200_000]]);
        publisher.await_subscriber();
        publisher.reading("", 7);
        assert_eq!(recorder.log.await_numbers(1), [7]);
        assert_eq!(only(&server).malformed, 0);

        let pusher = Pusher::connect(&server.pulls()[0].endpoint);
        pusher.reading(8);
        assert_eq!(recorder.log.await_numbers(2), [7, 8]);
        pusher.socket.send(vec![0; 200_000], 0).unwrap();
        // Written to the connection that is being cut, some are lost with it.
        let mut tries = 9;
        while recorder.log.numbers().last() < Some(&9) {
            pusher.reading(tries);
            tries += 1;
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(server.pulls()[0].malformed, 0);
    });
}

#[test]
fn plain_tcp_bytes_do_not_get_into_a_bound_endpoint() {
    within(LIMIT, || {
        let (server, recorder) = record(|builder| {
            builder
                .subscribe(Subscription::bind("tcp://127.0.0.1:*"))
                .pull_bind("tcp://127.0.0.1:*")
        });
        let subscription = only(&server).endpoint;
        let pull = server.pulls()[0].endpoint.clone();
        let mut random = Random(2);
        let mut streams = Vec::new();
        for round in 0..40 {
            for endpoint in [&subscription, &pull] {
                let address = endpoint.trim_start_matches("tcp://");
                let mut stream = TcpStream::connect(address).unwrap();
                let bytes = match round {
                    0 => b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
                    // What libzmq takes for ZMTP 1.0 and delivers, where it is not told otherwise.
                    1 => vec![1, 0, 6, 0, b'h', b'e', b'l', b'l', b'o'],
                    2 => vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F],
                    _ => random.bytes(200),
                };
                // It may be refused in the middle.
                let _ = stream.write_all(&bytes);
                streams.push(stream);
            }
        }
        let mut publisher = Publisher::connect(&subscription, 1);
        let pusher = Pusher::connect(&pull);
        publisher.await_subscriber();
        publisher.reading("", 1);
        pusher.reading(2);
        let mut numbers = recorder.log.await_numbers(2);
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2]);
        assert_eq!(only(&server).malformed, 0);
        assert_eq!(server.pulls()[0].malformed, 0);
    });
}

#[test]
fn a_publisher_that_ignores_subscriptions_is_not_listened_to() {
    within(LIMIT, || {
        let (server, recorder) = record(|builder| {
            builder.subscribe(Subscription::bind("tcp://127.0.0.1:*").topic("eu."))
        });
        let mut rogue = Rogue::connect(&only(&server).endpoint, "PUB");
        rogue.send(&[b"us.", &event(1, 1, "reading", &number(1))]);
        rogue.send(&[b"eu", &event(1, 1, "reading", &number(2))]);
        rogue.send(&[b"eu.", &event(1, 1, "reading", &number(3))]);
        rogue.send(&[b"\xFF", &heartbeat(1, 1)]);
        assert_eq!(recorder.log.await_numbers(1), [3]);
        await_state("the heartbeat", || only(&server).heartbeats == 1);
        let stats = only(&server);
        assert_eq!((stats.received, stats.malformed), (1, 2));
    });
}

#[test]
fn invented_publishers_do_not_fill_the_memory() {
    within(LIMIT, || {
        let publisher = Publisher::bind(1);
        let (server, recorder) = record(|builder| builder.subscribe(&publisher.endpoint));
        publisher.await_subscriber();
        let count = 20_000;
        for id in 0..count {
            let topic = format!("{id}");
            let event = event(id, u64::MAX - id, "reading", &number(id));
            publisher.send(&[topic.as_bytes(), &event]);
        }
        recorder.log.await_entries(usize::try_from(count).unwrap());
        let stats = only(&server);
        assert_eq!((stats.received, stats.lost), (count, 0));
        assert!(stats.publishers.len() <= 1024, "{}", stats.publishers.len());
        assert!(stats.publishers.len() >= 512, "{}", stats.publishers.len());
    });
}
