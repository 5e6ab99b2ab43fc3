//! Calls that are given up in great numbers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::{AsyncClient, Client, Error};

use crate::support::{Random, TargetClient, TargetProcess, alone, await_state};

const LIMIT: Duration = Duration::from_secs(120);
const TASKS: u64 = 50;
const CALLS: u64 = 200;

/// Polls a call up to so many times, and answers nothing if it is not ready then.
struct Polled<F> {
    call: Pin<Box<F>>,
    times: usize,
}

impl<F: Future> Future for Polled<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.times == 0 {
            return Poll::Ready(None);
        }
        self.times -= 1;
        if let Poll::Ready(output) = self.call.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn polled<F: Future>(call: F, times: usize) -> Polled<F> {
    Polled {
        call: Box::pin(call),
        times,
    }
}

async fn storm(client: AsyncClient, seed: u64, dropped: Arc<AtomicU64>) {
    let calls = TargetClient::new(client);
    let mut random = Random(seed);
    for _ in 0..CALLS {
        let times = random.below(30);
        let ended = match random.below(4) {
            0 => polled(calls.never(), times).await.is_some(),
            1 => {
                let count = random.below(20_000) as u64;
                let bytes = polled(calls.bytes(count), times).await;
                bytes.is_some_and(|bytes| bytes.unwrap().len() as u64 == count)
            }
            2 => {
                let bytes = random.bytes(3_000);
                let len = polled(calls.len(&bytes), times).await;
                len.is_some_and(|len| len == Ok(3_000))
            }
            _ => {
                let sum = polled(calls.add(2, 3), times).await;
                sum.is_some_and(|sum| sum == Ok(5))
            }
        };
        dropped.fetch_add(u64::from(!ended), Ordering::Relaxed);
    }
}

#[test]
fn calls_that_are_dropped_at_any_poll_disturb_nobody_and_leave_nothing() {
    alone(LIMIT, || {
        let target = TargetProcess::start(4);
        let client = Client::builder()
            .connect(&target.endpoint)
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let dropped = Arc::new(AtomicU64::new(0));
        let storms: Vec<_> = (0..TASKS)
            .map(|seed| {
                let client = AsyncClient::from(client.clone());
                runtime.spawn(storm(client, seed, Arc::clone(&dropped)))
            })
            .collect();
        let calls = TargetClient::new(client.clone());
        let undisturbed = {
            let calls = calls.clone();
            thread::spawn(move || {
                let (mut answered, mut slowest) = (0, Duration::ZERO);
                while !storms.iter().all(tokio::task::JoinHandle::is_finished) {
                    let start = Instant::now();
                    assert_eq!(calls.add(answered, 1), Ok(answered + 1));
                    slowest = slowest.max(start.elapsed());
                    answered += 1;
                }
                for storm in storms {
                    runtime.block_on(storm).unwrap();
                }
                (answered, slowest)
            })
        };
        let (answered, slowest) = undisturbed.join().unwrap();
        let dropped = dropped.load(Ordering::Relaxed);
        eprintln!("{dropped} calls dropped, {answered} beside them, the slowest took {slowest:?}");
        assert!(dropped > TASKS * CALLS / 4, "{dropped} calls were dropped");
        assert!(answered > 0 && slowest < Duration::from_secs(5));
        assert_eq!(client.stats().in_flight, 0);
        // A cancellation that found no room on its way is made up for by the call's deadline, so not all need be
        // cancelled at once; but here they had room.
        await_state("no method runs any more", || calls.present() == Ok(0));
        let counts = calls.counts().unwrap();
        assert!(counts.cancelled > 0, "{counts:?}");
        // But for this call itself, everything that was asked for was answered or cancelled.
        assert_eq!(
            counts.requests - 1,
            counts.replies + counts.cancelled,
            "{counts:?}"
        );
        assert_eq!((counts.overloaded, counts.dropped), (0, 0), "{counts:?}");
        assert!(matches!(
            calls.with_timeout(Duration::from_millis(50)).never(),
            Err(Error::Timeout { .. })
        ));
    });
}
