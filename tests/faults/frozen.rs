//! Peers that stand still with their connections open, and methods that do.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::{AsyncClient, Client, Error, Executed, Ping};

use crate::support::{Process, Role, TargetClient, TargetHold, TargetProcess, alone};

const LIMIT: Duration = Duration::from_secs(60);
const SILENCE: Duration = Duration::from_secs(1);

/// More than the machine needs while it builds something else, and less than a call has time.
const SLACK: Duration = Duration::from_secs(10);

fn client(target: &TargetProcess) -> Client {
    Client::builder()
        .connect(&target.endpoint)
        .ping(Ping {
            interval: SILENCE / 10,
            timeout: SILENCE,
        })
        .connect_timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

fn assert_silent(error: &Error, after: Duration) {
    let silent = matches!(
        error,
        Error::Unavailable {
            executed: Executed::Maybe,
            ..
        }
    );
    assert!(silent, "{error:?}");
    assert!(
        SILENCE / 2 < after && after < SILENCE + SLACK,
        "after {after:?}: {error}"
    );
}

#[test]
fn calls_of_a_frozen_server_fail_and_work_again_when_it_goes_on() {
    alone(LIMIT, || {
        let target = TargetProcess::start(4);
        let client = client(&target);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        for round in 1..=2 {
            // The blocking and the waiting caller share a link: whoever looks after it, both are told.
            let tasks = AsyncClient::from(client.clone());
            let task = runtime.spawn(tasks.call(&TargetHold { gate: round }));
            let call = client.begin(&TargetHold { gate: round }).unwrap();
            target.await_hold(round);
            target.await_hold(round);
            target.process.freeze();
            let frozen = Instant::now();
            assert_silent(&call.wait().unwrap_err(), frozen.elapsed());
            assert_silent(
                &runtime.block_on(task).unwrap().unwrap_err(),
                frozen.elapsed(),
            );
            assert_eq!(client.stats().renewals, round);
            // The system still takes connections for the frozen process, but there is no server behind them.
            let hasty = TargetClient::new(client.with_timeout(SILENCE / 2));
            while frozen.elapsed() < 3 * SILENCE {
                let error = hasty.add(2, 3).unwrap_err();
                assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
                assert_eq!(error.executed(), Executed::No);
            }
            let waiting = {
                let client = TargetClient::new(client.clone());
                thread::spawn(move || client.process_id())
            };
            target.process.thaw();
            let thawed = Instant::now();
            assert_eq!(waiting.join().unwrap(), Ok(target.process.id()));
            eprintln!(
                "a call worked {:?} after the server went on",
                thawed.elapsed()
            );
            target.open(round);
            assert_eq!(
                runtime.block_on(TargetClient::new(tasks).process_id()),
                Ok(target.process.id())
            );
            assert_eq!(client.stats().in_flight, 0);
            assert_eq!(client.stats().renewals, round);
        }
    });
}

#[test]
fn a_method_that_hangs_only_uses_up_its_own_time() {
    alone(LIMIT, || {
        let target = TargetProcess::start(2);
        let client = client(&target);
        let time = 2 * SILENCE + SILENCE / 2;
        let hung = client.with_timeout(time).begin(&TargetHold { gate: 0 });
        let hung = hung.unwrap();
        target.await_hold(0);
        let waiting = thread::spawn(move || (hung.wait(), Instant::now()));
        let (start, others) = (Instant::now(), TargetClient::new(client.clone()));
        let mut answered = 0;
        while !waiting.is_finished() {
            assert_eq!(others.add(answered, 1), Ok(answered + 1));
            answered += 1;
        }
        let (result, end) = waiting.join().unwrap();
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
        assert_eq!(error.executed(), Executed::Maybe);
        let took = end - start;
        assert!(took < time + SLACK, "{took:?}");
        assert!(answered > 50, "{answered} calls beside the one that hung");
        // And without others, whose replies are signs of life.
        let error = client
            .with_timeout(time)
            .call(&TargetHold { gate: 0 })
            .unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
        assert_eq!(client.stats().renewals, 0);
        target.open(0);
    });
}

/// A network with a latency: what comes from one side gets to the other so much later.
fn relay(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    let (sender, receiver) = channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        for (at, bytes) in receiver {
            thread::sleep((at + LATENCY).saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            if sender
                .send((Instant::now(), bytes[..count].to_vec()))
                .is_err()
            {
                return;
            }
        }
    });
}

const LATENCY: Duration = Duration::from_millis(100);

/// No test, but a client that is frozen.
pub(crate) fn call_slowly() {
    let Some(role) = Role::of("slow_caller_process") else {
        return;
    };
    let client = Client::builder()
        .connect(&role.argument)
        // A ping is under way nearly always.
        .ping(Ping {
            interval: SILENCE / 4,
            timeout: SILENCE,
        })
        .build()
        .unwrap();
    TargetClient::new(client.clone()).add(1, 2).unwrap();
    role.tell("ready");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for gate in 0.. {
        let outcome = if gate % 2 == 0 {
            client.call(&TargetHold { gate })
        } else {
            runtime.block_on(AsyncClient::from(client.clone()).call(&TargetHold { gate }))
        };
        role.tell(format!("{outcome:?}"));
    }
}

#[test]
fn a_client_that_was_frozen_itself_does_not_blame_its_server() {
    alone(LIMIT, || {
        let target = TargetProcess::start(4);
        let server = target.endpoint.strip_prefix("tcp://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let front = format!("tcp://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(&server).unwrap();
                relay(&client, &server);
                relay(&server, &client);
            }
        });
        let caller = Process::start("slow_caller_process", &front);
        assert_eq!(caller.hear(), "ready");
        for gate in 0..6 {
            target.await_hold(gate);
            // Between a ping and its pong: at another moment each time.
            thread::sleep(SILENCE / 4 + LATENCY * u32::try_from(gate).unwrap() / 3);
            caller.freeze();
            thread::sleep(SILENCE * 3 / 2);
            caller.thaw();
            thread::sleep(SILENCE / 4);
            target.open(gate);
            assert_eq!(caller.hear(), "Ok(())", "round {gate}");
        }
    });
}
