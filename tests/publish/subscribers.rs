//! Subscribers that come and go: waiting for them, the first message that they get, and heartbeats.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::{Error, Executed};

use super::sensor::{LIMIT, SOON, publisher, server};
use super::support::{Event, Peer, await_state, within};

#[test]
fn the_first_message_arrives_after_waiting_for_the_subscriber() {
    within(Duration::from_secs(60), || {
        let (out, endpoint) = publisher();
        let out = out.with_topic("eu.berlin");
        for number in 1..=1_000 {
            let peer = Peer::subscribed(&endpoint, &["eu."]);
            out.transport().wait_subscribers(1, SOON).unwrap();
            out.reading(number).unwrap();
            let (topic, event) = peer.event();
            assert_eq!((&*topic, event.number()), ("eu.berlin", number));
            drop(peer);
            await_state("the subscriber has gone", || {
                out.transport().subscribers() == 0
            });
        }
    });
}

#[test]
fn the_first_message_reaches_a_server_too() {
    within(Duration::from_secs(60), || {
        let (out, endpoint) = publisher();
        let out = out.with_topic("eu.berlin");
        for number in 1..=1_000 {
            let subscription = Subscription::connect(&endpoint).topic("eu.");
            let (server, got) = server(|builder| builder.subscribe(subscription).worker_threads(1));
            out.transport().wait_subscribers(1, SOON).unwrap();
            out.reading(number).unwrap();
            assert_eq!(got.recv_timeout(SOON), Ok(number));
            server.shutdown(SOON).unwrap();
            await_state("the subscriber has gone", || {
                out.transport().subscribers() == 0
            });
        }
    });
}

#[test]
fn heartbeats_of_a_publisher_keep_a_subscription_from_being_renewed() {
    within(LIMIT, || {
        let builder = Publisher::builder().bind("tcp://127.0.0.1:*");
        let publisher = builder
            .heartbeat_interval(Duration::from_millis(20))
            .build()
            .unwrap();
        let endpoint = &publisher.endpoints()[0];
        let limit = Duration::from_millis(500);
        let subscription = Subscription::connect(endpoint)
            .topic("eu.")
            .silence_timeout(limit);
        let (server, _got) = server(|builder| builder.subscribe(subscription));
        await_state("many heartbeats have come", || {
            server.subscriptions()[0].heartbeats >= 50
        });
        assert_eq!(server.subscriptions()[0].renewals, 0);
        drop(publisher);
        await_state("silence is noticed", || {
            server.subscriptions()[0].renewals > 0
        });
    });
}

#[test]
fn heartbeats_reach_subscribers_of_every_topic() {
    within(LIMIT, || {
        let interval = Duration::from_millis(20);
        let builder = Publisher::builder().bind("tcp://127.0.0.1:*");
        let publisher = builder.heartbeat_interval(interval).build().unwrap();
        let endpoint = publisher.endpoints().remove(0);
        let peers = [&["eu."][..], &[]].map(|topics| Peer::subscribed(&endpoint, topics));
        for peer in &peers {
            let beats: Vec<_> = (0..5)
                .map(|_| peer.receive(SOON).unwrap())
                .map(|frames| (frames[0].clone(), Event::read(&frames[1])))
                .collect();
            for (before, after) in beats.iter().zip(&beats[1..]) {
                assert_eq!(after.0, [0xFF]);
                assert_eq!(after.1.body, None);
                assert_eq!(after.1.sequence, before.1.sequence + 1);
            }
        }
        let before = publisher.stats();
        publisher.send_heartbeat().unwrap();
        assert!(publisher.stats().heartbeats > before.heartbeats);
        assert_eq!(publisher.stats().published, 0);
        // The thread ends with the last handle, though another interval were an hour.
        let builder = Publisher::builder().bind("tcp://127.0.0.1:*");
        let slow = builder
            .heartbeat_interval(Duration::from_secs(3600))
            .build()
            .unwrap();
        let start = Instant::now();
        drop(slow);
        assert!(start.elapsed() < Duration::from_secs(2));
    });
}

#[test]
fn subscribers_are_counted_as_they_come_and_go() {
    within(LIMIT, || {
        let (out, endpoint) = publisher();
        let publisher = out.transport().clone();
        assert_eq!(publisher.subscribers(), 0);
        publisher.wait_subscribers(0, Duration::ZERO).unwrap();
        let start = Instant::now();
        let error = publisher.wait_subscribers(2, Duration::from_millis(200));
        let (error, waited) = (error.unwrap_err(), start.elapsed());
        assert!(matches!(error, Error::Unavailable { .. }), "{error}");
        assert!(error.to_string().contains("0 of 2 subscribers"), "{error}");
        assert_eq!(error.executed(), Executed::No);
        assert!((200..2000).contains(&waited.as_millis()), "{waited:?}");

        let start = Instant::now();
        let waiters: Vec<_> = [1, 2, 3, 3, 2, 1]
            .into_iter()
            .map(|count| {
                let publisher = publisher.clone();
                thread::spawn(move || publisher.wait_subscribers(count, SOON))
            })
            .collect();
        // Publishing beside those who wait must not take their news away.
        let busy = Arc::new(std::sync::atomic::AtomicBool::new(true));
        let noise = thread::spawn({
            let (out, busy) = (out.clone(), Arc::clone(&busy));
            move || {
                while busy.load(std::sync::atomic::Ordering::Relaxed) {
                    out.with_topic("noise").reading(1).unwrap();
                }
            }
        });
        let mut peers: Vec<_> = (0..3)
            .map(|_| Peer::subscribed(&endpoint, &["eu.", "us.", "eu."]))
            .collect();
        for waiter in waiters {
            waiter.join().unwrap().unwrap();
        }
        // Not one of them was only woken by its own time limit.
        assert!(start.elapsed() < SOON / 2, "{:?}", start.elapsed());
        busy.store(false, std::sync::atomic::Ordering::Relaxed);
        noise.join().unwrap();
        assert_eq!(publisher.subscribers(), 3);
        peers.pop();
        await_state("one has gone", || publisher.subscribers() == 2);
        peers[0].0.set_unsubscribe(b"eu.").unwrap();
        out.with_topic("eu.").reading(1).unwrap();
        assert_eq!(peers[1].event().0, "eu.");
        assert_eq!(publisher.subscribers(), 2);
    });
}
