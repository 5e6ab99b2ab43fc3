//! Publishers that say nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use zmqrpc::pubsub::Subscription;

use super::publisher::{Publisher, number};
use super::recorder::{SensorClient, only, record};
use super::support::{Gate, await_state, ipc, within};

const LIMIT: Duration = Duration::from_secs(60);
const SILENCE: Duration = Duration::from_millis(200);

#[test]
fn a_silent_subscription_is_renewed_with_all_of_its_topics() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let (told, tellings) = channel();
        let told = Mutex::new(told);
        let subscription = Subscription::connect(&publisher.endpoint)
            .topic("a")
            .topic("b")
            .silence_timeout(SILENCE)
            .on_silence(move |endpoint| {
                let _ = told.lock().unwrap().send(endpoint.to_owned());
            });
        let (server, recorder) = record(|builder| builder.subscribe(subscription));
        publisher.await_subscriber();
        let endpoint = publisher.endpoint.clone();
        assert_eq!(server.add_topic(&endpoint, "c"), Ok(true));
        assert_eq!(server.remove_topic(&endpoint, "b"), Ok(true));
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(tellings.recv_timeout(LIMIT), Ok(endpoint.clone()));
        }
        assert!(start.elapsed() >= SILENCE, "{:?}", start.elapsed());
        let stats = only(&server);
        assert!(stats.renewals >= 3, "{stats:?}");
        assert_eq!(stats.silences, stats.renewals);
        // The renewed connection brings the topics as they are now.
        loop {
            let mut orders: Vec<_> = (0..3).map(|_| publisher.order()).collect();
            if orders[2] == [1, 0xFF] {
                orders.sort();
                assert_eq!(
                    orders,
                    [b"\x01a".to_vec(), b"\x01c".to_vec(), vec![1, 0xFF]]
                );
                break;
            }
            while publisher.order() != [1, 0xFF] {}
        }
        let mut value = 0;
        while recorder.log.numbers().len() < 10 {
            publisher.reading("a", value);
            value += 1;
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(only(&server).malformed, 0);
    });
}

#[test]
fn heartbeats_keep_a_subscription_from_being_renewed() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let limit = Duration::from_millis(500);
        let subscription = Subscription::connect(&publisher.endpoint)
            .topic("nothing")
            .silence_timeout(limit);
        let (server, _recorder) = record(|builder| builder.subscribe(subscription));
        publisher.await_subscriber();
        let start = Instant::now();
        let mut sent = 0;
        while start.elapsed() < 3 * limit {
            publisher.heartbeat();
            sent += 1;
            std::thread::sleep(Duration::from_millis(20));
        }
        await_state("all heartbeats", || only(&server).heartbeats == sent);
        assert_eq!((only(&server).silences, only(&server).renewals), (0, 0));
    });
}

#[test]
fn events_that_nobody_runs_are_signs_of_life_and_garbage_is_none() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let subscription = Subscription::connect(&publisher.endpoint).silence_timeout(SILENCE);
        let (server, _recorder) = record(|builder| builder.subscribe(subscription));
        publisher.await_subscriber();
        let start = Instant::now();
        while start.elapsed() < 3 * SILENCE {
            publisher.call("", "unknown", &number(1));
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(only(&server).silences, 0);
        let end = Instant::now() + LIMIT;
        while only(&server).silences == 0 {
            assert!(Instant::now() < end);
            publisher.send(&[b"", b"garbage"]);
            std::thread::sleep(Duration::from_millis(10));
        }
    });
}

