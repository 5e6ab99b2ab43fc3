//! How a running server is shut down, and waited for.

use std::sync::Arc;
use std::time::Duration;

use super::handle::ServerHandle;
use super::signals;
use super::threads::ServerThreads;
use crate::error::Error;
use crate::log;
use crate::socket::{SocketError, unblock};
use crate::termination::WaitOutcome;

/// How long the drop of a handle waits for the end.
const DROP_LIMIT: Duration = Duration::from_secs(1);

impl ServerHandle {
    /// Blocks until the server ends: until another thread shuts it down, or its socket fails.
    /// [`run_until_signal`](Self::run_until_signal) also ends it on a signal.
    ///
    /// # Errors
    ///
    /// [`Error::Deadlock`] if an `async` method needs the calling thread to make progress, since that is the only one
    /// of the tokio runtime that the server was started in; use [`wait_async`](Self::wait_async) there.
    /// [`Error::Forked`] in a forked child: the server runs in the parent.
    pub fn wait(&self) -> Result<(), Error> {
        self.check_process()?;
        match self.threads.wait(None) {
            WaitOutcome::Deadlocked => Err(Error::Deadlock {
                operation: "wait",
                instead: "`wait_async().await`",
            }),
            WaitOutcome::Ended | WaitOutcome::Running => Ok(()),
        }
    }

    /// Waits as [`wait`](Self::wait) does, without blocking the thread. Works on any executor; dropping the future has
    /// no effect on the server. Returns at once in a forked child.
    pub async fn wait_async(&self) {
        if self.check_process().is_err() {
            return;
        }
        self.threads.termination().ended().await;
    }

    /// Shuts the server down: notifies the callers, executes what they send until they know, rejects what they send
    /// afterwards, sends the last replies and closes the sockets. Returns when all that is done. A server that has
    /// ended stays ended, and this method returns at once.
    ///
    /// Callers know within milliseconds; an idle client takes some 30 ms. The server notices within milliseconds, too,
    /// which callers have gone. For those that do not acknowledge, because they do not know the notice or are stopped,
    /// it waits until half of `timeout` has passed, and for half a second at most; less for a caller that never stops
    /// sending. From then on a client that has another endpoint makes its calls there, and one without waits for the
    /// server to come back: see [`Client`](crate::Client). If nobody has called within the last minute, none of this
    /// takes time.
    ///
    /// # Errors
    ///
    /// [`Error::StillRunning`] if `timeout` passes first. The socket is closed then; a method that still runs goes on
    /// until it returns, and its reply is dropped; `async` methods end at their next `await`.
    ///
    /// [`Error::Deadlock`] if an `async` method needs the calling thread to end, since that is the only one of the
    /// tokio runtime that the server was started in. The server goes on then, unless the method started during the
    /// wait. Use [`shutdown_async`](Self::shutdown_async) there.
    ///
    /// [`Error::Forked`] in a forked child: the server runs in the parent, and goes on.
    pub fn shutdown(&self, timeout: Duration) -> Result<(), Error> {
        const DEADLOCK: Error = Error::Deadlock {
            operation: "shutdown",
            instead: "`shutdown_async(..).await`",
        };
        self.check_process()?;
        if self.threads.is_deadlocked() {
            return Err(DEADLOCK);
        }
        match end_within(&self.threads, timeout) {
            WaitOutcome::Ended => Ok(()),
            WaitOutcome::Running => Err(Error::StillRunning { timeout }),
            WaitOutcome::Deadlocked => Err(DEADLOCK),
        }
    }

