//! Events: what is handed out of them, whose they are, and how they are sent on.

use std::collections::BTreeMap;

use zmqrpc::client::{Codec, RawMethod};
use zmqrpc::error::EndpointCause;
use zmqrpc::pubsub::{Publisher as TypedPublisher, RawArrival, RawSubscriber, Subscription};
use zmqrpc::push::RawPuller;
use zmqrpc::{Error, Server};

use super::{LIMIT, SOON, next_event, pair};
use crate::publisher::Publisher;
use crate::recorder::{Recorder, SensorClient, SensorServer};
use crate::support::{key, within};

#[test]
fn an_event_of_a_stub_comes_by_its_key_with_its_topic_and_its_arguments() {
    within(LIMIT, || {
        let (publisher, events) = pair("");
        let europe = publisher
            .with_topic("eu.rome")
            .with_metadata("trace", "t-1");
        SensorClient::new(europe).reading(300).unwrap();
        let event = next_event(&events);
        let reading = key("Sensor.reading", "u64,->unit", 1);
        assert_eq!(event.method(), RawMethod::Key(reading));
        assert_eq!(event.codec(), Codec::Postcard);
        assert_eq!(event.arguments(), [0xAC, 2]);
        assert_eq!((event.topic(), event.sequence()), ("eu.rome", 1));
        assert_eq!(event.metadata("trace"), Some("t-1"));
        assert_eq!(event.metadata_iter().count(), 1);
        assert_eq!(event.peer(), Some("127.0.0.1"));
        assert_eq!((event.user_id(), event.mechanism()), (None, None));
        assert_eq!(event.time_limit(), None);
        assert_eq!(event.endpoint(), publisher.endpoints()[0]);
        let stats = events.stats().remove(0);
        assert_eq!((stats.received, stats.lost), (1, 0));
        assert_eq!(stats.publishers[0].publisher, event.publisher());
        let printed = format!("{event:?}");
        assert!(
            printed.contains("eu.rome") && !printed.contains("t-1"),
            "{printed}"
        );
    });
}

