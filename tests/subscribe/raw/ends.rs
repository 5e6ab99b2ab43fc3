//! Who waits, for how long, and what is left at the end.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use zmqrpc::client::Codec;
use zmqrpc::pubsub::{
    AsyncRawSubscriber, Publisher as TypedPublisher, RawArrival, RawSubscriber, Subscription,
};

use super::{LIMIT, SOON, next_event, pair};
use crate::publisher::Publisher;
use crate::support::{await_state, block_on, within};

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
