//! Proxies from and to publish/subscribe.

use std::time::Duration;

use zmqrpc::proxy::{Proxy, Pub, Rep, Req, Sub};
use zmqrpc::pubsub::{Overflow, Publisher, Subscription};
use zmqrpc::{Error, Executed, Server, ServerHandle};

use crate::log::{LogClient, LogServer, Taken, log};
use crate::support::{Gate, within};
use crate::{ANYWHERE, LIMIT, await_stats, eventually, timed_drop};

const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn publisher() -> (Publisher, String) {
    let publisher = Publisher::bind(ANYWHERE).unwrap();
    let endpoint = publisher.endpoints()[0].clone();
    (publisher, endpoint)
}

/// A server that listens to what is published.
pub(crate) fn subscriber(subscription: impl Into<Subscription>, taken: &Taken) -> ServerHandle {
    Server::builder()
        .service(LogServer::new(taken.clone()))
        // In the order in which they come.
        .worker_threads(1)
        .subscribe(subscription)
        .start()
        .unwrap()
}

/// Waits until who subscribes to a proxy gets what it publishes: of that nothing tells from outside.
pub(crate) fn await_hearing(taken: &Taken, mut publish: impl FnMut()) {
    eventually("a subscriber", || {
        publish();
        taken.count() > 0
    });
}

#[test]
fn rep_to_pub_answers_accepted_and_publishes() {
    within(LIMIT, || {
        let to = Pub::new().bind(ANYWHERE).topic("eu.");
        let proxy: zmqrpc::proxy::Rep2Pub = Proxy::new(Rep::new().bind(ANYWHERE), to);
        let proxy = proxy.start().unwrap();
        let [front, back] = &proxy.endpoints()[..] else {
            panic!("{:?}", proxy.endpoints());
        };
        let client = LogClient::connect(front).unwrap();
        // Nobody subscribes: it is published all the same.
        client.take(1, 0).unwrap();
        let (taken, other) = (Taken::default(), Taken::default());
        let server = subscriber(Subscription::connect(back).topic("eu."), &taken);
        let _other = subscriber(Subscription::connect(back).topic("us."), &other);
        await_hearing(&taken, || client.take(9, 0).unwrap());
        for number in 0..1000 {
            client.take(1, number).unwrap();
        }
        eventually("all events", || {
            taken.by_client().get(&1).is_some_and(|n| n.len() == 1000)
        });
        assert_eq!(taken.by_client()[&1], (0..1000).collect::<Vec<_>>());
        assert_eq!(other.count(), 0);
        let heard = &server.subscriptions()[0];
        assert_eq!(
            (heard.lost, heard.malformed, heard.publishers.len()),
            (0, 0, 1)
        );
        await_stats(&proxy, "all answers", |stats| {
            stats.answered == stats.received
        });
    });
}

#[test]
fn a_callback_on_silence_that_stands_still_holds_up_no_event() {
    within(LIMIT, || {
        let (publisher, endpoint) = publisher();
        let gate = Gate::default();
        let held = gate.clone();
        let from = Subscription::connect(&endpoint)
            .silence_timeout(Duration::from_millis(100))
            .on_silence(move |_| held.pass());
        let proxy = Proxy::new(Sub::from(from), Pub::new().bind(ANYWHERE));
        let proxy = proxy.start().unwrap();
        gate.await_arrivals(1);
        let taken = Taken::default();
        let back = proxy.endpoints().pop().unwrap();
        let _server = subscriber(Subscription::connect(&back), &taken);
        let log = LogClient::new(publisher);
        await_hearing(&taken, || log.take(1, 1).unwrap());
        gate.open();
    });
}

#[test]
fn rep_to_pub_refuses_what_a_full_subscriber_has_no_room_for() {
    within(LIMIT, || {
        let to = Pub::new()
            .bind(ANYWHERE)
            .overflow(Overflow::Refuse)
            .high_water(1);
        let proxy = Proxy::new(Rep::new().bind(ANYWHERE), to).start().unwrap();
        let deaf = zmq::Context::new().socket(zmq::SUB).unwrap();
        deaf.set_rcvhwm(1).unwrap();
        deaf.set_linger(0).unwrap();
        deaf.set_subscribe(b"").unwrap();
        deaf.connect(&proxy.endpoints()[1]).unwrap();
        let client = crate::support::ProbeClient::connect(&proxy.endpoints()[0]).unwrap();
        let big = vec![0; 1 << 20];
        let mut refused = None;
        eventually("a full subscriber", || {
            // The reply of a method that returns something is empty, and cannot be read.
            refused = client
                .len(&big)
                .err()
                .filter(|error| matches!(error, Error::Overloaded { .. }));
            refused.is_some()
        });
        assert_eq!(refused.unwrap().executed(), Executed::No);
        assert!(proxy.stats().congested > 0);
        let took = timed_drop(proxy);
        assert!(took < SECOND, "{took:?}");
    });
}