#[test]
fn an_event_comes_by_name_in_each_codec() {
    within(LIMIT, || {
        let (publisher, events) = pair("");
        for (codec, arguments) in [
            (Codec::MessagePack, &[0x91, 7][..]),
            (Codec::MessagePack, b"not even that"),
            (Codec::Postcard, &[]),
            #[cfg(feature = "json")]
            (Codec::Json, br#"{"number": 7}"#),
        ] {
            publisher
                .publish_raw("Sensor.reading", codec, arguments)
                .unwrap();
            let event = next_event(&events);
            assert_eq!(event.method(), RawMethod::Name("Sensor.reading"));
            assert_eq!(event.method().to_string(), "Sensor.reading");
            assert_eq!((event.codec(), event.arguments()), (codec, arguments));
        }
    });
}

#[test]
fn only_the_topics_that_are_subscribed_to_come() {
    within(LIMIT, || {
        let (publisher, events) = pair("eu.");
        for topic in ["us.austin", "eu.rome", "", "eu.bonn"] {
            let publisher = publisher.with_topic(topic);
            publisher
                .publish_raw(7, Codec::Postcard, topic.as_bytes())
                .unwrap();
        }
        for topic in ["eu.rome", "eu.bonn"] {
            let event = next_event(&events);
            assert_eq!(event.topic(), topic);
            assert_eq!(event.arguments(), topic.as_bytes());
        }
        assert!(events.try_recv().unwrap().is_none());
    });
}

#[test]
fn several_subscriptions_are_told_apart() {
    within(LIMIT, || {
        let mut publishers = [Publisher::bind(1), Publisher::bind(2)];
        let [first, second] = publishers.each_ref().map(|p| p.endpoint.clone());
        let events = RawSubscriber::builder()
            .subscribe(&first)
            .subscribe(Subscription::connect(&second).topic("x"))
            .build()
            .unwrap();
        assert_eq!(events.endpoints(), [&*first, &*second]);
        for publisher in &mut publishers {
            publisher.await_subscriber();
            for number in 0..100 {
                publisher.reading("x", number);
                publisher.reading("y", number);
            }
        }
        let mut counts = BTreeMap::new();
        for _ in 0..300 {
            let event = next_event(&events);
            let from = (event.publisher(), event.endpoint().to_owned());
            *counts.entry((from, event.topic().to_owned())).or_insert(0) += 1;
        }
        let expected = [
            (((1, first.clone()), "x".to_owned()), 100),
            (((1, first.clone()), "y".to_owned()), 100),
            (((2, second), "x".to_owned()), 100),
        ];
        assert_eq!(counts, BTreeMap::from(expected));
        let twice = RawSubscriber::builder().subscribe(&first).subscribe(&first);
        let error = twice.build().unwrap_err();
        assert!(
            matches!(
                error,
                Error::Endpoint {
                    cause: EndpointCause::Duplicate,
                    ..
                }
            ),
            "{error:?}"
        );
    });
}

#[test]
fn events_are_iterated_over() {
    within(LIMIT, || {
        let (publisher, events) = pair("");
        for number in 0..10 {
            publisher.publish_raw(number, Codec::Postcard, &[]).unwrap();
        }
        let keys = events.into_iter().take(10).map(|arrival| match arrival {
            Ok(RawArrival::Event(event)) => event.method().to_string(),
            other => panic!("{other:?}"),
        });
        let expected = (0..10).map(|number| format!("key {number:016x}"));
        assert!(keys.eq(expected));
    });
}

#[test]
fn a_bridge_passes_events_on_to_those_who_know_their_types() {
    within(LIMIT, || {
        let (publisher, events) = pair("");
        let onwards = TypedPublisher::bind("tcp://127.0.0.1:*").unwrap();
        let recorder = Recorder::default();
        let _server = Server::builder()
            .service(SensorServer::new(recorder.clone()))
            .subscribe(&onwards.endpoints()[0])
            .start()
            .unwrap();
        onwards.wait_subscribers(1, SOON).unwrap();
        let rome = SensorClient::new(publisher.with_topic("eu.rome"));
        for number in 0..10 {
            rome.reading(number).unwrap();
            let event = next_event(&events);
            let onwards = onwards.with_topic(event.topic());
            onwards
                .publish_raw(event.method(), event.codec(), event.arguments())
                .unwrap();
        }
        let entries = recorder.log.await_entries(10);
        let numbers = entries.iter().map(|entry| entry.number);
        assert!(numbers.eq(0..10));
        let topics = entries.iter().map(|entry| entry.topic.as_deref());
        assert!(topics.eq([Some("eu.rome"); 10]));
    });
}

#[test]
fn what_is_too_large_or_named_too_long_is_not_published() {
    within(LIMIT, || {
        let settings = TypedPublisher::builder().bind("tcp://127.0.0.1:*");
        let publisher = settings.max_message(2000).build().unwrap();
        let error = publisher.publish_raw("Sensor.reading", Codec::Postcard, &[0; 2000]);
        let error = error.unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
        assert_eq!(error.method(), Some("Sensor.reading"));
        let error = publisher.publish_raw(&*"a".repeat(300), Codec::Postcard, &[]);
        assert!(matches!(error, Err(Error::Encode { .. })), "{error:?}");
        assert_eq!(publisher.stats().published, 0);
    });
}

#[test]
fn settings_that_are_wrong_are_named() {
    let subscriber = RawSubscriber::builder;
    let somewhere = || subscriber().subscribe("tcp://127.0.0.1:1");
    for (error, named) in [
        (subscriber().build().unwrap_err(), "subscribe"),
        (somewhere().max_queue(0).build().unwrap_err(), "max_queue"),
        (
            somewhere().max_queue_bytes(1).build().unwrap_err(),
            "max_queue_bytes",
        ),
        (
            somewhere().max_message(1).build_async().unwrap_err(),
            "max_message",
        ),
        (RawPuller::builder().build().unwrap_err(), "pull"),
    ] {
        assert!(
            matches!(error, Error::Config { setting, .. } if setting == named),
            "{named}: {error:?}"
        );
    }
    let error = RawSubscriber::connect("nowhere").unwrap_err();
    assert!(matches!(error, Error::Endpoint { .. }), "{error:?}");
}
