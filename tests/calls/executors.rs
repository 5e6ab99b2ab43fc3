//! Calls from tasks on executors of every kind: a client asks nothing of them but to poll and to be woken.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use zmqrpc::{AsyncClient, Error, Executed};

use crate::support::{Fake, ProbeClient, anywhere, block_on, serve, within};

const LIMIT: Duration = Duration::from_secs(60);
/// Of calls that are to end by it.
const SHORT: Duration = Duration::from_millis(300);
/// Of calls that are not.
const LONG: Duration = Duration::from_secs(30);

/// A runtime that is driven only while somebody blocks on it.
fn idle_runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn client(endpoint: &str, limit: Duration) -> ProbeClient<AsyncClient> {
    let client = AsyncClient::connect(endpoint).unwrap();
    ProbeClient::new(client).with_timeout(limit)
}

/// Polls once, with a waker that wakes nobody.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Waits for all of them at once.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|cx| {
        for (future, output) in &mut futures {
            if output.is_none()
                && let Poll::Ready(ready) = future.as_mut().poll(cx)
            {
                *output = Some(ready);
            }
        }
        if futures.iter().any(|(_, output)| output.is_none()) {
            return Poll::Pending;
        }
        Poll::Ready(futures.drain(..).filter_map(|(_, output)| output).collect())
    })
    .await
}

#[test]
fn a_call_is_answered_without_any_runtime() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let probe = client(&server.endpoints()[0], LONG);
        for number in 0..100 {
            assert_eq!(block_on(probe.add(number, 1)), Ok(number + 1));
        }
        let together = (0..50).map(|number| probe.add(number, 1));
        let together: Vec<_> = together.collect();
        for (number, call) in (0..).zip(together) {
            assert_eq!(block_on(call), Ok(number + 1));
        }
    });
}

#[test]
fn a_call_is_answered_on_a_runtime_that_can_neither_wait_for_descriptors_nor_for_times() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let probe = client(&server.endpoints()[0], LONG);
        for runtime in [
            Builder::new_current_thread().build().unwrap(),
            Builder::new_multi_thread()
                .worker_threads(1)
                .build()
                .unwrap(),
        ] {
            assert_eq!(runtime.block_on(probe.add(1, 2)), Ok(3));
            let call = runtime.spawn(probe.add(3, 4));
            assert_eq!(runtime.block_on(call).unwrap(), Ok(7));
        }
    });
}

#[test]
fn a_call_that_was_polled_where_nobody_is_woken_keeps_no_other_from_its_end() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let probe = client(&server.endpoints()[0], LONG);
        let mut forlorn = Box::pin(probe.add(1, 2));
        let _ = poll_once(&mut forlorn);
        assert_eq!(block_on(probe.add(3, 4)), Ok(7));
        assert_eq!(block_on(forlorn), Ok(3));
    });
}

/// Shorter than it takes until a socket is looked at that everybody leaves alone.
const OVERLOOKED: Duration = Duration::from_millis(20);

/// Makes calls, with `disturb` before each; hardly any may be overlooked. In one of some rounds: the machine may be at
/// something else.
fn assert_undisturbed(probe: &ProbeClient<AsyncClient>, mut disturb: impl FnMut()) {
    let mut round = || {
        let mut taken: Vec<_> = (0..20)
            .map(|number| {
                disturb();
                let start = Instant::now();
                assert_eq!(block_on(probe.add(number, 1)), Ok(number + 1));
                start.elapsed()
            })
            .collect();
        taken.sort();
        taken[taken.len() / 2]
    };
    let quickest = (0..10).map(|_| round()).min().unwrap();
    assert!(quickest < OVERLOOKED, "{quickest:?}");
}

#[test]
fn tasks_that_are_woken_and_not_polled_hold_up_nobody() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let probe = client(&server.endpoints()[0], LONG);
        let mut forlorn = Vec::new();
        assert_undisturbed(&probe, || {
            for number in 0..3 {
                let mut call = Box::pin(probe.add(number, 2));
                if poll_once(&mut call).is_pending() {
                    forlorn.push((call, number + 2));
                }
            }
        });
        for (call, sum) in forlorn {
            assert_eq!(block_on(call), Ok(sum));
        }
    });
}

#[test]
fn tasks_of_many_executors_take_in_for_each_other_whoever_is_not_polled_again() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let probe = client(&server.endpoints()[0], LONG);
        let slowest = thread::scope(|scope| {
            let workers: Vec<_> = (0..4_i64)
                .map(|worker| {
                    let probe = probe.clone();
                    scope.spawn(move || {
                        let (mut forlorn, mut slowest) = (Vec::new(), Duration::ZERO);
                        for number in 0..200 {
                            let start = Instant::now();
                            // Several at once, so that one of them may be asked to take in for the others.
                            let calls = (0..4).map(|more| probe.add(number, more));
                            let sums = block_on(all(calls));
                            assert_eq!(
                                sums,
                                (0..4).map(|more| Ok(number + more)).collect::<Vec<_>>()
                            );
                            slowest = slowest.max(start.elapsed());
                            // Now and then the last one that was polled is left alone: for ever, or for some time.
                            if number % 7 == worker {
                                let mut call = Box::pin(probe.add(number, worker));
                                if poll_once(&mut call).is_pending() {
                                    forlorn.push((call, number + worker));
                                }
                            }
                            if number % 50 == 49 {
                                let (call, sum) = forlorn.pop().unwrap();
                                assert_eq!(block_on(call), Ok(sum));
                            }
                        }
                        slowest
                    })
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap())
                .max()
        });
        // A wake that gets lost is found out when a socket is looked at that everybody leaves alone; one call in thousands
        // may also wait for the machine.
        assert!(slowest < Some(LONG / 10), "{slowest:?}");
        assert_eq!(probe.transport().stats().in_flight, 0);
    });
}