    /// Shuts the server down as [`shutdown`](Self::shutdown) does, without blocking the thread. Works on any executor.
    /// Uses a thread of its own until the server has ended.
    ///
    /// # Cancellation
    ///
    /// Once the future has been polled, the server ends within `timeout` even if the future is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::StillRunning`] as in [`shutdown`](Self::shutdown), [`Error::Forked`] in a forked child, and
    /// [`Error::Transport`] if no thread can be started: the server goes on then.
    pub async fn shutdown_async(&self, timeout: Duration) -> Result<(), Error> {
        self.check_process()?;
        let threads = Arc::clone(&self.threads);
        match unblock(move || end_within(&threads, timeout)).await? {
            WaitOutcome::Running => Err(Error::StillRunning { timeout }),
            WaitOutcome::Ended | WaitOutcome::Deadlocked => Ok(()),
        }
    }

    /// Serves until SIGINT (ctrl-c) or SIGTERM, then shuts the server down as [`shutdown`](Self::shutdown) does. Also
    /// returns when the server ends for another reason.
    ///
    /// A second signal ends the process at once, as without any signal handling; so does a signal after the last server
    /// of the process has stopped waiting for signals, and one to a forked child.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// # use zmqrpc_runtime::{Error, Server, ServerBuilder};
    ///
    /// # fn example(settings: ServerBuilder) -> Result<(), Error> {
    /// let server = settings.bind("tcp://*:30000").start()?;
    /// server.run_until_signal(Duration::from_secs(10))
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`shutdown`](Self::shutdown), and [`Error::Transport`] if the system does not let the process wait for
    /// signals.
    pub fn run_until_signal(&self, timeout: Duration) -> Result<(), Error> {
        self.check_process()?;
        if self.threads.is_deadlocked() {
            return Err(RUN_DEADLOCK);
        }
        let before = self.threads.termination().request_count();
        let _signals = self.watch_signals()?;
        match self.threads.wait_or_request(before) {
            WaitOutcome::Deadlocked => Err(RUN_DEADLOCK),
            WaitOutcome::Ended | WaitOutcome::Running => self.shutdown(timeout),
        }
    }

    /// Serves as [`run_until_signal`](Self::run_until_signal) does, without blocking the thread. Works on any executor.
    ///
    /// # Errors
    ///
    /// Those of [`shutdown_async`](Self::shutdown_async), and [`Error::Transport`] if the system does not let the
    /// process wait for signals.
    pub async fn run_until_signal_async(&self, timeout: Duration) -> Result<(), Error> {
        let before = self.threads.termination().request_count();
        let _signals = self.watch_signals()?;
        self.threads.termination().ended_or_requested(before).await;
        self.shutdown_async(timeout).await
    }

    fn check_process(&self) -> Result<(), Error> {
        Error::check_process(self.threads.process())
    }

    fn watch_signals(&self) -> Result<signals::SignalWatcher, Error> {
        self.check_process()?;
        let threads = Arc::clone(&self.threads);
        let watch = signals::SignalWatcher::start(move || threads.termination().request());
        watch.map_err(|error| SocketError::io("waiting for signals", &error).into())
    }
}

const RUN_DEADLOCK: Error = Error::Deadlock {
    operation: "run_until_signal",
    instead: "`run_until_signal_async(..).await`",
};

fn end_within(threads: &ServerThreads, limit: Duration) -> WaitOutcome {
    threads.stop(limit);
    let waited = threads.wait(Some(limit));
    if waited == WaitOutcome::Running {
        threads.finish();
    }
    waited
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        if self.check_process().is_err() {
            // The threads are the parent's, and may hold locks that nobody releases here.
            return std::mem::forget(Arc::clone(&self.threads));
        }
        match end_within(&self.threads, DROP_LIMIT) {
            WaitOutcome::Ended => {}
            WaitOutcome::Running => {
                let error = Error::StillRunning {
                    timeout: DROP_LIMIT,
                };
                log::line!(warn, error = log::text(&error); "a server was dropped");
            }
            WaitOutcome::Deadlocked => {
                self.threads.finish();
                log::line!(
                    warn, ;
                    "a server was dropped on the only thread of its tokio runtime, and its `async` methods with it; \
                     `shutdown_async(..).await` lets them come to their ends"
                );
            }
        }
    }
}
