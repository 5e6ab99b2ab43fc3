//! Servers that take longer than their callers wait.

use std::collections::HashMap;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use zmqrpc::{Client, Error, Executed};

use crate::support::{
    Peer, Random, TargetAdd, TargetClient, TargetProcess, TargetTrace, alone, await_state,
    call_by_name, failure,
};

const LIMIT: Duration = Duration::from_secs(60);
const CALLS: u64 = 20;

#[test]
fn calls_that_were_given_up_are_not_executed_later() {
    alone(LIMIT, || {
        let target = TargetProcess::start(1);
        let client = Client::connect(&target.endpoint).unwrap();
        // The one that runs has time.
        let first = client.begin(&TargetTrace { number: 0 }).unwrap();
        target.await_hold(0);
        let hasty = client.with_timeout(Duration::from_millis(300));
        let begun: Vec<_> = (1..CALLS)
            .map(|number| hasty.begin(&TargetTrace { number }).unwrap())
            .collect();
        for call in begun {
            let error = call.wait().unwrap_err();
            assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
            assert_eq!(error.executed(), Executed::Maybe);
        }
        // The server counts a call's time from when it has read it, and nothing tells the test that it has read the
        // cancellations: another call's time is more than it needs for both.
        hasty.call(&TargetTrace { number: CALLS }).unwrap_err();
        target.open(0);
        first.wait().unwrap();
        let client = TargetClient::new(client);
        // The one that had started; no other one.
        let mut traces = client.traces().unwrap();
        // But for that last one, which was given up just now.
        let last = traces.remove(&CALLS).unwrap_or_default();
        assert_eq!(traces, HashMap::from([(0, 1)]));
        let counts = client.counts().unwrap();
        assert_eq!(
            counts.cancelled + counts.expired + last,
            CALLS,
            "{counts:?}"
        );
        let stats = client.transport().stats();
        assert_eq!(stats.in_flight, 0);
        assert_eq!(stats.late_replies, CALLS - counts.cancelled, "{counts:?}");
    });
}

#[test]
fn calls_whose_time_is_over_are_not_executed_although_nobody_cancels_them() {
    alone(LIMIT, || {
        let target = TargetProcess::start(1);
        let peer = Peer::connect(&target.endpoint);
        let send = |number: u64, remaining| {
            let arguments = [0x91, u8::try_from(number).unwrap()];
            peer.send(call_by_name(number, "Target.trace", remaining, &arguments));
        };
        // The one that runs has time.
        send(0, 0);
        target.await_hold(0);
        for number in 1..CALLS {
            send(number, 200);
        }
        // Comes in behind them and waits longer.
        let client = Client::connect(&target.endpoint).unwrap();
        let error = client
            .with_timeout(Duration::from_millis(400))
            .call(&TargetAdd { a: 2, b: 3 })
            .unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
        target.open(0);
        let client = TargetClient::new(client);
        assert_eq!(client.traces(), Ok(HashMap::from([(0, 1)])));
        // The last is its own: it expires too, or is cancelled, or its turn comes before either is known.
        await_state("all are over", || {
            let counts = client.counts().unwrap();
            counts.expired + counts.cancelled >= CALLS - 1
        });
        assert_eq!(peer.answer()[..12], call_by_name_answer(0));
        for number in 1..CALLS {
            let expired = failure(number, 11, 0, "");
            assert_eq!(peer.answer()[..expired.len()], expired);
        }
    });
}

/// The beginning of the reply to a call that was executed.
fn call_by_name_answer(id: u64) -> [u8; 12] {
    let mut head = [0; 12];
    head[..3].copy_from_slice(&[0xC1, 1, 0x81]);
    head[3..11].copy_from_slice(&id.to_le_bytes());
    head
}

#[test]
fn no_call_is_executed_twice_and_none_that_was_said_not_to_be() {
    alone(LIMIT, || {
        let target = TargetProcess::start(2);
        let client = Client::connect(&target.endpoint).unwrap();
        let endings = Mutex::new(HashMap::new());
        thread::scope(|scope| {
            for seed in 0..8 {
                let (client, endings) = (&client, &endings);
                scope.spawn(move || {
                    let mut random = Random(seed);
                    for call in 0..25 {
                        let number = seed * 100 + call;
                        let patience = Duration::from_millis(5 + random.number() % 80);
                        let calls = TargetClient::new(client.with_timeout(patience));
                        let ending = calls.work(number, random.number() % 20);
                        endings.lock().unwrap().insert(number, ending);
                    }
                });
            }
        });
        let traces = TargetClient::new(client).traces().unwrap();
        let (mut done, mut late) = (0, 0);
        for (number, ending) in endings.into_inner().unwrap() {
            let times = traces.get(&number).copied().unwrap_or_default();
            match ending {
                Ok(()) => {
                    assert_eq!(times, 1, "call {number} was answered");
                    done += 1;
                }
                Err(error) => {
                    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
                    let most = u64::from(error.executed() != Executed::No);
                    assert!(times <= most, "{times} times: {error}");
                    late += 1;
                }
            }
        }
        assert!(done > 0 && late > 0, "{done} in time, {late} not");
    });
}
