//! What is published and pushed, handed out without services and still encoded.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use zmqrpc::client::{Codec, RawMethod};
use zmqrpc::error::EndpointCause;
use zmqrpc::pubsub::{
    AsyncRawSubscriber, Publisher as TypedPublisher, RawArrival, RawEvent, RawSubscriber,
    Subscription, UndecodedMessage,
};
use zmqrpc::push::{
    AsyncPusher, AsyncRawPuller, Puller, Pusher as TypedPusher, RawJob, RawJobArrival, RawPuller,
};
use zmqrpc::{Error, Server};

use super::publisher::{Publisher, Pusher, Rogue, event, heartbeat, notification, number};
use super::recorder::{Recorder, SensorClient, SensorServer};
use super::support::{await_state, block_on, key, within};

const LIMIT: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_secs(20);

#[track_caller]
fn arrival(events: &RawSubscriber) -> RawArrival {
    let arrival = events.recv_timeout(SOON).unwrap();
    arrival.expect("something comes in time")
}

#[track_caller]
fn next_event(events: &RawSubscriber) -> RawEvent {
    match arrival(events) {
        RawArrival::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn undecoded(events: &RawSubscriber) -> UndecodedMessage {
    match arrival(events) {
        RawArrival::Undecoded(message) => message,
        other => panic!("{other:?}"),
    }
}

fn bytes(message: &UndecodedMessage) -> Vec<&[u8]> {
    message.frames().collect()
}

/// A publisher of this library with a subscriber to what begins with `topic`.
fn pair(topic: &str) -> (TypedPublisher, RawSubscriber) {
    let publisher = TypedPublisher::bind("tcp://127.0.0.1:*").unwrap();
    let subscription = Subscription::connect(&publisher.endpoints()[0]).topic(topic);
    let events = RawSubscriber::open(subscription).unwrap();
    publisher.wait_subscribers(1, SOON).unwrap();
    (publisher, events)
}

#[test]
fn an_event_of_a_stub_comes_by_its_key_with_its_topic_and_its_arguments() {
    within(LIMIT, || {
        let (publisher, events) = pair("");
        let europe = publisher
            .with_topic("eu.rome")
            .with_metadata("trace", "t-1");
        SensorClient::new(europe).reading(300).unwrap();
        let event = next_event(&events);
        let reading = key("Sensor.reading", "(u64) -> ()", 1);
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
fn a_bound_subscription_is_free_when_it_has_been_dropped() {
    within(LIMIT, || {
        let open = |endpoint: &str| RawSubscriber::open(Subscription::bind(endpoint)).unwrap();
        let events = open("tcp://127.0.0.1:*");
        let endpoint = events.endpoints().remove(0);
        let mut publisher = Publisher::connect(&endpoint, 1);
        publisher.await_subscriber();
        publisher.reading("", 1);
        assert_eq!(next_event(&events).publisher(), 1);
        drop(events);
        let port = endpoint.trim_start_matches("tcp://");
        drop(TcpListener::bind(port).expect("it is free"));
        let events = open(&endpoint);
        publisher.await_subscriber();
        publisher.reading("", 2);
        assert_eq!(next_event(&events).sequence(), 2);
    });
}

#[test]
fn a_silent_publisher_is_told_of_by_the_subscriptions_callback() {
    within(LIMIT, || {
        let publisher = Publisher::bind(1);
        let (tell, told) = channel();
        let subscription = Subscription::connect(&publisher.endpoint)
            .silence_timeout(Duration::from_millis(100))
            .on_silence(move |endpoint| drop(tell.send(endpoint.to_owned())));
        let events = RawSubscriber::open(subscription).unwrap();
        // Nobody receives meanwhile.
        assert_eq!(told.recv_timeout(SOON), Ok(publisher.endpoint.clone()));
        assert!(events.stats()[0].renewals > 0);
    });
}

#[test]
fn a_thread_that_waits_is_told_of_the_end_and_gets_first_what_was_there() {
    within(LIMIT, || {
        let (publisher, events) = pair("");
        let events = Arc::new(events);
        publisher.publish_raw(7, Codec::Postcard, &[1]).unwrap();
        await_state("an event", || events.stats()[0].received == 1);
        let (tell, told) = channel();
        let waiting = thread::spawn({
            let events = Arc::clone(&events);
            move || {
                for arrival in events.iter() {
                    tell.send(matches!(arrival, Ok(RawArrival::Event(_))))
                        .unwrap();
                }
                events.recv().unwrap().is_none()
            }
        });
        assert_eq!(told.recv_timeout(SOON), Ok(true));
        events.close();
        assert!(waiting.join().unwrap());
        assert!(told.recv().is_err());
        await_state("the end", || events.stats().is_empty());
        assert!(events.try_recv().unwrap().is_none());
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
fn a_future_that_is_dropped_loses_nothing() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let mut events = AsyncRawSubscriber::connect(&publisher.endpoint).unwrap();
        publisher.await_subscriber();
        let sending = thread::spawn(move || {
            for number in 0..1000 {
                publisher.reading("", number);
            }
            publisher
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let mut dropped = 0;
        runtime.block_on(async {
            let mut expected = 1;
            while expected <= 1000 {
                let arrival = tokio::select! {
                    biased;
                    arrival = events.recv() => arrival.unwrap(),
                    () = tokio::task::yield_now() => {
                        dropped += 1;
                        continue;
                    }
                };
                match arrival {
                    Some(RawArrival::Event(event)) => assert_eq!(event.sequence(), expected),
                    other => panic!("{other:?}"),
                }
                expected += 1;
            }
        });
        assert!(dropped > 0);
        drop(sending.join().unwrap());
        assert_eq!(events.stats()[0].lost, 0);
    });
}

#[test]
fn a_task_that_waits_can_be_dropped_with_what_it_waits_for() {
    within(LIMIT, || {
        let publisher = TypedPublisher::bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = publisher.endpoints().remove(0);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut events = AsyncRawSubscriber::connect(&endpoint).unwrap();
            let waiting = tokio::spawn(async move { events.recv().await.map(drop) });
            tokio::task::yield_now().await;
            waiting.abort();
            assert!(waiting.await.unwrap_err().is_cancelled());
        });
        await_state("no subscriber", || publisher.subscribers() == 0);
        // On any executor, and to the end.
        let mut events = AsyncRawSubscriber::connect(&endpoint).unwrap();
        publisher.wait_subscribers(1, SOON).unwrap();
        publisher.publish_raw(7, Codec::Postcard, &[1]).unwrap();
        await_state("an event", || events.stats()[0].received == 1);
        events.close();
        assert!(block_on(events.recv()).unwrap().is_some());
        assert!(block_on(events.recv()).unwrap().is_none());
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

#[track_caller]
fn next_job(jobs: &RawPuller) -> RawJob {
    match jobs.recv_timeout(SOON).unwrap().expect("a job in time") {
        RawJobArrival::Job(job) => job,
        other => panic!("{other:?}"),
    }
}

#[test]
fn jobs_come_by_key_and_by_name_and_what_is_none_as_its_bytes() {
    within(LIMIT, || {
        let jobs = RawPuller::builder()
            .pull(Puller::bind("tcp://127.0.0.1:*"))
            .pull(Puller::bind("tcp://127.0.0.1:*"))
            .build()
            .unwrap();
        let [first, second] = &jobs.endpoints()[..] else {
            panic!("{jobs:?}");
        };
        let typed = TypedPusher::connect(first).unwrap();
        let sensor = SensorClient::new(typed.with_metadata("trace", "t-1"));
        sensor.reading(300).unwrap();
        let job = next_job(&jobs);
        let reading = key("Sensor.reading", "(u64) -> ()", 1);
        assert_eq!(job.method(), RawMethod::Key(reading));
        assert_eq!(
            (job.codec(), job.arguments()),
            (Codec::Postcard, &[0xAC, 2][..])
        );
        assert_eq!(
            (job.endpoint(), job.metadata("trace")),
            (&**first, Some("t-1"))
        );
        assert_eq!(job.peer(), Some("127.0.0.1"));
        // Its ping is no job.
        typed.flush(SOON).unwrap();
        let pusher = Pusher::connect(second);
        pusher.reading(7);
        let job = next_job(&jobs);
        assert_eq!(job.method(), RawMethod::Name("Sensor.reading"));
        assert_eq!(
            (job.codec(), job.arguments()),
            (Codec::MessagePack, &*number(7))
        );
        assert_eq!(job.endpoint(), second);
        let garbage: [&[&[u8]]; 3] = [&[b"hello"], &[b"a", b"b"], &[b""]];
        for frames in garbage {
            pusher.socket.send_multipart(frames, 0).unwrap();
            match jobs.recv_timeout(SOON).unwrap() {
                Some(RawJobArrival::Undecoded(message)) => assert_eq!(bytes(&message), frames),
                other => panic!("{other:?}"),
            }
        }
        pusher.reading(8);
        assert_eq!(next_job(&jobs).arguments(), number(8));
        let stats = jobs.stats();
        assert_eq!((stats[0].received, stats[0].malformed), (1, 0));
        assert_eq!((stats[1].received, stats[1].malformed), (2, 3));
    });
}

#[test]
fn a_bridge_passes_jobs_on_from_a_thread_and_from_a_task() {
    within(LIMIT, || {
        let recorder = Recorder::default();
        let server = Server::builder()
            .service(SensorServer::new(recorder.clone()))
            .pull(Puller::bind("tcp://127.0.0.1:*"))
            .start()
            .unwrap();
        let onwards = TypedPusher::connect(&server.pulls()[0].endpoint).unwrap();
        let pusher = Pusher::bind();
        let jobs = RawPuller::connect(&pusher.endpoint).unwrap();
        for number in 0..10 {
            pusher.reading(number);
            let job = next_job(&jobs);
            onwards
                .push_raw(job.method(), job.codec(), job.arguments())
                .unwrap();
        }
        drop(jobs);
        let onwards = AsyncPusher::from(onwards);
        let pusher = Pusher::bind();
        let mut jobs = AsyncRawPuller::connect(&pusher.endpoint).unwrap();
        for number in 10..20 {
            pusher.reading(number);
            block_on(async {
                let Some(RawJobArrival::Job(job)) = jobs.recv().await.unwrap() else {
                    panic!("no job");
                };
                let pushed = onwards.push_raw(job.method(), job.codec(), job.arguments());
                pushed.await.unwrap();
            });
        }
        let mut numbers = recorder.log.await_numbers(20);
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..20));
    });
}

#[test]
fn pushers_wait_while_nobody_receives_and_no_job_is_lost() {
    within(LIMIT, || {
        let pusher = Pusher::bind();
        let settings = RawPuller::builder().max_queue(10);
        let jobs = settings
            .pull(Puller::connect(&pusher.endpoint))
            .build()
            .unwrap();
        let sending = thread::spawn(move || {
            for number in 0..5000 {
                pusher.reading(number);
            }
            pusher
        });
        await_state("a full queue", || jobs.stats()[0].received == 10);
        for expected in 0..5000 {
            assert_eq!(next_job(&jobs).arguments(), number(expected));
        }
        drop(sending.join().unwrap());
    });
}

#[test]
fn a_message_that_is_far_too_large_costs_its_sender_the_connection_alone() {
    within(LIMIT, || {
        let jobs = RawPuller::builder()
            .max_message(2000)
            .pull(Puller::bind("tcp://127.0.0.1:*"))
            .build()
            .unwrap();
        let endpoint = jobs.endpoints().remove(0);
        let pusher = Pusher::connect(&endpoint);
        pusher.reading(1);
        assert_eq!(next_job(&jobs).arguments(), number(1));
        let mut rogue = Rogue::connect(&endpoint, "PUSH");
        let good = notification("reading", &number(2));
        rogue.send(&[&good]);
        assert_eq!(next_job(&jobs).arguments(), number(2));
        rogue.try_send(&[&[0; 10_000]]);
        pusher.reading(3);
        assert_eq!(next_job(&jobs).arguments(), number(3));
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
