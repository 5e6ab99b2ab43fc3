//! A process that forks: the child leaves alone what it has inherited, and makes what it needs.

use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use tokio::runtime::{Builder, Runtime};
use zmqrpc::proxy::{BufferedProxy, MemoryQueue, Proxy, Rep, Req};
use zmqrpc::pubsub::{Publisher, RawArrival, RawSubscriber, Subscription};
use zmqrpc::push::Pusher;
use zmqrpc::{Client, Error, Executed, Server, ServerHandle};

use crate::support::{ProbeClient, ProbeServer, Prober, Process, Role, within};

const LIMIT: Duration = Duration::from_secs(120);
/// How long a child may take, before it counts as hung.
const CHILD: Duration = Duration::from_secs(30);

unsafe extern "C" {
    safe fn fork() -> c_int;
    safe fn _exit(code: c_int) -> !;
}

/// Runs `body` in a child, and waits for its end.
fn in_a_child(body: impl FnOnce()) {
    await_end(child(body));
}

/// Runs `body` in a child.
fn child(body: impl FnOnce()) -> Pid {
    let child = fork();
    if child == 0 {
        let ended = catch_unwind(AssertUnwindSafe(body));
        _exit(i32::from(ended.is_err()));
    }
    Pid::from_raw(child).unwrap()
}

