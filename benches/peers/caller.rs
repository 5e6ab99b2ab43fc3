//! What an `async` client does for each row, whichever library it is of.

use std::future::Future;
use std::sync::Arc;

use futures::future::join_all;
use tokio::runtime::{Builder, Runtime};

use crate::support::{Driver, Work, check_echo, check_sum, payload, terms};

/// An `async` client with one connection.
pub(crate) trait Caller: Clone + Send + Sync + 'static {
    fn connect(endpoint: &str) -> impl Future<Output = Self>;
    fn add(&self, a: i64, b: i64) -> impl Future<Output = i64> + Send;
    fn echo(&self, bytes: &[u8]) -> impl Future<Output = Vec<u8>>;
}

/// The runtime that a client lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Threads {
    /// A current-thread runtime: the bench's own thread.
    Own,
    /// A multi-thread runtime with so many workers.
    Workers(usize),
}

impl Threads {
    fn runtime(self) -> Runtime {
        let mut builder = match self {
            Self::Own => Builder::new_current_thread(),
            Self::Workers(_) => Builder::new_multi_thread(),
        };
        if let Self::Workers(workers) = self {
            builder.worker_threads(workers);
        }
        builder.enable_all().build().expect("a runtime starts")
    }
}

/// Runs a server for ever, on tokio's default runtime: a worker for each core.
pub(crate) fn block_on_server(server: impl Future<Output = ()>) {
    let runtime = Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(server);
}

/// Threads are for blocking clients.
pub(crate) fn async_driver<C: Caller>(
    work: Work,
    endpoint: &str,
    threads: Threads,
) -> Option<Driver> {
    let runtime = threads.runtime();
    let connect = |runtime: &Runtime| runtime.block_on(C::connect(endpoint));
    Some(match work {
        Work::Sequential => {
            let caller = connect(&runtime);
            on(runtime, threads, move |calls| {
                add_in_turn(caller.clone(), calls)
            })
        }
        Work::InFlight(at_once) => {
            let callers = vec![connect(&runtime)];
            on_batches(runtime, threads, callers, at_once)
        }
        Work::Clients(clients) => {
            let callers = (0..clients).map(|_| connect(&runtime)).collect();
            on_batches(runtime, threads, callers, clients)
        }
        Work::Tasks(tasks) => {
            let caller = connect(&runtime);
            Box::new(move |calls| {
                let share = calls.div_ceil(tasks);
                let spawn = |_| runtime.spawn(add_in_turn(caller.clone(), share));
                let running: Vec<_> = (0..tasks).map(spawn).collect();
                for ended in runtime.block_on(join_all(running)) {
                    ended.expect("no task panics");
                }
                share * tasks
            })
        }
        Work::Threads(_) => return None,
        Work::Echo(len) => {
            let (caller, sent) = (connect(&runtime), Arc::new(payload(len)));
            Box::new(move |calls| {
                runtime.block_on(async {
                    for _ in 0..calls {
                        check_echo(&sent, &caller.echo(&sent).await);
                    }
                });
                calls
            })
        }
    })
}

/// Runs each turn as one task. On a runtime with workers it is spawned: what `block_on` polls runs beside the
/// workers, and each of its wake-ups would cross threads.
fn on<F>(runtime: Runtime, threads: Threads, turn: impl Fn(usize) -> F + 'static) -> Driver
where
    F: Future<Output = usize> + Send + 'static,
{
    Box::new(move |calls| match threads {
        Threads::Own => runtime.block_on(turn(calls)),
        Threads::Workers(_) => {
            let spawned = runtime.spawn(turn(calls));
            runtime.block_on(spawned).expect("no task panics")
        }
    })
}

fn on_batches<C: Caller>(
    runtime: Runtime,
    threads: Threads,
    callers: Vec<C>,
    at_once: usize,
) -> Driver {
    let callers = Arc::new(callers);
    on(runtime, threads, move |calls| {
        batches(Arc::clone(&callers), at_once, calls)
    })
}

async fn add_in_turn<C: Caller>(caller: C, calls: usize) -> usize {
    for number in 0..calls {
        let (a, b) = terms(number);
        check_sum((a, b), caller.add(a, b).await);
    }
    calls
}

async fn batches<C: Caller>(callers: Arc<Vec<C>>, at_once: usize, calls: usize) -> usize {
    let batches = calls.div_ceil(at_once);
    for batch in 0..batches {
        let numbers = batch * at_once..(batch + 1) * at_once;
        let add = |number: usize| {
            let caller = &callers[number % callers.len()];
            async move {
                let (a, b) = terms(number);
                check_sum((a, b), caller.add(a, b).await);
            }
        };
        join_all(numbers.map(add)).await;
    }
    batches * at_once
}
