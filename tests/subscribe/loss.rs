//! What did not arrive.

use std::thread;
use std::time::Duration;

use zmqrpc::pubsub::Subscription;

use super::publisher::{Publisher, event, number};
use super::recorder::{only, record};
use super::support::within;

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn gaps_are_counted_per_publisher_and_topic() {
    within(LIMIT, || {
        let (server, recorder) =
            record(|builder| builder.subscribe(Subscription::bind("tcp://127.0.0.1:*")));
        let endpoint = only(&server).endpoint;
        let mut first = Publisher::connect(&endpoint, 1);
        let mut second = Publisher::connect(&endpoint, 2);
        first.await_subscriber();
        second.await_subscriber();
        // Who comes late has lost nothing.
        first.lose("a", 1000);
        for number in 0..10 {
            first.reading("a", number);
            first.reading("b", number);
            second.reading("a", number);
        }
        first.lose("a", 5);
        first.reading("a", 10);
        second.lose("b", 3);
        second.reading("b", 10);
        second.lose("a", 2);
        second.reading("a", 10);
        recorder.log.await_entries(33);
        let stats = only(&server);
        assert_eq!((stats.received, stats.lost), (33, 7));
        let mut heard: Vec<_> = stats
            .publishers
            .iter()
            .map(|heard| (heard.publisher, heard.received, heard.lost))
            .collect();
        heard.sort_unstable();
        assert_eq!(heard, [(1, 21, 5), (2, 12, 2)]);
    });
}

#[test]
fn a_publisher_that_is_started_again_has_lost_nothing() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let (server, recorder) = record(|builder| builder.subscribe(&publisher.endpoint));
        publisher.await_subscriber();
        for number in 0..10 {
            publisher.reading("", number);
        }
        recorder.log.await_entries(10);
        let endpoint = publisher.endpoint.clone();
        drop(publisher);
        // As itself, with numbers from 1 on, and as another one.
        for id in [1, 2] {
            // So long that a connection which libzmq does not make again would have been made anew.
            thread::sleep(Duration::from_millis(700));
            let mut publisher = Publisher::bind_again(&endpoint, id);
            publisher.await_subscriber();
            for number in 0..5 {
                publisher.reading("", number);
            }
            recorder
                .log
                .await_entries(10 + 5 * usize::try_from(id).unwrap());
        }
        let stats = only(&server);
        assert_eq!((stats.received, stats.lost), (20, 0));
        assert_eq!(stats.renewals, 0, "libzmq has connected again by itself");
    });
}

#[test]
fn forged_numbers_are_no_loss_and_hide_none() {
    within(LIMIT, || {
        let (server, recorder) =
            record(|builder| builder.subscribe(Subscription::bind("tcp://127.0.0.1:*")));
        let endpoint = only(&server).endpoint;
        let mut publisher = Publisher::connect(&endpoint, 7);
        publisher.await_subscriber();
        for reading in 0..10 {
            publisher.reading("", reading);
        }
        recorder.log.await_entries(10);
        let forger = Publisher::connect(&endpoint, 8);
        forger.await_subscriber();
        for forged in [u64::MAX, 500, 0, u64::MAX - 1] {
            forger.send(&[b"", &event(7, forged, "reading", &number(0))]);
        }
        recorder.log.await_entries(14);
        publisher.lose("", 3);
        publisher.reading("", 10);
        recorder.log.await_entries(15);
        let stats = only(&server);
        assert_eq!((stats.received, stats.lost), (15, 3));
        let [heard] = &stats.publishers[..] else {
            panic!("{stats:?}")
        };
        assert_eq!((heard.publisher, heard.received, heard.lost), (7, 15, 3));
    });
}

#[test]
fn heartbeats_are_counted_apart() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let (server, recorder) = record(|builder| builder.subscribe(&publisher.endpoint));
        publisher.await_subscriber();
        for number in 0..10 {
            publisher.reading("", number);
            publisher.heartbeat();
        }
        publisher.reading("", 10);
        recorder.log.await_entries(11);
        let stats = only(&server);
        assert_eq!((stats.received, stats.heartbeats), (11, 10));
        assert_eq!((stats.lost, stats.malformed), (0, 0));
        assert_eq!(server.stats().requests, 11);
    });
}
