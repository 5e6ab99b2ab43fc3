//! Pushing, over real sockets. The pullers are raw ones: the bytes are those of `PROTOCOL.md`.

mod support;

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use support::{Peer, Request, await_state, head, ipc, key, within};
use zmqrpc::{AsyncPusher, Error, Executed, Pusher, Server, ServerBuilder, zmq_service};

const LIMIT: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_secs(10);

#[zmq_service]
pub(crate) trait Mill {
    fn grind(&self, number: u64) -> Result<u64, String>;
    fn blob(&self, bytes: &[u8]) -> u64;
    #[zmq(timeout = "150ms")]
    fn hasty(&self);
}

fn mill() -> (MillClient<Pusher>, String) {
    let pusher = Pusher::bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pusher.endpoints().remove(0);
    (MillClient::new(pusher), endpoint)
}

/// The number that a job is about; its body is one varint.
fn number(peer: &Peer) -> u64 {
    let frames = peer.receive(SOON).expect("a job");
    assert_eq!(frames.len(), 1);
    let request = Request::read(&frames[0]);
    assert_eq!(request.kind, 2, "a notification");
    let bits = request.body.iter().enumerate();
    bits.fold(0, |number, (at, byte)| {
        number | u64::from(byte & 0x7F) << (7 * at)
    })
}

static BLOB: [u8; 32 * 1024] = [7; 32 * 1024];

/// A puller that reads nothing, and a pusher that holds few jobs for it.
fn stalled() -> (MillClient<Pusher>, Peer) {
    let builder = Pusher::builder().bind("tcp://127.0.0.1:*").high_water(10);
    let pusher = builder.build().unwrap();
    let socket = zmq::Context::new().socket(zmq::PULL).unwrap();
    socket.set_rcvhwm(1).unwrap();
    socket.set_rcvbuf(4096).unwrap();
    socket.connect(&pusher.endpoints()[0]).unwrap();
    (MillClient::new(pusher), Peer(socket))
}

/// Pushes until there is no room; answers how many went.
fn fill(mill: &MillClient<Pusher>) -> u64 {
    mill.blob(&BLOB).expect("a puller comes");
    let impatient = mill.with_timeout(Duration::from_millis(50));
    let mut sent = 1;
    while impatient.blob(&BLOB).is_ok() {
        sent += 1;
        assert!(sent < 20_000, "it is never full");
    }
    sent
}

#[test]
fn a_job_is_a_notification() {
    within(LIMIT, || {
        let (mill, endpoint) = mill();
        let peer = Peer::of(zmq::PULL, &endpoint);
        let pushed: Result<(), Error> = mill.grind(300);
        assert_eq!(pushed, Ok(()));
        let key = key("Mill.grind", "(u64) -> Result<u64, String>", 1).to_le_bytes();
        let job = [&head(2, 0)[..], &[0, 0], &key, &[0, 0, 0xAC, 2]].concat();
        assert_eq!(peer.receive(SOON).unwrap(), [job]);
        assert_eq!(mill.transport().stats().pushed, 1);
    });
}

#[test]
fn each_job_goes_to_one_puller_and_all_pullers_get_some() {
    within(LIMIT, || {
        let (first, at_first) = Peer::bound(zmq::PULL, "tcp://127.0.0.1:*");
        let (second, at_second) = Peer::bound(zmq::PULL, &ipc("push"));
        let pusher = Pusher::builder().connect(&at_first).build().unwrap();
        let mill = MillClient::new(pusher);
        mill.grind(0).unwrap();
        mill.transport().also_connect(&at_second).unwrap();
        assert_eq!(mill.transport().endpoints(), [&*at_first, &*at_second]);
        let mut seen = BTreeSet::from([number(&first)]);
        // The second takes part from when it is connected.
        let mut sent = 1;
        while second.0.poll(zmq::POLLIN, 1).unwrap() == 0 {
            mill.grind(sent).unwrap();
            sent += 1;
        }
        for _ in 0..100 {
            mill.grind(sent).unwrap();
            sent += 1;
        }
        let mut shares = [1, 0];
        while (seen.len() as u64) < sent {
            for (share, peer) in shares.iter_mut().zip([&first, &second]) {
                if peer.0.poll(zmq::POLLIN, 5).unwrap() > 0 {
                    assert!(seen.insert(number(peer)), "a job came twice");
                    *share += 1;
                }
            }
        }
        assert!(shares[0] >= 50 && shares[1] >= 50, "{shares:?}");
        mill.transport().close(&at_first).unwrap();
        // libzmq leaves in the background: one more may go there.
        await_state("the first gets no more", || {
            mill.grind(sent).unwrap();
            second.0.poll(zmq::POLLIN, 100).unwrap() > 0
        });
        for sent in sent..sent + 10 {
            assert_eq!(number(&second), sent);
            mill.grind(sent + 1).unwrap();
        }
    });
}