#[test]
fn a_bound_subscription_is_renewed_at_the_same_port_and_its_publishers_come_back() {
    within(LIMIT, || {
        let subscription = Subscription::bind("tcp://127.0.0.1:*").silence_timeout(SILENCE);
        let (server, recorder) = record(|builder| builder.subscribe(subscription));
        let endpoint = only(&server).endpoint;
        let mut publishers = [1, 2].map(|id| Publisher::connect(&endpoint, id));
        for publisher in &mut publishers {
            publisher.await_subscriber();
            publisher.reading("", publisher.id);
        }
        recorder.log.await_entries(2);
        // Each comes back, again and again.
        for _ in 0..3 {
            for publisher in &publishers {
                publisher.await_subscriber();
            }
        }
        let stats = only(&server);
        assert!(stats.renewals >= 3, "{stats:?}");
        assert_eq!(stats.endpoint, endpoint);
        let mut value = 10;
        while only(&server)
            .publishers
            .iter()
            .any(|heard| heard.received < 5)
        {
            for publisher in &mut publishers {
                publisher.reading("", value);
            }
            value += 1;
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

#[test]
fn silence_within_the_machine_is_told_and_costs_no_connection() {
    within(LIMIT, || {
        let path = ipc("silent");
        let told = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&told);
        let subscription = Subscription::bind(&path)
            .silence_timeout(SILENCE)
            .on_silence(move |_| {
                counted.fetch_add(1, Ordering::SeqCst);
            });
        let inproc = Subscription::bind("inproc://silent").silence_timeout(SILENCE);
        let (server, recorder) =
            record(|builder| builder.subscribe(subscription).subscribe(inproc));
        let mut publisher = Publisher::connect(&path, 1);
        publisher.await_subscriber();
        await_state("silence", || {
            told.load(Ordering::SeqCst) >= 3
                && server
                    .subscriptions()
                    .iter()
                    .all(|stats| stats.silences >= 3)
        });
        publisher.reading("", 1);
        assert_eq!(recorder.log.await_numbers(1), [1]);
        for stats in server.subscriptions() {
            assert_eq!(stats.renewals, 0);
        }
    });
}

#[test]
fn nothing_is_judged_while_there_is_no_room_for_events() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let subscription = Subscription::connect(&publisher.endpoint).silence_timeout(SILENCE);
        let (server, recorder) = record(|builder| {
            builder
                .subscribe(subscription)
                .worker_threads(1)
                .max_queue(2)
        });
        publisher.await_subscriber();
        publisher.call("", "slowly", &number(0));
        recorder.gate.await_arrivals(1);
        for value in 1..100 {
            publisher.reading("", value);
        }
        await_state("a full queue", || server.stats().requests == 3);
        std::thread::sleep(5 * SILENCE);
        assert_eq!(only(&server).silences, 0);
        recorder.gate.open();
        recorder.log.await_entries(100);
        let stats = only(&server);
        assert_eq!((stats.received, stats.lost), (100, 0));
        // And it is judged again.
        await_state("silence", || only(&server).silences > 0);
    });
}

#[test]
fn a_callback_that_panics_or_takes_its_time_holds_nobody_up() {
    within(LIMIT, || {
        let publisher = Publisher::bind(1);
        let (entered, entries) = channel();
        let entered = Mutex::new(entered);
        let subscription = Subscription::connect(&publisher.endpoint)
            .silence_timeout(SILENCE)
            .on_silence(move |_| {
                let _ = entered.lock().unwrap().send(());
                std::thread::sleep(Duration::from_millis(300));
                panic!("by the callback");
            });
        let (server, _recorder) = record(|builder| {
            builder
                .subscribe(subscription)
                .bind("tcp://127.0.0.1:*")
                .worker_threads(1)
        });
        let client = SensorClient::connect(&server.endpoints()[0]).unwrap();
        assert_eq!(client.count(), Ok(0));
        for _ in 0..3 {
            entries.recv_timeout(LIMIT).unwrap();
            let start = Instant::now();
            assert_eq!(client.count(), Ok(0));
            assert!(
                start.elapsed() < Duration::from_millis(200),
                "{:?}",
                start.elapsed()
            );
        }
        let start = Instant::now();
        drop(server);
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{:?}",
            start.elapsed()
        );
    });
}

#[test]
fn a_callback_that_stands_still_takes_no_thread_of_the_server() {
    within(LIMIT, || {
        let gate = Gate::default();
        let (held, mut publisher) = (gate.clone(), Publisher::bind(1));
        let subscription = Subscription::connect(&publisher.endpoint)
            .silence_timeout(Duration::from_millis(100))
            .on_silence(move |_| held.pass());
        let (server, recorder) =
            record(|builder| builder.worker_threads(1).subscribe(subscription));
        gate.await_arrivals(1);
        // Silences go on, and so does everything else.
        await_state("silences", || only(&server).silences >= 6);
        let mut value = 0;
        while recorder.log.numbers().is_empty() {
            publisher.await_subscriber();
            publisher.reading("a", value);
            value += 1;
        }
        assert_eq!(server.shutdown(LIMIT), Ok(()));
        gate.open();
    });
}
