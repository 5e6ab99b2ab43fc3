//! More events than can be executed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use zmqrpc::pubsub::Subscription;
use zmqrpc::{Client, Server, zmq_service};

use super::publisher::{Publisher, Rogue, event, number};
use super::recorder::{SensorClient, only, record};
use super::support::{await_state, within};

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn events_beyond_what_is_held_are_dropped_by_the_publisher_and_counted_here() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind_to("tcp://127.0.0.1:*", 1, 10);
        let (server, recorder) = record(|builder| {
            builder
                .subscribe(Subscription::connect(&publisher.endpoint).high_water(10))
                .worker_threads(1)
                .max_queue(4)
        });
        publisher.await_subscriber();
        publisher.call("", "slowly", &number(0));
        recorder.gate.await_arrivals(1);
        // Far more than queue, sockets and the system hold.
        let padding = "x".repeat(200);
        let count = 200_000;
        for value in 1..count {
            publisher.reading(&padding, value);
        }
        // The queue is full, and holds no more than it may.
        assert_eq!(server.stats().requests, 5);
        recorder.gate.open();
        // Events go through again once what is held has been executed; the last of them tells of the last gap.
        let mut sent = count - 1;
        while recorder.log.numbers().last() != Some(&u64::MAX) {
            publisher.reading(&padding, u64::MAX);
            sent += 1;
            std::thread::sleep(Duration::from_millis(1));
        }
        await_state("the last", || {
            let stats = only(&server);
            stats.received + stats.lost == sent + 1
        });
        let stats = only(&server);
        assert!(stats.lost > count / 2, "{stats:?}");
        assert_eq!(server.stats().overloaded, 0);
        let numbers = recorder.log.numbers();
        assert!(numbers.is_sorted(), "in order");
    });
}

#[test]
fn large_events_that_find_no_room_stay_with_who_publishes_them() {
    within(LIMIT, || {
        let (server, recorder) = record(|builder| {
            builder
                .subscribe(Subscription::bind("tcp://127.0.0.1:*"))
                .worker_threads(1)
                .max_queue(4)
        });
        let mut rogue = Rogue::connect(&only(&server).endpoint, "PUB");
        rogue.send(&[b"", &event(1, 1, "slowly", &number(0))]);
        recorder.gate.await_arrivals(1);
        rogue
            .0
            .set_write_timeout(Some(Duration::from_millis(500)))
            .unwrap();
        let large = event(1, 2, "reading", &vec![0; 1 << 20]);
        let offered = 1000;
        let taken = (0..offered)
            .take_while(|_| rogue.try_send(&[b"", &large]))
            .count();
        // 4 in the queue, 8 in libzmq's, some that the system buffers, and what came before libzmq was told.
        assert!(taken < offered / 3, "{taken} MiB");
        recorder.gate.open();
    });
}

#[test]
fn a_publisher_that_floods_with_what_nobody_asked_for_keeps_no_caller_waiting() {
    within(LIMIT, || {
        let (server, recorder) = record(|builder| {
            builder
                .bind("tcp://127.0.0.1:*")
                .subscribe(Subscription::bind("tcp://127.0.0.1:*").topic("eu."))
        });
        let endpoint = only(&server).endpoint;
        let flood = std::thread::spawn(move || {
            let mut rogue = Rogue::connect(&endpoint, "PUB");
            let event = event(1, 1, "reading", &number(1));
            for _ in 0..100_000 {
                rogue.send(&[b"us.", &event]);
            }
            rogue
        });
        let client = SensorClient::connect(&server.endpoints()[0]).unwrap();
        let mut calls = 0;
        while only(&server).malformed < 100_000 {
            assert_eq!(client.count(), Ok(0));
            calls += 1;
        }
        assert!(calls > 10, "{calls}");
        let mut rogue = flood.join().unwrap();
        rogue.send(&[b"eu.", &event(1, 1, "reading", &number(7))]);
        assert_eq!(recorder.log.await_numbers(1), [7]);
    });
}

#[test]
fn async_handlers_of_events_are_bounded_too() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let (server, recorder) = record(|builder| {
            builder
                .subscribe(&publisher.endpoint)
                .bind("tcp://127.0.0.1:*")
                .worker_threads(2)
                .max_queue(10)
        });
        publisher.await_subscriber();
        for value in 0..100 {
            publisher.call("", "never", &number(value));
        }
        // Ten tasks, and none of those that could begin.
        await_state("a full queue", || server.stats().requests >= 10);
        let client = SensorClient::connect(&server.endpoints()[0]).unwrap();
        assert_eq!(client.count(), Ok(0));
        let taken = server.stats().requests - 1;
        assert!((10..=12).contains(&taken), "{taken} were taken");
        assert!(recorder.log.numbers().is_empty());
        assert_eq!(only(&server).lost, 0);
    });
}

#[test]
fn events_arrive_at_once_when_tasks_have_made_room() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let (server, recorder) = record(|builder| {
            builder
                .subscribe(&publisher.endpoint)
                .worker_threads(1)
                .max_queue(1)
        });
        publisher.await_subscriber();
        for round in 0..20 {
            // As many as there is room for: nothing is left when it is free again.
            publisher.call("", "later", &number(round));
            publisher.call("", "later", &number(round));
            recorder
                .log
                .await_entries(3 * usize::try_from(round).unwrap() + 2);
            std::thread::sleep(Duration::from_millis(20));
            let start = Instant::now();
            publisher.reading("", round);
            recorder
                .log
                .await_entries(3 * usize::try_from(round).unwrap() + 3);
            let late = start.elapsed();
            assert!(late < Duration::from_millis(500), "{late:?}");
        }
        assert_eq!(only(&server).lost, 0);
    });
}

#[zmq_service]
trait Mill {
    /// Takes a tenth of a millisecond.
    fn grind(&self);
    fn ground(&self) -> u64;
}

#[derive(Default)]
struct Stone(AtomicU64);

impl Mill for Stone {
    fn grind(&self) {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_micros(100) {
            std::hint::spin_loop();
        }
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn ground(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[test]
fn events_that_never_stop_keep_no_caller_waiting() {
    within(LIMIT, || {
        let server = Server::builder()
            .service(MillServer::new(Stone::default()))
            .bind("tcp://127.0.0.1:*")
            .subscribe(Subscription::bind("tcp://127.0.0.1:*"))
            .worker_threads(1)
            // A call takes its turn behind the events that wait already.
            .max_queue(16)
            .start()
            .unwrap();
        let publisher = zmqrpc::pubsub::Publisher::connect(&only(&server).endpoint).unwrap();
        publisher
            .wait_subscribers(1, Duration::from_secs(10))
            .unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let flood = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                let mill = MillClient::new(publisher);
                while !stop.load(Ordering::Relaxed) {
                    mill.grind().unwrap();
                }
            }
        });
        let client = Client::builder()
            .connect(&server.endpoints()[0])
            .timeout(Duration::from_secs(5))
            .build()
            .unwrap();
        let mill = MillClient::new(client);
        await_state("a flood", || server.stats().requests > 1_000);
        let before = mill.ground().unwrap();
        let mut ground = before;
        for _ in 0..10 {
            ground = mill.ground().unwrap();
        }
        assert!(ground > before, "events go on meanwhile");
        stop.store(true, Ordering::Relaxed);
        flood.join().unwrap();
    });
}
