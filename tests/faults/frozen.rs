//! Peers that stand still with their connections open, and methods that do.

use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::{AsyncClient, Client, Error, Executed};

use crate::support::{TargetClient, TargetHold, TargetProcess, alone};

const LIMIT: Duration = Duration::from_secs(60);
const SILENCE: Duration = Duration::from_secs(1);

/// More than the machine needs while it builds something else.
const SLACK: Duration = Duration::from_secs(2);

fn client(target: &TargetProcess) -> Client {
    Client::builder()
        .connect(&target.endpoint)
        .ping(SILENCE / 10, SILENCE)
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
