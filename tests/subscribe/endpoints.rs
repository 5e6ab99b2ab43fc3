//! Where events and pushed commands come from: before the start and afterwards.

use std::time::Duration;

use zmqrpc::pubsub::Subscription;
use zmqrpc::push::Puller;
use zmqrpc::{Error, Server};

use super::publisher::{Publisher, Pusher};
use super::recorder::{Recorder, SensorServer, only, record};
use super::support::{ipc, within};

const LIMIT: Duration = Duration::from_secs(30);

fn is_refused<T>(result: Result<T, Error>, reason: &str) {
    let error = result.map(drop).unwrap_err();
    assert!(matches!(error, Error::Endpoint { .. }), "{error}");
    assert!(error.to_string().contains(reason), "{error}");
}

#[test]
fn publishers_connect_to_a_bound_subscription() {
    within(LIMIT, || {
        let path = ipc("bound-subscription");
        let (server, recorder) = record(|builder| {
            builder
                .subscribe(Subscription::bind("tcp://127.0.0.1:*"))
                .subscribe(Subscription::bind(&path))
        });
        let endpoints: Vec<_> = server
            .subscriptions()
            .into_iter()
            .map(|stats| stats.endpoint)
            .collect();
        assert!(!endpoints[0].ends_with('*'), "{endpoints:?}");
        assert_eq!(endpoints[1], path);
        let mut publishers: Vec<_> = endpoints
            .iter()
            .chain(&endpoints)
            .zip(1..)
            .map(|(endpoint, id)| Publisher::connect(endpoint, id))
            .collect();
        for publisher in &mut publishers {
            publisher.await_subscriber();
            for number in 0..10 {
                publisher.reading("", number);
            }
        }
        recorder.log.await_entries(40);
        for stats in server.subscriptions() {
            assert_eq!((stats.received, stats.lost), (20, 0));
            assert_eq!(stats.publishers.len(), 2);
        }
    });
}

#[test]
fn ipc_endpoints_are_subscribed_to() {
    within(LIMIT, || {
        let path = ipc("publisher");
        let mut publisher = Publisher::bind_to(&path, 1, 1000);
        let (_server, recorder) = record(|builder| builder.subscribe(&path));
        publisher.await_subscriber();
        publisher.reading("", 1);
        assert_eq!(recorder.log.await_numbers(1), [1]);
    });
}

#[test]
fn subscriptions_come_and_go_while_the_server_runs() {
    within(LIMIT, || {
        let mut first = Publisher::bind(1);
        let mut second = Publisher::bind(2);
        let (server, recorder) = record(|builder| builder.subscribe(&first.endpoint));
        first.await_subscriber();
        is_refused(server.subscribe(&first.endpoint), "already");
        assert_eq!(
            server.subscribe(&second.endpoint),
            Ok(second.endpoint.clone())
        );
        second.await_subscriber();
        first.reading("", 1);
        second.reading("", 2);
        let mut numbers = recorder.log.await_numbers(2);
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2]);

        server.unsubscribe(&first.endpoint).unwrap();
        is_refused(server.unsubscribe(&first.endpoint), "no such endpoint");
        is_refused(server.add_topic(&first.endpoint, "a"), "no such endpoint");
        is_refused(
            server.remove_topic(&first.endpoint, "a"),
            "no such endpoint",
        );
        assert_eq!(only(&server).endpoint, second.endpoint);
        // The publisher is told.
        while first.order() != [0, 0xFF] {}
        first.reading("", 3);
        second.reading("", 4);
        assert_eq!(recorder.log.await_numbers(3)[2], 4);

        let bound = server
            .subscribe(Subscription::bind("tcp://127.0.0.1:*"))
            .unwrap();
        let mut third = Publisher::connect(&bound, 3);
        third.await_subscriber();
        third.reading("", 5);
        assert_eq!(recorder.log.await_numbers(4)[3], 5);
        server.unsubscribe(&bound).unwrap();
        // Free for others when it returns.
        let again = Publisher::bind_to(&bound, 4, 1000);
        assert_eq!(again.endpoint, bound);
    });
}

#[test]
fn pulled_endpoints_come_and_go_while_the_server_runs() {
    within(LIMIT, || {
        let pusher = Pusher::bind();
        let (server, recorder) = record(|builder| builder.bind("tcp://127.0.0.1:*"));
        assert!(server.pulls().is_empty());
        assert_eq!(
            server.pull(Puller::connect(&pusher.endpoint)),
            Ok(pusher.endpoint.clone())
        );
        is_refused(server.pull(Puller::connect(&pusher.endpoint)), "already");
        let bound = server.pull(Puller::bind("tcp://127.0.0.1:*")).unwrap();
        is_refused(server.pull(Puller::bind(&bound)), "already");
        is_refused(server.pull(Puller::bind(&pusher.endpoint)), "already");
        let stranger = Pusher::bind();
        is_refused(server.pull(Puller::bind(&stranger.endpoint)), "in use");
        let other = Pusher::connect(&bound);
        pusher.reading(1);
        other.reading(2);
        let mut numbers = recorder.log.await_numbers(2);
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2]);

        server.stop_pulling(&bound).unwrap();
        is_refused(server.stop_pulling(&bound), "no such endpoint");
        let taken = zmq::Context::new().socket(zmq::PULL).unwrap();
        taken.bind(&bound).unwrap();
        pusher.reading(3);
        assert_eq!(recorder.log.await_numbers(3)[2], 3);
        assert_eq!(server.pulls()[0].received, 2);
    });
}

#[test]
fn what_is_wrong_with_an_endpoint_is_told_before_anything_is_open() {
    let start = |settings: fn(zmqrpc::ServerBuilder) -> zmqrpc::ServerBuilder| {
        let builder = Server::builder().service(SensorServer::new(Recorder::default()));
        settings(builder).start()
    };
    is_refused(
        start(|b| b.subscribe("tcp://127.0.0.1")),
        "a port is missing",
    );
    is_refused(
        start(|b| b.subscribe("tcp://*:1")),
        "cannot be connected to",
    );
    is_refused(
        start(|b| b.pull(Puller::connect("tcp://*:1"))),
        "cannot be connected to",
    );
    is_refused(
        start(|b| b.pull(Puller::bind("udp://*:1"))),
        "unknown transport",
    );
    is_refused(
        start(|b| {
            b.subscribe("tcp://127.0.0.1:1")
                .subscribe("tcp://127.0.0.1:1")
        }),
        "already",
    );
    let wrong = [
        (start(|b| b), "at least one endpoint"),
        (
            start(|b| b.subscribe(Subscription::from("tcp://127.0.0.1:1").high_water(0))),
            "high_water",
        ),
        (
            start(|b| {
                let limit = Duration::from_millis(99);
                b.subscribe(Subscription::from("tcp://127.0.0.1:1").silence_timeout(limit))
            }),
            "silence_timeout",
        ),
    ];
    for (result, reason) in wrong {
        let error = result.map(drop).unwrap_err();
        assert!(matches!(error, Error::Config { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn a_server_that_has_ended_subscribes_to_nothing() {
    let (server, _recorder) = record(|builder| builder.subscribe("tcp://127.0.0.1:1"));
    server.shutdown(LIMIT).unwrap();
    assert!(server.subscriptions().is_empty());
    assert!(server.pulls().is_empty());
    is_refused(server.subscribe("tcp://127.0.0.1:1"), "has ended");
    is_refused(server.pull(Puller::bind("tcp://127.0.0.1:*")), "has ended");
    is_refused(server.unsubscribe("tcp://127.0.0.1:1"), "has ended");
}
