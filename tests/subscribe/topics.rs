//! Which events arrive.

use std::time::Duration;

use zmqrpc::Error;
use zmqrpc::pubsub::Subscription;

use super::publisher::Publisher;
use super::recorder::{only, record};
use super::support::{await_state, within};

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn a_server_without_any_bind_executes_what_is_published() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(7);
        let (server, recorder) = record(|builder| builder.subscribe(&publisher.endpoint));
        assert!(server.endpoints().is_empty());
        publisher.await_subscriber();
        for number in 0..100 {
            publisher.reading("", number);
        }
        let expected: Vec<u64> = (0..100).collect();
        let mut numbers = recorder.log.await_numbers(100);
        numbers.sort_unstable();
        assert_eq!(numbers, expected);
        let stats = only(&server);
        assert_eq!((stats.received, stats.lost, stats.malformed), (100, 0, 0));
        assert_eq!(stats.endpoint, publisher.endpoint);
        let [heard] = &stats.publishers[..] else {
            panic!("{stats:?}");
        };
        assert_eq!((heard.publisher, heard.received, heard.lost), (7, 100, 0));
    });
}

#[test]
fn events_arrive_whose_topic_begins_with_one_of_those_that_were_named() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let subscription = Subscription::connect(&publisher.endpoint)
            .topic("eu.")
            .topic("us.east")
            .topic("\u{e4}");
        let (server, recorder) = record(|builder| builder.subscribe(subscription));
        publisher.await_subscriber();
        for (number, topic) in [
            "eu.",
            "eu.north",
            "eu",
            "",
            "us.west",
            "us.east.1",
            "\u{e4}\u{f6}",
        ]
        .into_iter()
        .enumerate()
        {
            publisher.reading(topic, number as u64);
        }
        let entries = recorder.log.await_entries(4);
        let mut arrived: Vec<_> = entries
            .into_iter()
            .map(|entry| (entry.number, entry.topic.unwrap()))
            .collect();
        arrived.sort();
        let expected = [
            (0, "eu."),
            (1, "eu.north"),
            (5, "us.east.1"),
            (6, "\u{e4}\u{f6}"),
        ];
        assert_eq!(arrived, expected.map(|(n, topic)| (n, topic.to_owned())));
        assert_eq!(only(&server).malformed, 0);
    });
}

#[test]
fn who_sees_the_subscription_of_heartbeats_has_seen_all_others() {
    within(LIMIT, || {
        let publisher = Publisher::bind(1);
        // More than a socket takes messages without room for them: subscriptions are messages.
        let topics = (0..3000).map(|number| number.to_string());
        let topics = topics.chain(["\u{7f}", "z", "", "a", "\u{10ffff}"].map(str::to_owned));
        let topics: Vec<String> = topics.collect();
        let subscription = topics.iter().fold(
            Subscription::connect(&publisher.endpoint),
            Subscription::topic,
        );
        let (_server, _recorder) = record(|builder| builder.subscribe(subscription));
        let mut orders: Vec<Vec<u8>> = (0..=topics.len()).map(|_| publisher.order()).collect();
        assert_eq!(orders.pop().unwrap(), [1, 0xFF]);
        orders.sort();
        let mut expected: Vec<_> = topics
            .iter()
            .map(|topic| [&[1], topic.as_bytes()].concat())
            .collect();
        expected.sort();
        assert_eq!(orders, expected);
    });
}

#[test]
fn topics_come_and_go_while_the_server_runs() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let subscription = Subscription::connect(&publisher.endpoint).topic("a");
        let (server, recorder) = record(|builder| builder.subscribe(subscription));
        publisher.await_subscriber();
        let endpoint = &publisher.endpoint.clone();
        publisher.reading("a", 1);
        publisher.reading("b", 2);
        assert_eq!(recorder.log.await_numbers(1), [1]);

        assert_eq!(server.add_topic(endpoint, "b"), Ok(true));
        assert_eq!(server.add_topic(endpoint, "b"), Ok(false));
        assert_eq!(publisher.order(), b"\x01b");
        publisher.reading("b", 3);
        assert_eq!(recorder.log.await_numbers(2), [1, 3]);

        assert_eq!(server.remove_topic(endpoint, "a"), Ok(true));
        assert_eq!(server.remove_topic(endpoint, "a"), Ok(false));
        assert_eq!(server.remove_topic(endpoint, ""), Ok(false));
        assert_eq!(publisher.order(), b"\x00a");
        publisher.reading("a", 4);
        publisher.reading("b", 5);
        assert_eq!(recorder.log.await_numbers(3), [1, 3, 5]);

        // What was published while nobody asked for it is not lost.
        assert_eq!(server.add_topic(endpoint, "a"), Ok(true));
        assert_eq!(publisher.order(), b"\x01a");
        publisher.reading("a", 6);
        assert_eq!(recorder.log.await_numbers(4), [1, 3, 5, 6]);
        let stats = only(&server);
        assert_eq!((stats.received, stats.lost, stats.malformed), (4, 0, 0));
    });
}

#[test]
fn without_any_topic_left_only_heartbeats_arrive() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let (server, recorder) = record(|builder| builder.subscribe(&publisher.endpoint));
        publisher.await_subscriber();
        assert_eq!(server.remove_topic(&publisher.endpoint, ""), Ok(true));
        assert_eq!(publisher.order(), b"\x00");
        publisher.reading("", 1);
        publisher.heartbeat();
        await_state("a heartbeat", || only(&server).heartbeats == 1);
        assert_eq!(only(&server).received, 0);
        assert!(recorder.log.numbers().is_empty());
    });
}

#[test]
fn a_topic_that_is_too_long_is_refused() {
    let longest = "x".repeat(255);
    let too_long = "x".repeat(256);
    let refused = |result: Result<_, Error>| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Config { .. }), "{error}");
        assert!(error.to_string().contains("256 bytes"), "{error}");
    };
    let subscription = |topic: &str| Subscription::connect("tcp://127.0.0.1:1").topic(topic);
    let (server, _recorder) = record(|builder| builder.bind("tcp://127.0.0.1:*"));
    refused(server.subscribe(subscription(&too_long)).map(drop));
    let endpoint = server.subscribe(subscription(&longest)).unwrap();
    refused(server.add_topic(&endpoint, &too_long).map(drop));
    assert_eq!(server.add_topic(&endpoint, &longest), Ok(false));
}
