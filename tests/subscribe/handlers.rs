//! What handlers get and what becomes of what they do.

use std::time::Duration;
use zmqrpc::push::Puller;

use super::publisher::{Publisher, Pusher, event, notification, number};
use super::recorder::{SensorClient, only, record};
use super::support::{await_state, head, text, varint, within};

const LIMIT: Duration = Duration::from_secs(30);

/// What follows a request's head: by name, with a time limit and one entry of metadata.
fn tail(remaining: u64) -> Vec<u8> {
    let mut tail = vec![2, 1];
    tail.extend(text("Sensor.reading"));
    tail.extend(varint(remaining));
    tail.push(1);
    tail.extend(text("trace"));
    tail.extend(text("4711"));
    tail.extend(number(42));
    tail
}

#[test]
fn a_handler_learns_the_topic_the_peer_the_metadata_and_the_limit() {
    within(LIMIT, || {
        let publisher = Publisher::bind(1);
        let pusher = Pusher::bind();
        let (server, recorder) = record(|builder| {
            builder
                .subscribe(&publisher.endpoint)
                .pull(Puller::connect(&pusher.endpoint))
                .bind("tcp://127.0.0.1:*")
        });
        publisher.await_subscriber();
        let mut frame = head(0x03, 1);
        frame.extend(1_u64.to_le_bytes());
        frame.push(1);
        frame.extend(tail(60_000));
        publisher.send(&[b"eu.north", &frame]);
        let entries = recorder.log.await_entries(1);
        assert_eq!(entries[0].topic.as_deref(), Some("eu.north"));
        assert_eq!(entries[0].peer.as_deref(), Some("127.0.0.1"));
        assert_eq!(entries[0].trace.as_deref(), Some("4711"));
        assert_eq!((entries[0].number, entries[0].has_limit), (42, true));

        let job = [head(0x02, 0), tail(0)].concat();
        pusher.socket.send(job, 0).unwrap();
        let entries = recorder.log.await_entries(2);
        assert_eq!(entries[1].topic, None);
        assert_eq!(entries[1].trace.as_deref(), Some("4711"));
        assert_eq!((entries[1].number, entries[1].has_limit), (42, false));

        let client = SensorClient::connect(&server.endpoints()[0]).unwrap();
        client.reading(43).unwrap();
        let entries = recorder.log.await_entries(3);
        assert_eq!((entries[2].number, &entries[2].topic), (43, &None));
    });
}

#[test]
fn plain_and_async_methods_get_events_and_whatever_they_do_the_next_one_arrives() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let pusher = Pusher::bind();
        let (server, recorder) = record(|builder| {
            builder
                .subscribe(&publisher.endpoint)
                .pull(Puller::connect(&pusher.endpoint))
        });
        publisher.await_subscriber();
        let methods = ["fails", "panics", "panics_later", "later", "reading"];
        for round in 0..20 {
            for method in methods {
                publisher.call("", method, &number(round));
                pusher.call(method, &number(100 + round));
            }
        }
        let mut numbers = recorder.log.await_numbers(80);
        numbers.sort_unstable();
        let twice = |n| [n, n];
        let expected: Vec<u64> = (0..20).chain(100..120).flat_map(twice).collect();
        assert_eq!(numbers, expected);
        await_state("every panic", || server.stats().panics == 80);
        assert_eq!(server.stats().replies, 0);
        assert_eq!(only(&server).received, 100);
        assert_eq!(server.pulls()[0].received, 100);
    });
}

#[test]
fn commands_that_the_server_does_not_have_are_counted_and_the_next_one_arrives() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let pusher = Pusher::bind();
        let (server, recorder) = record(|builder| {
            builder
                .subscribe(&publisher.endpoint)
                .pull(Puller::connect(&pusher.endpoint))
        });
        publisher.await_subscriber();
        // Unknown, undecodable, and in a codec that does not exist.
        let bad = [("unknown", number(1)), ("reading", vec![0xC1, 1, 2])];
        for (method, arguments) in &bad {
            publisher.call("", method, arguments);
            pusher.call(method, arguments);
        }
        let mut codec = event(1, 3, "reading", &number(1));
        codec[20] = 99;
        publisher.send(&[b"", &codec]);
        let mut codec = notification("reading", &number(1));
        codec[11] = 99;
        pusher.socket.send(codec, 0).unwrap();
        publisher.lose("", 1);
        publisher.reading("", 7);
        pusher.reading(8);
        let mut numbers = recorder.log.await_numbers(2);
        numbers.sort_unstable();
        assert_eq!(numbers, [7, 8]);
        await_state("every refusal", || server.stats().refused == 6);
        let stats = only(&server);
        assert_eq!((stats.received, stats.lost, stats.malformed), (4, 0, 0));
        assert_eq!(server.pulls()[0].received, 4);
        assert_eq!(server.pulls()[0].malformed, 0);
    });
}

#[test]
fn the_same_service_is_called_published_to_and_pushed_to_at_once() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let (server, recorder) = record(|builder| {
            builder
                .bind("tcp://127.0.0.1:*")
                .bind("inproc://all-at-once")
                .subscribe(&publisher.endpoint)
                .pull(Puller::bind("tcp://127.0.0.1:*"))
        });
        let pusher = Pusher::connect(&server.pulls()[0].endpoint);
        publisher.await_subscriber();
        let callers: Vec<_> = server
            .endpoints()
            .into_iter()
            .zip([0, 1000])
            .map(|(endpoint, first)| {
                std::thread::spawn(move || {
                    let client = SensorClient::connect(&endpoint).unwrap();
                    for number in first..first + 1000 {
                        client.reading(number).unwrap();
                    }
                })
            })
            .collect();
        for number in 0..1000 {
            publisher.reading("", 2000 + number);
            pusher.reading(3000 + number);
        }
        for caller in callers {
            caller.join().unwrap();
        }
        let mut numbers = recorder.log.await_numbers(4000);
        numbers.sort_unstable();
        assert_eq!(numbers, (0..4000).collect::<Vec<u64>>());
        assert_eq!(only(&server).lost, 0);
    });
}

#[test]
fn an_event_whose_time_is_over_is_not_executed() {
    within(LIMIT, || {
        let publisher = Publisher::bind(1);
        let (server, recorder) =
            record(|builder| builder.subscribe(&publisher.endpoint).worker_threads(1));
        publisher.await_subscriber();
        let send = |sequence, method: &str, remaining: u64| {
            let mut frame = head(0x03, sequence);
            frame.extend(1_u64.to_le_bytes());
            frame.extend([1, 2, 1]);
            frame.extend(text(&format!("Sensor.{method}")));
            frame.extend(varint(remaining));
            frame.push(0);
            frame.extend(number(sequence));
            publisher.send(&[b"", &frame]);
        };
        send(1, "slowly", 0);
        recorder.gate.await_arrivals(1);
        send(2, "reading", 1);
        await_state("the second", || only(&server).received == 2);
        std::thread::sleep(Duration::from_millis(2));
        recorder.gate.open();
        send(3, "reading", 60_000);
        assert_eq!(recorder.log.await_numbers(2), [1, 3]);
        assert_eq!(server.stats().expired, 1);
    });
}