/// Passes on what it gets.
struct Miller(Mutex<Sender<u64>>);

impl Mill for Miller {
    fn grind(&self, number: u64) -> Result<u64, String> {
        let _ = self.0.lock().unwrap().send(number);
        Ok(number)
    }

    fn blob(&self, bytes: &[u8]) -> u64 {
        bytes.len() as u64
    }

    fn hasty(&self) {}
}

#[test]
fn servers_pull_over_every_transport_and_in_both_directions() {
    within(LIMIT, || {
        let server = |settings: &dyn Fn(ServerBuilder) -> ServerBuilder| {
            let (sender, got) = channel();
            let service = MillServer::new(Miller(Mutex::new(sender)));
            let server = settings(Server::builder().service(service));
            (server.start().unwrap(), got)
        };
        for endpoint in ["tcp://127.0.0.1:*", &ipc("both-push"), "inproc://both-push"] {
            // The pusher is bound.
            let mill = MillClient::new(Pusher::bind(endpoint).unwrap());
            let place = mill.transport().endpoints().remove(0);
            let (first, got) = server(&|builder| builder.pull_connect(&*place));
            for number in 0..1_000 {
                mill.grind(number).unwrap();
            }
            // Several threads execute what comes.
            let numbers: BTreeSet<_> = (0..1_000)
                .map_while(|_| got.recv_timeout(SOON).ok())
                .collect();
            assert_eq!(numbers, (0..1_000).collect(), "{endpoint}");
            first.shutdown(SOON).unwrap();
            drop(mill);

            // The puller is, and comes last, and comes again.
            let mill = MillClient::new(Pusher::connect(&place).unwrap());
            for round in 0..3 {
                let waiting = thread::spawn({
                    let mill = mill.clone();
                    move || mill.grind(round)
                });
                let (second, got) = server(&|builder| builder.pull_bind(&*place));
                waiting.join().unwrap().unwrap();
                assert_eq!(got.recv_timeout(SOON), Ok(round), "{place}");
                second.shutdown(SOON).unwrap();
                let hasty = mill.with_timeout(Duration::from_millis(10));
                await_state("it has gone", || hasty.grind(99).is_err());
            }
        }
    });
}

#[test]
fn without_a_puller_pushing_ends_in_time() {
    within(LIMIT, || {
        let nobody = Pusher::connect("tcp://127.0.0.1:1").unwrap();
        let (bound, _endpoint) = mill();
        let within = Pusher::connect("inproc://nobody-pulls-here").unwrap();
        for mill in [MillClient::new(nobody), bound, MillClient::new(within)] {
            for (mill, limit) in [
                (mill.with_timeout(Duration::ZERO), 0),
                (mill.with_timeout(Duration::from_millis(200)), 200),
            ] {
                let start = Instant::now();
                let error = mill.grind(1).unwrap_err();
                let elapsed = start.elapsed().as_millis();
                assert!(matches!(error, Error::Unavailable { .. }), "{error}");
                assert_eq!(error.executed(), Executed::No);
                assert_eq!(error.method(), Some("Mill.grind"));
                assert!(
                    (limit..limit + 1000).contains(&elapsed),
                    "{elapsed} of {limit} ms"
                );
            }
            // The method has a limit of its own.
            let start = Instant::now();
            let error = mill.hasty().unwrap_err();
            assert!(error.to_string().contains("150ms"), "{error}");
            assert!(start.elapsed() < Duration::from_secs(2));
            assert_eq!(mill.transport().stats().pushed, 0);
        }
    });
}

#[test]
fn a_full_puller_is_told_from_one_that_is_gone() {
    within(LIMIT, || {
        let (mill, peer) = stalled();
        let sent = fill(&mill);
        let impatient = mill.with_timeout(Duration::from_millis(100));
        let start = Instant::now();
        let error = impatient.grind(1).unwrap_err();
        assert!(start.elapsed() >= Duration::from_millis(100));
        assert!(matches!(error, Error::Overloaded { .. }), "{error}");
        assert!(error.to_string().contains("high_water"), "{error}");
        assert_eq!(error.executed(), Executed::No);
        assert_eq!(mill.transport().stats().pushed, sent);
        for _ in 0..sent {
            peer.receive(SOON).expect("what was taken arrives");
        }
        mill.grind(7).unwrap();
        assert_eq!(number(&peer), 7, "and nothing else");
        fill(&mill);
        drop(peer);
        await_state("it has gone", || {
            matches!(impatient.grind(1), Err(Error::Unavailable { .. }))
        });
        // Those who only look in do not count, and whoever comes then gets what is pushed then.
        let address = mill.transport().endpoints().remove(0);
        drop(std::net::TcpStream::connect(address.trim_start_matches("tcp://")).unwrap());
        let error = impatient.grind(1).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error}");
        let peer = Peer::of(zmq::PULL, &address);
        mill.grind(9).unwrap();
        assert_eq!(number(&peer), 9);
    });
}

