//! Endpoints of publishers, on either side, and settings.

use std::collections::BTreeSet;
use std::time::Duration;

use zmqrpc::Error;
use zmqrpc::pubsub::{Publisher, Subscription};

use super::sensor::{LIMIT, SOON, SensorClient, publisher, server, subscriber};
use super::support::{Peer, await_state, ipc, within};

#[test]
fn servers_subscribe_over_every_transport_and_in_both_directions() {
    within(LIMIT, || {
        for (round, endpoint) in ["tcp://127.0.0.1:*", &ipc("both"), "inproc://both"]
            .into_iter()
            .enumerate()
        {
            // The publisher is bound.
            let out = SensorClient::new(Publisher::bind(endpoint).unwrap());
            let bound = out.transport().endpoints().remove(0);
            let (first, got) = server(|builder| builder.subscribe(&*bound));
            out.transport().wait_subscribers(1, SOON).unwrap();
            for number in 0..1_000 {
                out.with_topic("eu.").reading(number).unwrap();
            }
            // Several threads execute what comes.
            let numbers: BTreeSet<_> = (0..1_000)
                .map_while(|_| got.recv_timeout(SOON).ok())
                .collect();
            assert_eq!(numbers, (0..1_000).collect(), "{endpoint}");
            assert_eq!(first.subscriptions()[0].lost, 0);
            drop((out, first));

            // The subscriber is, at the same place, and comes last, and comes again.
            let out = SensorClient::new(Publisher::connect(&bound).unwrap());
            let place = bound;
            for number in 0..3 {
                let number = 10 * round as u64 + number;
                let bound = Subscription::bind(&place);
                let (second, got) = server(|builder| builder.subscribe(bound));
                out.transport().wait_subscribers(1, SOON).unwrap();
                out.reading(number).unwrap();
                assert_eq!(got.recv_timeout(SOON), Ok(number), "{place}");
                second.shutdown(SOON).unwrap();
                await_state(&format!("{place} is left"), || {
                    out.transport().subscribers() == 0
                });
            }
        }
    });
}

#[test]
fn either_side_binds_and_endpoints_come_and_go() {
    within(LIMIT, || {
        let (first, at_first) = Peer::bound(zmq::SUB, "tcp://127.0.0.1:*");
        first.subscribe(&[""]);
        let publisher = Publisher::connect(&at_first).unwrap();
        let out = SensorClient::new(publisher.clone());
        // A raw socket that is bound notices who connects, and says what it subscribes, only while it is used.
        let counts = |peer: &Peer, count| {
            peer.0.get_events().unwrap();
            publisher.subscribers() == count
        };
        await_state("the first is there", || counts(&first, 1));

        let path = ipc("publish");
        let (second, at_second) = Peer::bound(zmq::SUB, &path);
        second.subscribe(&[""]);
        assert_eq!(publisher.add_connect(&at_second).unwrap(), at_second);
        await_state("the second is there", || counts(&second, 2));
        let resolved = publisher.add_bind("tcp://127.0.0.1:*").unwrap();
        let third = Peer::subscribed(&resolved, &[""]);
        publisher.wait_subscribers(3, SOON).unwrap();
        assert_eq!(publisher.endpoints(), [&*at_first, &at_second, &resolved]);
        out.reading(5).unwrap();
        for peer in [&first, &second, &third] {
            assert_eq!(peer.event().1.number(), 5);
        }
        publisher.remove_endpoint(&at_first).unwrap();
        publisher.remove_endpoint(&resolved).unwrap();
        await_state("two have gone", || publisher.subscribers() == 1);
        out.reading(6).unwrap();
        assert_eq!(second.event().1.number(), 6);
        assert!(first.is_silent() && third.is_silent());
        assert_eq!(publisher.endpoints(), [&*at_second]);
        let error = publisher.remove_endpoint(&at_first).unwrap_err();
        assert!(matches!(error, Error::Endpoint { .. }), "{error}");
    });
}

#[test]
fn a_publisher_that_has_ended_leaves_its_port_to_the_next_and_subscribers_follow() {
    within(LIMIT, || {
        let (out, endpoint) = publisher();
        let peer = subscriber(&out, &endpoint, &[""]);
        drop(out);
        for number in 0..5 {
            let out = SensorClient::new(Publisher::bind(&endpoint).unwrap());
            // A raw socket says again what it subscribes only while it is used.
            await_state("the subscriber is back", || {
                peer.0.get_events().unwrap();
                out.transport().subscribers() == 1
            });
            out.reading(number).unwrap();
            let event = peer.event().1;
            assert_eq!((event.number(), event.sequence), (number, 1));
        }
    });
}

#[test]
fn errors_name_the_setting_that_is_wrong() {
    let anywhere = || Publisher::builder().bind("tcp://127.0.0.1:*");
    for (builder, setting) in [
        (Publisher::builder(), "bind"),
        (anywhere().high_water(0), "high_water"),
        (
            anywhere().heartbeat_interval(Duration::ZERO),
            "heartbeat_interval",
        ),
        (anywhere().max_message(10), "max_message"),
        (anywhere().metadata("key", "x".repeat(10_000)), "metadata"),
    ] {
        match builder.build() {
            Err(Error::Config { setting: wrong, .. }) => assert_eq!(wrong, setting),
            other => panic!("{setting}: {other:?}"),
        }
    }
    let taken = Publisher::bind("tcp://127.0.0.1:*").unwrap();
    let taken = taken.endpoints().remove(0);
    let blocker = Publisher::bind(&taken);
    for (result, endpoint) in [
        (Publisher::bind("127.0.0.1:1"), "127.0.0.1:1"),
        (Publisher::bind("tcp://256.0.0.1:1"), "tcp://256.0.0.1:1"),
        (Publisher::bind("udp://127.0.0.1:1"), "udp://127.0.0.1:1"),
        (Publisher::connect("tcp://127.0.0.1:*"), "tcp://127.0.0.1:*"),
        (Publisher::bind(&taken), &*taken),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.endpoint(), Some(endpoint), "{error}");
        assert!(matches!(error, Error::Endpoint { .. }), "{error}");
    }
    drop(blocker);
}
