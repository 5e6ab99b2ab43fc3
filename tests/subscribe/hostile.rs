//! What nobody in his right mind sends.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::pubsub::Subscription;
use zmqrpc::push::Puller;

use super::publisher::{Publisher, Pusher, Rogue, event, heartbeat, notification, number};
use super::recorder::{Recorder, only, record};
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
        let mut count = 0;
        let mut send = |frames: &[&[u8]]| {
            publisher.send(frames);
            count += 1;
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
        assert_eq!((stats.malformed, stats.received), (count, 1));
        assert_eq!((stats.lost, stats.heartbeats), (0, 0));
        assert_eq!(server.stats().malformed, count);
    });
}

#[test]
fn garbage_among_what_is_pushed_is_counted_and_the_next_command_arrives() {
    within(LIMIT, || {
        let pusher = Pusher::bind();
        let (server, recorder) = record(|builder| {
            builder
                .pull(Puller::connect(&pusher.endpoint))
                .max_message(64 << 10)
        });
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

/// Pushes this number until it arrives: what is written to a connection that is being cut is lost with it. A number that was
/// pushed before says nothing of the connection that is there now.
fn push_until_it_arrives(pusher: &Pusher, recorder: &Recorder, number: u64) {
    let end = Instant::now() + LIMIT / 2;
    while !recorder.log.numbers().contains(&number) {
        assert!(Instant::now() < end, "nothing arrives");
        pusher.reading(number);
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn what_is_larger_than_twice_the_limit_cuts_the_connection_which_comes_again() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let listening = Pusher::bind();
        let (server, recorder) = record(|builder| {
            builder
                .subscribe(&publisher.endpoint)
                .pull(Puller::bind("tcp://127.0.0.1:*"))
                .pull(Puller::connect(&listening.endpoint))
                .max_message(64 << 10)
        });
        let too_large = vec![0; 200_000];
        publisher.await_subscriber();
        for number in 0..2 {
            publisher.send(&[b"", &too_large]);
            publisher.await_subscriber();
            publisher.reading("", number);
            recorder
                .log
                .await_entries(1 + usize::try_from(number).unwrap());
        }
        assert_eq!((only(&server).malformed, only(&server).renewals), (0, 2));

        let connected = Pusher::connect(&server.pulls()[0].endpoint);
        for (pusher, numbers) in [(&connected, 10..13), (&listening, 20..23)] {
            for number in numbers {
                push_until_it_arrives(pusher, &recorder, number);
                if number % 10 < 2 {
                    pusher.socket.send(&too_large, 0).unwrap();
                }
            }
        }
        let pulls = server.pulls();
        assert_eq!((pulls[0].malformed, pulls[0].renewals), (0, 0));
        assert_eq!((pulls[1].malformed, pulls[1].renewals), (0, 2));
    });
}

#[test]
fn an_endpoint_that_spoke_something_else_at_first_is_listened_to_later() {
    within(LIMIT, || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
        let (server, recorder) = record(|builder| builder.subscribe(&endpoint));
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            .unwrap();
        // Until the subscriber hangs up.
        let _ = stream.read_to_end(&mut Vec::new());
        drop((stream, listener));
        let mut publisher = Publisher::bind_again(&endpoint, 1);
        publisher.await_subscriber();
        publisher.reading("", 1);
        assert_eq!(recorder.log.await_numbers(1), [1]);
        assert_eq!(only(&server).malformed, 0);
    });
}

#[test]
fn plain_tcp_bytes_do_not_get_into_a_bound_endpoint() {
    within(LIMIT, || {
        let (server, recorder) = record(|builder| {
            builder
                .subscribe(Subscription::bind("tcp://127.0.0.1:*"))
                .pull(Puller::bind("tcp://127.0.0.1:*"))
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
