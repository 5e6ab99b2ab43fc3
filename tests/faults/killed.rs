//! Servers that are killed, and others that take their place.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::{AsyncClient, Client, ClientBuilder, Error, Executed};

use crate::support::{
    Possessions, TargetAdd, TargetClient, TargetHold, TargetProcess, alone, await_state, ipc,
};

const LIMIT: Duration = Duration::from_secs(240);
const CYCLES: u64 = 100;
const WORKERS: usize = 4;

/// A call knows of the loss of its connection long before its time is over.
const FAST: Duration = Duration::from_secs(2);

fn patient(endpoint: &str) -> ClientBuilder {
    Client::builder()
        .connect(endpoint)
        .timeout(Duration::from_secs(60))
        .connect_timeout(Duration::from_secs(20))
}

type Ending = Box<dyn FnOnce() -> Result<(), Error>>;

/// A client, whether its callers are threads or tasks.
struct Caller<'a> {
    hold: &'a dyn Fn() -> Ending,
    add: &'a (dyn Fn(u64, u64) -> Result<u64, Error> + Sync),
    in_flight: &'a dyn Fn() -> usize,
}

#[track_caller]
fn assert_lost(error: &Error) {
    let lost = matches!(
        error,
        Error::Unavailable {
            executed: Executed::Maybe,
            ..
        }
    );
    assert!(lost, "{error:?}");
}

/// Kills the server in the middle of calls and starts it again, many times.
fn survives(target: &mut TargetProcess, caller: &Caller<'_>) {
    let (over, answered, lost) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let cycle = |target: &mut TargetProcess, calls: u64| {
        let held = (caller.hold)();
        target.await_hold(0);
        let enough = answered.load(Ordering::Relaxed) + calls;
        await_state("calls are under way", || {
            answered.load(Ordering::Relaxed) >= enough
        });
        target.process.kill();
        let killed = Instant::now();
        assert_lost(&held().unwrap_err());
        let took = killed.elapsed();
        assert!(took < FAST, "the call failed {took:?} after its server");
        target.replace(WORKERS);
        assert_eq!((caller.add)(2, 3), Ok(5));
        took
    };
    cycle(target, 0);
    let before = Possessions::settled(Possessions::NONE);
    thread::scope(|scope| {
        for seed in 0..3 {
            let (over, answered, lost) = (&over, &answered, &lost);
            let add = caller.add;
            scope.spawn(move || {
                for number in seed.. {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    match add(number, 1) {
                        Ok(sum) => {
                            assert_eq!(sum, number + 1);
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(error) => {
                            assert_lost(&error);
                            lost.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
        // Ends the load on a panic too, or the scope would wait for it.
        let _over = Over(&over);
        let slowest = (0..CYCLES).map(|_| cycle(target, 100)).max();
        eprintln!("slowest failure after a kill: {slowest:?}");
    });
    eprintln!("calls answered: {answered:?}, lost with their server: {lost:?}");
    assert!(lost.into_inner() >= CYCLES, "calls were hit in each cycle");
    assert_eq!((caller.in_flight)(), 0, "every call has ended");
    before.assert_kept();
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn threads_survive_a_hundred_kills_of_their_server() {
    alone(LIMIT, || {
        let mut target = TargetProcess::start(WORKERS);
        let client = patient(&target.endpoint).build().unwrap();
        let caller = Caller {
            hold: &|| {
                let held = client.begin(&TargetHold { gate: 0 }).unwrap();
                Box::new(move || held.wait())
            },
            add: &|a, b| client.call(&TargetAdd { a, b }),
            in_flight: &|| client.stats().in_flight,
        };
        survives(&mut target, &caller);
    });
}

#[test]
fn tasks_survive_a_hundred_kills_of_their_server() {
    alone(LIMIT, || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let mut target = TargetProcess::start(WORKERS);
        let client = patient(&target.endpoint).build_async().unwrap();
        let caller = Caller {
            hold: &|| {
                let held = runtime.spawn(client.call(&TargetHold { gate: 0 }));
                let runtime = runtime.handle().clone();
                Box::new(move || runtime.block_on(held).unwrap())
            },
            add: &|a, b| runtime.block_on(client.call(&TargetAdd { a, b })),
            in_flight: &|| client.stats().in_flight,
        };
        survives(&mut target, &caller);
    });
}

#[test]
fn a_server_moves_to_another_process_behind_an_idle_client() {
    alone(LIMIT, || {
        for endpoint in ["tcp://127.0.0.1:*", &ipc("moved")] {
            let mut target = TargetProcess::start_at(endpoint, WORKERS);
            let client = patient(&target.endpoint).build().unwrap();
            let client = TargetClient::new(client);
            let tasks = TargetClient::new(AsyncClient::from(client.transport().clone()));
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            for _ in 0..5 {
                assert_eq!(client.process_id(), Ok(target.process.id()));
                target.replace(WORKERS);
                assert_eq!(
                    runtime.block_on(tasks.process_id()),
                    Ok(target.process.id())
                );
                target.replace(WORKERS);
            }
            assert_eq!(client.transport().stats().in_flight, 0);
        }
    });
}

#[test]
fn an_idempotent_call_that_was_executed_and_finds_no_other_server_may_have_been_executed() {
    alone(LIMIT, || {
        let mut target = TargetProcess::start(WORKERS);
        let client = Client::builder()
            .connect(&target.endpoint)
            .timeout(Duration::from_secs(60))
            .connect_timeout(Duration::from_millis(300))
            .build()
            .unwrap();
        let client = TargetClient::new(client);
        client.add(2, 3).unwrap();
        let held = thread::spawn(move || client.hold_again(0));
        target.await_hold(0);
        target.process.kill();
        assert_lost(&held.join().unwrap().unwrap_err());
    });
}