#[test]
fn calls_that_are_dropped_after_a_poll_hold_up_nobody() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let probe = client(&server.endpoints()[0], LONG);
        let mut kept = Vec::new();
        assert_undisturbed(&probe, || {
            let mut calls: Vec<_> = (0..4).map(|n| Box::pin(probe.add(n, 0))).collect();
            for call in &mut calls {
                let _ = poll_once(call);
            }
            // The first one that was polled has something to do for the others.
            drop(calls.remove(0));
            kept.extend(calls.pop());
        });
        drop(kept);
        assert_eq!(probe.transport().stats().in_flight, 0);
    });
}

#[test]
fn a_call_keeps_its_limit_while_the_first_callers_runtime_is_idle() {
    within(LIMIT, || {
        let server = Fake::start(|_| Vec::new());
        let probe = client(&server.endpoint, SHORT);
        let (first, second) = (idle_runtime(), idle_runtime());
        // Begun there, and left.
        let mut begun = Box::pin(probe.with_timeout(LONG).add(1, 2));
        assert!(first.block_on(async { poll_once(&mut begun) }).is_pending());
        let error = second.block_on(probe.add(3, 4)).unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error}");
        let nobody = client("tcp://127.0.0.1:9", SHORT);
        for runtime in [&first, &second] {
            let error = runtime.block_on(nobody.add(1, 2)).unwrap_err();
            assert_eq!(error.executed(), Executed::No, "{error}");
        }
    });
}

#[test]
fn a_call_keeps_its_limit_while_the_first_callers_runtime_is_blocked() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let probe = client(&server.endpoints()[0], LONG);
        let (first, second) = (idle_runtime(), idle_runtime());
        let (blocked, is_blocked) = channel();
        let (release, released) = channel::<()>();
        let other = probe.clone();
        let blocking = thread::spawn(move || {
            first.block_on(async {
                let call = tokio::spawn(other.add(1, 2));
                tokio::task::yield_now().await;
                blocked.send(()).unwrap();
                let _ = released.recv();
                call.await.unwrap()
            })
        });
        is_blocked.recv().unwrap();
        // More than could be answered within the limit if each waited for somebody to look now and then.
        second.block_on(async {
            for number in 0..500 {
                assert_eq!(probe.add(number, 1).await, Ok(number + 1));
            }
        });
        release.send(()).unwrap();
        assert_eq!(blocking.join().unwrap(), Ok(3));
    });
}

/// A task that owns its call, and that its waker owns: the last waker that goes takes both along.
struct Task {
    call: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
}

impl Wake for Task {
    /// Its executor has ended.
    fn wake(self: Arc<Self>) {}
}

#[test]
fn the_last_one_that_has_a_call_may_be_the_waker_that_it_is_woken_with() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let probe = client(&server.endpoints()[0], LONG);
        for _ in 0..100 {
            let (dropped, is_dropped) = channel::<()>();
            let call = probe.add(1, 2);
            let call = async move {
                let _dropped = dropped;
                let _ = call.await;
                std::future::pending::<()>().await;
            };
            let task = Arc::new(Task {
                call: Mutex::new(Some(Box::pin(call))),
            });
            let waker = Waker::from(Arc::clone(&task));
            let polled = task.call.lock().unwrap().as_mut().map(|call| {
                let mut cx = Context::from_waker(&waker);
                call.as_mut().poll(&mut cx)
            });
            assert_eq!(polled, Some(Poll::Pending));
            drop((waker, task));
            // The client's thread drops it, with no lock held that the call needs for its own end.
            assert_eq!(
                is_dropped.recv_timeout(LONG),
                Err(RecvTimeoutError::Disconnected)
            );
        }
        assert_eq!(block_on(probe.add(3, 4)), Ok(7));
    });
}

struct Panicking;

impl Wake for Panicking {
    fn wake(self: Arc<Self>) {
        panic!("as the wakers of an executor that has ended may");
    }
}

#[test]
fn a_waker_that_panics_harms_no_other_call() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let probe = client(&server.endpoints()[0], LONG);
        let mut call = Box::pin(probe.add(1, 2));
        let waker = Waker::from(Arc::new(Panicking));
        assert!(
            call.as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        for number in 0..10 {
            assert_eq!(block_on(probe.add(number, 1)), Ok(number + 1));
        }
        assert_eq!(block_on(call), Ok(3));
    });
}

#[test]
fn tasks_and_threads_of_many_executors_share_a_client() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let probe = client(&server.endpoints()[0], LONG);
        let start = Instant::now();
        let callers: Vec<_> = (0..6)
            .map(|caller| {
                let probe = probe.clone();
                let blocking = ProbeClient::new(zmqrpc::Client::from(probe.transport().clone()));
                thread::spawn(move || match caller % 3 {
                    0 => (0..300).for_each(|n| assert_eq!(block_on(probe.add(n, 1)), Ok(n + 1))),
                    1 => (0..300).for_each(|n| assert_eq!(blocking.add(n, 1), Ok(n + 1))),
                    _ => idle_runtime().block_on(async {
                        for n in 0..30 {
                            let calls: Vec<_> =
                                (0..10).map(|m| tokio::spawn(probe.add(n, m))).collect();
                            for (m, call) in (0..).zip(calls) {
                                assert_eq!(call.await.unwrap(), Ok(n + m));
                            }
                        }
                    }),
                })
            })
            .collect();
        for caller in callers {
            caller.join().unwrap();
        }
        // None of them was found only by a look now and then.
        assert!(start.elapsed() < LONG);
    });
}
