//! Servers and the tokio runtimes that they are started in: runtimes that end before, and runtimes of one thread.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use zmqrpc::client::Codec;
use zmqrpc::{AsyncClient, Client, Error, Executed, ServerHandle};

use crate::fixture::LIMIT;
use crate::support::{ProbeClient, ProbeServer, Prober, anywhere, await_state, serve, within};

/// Far more than anything here takes that does not wait for a limit.
const LONG: Duration = Duration::from_secs(20);

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn blocking(endpoint: &str) -> ProbeClient {
    ProbeClient::connect(endpoint).unwrap().with_timeout(LONG)
}

fn tasks(endpoint: &str) -> ProbeClient<AsyncClient> {
    ProbeClient::new(AsyncClient::connect(endpoint).unwrap()).with_timeout(LONG)
}

#[test]
fn async_methods_run_on_when_the_runtime_of_their_server_has_ended() {
    within(LIMIT, || {
        for runtime in [one_thread(), Runtime::new().unwrap()] {
            let (server, _gate) = runtime.block_on(async { serve(anywhere) });
            let probe = blocking(&server.endpoints()[0]);
            drop(runtime);
            for number in 0..3 {
                assert_eq!(probe.slow_add(number, 1), Ok(number + 1));
            }
            server.shutdown(LONG).unwrap();
        }
    });
}

#[test]
fn a_call_is_answered_at_once_when_the_runtime_that_it_runs_on_ends() {
    within(LIMIT, || {
        for runtime in [one_thread(), Runtime::new().unwrap()] {
            let (server, _gate) = runtime.block_on(async { serve(anywhere) });
            let probe = blocking(&server.endpoints()[0]);
            let (start, other) = (Instant::now(), probe.clone());
            let caller = thread::spawn(move || other.hold_for_ever());
            await_state("the call runs", || server.stats().requests == 1);
            // The server answers while the method runs.
            assert_eq!(probe.add(1, 2), Ok(3));
            drop(runtime);
            let error = caller.join().unwrap().unwrap_err();
            assert!(matches!(error, Error::Unavailable { .. }), "{error}");
            assert_eq!(error.executed(), Executed::Maybe);
            assert!(error.to_string().contains("runtime"), "{error}");
            assert!(start.elapsed() < LONG);
        }
    });
}

/// A server with an `async` method that has begun and goes on on the runtime of the caller alone.
async fn busy_server() -> (ServerHandle, ProbeClient<AsyncClient>) {
    let (server, _gate) = serve(anywhere);
    let probe = tasks(&server.endpoints()[0]);
    tokio::spawn(probe.slow_add(1, 2));
    tokio::task::yield_now().await;
    // Returns as soon as the method waits for this thread.
    let error = server.wait().unwrap_err();
    assert!(
        error.to_string().contains("`wait_async().await`"),
        "{error}"
    );
    (server, probe)
}

#[test]
fn a_shutdown_that_would_wait_for_its_own_thread_is_refused_and_names_the_form_for_tasks() {
    within(LIMIT, || {
        one_thread().block_on(async {
            let (server, probe) = busy_server().await;
            let start = Instant::now();
            let error = server.shutdown(LONG).unwrap_err();
            assert!(matches!(error, Error::Deadlock { .. }), "{error:?}");
            assert!(
                error.to_string().contains("`shutdown_async(..).await`"),
                "{error}"
            );
            let error = server.run_until_signal(LONG).unwrap_err();
            assert!(
                error
                    .to_string()
                    .contains("`run_until_signal_async(..).await`"),
                "{error}"
            );
            // It goes on.
            assert_eq!(probe.slow_add(3, 4).await, Ok(7));
            server.shutdown_async(LONG).await.unwrap();
            server.wait_async().await;
            assert!(start.elapsed() < LONG);
        });
    });
}

#[test]
fn a_shutdown_for_tasks_lets_methods_on_the_same_thread_come_to_their_ends() {
    within(LIMIT, || {
        one_thread().block_on(async {
            let (server, _gate) = serve(anywhere);
            let probe = tasks(&server.endpoints()[0]);
            let call = tokio::spawn(probe.slow_add(1, 2));
            while server.stats().requests == 0 {
                tokio::task::yield_now().await;
            }
            let (ended, ()) = tokio::join!(server.shutdown_async(LONG), server.wait_async());
            ended.unwrap();
            assert_eq!(call.await.unwrap(), Ok(3));
        });
    });
}

struct Tell(Sender<()>);

impl Wake for Tell {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(());
    }
}

#[test]
fn a_shutdown_for_tasks_keeps_its_limit_on_any_executor() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        let probe = ProbeClient::new(client).with_timeout(LONG);
        let caller = thread::spawn(move || probe.hold_for_ever());
        await_state("the call runs", || server.stats().requests == 1);
        // No runtime at all.
        let limit = Duration::from_millis(100);
        let (tell, told) = channel();
        let waker = Waker::from(Arc::new(Tell(tell)));
        let mut cx = Context::from_waker(&waker);
        let mut ending = pin!(server.shutdown_async(limit));
        let ended = loop {
            if let Poll::Ready(ended) = ending.as_mut().poll(&mut cx) {
                break ended;
            }
            told.recv().unwrap();
        };
        assert_eq!(ended, Err(Error::StillRunning { timeout: limit }));
        assert!(caller.join().unwrap().is_err());
    });
}