#[test]
fn threads_that_wait_go_on_when_a_puller_comes() {
    within(LIMIT, || {
        let (mill, endpoint) = mill();
        let threads: Vec<_> = (0..16)
            .map(|number| {
                let mill = mill.clone();
                thread::spawn(move || mill.grind(number))
            })
            .collect();
        let peer = Peer::of(zmq::PULL, &endpoint);
        let seen: BTreeSet<_> = (0..16).map(|_| number(&peer)).collect();
        assert_eq!(seen, (0..16).collect());
        for thread in threads {
            thread.join().unwrap().unwrap();
        }
    });
}

#[test]
fn threads_and_tasks_wait_together_until_there_is_room() {
    const EACH: u64 = 200;
    within(LIMIT, || {
        let (mill, peer) = stalled();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let tasks = MillClient::new(AsyncPusher::from(mill.transport().clone()));
        let sent = fill(&mill);
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let mill = mill.clone();
                thread::spawn(move || {
                    (0..EACH).try_for_each(|number| mill.grind(thread * EACH + number))
                })
            })
            .collect();
        let tasks: Vec<_> = (4..8)
            .map(|task| {
                let mill = tasks.clone();
                runtime.spawn(async move {
                    for number in 0..EACH {
                        mill.grind(task * EACH + number).await?;
                    }
                    Ok::<(), Error>(())
                })
            })
            .collect();
        for _ in 0..sent {
            peer.receive(SOON).unwrap();
        }
        let seen: BTreeSet<_> = (0..8 * EACH).map(|_| number(&peer)).collect();
        assert_eq!(seen, (0..8 * EACH).collect());
        assert!(peer.is_silent());
        for thread in threads {
            thread.join().unwrap().unwrap();
        }
        for task in tasks {
            runtime.block_on(task).unwrap().unwrap();
        }
        assert_eq!(mill.transport().stats().pushed, sent + 8 * EACH);
    });
}

#[test]
fn a_task_goes_no_faster_than_those_who_pull() {
    within(LIMIT, || {
        let (mill, peer) = stalled();
        let sent = fill(&mill);
        let tasks = MillClient::new(AsyncPusher::from(mill.transport().clone()));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut waiting = pin!(tasks.blob(&BLOB));
            let soon = tokio::time::timeout(Duration::from_millis(100), &mut waiting);
            soon.await.expect_err("there is no room");
            assert_eq!(tasks.transport().stats().pushed, sent);
            for _ in 0..sent {
                peer.receive(SOON).unwrap();
            }
            waiting.await.unwrap();
            assert_eq!(tasks.transport().stats().pushed, sent + 1);
        });
    });
}

#[test]
fn a_future_that_is_dropped_has_sent_nothing_and_holds_nobody_up() {
    within(LIMIT, || {
        let (mill, peer) = stalled();
        let sent = fill(&mill);
        let tasks = MillClient::new(AsyncPusher::from(mill.transport().clone()));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            // Polled in turn by one task: the first of them in the queue are given up, one of them after it was woken.
            let mut given_up: Vec<_> = (100..110)
                .map(|number| Box::pin(tasks.grind(number)))
                .collect();
            let mut noop = Context::from_waker(Waker::noop());
            for future in &mut given_up {
                assert!(future.as_mut().poll(&mut noop).is_pending());
            }
            let never_polled = tasks.grind(110);
            let others: Vec<_> = (0..10)
                .map(|number| tokio::spawn(tasks.grind(number)))
                .collect();
            // Their places in the queue are behind those that are about to go.
            tokio::time::sleep(Duration::from_millis(50)).await;
            drop(given_up.split_off(5));
            for _ in 0..sent {
                peer.receive(SOON).unwrap();
            }
            // Room wakes the first, whose future does not look any more.
            tokio::time::sleep(Duration::from_millis(50)).await;
            drop(given_up);
            drop(never_polled);
            for other in others {
                other.await.unwrap().unwrap();
            }
        });
        let seen: BTreeSet<_> = (0..10).map(|_| number(&peer)).collect();
        assert_eq!(seen, (0..10).collect());
        assert!(peer.is_silent());
    });
}