#[test]
fn sub_to_pub_keeps_publishers_and_numbers() {
    within(LIMIT, || {
        let (first, first_at) = publisher();
        let (second, second_at) = publisher();
        let proxy: zmqrpc::proxy::Sub2Pub = Proxy::new(
            Sub::new()
                .connect(&first_at)
                .subscribe(Subscription::connect(&second_at).topic("eu.")),
            Pub::new().bind(ANYWHERE),
        );
        let proxy = proxy.start().unwrap();
        let taken = Taken::default();
        let server = subscriber(proxy.endpoints().last().unwrap(), &taken);
        first.wait_subscribers(1, 10 * SECOND).unwrap();
        second.wait_subscribers(1, 10 * SECOND).unwrap();
        let (first, second) = (LogClient::new(first), LogClient::new(second));
        await_hearing(&taken, || first.take(9, 0).unwrap());
        for number in 0..500 {
            first.take(1, number).unwrap();
            second.with_topic("eu.").take(2, number).unwrap();
            second.with_topic("us.").take(3, number).unwrap();
        }
        eventually("all events", || {
            let taken = taken.by_client();
            [1, 2]
                .iter()
                .all(|client| taken.get(client).is_some_and(|n| n.len() == 500))
        });
        second.transport().send_heartbeat().unwrap();
        eventually("a heartbeat", || server.subscriptions()[0].heartbeats > 0);
        assert!(!taken.by_client().contains_key(&3));
        let heard = &server.subscriptions()[0];
        assert_eq!(
            (heard.lost, heard.malformed, heard.publishers.len()),
            (0, 0, 2)
        );
    });
}

#[test]
fn sub_to_pub_reaches_a_subscriber_within_the_process_that_binds_later() {
    within(LIMIT, || {
        let (publisher, at) = publisher();
        let place = "inproc://binds-later";
        let proxy = Proxy::new(Sub::new().connect(at), Pub::new().connect(place));
        let _proxy = proxy.start().unwrap();
        publisher.wait_subscribers(1, 10 * SECOND).unwrap();
        let taken = Taken::default();
        let _server = subscriber(Subscription::bind(place), &taken);
        let publisher = LogClient::new(publisher);
        await_hearing(&taken, || publisher.take(9, 0).unwrap());
    });
}

#[test]
fn sub_to_req_makes_calls_of_events() {
    within(LIMIT, || {
        let (publisher, at) = publisher();
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        let back = Req::new().connect(&server.endpoints()[0]);
        let proxy: zmqrpc::proxy::Sub2Req = Proxy::new(Sub::new().connect(at), back);
        let proxy = proxy.start().unwrap();
        publisher.wait_subscribers(1, 10 * SECOND).unwrap();
        let stub = LogClient::new(publisher);
        for number in 0..1000 {
            stub.take(1, number).unwrap();
        }
        eventually("all calls", || taken.count() == 1000);
        let mut numbers = taken.by_client().remove(&1).unwrap();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..1000).collect::<Vec<_>>());
        await_stats(&proxy, "the replies", |stats| stats.delivered == 1000);
        // What nobody can execute is given up, and counted.
        stub.panic().unwrap();
        await_stats(&proxy, "a panic", |stats| stats.given_up == 1);
        assert_eq!((proxy.stats().held, proxy.stats().held_bytes), (0, 0));
    });
}

#[test]
fn sub_to_req_tries_again_within_its_bounds() {
    within(LIMIT, || {
        let (publisher, at) = publisher();
        let target = crate::support::Fake::start(move |frame| {
            let id = u64::from_le_bytes(frame[3..11].try_into().unwrap());
            vec![crate::support::failure(id, 7, 0, "always")]
        });
        let back = Req::new().connect(&target.endpoint).attempts(3);
        let proxy = Proxy::new(Sub::new().connect(&at), back).start().unwrap();
        let nobody = Req::new()
            .connect("tcp://127.0.0.1:1")
            .max_age(Duration::from_millis(200));
        let too_late = Proxy::new(Sub::new().connect(&at), nobody).start().unwrap();
        publisher.wait_subscribers(2, 10 * SECOND).unwrap();
        LogClient::new(publisher).take(1, 1).unwrap();
        await_stats(&proxy, "three tries", |stats| stats.given_up == 1);
        assert_eq!((proxy.stats().forwarded, proxy.stats().retried), (3, 2));
        await_stats(&too_late, "old age", |stats| stats.given_up == 1);
        assert_eq!(
            (too_late.stats().forwarded, too_late.stats().expired),
            (0, 1)
        );
    });
}

#[test]
fn sub_to_req_holds_no_more_than_its_bound_and_goes_on() {
    within(LIMIT, || {
        let (publisher, at) = publisher();
        let place = crate::support::ipc("sub-to-req");
        let proxy = Proxy::new(Sub::new().connect(&at), Req::new().connect(&place))
            .max_calls(100)
            .start()
            .unwrap();
        publisher.wait_subscribers(1, 10 * SECOND).unwrap();
        let stub = LogClient::new(publisher);
        for number in 0..1000 {
            stub.take(1, number).unwrap();
        }
        await_stats(&proxy, "a full queue", |stats| stats.held == 100);
        let taken = Taken::default();
        let _server = log(&place, &taken);
        eventually("all calls", || taken.count() == 1000);
    });
}
