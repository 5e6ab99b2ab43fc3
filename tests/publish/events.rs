//! What an event is: its bytes, its number, its topic.

use std::thread;

use zmqrpc::pubsub::Publisher;
use zmqrpc::{Error, Executed};

use super::sensor::{BLOB, LIMIT, SOON, SensorClient, publisher, subscriber};
use super::support::{Peer, head, key, text, varint, within};

#[test]
fn an_event_has_the_bytes_of_the_protocol() {
    within(LIMIT, || {
        let (out, endpoint) = publisher();
        let peer = subscriber(&out, &endpoint, &[""]);
        out.with_topic("eu.").reading(300).unwrap();
        let frames = peer.receive(SOON).unwrap();
        assert_eq!(frames[0], b"eu.");
        let publisher = &frames[1][11..19];
        let key = key("Sensor.reading", "u64,->unit", 1).to_le_bytes();
        let event = [
            &head(3, 1)[..],
            publisher,
            &[1, 0, 0],
            &key,
            &[0, 0, 0xAC, 2],
        ]
        .concat();
        assert_eq!(frames[1], event);

        out.transport().send_heartbeat().unwrap();
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
