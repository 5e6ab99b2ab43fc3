//! What did not arrive, what is no event, and what nobody receives.

use zmqrpc::pubsub::{RawArrival, RawSubscriber};

use super::{LIMIT, arrival, bytes, next_event, undecoded};
use crate::publisher::{Publisher, event, heartbeat, number};
use crate::support::{await_state, within};

#[test]
fn losses_are_told_in_their_place() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(9);
        let events = RawSubscriber::connect(&publisher.endpoint).unwrap();
        publisher.await_subscriber();
        publisher.lose("a", 1000);
        publisher.reading("a", 1);
        publisher.reading("b", 1);
        publisher.lose("a", 5);
        publisher.reading("b", 2);
        publisher.heartbeat();
        publisher.reading("a", 2);
        publisher.reading("a", 3);
        let mut seen = Vec::new();
        for _ in 0..6 {
            seen.push(match arrival(&events) {
                RawArrival::Event(event) => (event.topic().to_owned(), event.sequence()),
                RawArrival::Lost(lost) => {
                    assert_eq!((lost.publisher(), lost.topic()), (9, "a"));
                    assert_eq!(lost.endpoint(), publisher.endpoint);
                    ("lost".to_owned(), lost.count())
                }
                other => panic!("{other:?}"),
            });
        }
        let seen: Vec<_> = seen.iter().map(|(what, n)| (&**what, *n)).collect();
        let expected = [
            ("a", 1001),
            ("b", 1),
            ("b", 2),
            ("lost", 5),
            ("a", 1007),
            ("a", 1008),
        ];
        assert_eq!(seen, expected);
        assert_eq!(events.stats()[0].heartbeats, 1);
    });
}

#[test]
fn what_is_no_event_comes_as_its_bytes_and_no_event_is_lost() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let events = RawSubscriber::connect(&publisher.endpoint).unwrap();
        publisher.await_subscriber();
        let mut unknown = event(1, 2, "reading", &number(2));
        unknown[20] = 99;
        let garbage: [&[&[u8]]; 8] = [
            &[b"hello"],
            &[b"weather", b"{\"rain\": true}"],
            &[b"one", b"two", b"three"],
            &[b"", b""],
            &[&[0xFE], &event(1, 1, "reading", &number(1))],
            &[&[0xFF], b"no heartbeat"],
            &[b"beat", &heartbeat(1, 1)],
            &[b"", &unknown],
        ];
        publisher.reading("", 1);
        for frames in garbage {
            publisher.send(frames);
        }
        publisher.lose("", 1);
        publisher.reading("", 3);
        assert_eq!(next_event(&events).sequence(), 1);
        for frames in garbage {
            let message = undecoded(&events);
            assert_eq!(bytes(&message), frames);
            assert_eq!((message.left_out(), message.peer()), (0, Some("127.0.0.1")));
            assert!(!message.reason().is_empty());
        }
        // That of an unknown codec has counted.
        assert_eq!(next_event(&events).sequence(), 3);
        let stats = events.stats().remove(0);
        assert_eq!((stats.received, stats.lost, stats.malformed), (3, 0, 7));
    });
}

#[test]
fn a_message_of_very_many_frames_is_cut() {
    within(LIMIT, || {
        let publisher = Publisher::bind(1);
        let settings = RawSubscriber::builder().max_message(2000);
        let events = settings.subscribe(&publisher.endpoint).build().unwrap();
        publisher.await_subscriber();
        publisher.send(&[&[7][..]; 100]);
        let message = undecoded(&events);
        assert_eq!((message.frames().len(), message.left_out()), (32, 68));
        publisher.send(&[&[7; 1500][..]; 3]);
        let message = undecoded(&events);
        assert_eq!((message.frames().len(), message.left_out()), (2, 1));
    });
}

#[test]
fn who_does_not_receive_takes_no_more_than_its_queue_and_gets_it_all_in_order() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let settings = RawSubscriber::builder().max_queue(10);
        let events = settings.subscribe(&publisher.endpoint).build().unwrap();
        publisher.await_subscriber();
        for number in 0..2000 {
            publisher.reading("", number);
        }
        await_state("a full queue", || events.stats()[0].received == 10);
        for sequence in 1..=2000 {
            assert_eq!(next_event(&events).sequence(), sequence);
        }
        assert_eq!(events.stats()[0].lost, 0);
    });
}