/// How long it takes to drop a server with such a method.
async fn dropped() -> Duration {
    let (server, probe) = busy_server().await;
    let start = Instant::now();
    drop(server);
    let took = start.elapsed();
    let error = probe.add(1, 2).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Unavailable { .. } | Error::ShuttingDown { .. }
        ),
        "{error}"
    );
    took
}

#[test]
fn a_handle_that_is_dropped_on_the_thread_that_its_methods_need_does_not_wait_for_them() {
    within(LIMIT, || {
        // It would wait for a second. One of some rounds will do: the machine may be at something else.
        let quickest = (0..5).map(|_| one_thread().block_on(dropped())).min();
        assert!(quickest < Some(Duration::from_millis(500)), "{quickest:?}");
    });
}

#[test]
fn a_blocking_shutdown_goes_on_where_it_does_not_wait_for_its_own_thread() {
    within(LIMIT, || {
        // Nothing but plain methods.
        one_thread().block_on(async {
            let (server, _gate) = serve(anywhere);
            assert_eq!(blocking(&server.endpoints()[0]).add(1, 2), Ok(3));
            server.shutdown(LONG).unwrap();
        });
        // Another thread of the same runtime.
        one_thread().block_on(async {
            let (server, _probe) = busy_server().await;
            let ending = tokio::task::spawn_blocking(move || server.shutdown(LONG));
            ending.await.unwrap().unwrap();
        });
        // More than one thread.
        Runtime::new().unwrap().block_on(async {
            let (server, _gate) = serve(anywhere);
            let probe = tasks(&server.endpoints()[0]);
            let call = tokio::spawn(probe.slow_add(1, 2));
            while server.stats().requests == 0 {
                tokio::task::yield_now().await;
            }
            tokio::task::block_in_place(|| server.shutdown(LONG)).unwrap();
            assert_eq!(call.await.unwrap(), Ok(3));
        });
    });
}

#[test]
fn a_local_call_of_an_async_method_is_refused_where_it_would_wait_for_its_own_thread() {
    within(LIMIT, || {
        one_thread().block_on(async {
            let local = ProbeClient::local(Prober::default());
            assert_eq!(local.add(1, 2), Ok(3));
            let start = Instant::now();
            let error = local.slow_add(1, 2).unwrap_err();
            assert!(error.to_string().contains("AsyncClient"), "{error}");
            assert_eq!(error.executed(), Executed::Maybe);
            assert!(start.elapsed() < LONG);
            let elsewhere = tokio::task::spawn_blocking(move || local.slow_add(1, 2));
            assert_eq!(elsewhere.await.unwrap(), Ok(3));
        });
        // Without a runtime it finds one, and on a runtime of several threads too.
        assert_eq!(ProbeClient::local(Prober::default()).slow_add(1, 2), Ok(3));
        Runtime::new().unwrap().block_on(async {
            assert_eq!(ProbeClient::local(Prober::default()).slow_add(1, 2), Ok(3));
        });
    });
}

#[test]
fn a_local_client_for_tasks_awaits_async_methods_and_keeps_limits() {
    within(LIMIT, || {
        one_thread().block_on(async {
            let local = ProbeClient::new(AsyncClient::local(ProbeServer::new(Prober::default())));
            assert_eq!(local.add(1, 2).await, Ok(3));
            assert_eq!(local.slow_add(1, 2).await, Ok(3));
            let (one, two) = tokio::join!(local.slow_add(1, 2), local.slow_add(3, 4));
            assert_eq!((one, two), (Ok(3), Ok(7)));
            let short = local.with_timeout(Duration::from_millis(50));
            let error = short.hold_for_ever().await.unwrap_err();
            assert!(matches!(error, Error::Timeout { .. }), "{error}");
            assert_eq!(error.executed(), Executed::Maybe);
        });
    });
}

#[test]
fn a_blocking_call_of_an_async_method_that_needs_the_callers_thread_fails_at_once_and_says_so() {
    within(LIMIT, || {
        one_thread().block_on(async {
            let (server, _gate) = serve(anywhere);
            let probe = blocking(&server.endpoints()[0]);
            let start = Instant::now();
            assert_eq!(probe.add(1, 2), Ok(3));
            let client = Client::connect(&server.endpoints()[0]).unwrap();
            let client = client.with_timeout(LONG);
            let encoded = client.call_raw("Probe.slow_add", Codec::Json, b"[1,2]");
            for error in [
                probe.slow_add(1, 2).unwrap_err(),
                client.invoke::<i64>("Probe.slow_add", &(1, 2)).unwrap_err(),
                encoded.unwrap_err(),
            ] {
                assert!(error.to_string().contains("`spawn_blocking`"), "{error}");
                assert_eq!(error.executed(), Executed::Maybe);
            }
            assert!(start.elapsed() < LONG);
            // Nobody else is refused, and the caller elsewhere neither.
            let others = tasks(&server.endpoints()[0]);
            assert_eq!(others.slow_add(3, 4).await, Ok(7));
            let elsewhere = tokio::task::spawn_blocking(move || probe.slow_add(1, 2));
            assert_eq!(elsewhere.await.unwrap(), Ok(3));
        });
        // Nor on a runtime of another server, nor on one of several threads.
        let (server, _gate) = serve(anywhere);
        let probe = blocking(&server.endpoints()[0]);
        one_thread().block_on(async {
            let (_other, _gate) = serve(anywhere);
            assert_eq!(probe.slow_add(1, 2), Ok(3));
        });
        Runtime::new().unwrap().block_on(async {
            let (server, _gate) = serve(anywhere);
            assert_eq!(blocking(&server.endpoints()[0]).slow_add(1, 2), Ok(3));
        });
    });
}