fn await_end(child: Pid) {
    let end = Instant::now() + CHILD;
    let status = loop {
        if let Some((_, status)) = waitpid(Some(child), WaitOptions::NOHANG).unwrap() {
            break status;
        }
        if Instant::now() > end {
            kill_process(child, Signal::KILL).unwrap();
            panic!("the child hangs");
        }
        thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(status.exit_status(), Some(0), "{status:?}");
}

fn serve(endpoint: &str) -> ServerHandle {
    let service = ProbeServer::new(Prober::default());
    Server::builder()
        .service(service)
        .bind(endpoint)
        .start()
        .unwrap()
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_child_makes_its_own_and_leaves_its_parents_alone() {
    within(LIMIT, || {
        let played = Process::start("fork::forking_process", "");
        assert_eq!(played.hear(), "done");
    });
}

#[test]
fn forking_process() {
    let Some(role) = Role::of("fork::forking_process") else {
        return;
    };
    let server = serve("tcp://127.0.0.1:*");
    let endpoint = server.endpoints()[0].clone();
    let client = Client::connect(&endpoint).unwrap();
    let probe = ProbeClient::new(client.clone());
    assert_eq!(probe.add(1, 2), Ok(3));
    let publisher = Publisher::builder().bind("tcp://127.0.0.1:*");
    let publisher = publisher
        .heartbeat_interval(Duration::from_millis(10))
        .build()
        .unwrap();
    let pusher = Pusher::bind("tcp://127.0.0.1:*").unwrap();
    let events = RawSubscriber::connect(&publisher.endpoints()[0]).unwrap();
    let proxy = Proxy::new(
        Rep::new().bind("tcp://127.0.0.1:*"),
        Req::new().connect(&endpoint),
    );
    let proxy = proxy.start().unwrap();
    let buffered = BufferedProxy::new(
        Rep::new().bind("tcp://127.0.0.1:*"),
        Req::new().connect(&endpoint),
        MemoryQueue::new(100, 1 << 20),
    );
    let buffered = buffered.start().unwrap();
    let begun = client
        .begin(&crate::support::ProbeAdd { a: 1, b: 2 })
        .unwrap();

    // What is inherited is refused.
    in_a_child(|| {
        let error = probe.add(3, 4).unwrap_err();
        assert_eq!(error, Error::Forked);
        assert_eq!(error.executed(), Executed::No);
        assert_eq!(client.stats().in_flight, 0);
        let event = ProbeClient::new(publisher.clone()).add(1, 2);
        assert_eq!(event, Err(Error::Forked));
        assert_eq!(publisher.send_heartbeat(), Err(Error::Forked));
        assert!(publisher.add_bind("tcp://127.0.0.1:*").is_err());
        let job = ProbeClient::new(pusher.clone()).add(1, 2);
        assert_eq!(job, Err(Error::Forked));
        assert_eq!(server.add_bind("tcp://127.0.0.1:*"), Err(Error::Forked));
        let nowhere = Subscription::connect("tcp://127.0.0.1:9");
        assert!(server.subscribe(nowhere).is_err());
        assert_eq!(server.shutdown(Duration::ZERO), Err(Error::Forked));
        assert_eq!(proxy.shutdown(Duration::ZERO), Err(Error::Forked));
        assert_eq!(buffered.dead_letters().unwrap_err(), Error::Forked);
        assert_eq!(server.wait(), Err(Error::Forked));
        assert_eq!(client.flush(Duration::MAX), Err(Error::Forked));
        assert_eq!(publisher.flush(Duration::MAX), Err(Error::Forked));
        assert_eq!(events.recv().unwrap_err(), Error::Forked);
        assert!(events.stats().is_empty());
        proxy.wait();
    });
    assert_eq!(probe.add(1, 2), Ok(3));

    // What is new works, with the parent's server too.
    in_a_child(|| {
        let own = ProbeClient::connect(&endpoint).unwrap();
        assert_eq!(own.add(3, 4), Ok(7));
        let server = serve("inproc://own");
        assert_eq!(
            ProbeClient::connect("inproc://own").unwrap().add(3, 4),
            Ok(7)
        );
        server.shutdown(Duration::from_secs(5)).unwrap();
    });
    assert_eq!(probe.add(1, 2), Ok(3));

    // What is dropped is not closed.
    let child = fork();
    if child == 0 {
        let ended = catch_unwind(AssertUnwindSafe(|| {
            assert!(begun.wait().is_err());
            drop((probe, client, server, publisher, pusher));
            drop((events, proxy, buffered));
            let own = ProbeClient::connect(&endpoint).unwrap();
            assert_eq!(own.add(3, 4), Ok(7));
        }));
        _exit(i32::from(ended.is_err()));
    }
    let (_, status) = waitpid(Pid::from_raw(child), WaitOptions::empty())
        .unwrap()
        .unwrap();
    assert_eq!(status.exit_status(), Some(0), "{status:?}");
    assert_eq!(begun.wait(), Ok(3));
    assert_eq!(probe.add(1, 2), Ok(3));
    assert_eq!(
        ProbeClient::connect(&proxy.endpoints()[0])
            .unwrap()
            .add(5, 6),
        Ok(11)
    );
    assert!(buffered.dead_letters().unwrap().is_empty());
    publisher.send_heartbeat().unwrap();
    publisher.wait_subscribers(1, CHILD).unwrap();
    ProbeClient::new(publisher).add(7, 8).unwrap();
    assert!(matches!(events.recv(), Ok(Some(RawArrival::Event(_)))));
    proxy.shutdown(Duration::from_secs(5)).unwrap();
    server.shutdown(Duration::from_secs(5)).unwrap();
    role.tell("done");
}

#[test]
fn a_child_does_not_hang_whatever_its_parent_was_at() {
    within(LIMIT, || {
        let played = Process::start("fork::busy_process", "");
        assert_eq!(played.hear(), "done");
    });
}

#[test]
fn busy_process() {
    let Some(role) = Role::of("fork::busy_process") else {
        return;
    };
    let server = serve("tcp://127.0.0.1:*");
    let endpoint = &server.endpoints()[0];
    let client = Client::connect(endpoint).unwrap();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // Every lock is held now and then.
        for number in 0..3 {
            let (client, over) = (client.clone(), &over);
            scope.spawn(move || {
                let probe = ProbeClient::new(client);
                while !over.load(Ordering::Relaxed) {
                    assert_eq!(probe.add(number, 1), Ok(number + 1));
                    drop(ProbeClient::connect(endpoint).unwrap());
                    drop(
                        Publisher::bind("inproc://*")
                            .or_else(|_| Publisher::bind(format!("inproc://busy-{number}"))),
                    );
                }
            });
        }
        // So are those about who blocks the only thread of a runtime.
        scope.spawn(|| {
            one_thread().block_on(async {
                let (_own, probe) = (
                    serve("inproc://one-thread"),
                    ProbeClient::new(client.clone()),
                );
                while !over.load(Ordering::Relaxed) {
                    assert_eq!(probe.add(1, 1), Ok(2));
                }
            });
        });
        for _ in 0..40 {
            in_a_child(|| {
                assert!(ProbeClient::new(client.clone()).add(1, 1).is_err());
                assert_eq!(ProbeClient::connect(endpoint).unwrap().add(3, 4), Ok(7));
                one_thread().block_on(async {
                    let _own = serve("inproc://one-thread");
                    assert_eq!(ProbeClient::connect(endpoint).unwrap().add(3, 4), Ok(7));
                });
            });
        }
        over.store(true, Ordering::Relaxed);
    });
    // Nothing but the standard streams and what this process has made is open.
    assert!(fs::read_dir("/proc/self/fd").unwrap().count() < 200);
    role.tell("done");
}

#[test]
fn a_childs_only_thread_is_not_taken_for_its_parents() {
    within(LIMIT, || {
        let played = Process::start("fork::twin_process", "");
        assert_eq!(played.hear(), "done");
    });
}

#[test]
fn twin_process() {
    let Some(role) = Role::of("fork::twin_process") else {
        return;
    };
    // What marks the threads of this process is known before the fork.
    one_thread().block_on(async {
        let server = serve("tcp://127.0.0.1:*");
        let probe = ProbeClient::connect(&server.endpoints()[0]).unwrap();
        assert_eq!(probe.add(1, 2), Ok(3));
    });
    let endpoint = format!("ipc:///tmp/zmqrpc-{}-twin", std::process::id());
    // The next runtimes of both have the same number, and each has a server on it.
    let child = child(|| {
        one_thread().block_on(async {
            let _own = serve("inproc://own");
            let probe = ProbeClient::connect(&endpoint).unwrap();
            assert_eq!(probe.slow_add(1, 2), Ok(3), "the parent's thread is free");
        });
    });
    one_thread().block_on(async {
        let _server = serve(&endpoint);
        tokio::task::spawn_blocking(move || await_end(child))
            .await
            .unwrap();
    });
    role.tell("done");
}
