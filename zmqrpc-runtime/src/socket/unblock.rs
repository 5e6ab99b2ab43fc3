//! Runs blocking work for a task, on a thread of its own.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::thread;

use super::{SocketError, WakeList};
use crate::sync::{Mutex, MutexGuard};

/// Runs `work` on a new thread, which starts now, whether or not the future is awaited, and ends with the work.
///
/// For work that is rare and may take long: it needs no runtime, but a thread each.
pub(crate) fn unblock<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> impl Future<Output = Result<R, SocketError>> + Send {
    let shared = Arc::new(Mutex::new(UnblockState {
        result: None,
        task: None,
    }));
    let thread_state = Arc::clone(&shared);
    let started = thread::Builder::new()
        .name("zmqrpc-unblock".into())
        .spawn(move || {
            // A panic is reported to the waiting task, which must not wait for ever.
            let result = catch_unwind(AssertUnwindSafe(work));
            let panicked = |_| SocketError::thread(&std::io::Error::other("the work panicked"));
            let mut wakes = WakeList::default();
            let mut state = lock(&thread_state);
            state.result = Some(result.map_err(panicked));
            if let Some(task) = state.task.take() {
                wakes.wake(task);
            }
            drop(state);
        });
    let mut failed = started.err().map(|error| SocketError::thread(&error));
    poll_fn(move |cx| {
        if let Some(error) = failed.take() {
            return Poll::Ready(Err(error));
        }
        let mut state = lock(&shared);
        if let Some(result) = state.result.take() {
            return Poll::Ready(result);
        }
        let old = state.task.replace(cx.waker().clone());
        drop(state);
        drop(old);
        Poll::Pending
    })
}

struct UnblockState<R> {
    result: Option<Result<R, SocketError>>,
    task: Option<Waker>,
}

fn lock<R>(state: &Mutex<UnblockState<R>>) -> MutexGuard<'_, UnblockState<R>> {
    state.lock()
}