#[test]
fn tasks_without_a_puller_end_in_time() {
    within(LIMIT, || {
        let pusher = AsyncPusher::connect("tcp://127.0.0.1:1").unwrap();
        let mill = MillClient::new(pusher).with_timeout(Duration::from_millis(200));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let start = Instant::now();
        let errors = runtime.block_on(async {
            let tasks: Vec<_> = (0..50)
                .map(|number| tokio::spawn(mill.grind(number)))
                .collect();
            let mut errors = Vec::new();
            for task in tasks {
                errors.push(task.await.unwrap().unwrap_err());
            }
            errors
        });
        let elapsed = start.elapsed().as_millis();
        assert!((200..2000).contains(&elapsed), "{elapsed} ms");
        for error in errors {
            assert!(matches!(error, Error::Unavailable { .. }), "{error}");
            assert_eq!(error.executed(), Executed::No);
        }
    });
}

#[test]
fn a_task_waits_for_a_name_to_be_bound_in_this_process() {
    within(LIMIT, || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        let pusher = Pusher::connect("inproc://bound-later").unwrap();
        let hasty = MillClient::new(pusher.with_timeout(Duration::from_millis(10)));
        let mill = MillClient::new(AsyncPusher::from(pusher.with_timeout(SOON)));
        runtime.block_on(async {
            for number in 0..2 {
                let push = tokio::spawn(mill.grind(number));
                // The task waits, and so does the one that waits for all tasks.
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                let (sender, got) = channel();
                let server = Server::builder()
                    .service(MillServer::new(Miller(Mutex::new(sender))))
                    .pull_bind("inproc://bound-later")
                    .start()
                    .unwrap();
                let start = Instant::now();
                push.await.unwrap().unwrap();
                assert!(start.elapsed() < SOON / 2, "not before its limit");
                assert_eq!(got.recv_timeout(SOON), Ok(number));
                server.shutdown(SOON).unwrap();
                await_state("it has gone", || hasty.grind(99).is_err());
            }
        });
    });
}

#[test]
fn tasks_of_another_runtime_wait_when_the_first_has_ended() {
    within(LIMIT, || {
        let (mill, endpoint) = mill();
        let tasks = MillClient::new(AsyncPusher::from(mill.transport().clone()));
        for _ in 0..2 {
            let first = tokio::runtime::Runtime::new().unwrap();
            let error = first.block_on(tasks.with_timeout(Duration::from_millis(50)).grind(1));
            assert!(matches!(error, Err(Error::Unavailable { .. })), "{error:?}");
            drop(first);
        }
        let second = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let peer = Peer::of(zmq::PULL, &endpoint);
        second.block_on(tasks.grind(2)).unwrap();
        assert_eq!(number(&peer), 2);
    });
}

#[test]
fn dropping_never_hangs() {
    within(LIMIT, || {
        let (full, peer) = stalled();
        fill(&full);
        let start = Instant::now();
        drop(full);
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "{:?}",
            start.elapsed()
        );
        drop(peer);

        // What was pushed just before arrives nevertheless.
        let (mill, endpoint) = mill();
        let peer = Peer::of(zmq::PULL, &endpoint);
        for number in 0..100 {
            mill.grind(number).unwrap();
        }
        drop(mill);
        for expected in 0..100 {
            assert_eq!(number(&peer), expected);
        }
        Pusher::bind(&endpoint).unwrap();
    });
}

#[test]
fn errors_name_the_setting_that_is_wrong() {
    let somewhere = || Pusher::builder().connect("tcp://127.0.0.1:1");
    for (builder, setting) in [
        (Pusher::builder(), "bind"),
        (somewhere().high_water(0), "high_water"),
        (somewhere().max_message(10), "max_message"),
        (somewhere().metadata("key", "x".repeat(10_000)), "metadata"),
    ] {
        match builder.build() {
            Err(Error::Config { setting: wrong, .. }) => assert_eq!(wrong, setting),
            other => panic!("{setting}: {other:?}"),
        }
    }
    let (mill, endpoint) = mill();
    for (result, endpoint) in [
        (Pusher::connect("tcp://*:1"), "tcp://*:1"),
        (Pusher::connect("tcp://localhost"), "tcp://localhost"),
        (Pusher::bind(&endpoint), &*endpoint),
    ] {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Endpoint { .. }), "{error}");
        assert_eq!(error.endpoint(), Some(endpoint), "{error}");
    }
    let error = mill.transport().close("tcp://127.0.0.1:1").unwrap_err();
    assert!(matches!(error, Error::Endpoint { .. }), "{error}");
    let small = Pusher::builder()
        .connect("tcp://127.0.0.1:1")
        .max_message(1024);
    let error = MillClient::new(small.build().unwrap())
        .blob(&BLOB)
        .unwrap_err();
    assert!(
        matches!(error, Error::TooLarge { limit: 1024, .. }),
        "{error}"
    );
}
