//! Workers of a bound client that are killed, frozen, and that come before it.

use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::error::UnavailableCause;
use zmqrpc::{Client, Error, Executed, Ping};

use crate::support::{TargetClient, TargetHold, TargetProcess, alone, await_state, ipc};

const LIMIT: Duration = Duration::from_secs(60);
const SILENCE: Duration = Duration::from_secs(1);

/// More than the machine needs while it builds something else, and less than a call has time.
const SLACK: Duration = Duration::from_secs(10);

fn bound(endpoint: &str) -> (Client, String) {
    let client = Client::builder()
        .bind(endpoint)
        .ping(Ping {
            interval: SILENCE / 10,
            timeout: SILENCE,
        })
        .connect_timeout(Duration::from_secs(20))
        .build()
        .unwrap();
    let endpoint = client.endpoints().remove(0);
    (client, endpoint)
}

fn await_workers(client: &Client, count: usize) {
    await_state("the workers have come", || client.workers().len() == count);
}

#[track_caller]
fn assert_lost(error: &Error) {
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert_eq!(error.executed(), Executed::Maybe);
}

#[test]
fn calls_of_a_killed_worker_end_at_once_and_others_do_its_work() {
    alone(LIMIT, || {
        for endpoint in ["tcp://127.0.0.1:*".to_owned(), ipc("killed")] {
            let (client, endpoint) = bound(&endpoint);
            let steady = TargetProcess::work_for(&endpoint, 4);
            await_workers(&client, 1);
            for _ in 0..5 {
                let mut victim = TargetProcess::work_for(&endpoint, 4);
                await_workers(&client, 2);
                // One each; which of the two gets which is not said.
                let held = [0, 0].map(|gate| client.begin(&TargetHold { gate }).unwrap());
                victim.await_hold(0);
                steady.await_hold(0);
                victim.process.kill();
                let [one, other] = held.map(|call| thread::spawn(move || call.wait()));
                await_state("a call has ended", || {
                    one.is_finished() || other.is_finished()
                });
                let probe = TargetClient::new(client.clone());
                for a in 0..20 {
                    assert_eq!(probe.add(a, 1), Ok(a + 1));
                }
                assert_eq!(client.workers().len(), 1);
                steady.open(0);
                let results = [one, other].map(|call| call.join().unwrap());
                assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
                for error in results.iter().filter_map(|result| result.as_ref().err()) {
                    assert_lost(error);
                    // It was not the silence that told.
                    let is_disconnected = matches!(
                        error,
                        Error::Unavailable {
                            cause: UnavailableCause::Disconnected,
                            ..
                        }
                    );
                    assert!(is_disconnected, "{error:?}");
                }
            }
            assert_eq!(client.stats().in_flight, 0);
        }
    });
}

#[test]
fn a_frozen_worker_gets_no_calls_until_it_goes_on() {
    alone(LIMIT, || {
        let (client, endpoint) = bound("tcp://127.0.0.1:*");
        let worker = TargetProcess::work_for(&endpoint, 4);
        await_workers(&client, 1);
        for round in 1..=2 {
            let call = client.begin(&TargetHold { gate: round }).unwrap();
            worker.await_hold(round);
            worker.process.freeze();
            let frozen = Instant::now();
            let error = call.wait().unwrap_err();
            let after = frozen.elapsed();
            assert_lost(&error);
            assert!(
                SILENCE / 2 < after && after < SILENCE + SLACK,
                "after {after:?}: {error}"
            );
            let hasty = TargetClient::new(client.with_timeout(SILENCE / 2));
            let error = hasty.add(2, 3).unwrap_err();
            assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
            assert_eq!(error.executed(), Executed::No);
            let waiting = {
                let probe = TargetClient::new(client.clone());
                thread::spawn(move || probe.process_id())
            };
            worker.process.thaw();
            assert_eq!(waiting.join().unwrap(), Ok(worker.process.id()));
            worker.open(round);
        }
    });
}

#[test]
fn a_worker_waits_for_its_client_and_finds_the_next_one_in_its_place() {
    alone(LIMIT, || {
        let endpoint = ipc("late");
        let worker = TargetProcess::work_for(&endpoint, 4);
        for _ in 0..3 {
            let (client, _) = bound(&endpoint);
            let probe = TargetClient::new(client.clone());
            assert_eq!(probe.process_id(), Ok(worker.process.id()));
            assert_eq!(client.workers().len(), 1);
        }
    });
}
