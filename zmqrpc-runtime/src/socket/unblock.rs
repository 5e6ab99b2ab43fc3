//! What blocks, done for a task on a thread of its own.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread;

use super::{SocketError, WakeList};

/// Does `work` on a thread that it starts now and that ends with it, whether the future is awaited or not.
///
/// For what is rare and may take long: it takes no runtime, and a thread.
pub(crate) fn unblock<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> impl Future<Output = Result<R, SocketError>> + Send {
    let shared = Arc::new(Mutex::new(UnblockState {
        result: None,
        task: None,
    }));
    let own = Arc::clone(&shared);
    let started = thread::Builder::new()
        .name("zmqrpc-aside".into())
        .spawn(move || {
            // A panic is the waiting task's affair too, and must not leave it waiting.
            let result = catch_unwind(AssertUnwindSafe(work));
            let panicked = |_| SocketError::thread(&std::io::Error::other("it panicked"));
            let mut wakes = WakeList::default();
            let mut state = lock(&own);
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
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
