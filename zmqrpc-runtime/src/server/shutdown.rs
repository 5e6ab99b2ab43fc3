//! How a running server is ended, and waited for.

use std::sync::Arc;
use std::time::Duration;

use super::handle::ServerHandle;
use super::signals;
use super::termination::WaitOutcome;
use super::threads::ServerThreads;
use crate::error::Error;
use crate::log;
use crate::socket::{SocketError, unblock};

/// How long dropping a handle waits.
const DROP_LIMIT: Duration = Duration::from_secs(1);

impl ServerHandle {
    /// Blocks until the server ends: until another thread shuts it down, or its socket fails.
    /// [`run_until_signal`](Self::run_until_signal) ends it when the process is asked to end.
    ///
    /// # Errors
    ///
    /// [`Error::Deadlock`] when an `async` method needs this very thread to go on, since it is the only one of the tokio
    /// runtime that the server was started in. There [`wait_async`](Self::wait_async) waits. [`Error::Forked`] in a forked
    /// child: the server runs in the parent.
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

    /// Waits as [`wait`](Self::wait) does, as a task. Works on any executor; dropping the future does nothing. Returns at once
    /// in a forked child.
    pub async fn wait_async(&self) {
        if self.check_process().is_err() {
            return;
        }
        self.threads.end().reached().await;
    }

    /// Ends the server: tells its callers, executes what comes until they know, refuses what comes then, sends the last
    /// replies, closes. Returns when that is done. Once ended, a server stays ended, and this returns at once.
    ///
    /// Callers know within milliseconds; a client that lies idle takes some 30 ms. Who has gone is noticed within some
    /// milliseconds as well. Those that are there and do not answer, as they do not know the question or are stopped, are
    /// waited for until half of `limit` is over, and for half a second at most; less where they go on sending without
    /// end. A client with another endpoint makes its calls there from then on, one without waits for the server to come
    /// back: see [`Client`](crate::Client). Without callers in the last minute it takes no time.
    ///
    /// # Errors
    ///
    /// [`Error::StillRunning`] when `limit` passes first. The socket is closed then; a service that is still running
    /// goes on until it returns, and its reply is dropped; `async` services end at their next `await`.
    ///
    /// [`Error::Deadlock`] when an `async` method needs this very thread to come to its end, since it is the only one of
    /// the tokio runtime that the server was started in. The server goes on then, unless the method began during the
    /// wait. There [`shutdown_async`](Self::shutdown_async) ends it.
    ///
    /// [`Error::Forked`] in a forked child: the server runs in the parent, and goes on.
    pub fn shutdown(&self, limit: Duration) -> Result<(), Error> {
        const DEADLOCK: Error = Error::Deadlock {
            operation: "shutdown",
            instead: "`shutdown_async(..).await`",
        };
        self.check_process()?;
        if self.threads.is_deadlocked() {
            return Err(DEADLOCK);
        }
        match end_within(&self.threads, limit) {
            WaitOutcome::Ended => Ok(()),
            WaitOutcome::Running => Err(Error::StillRunning { timeout: limit }),
            WaitOutcome::Deadlocked => Err(DEADLOCK),
        }
    }

    /// Ends the server as [`shutdown`](Self::shutdown) does, and waits for it as a task. Works on any executor. It takes a
    /// thread for as long as it lasts.
    ///
    /// # Cancellation
    ///
    /// The server ends within `limit` although the future is dropped, once it has been polled.
    ///
    /// # Errors
    ///
    /// [`Error::StillRunning`] as there, and [`Error::Transport`] if no thread can be started: the server goes on then.
    pub async fn shutdown_async(&self, limit: Duration) -> Result<(), Error> {
        self.check_process()?;
        let threads = Arc::clone(&self.threads);
        match unblock(move || end_within(&threads, limit)).await? {
            WaitOutcome::Running => Err(Error::StillRunning { timeout: limit }),
            WaitOutcome::Ended | WaitOutcome::Deadlocked => Ok(()),
        }
    }

    /// Serves until the process is asked to end, by SIGINT (ctrl-c) or SIGTERM; then ends the server as
    /// [`shutdown`](Self::shutdown) does. Returns also when the server ends for another reason.
    ///
    /// A second signal ends the process at once, as if nobody cared for signals; so does one that comes when no server of
    /// the process waits for signals any more, and one to a forked child.
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
    /// Those of [`shutdown`](Self::shutdown), and [`Error::Transport`] if the system lets nobody wait for signals.
    pub fn run_until_signal(&self, limit: Duration) -> Result<(), Error> {
        self.check_process()?;
        if self.threads.is_deadlocked() {
            return Err(RUN_DEADLOCK);
        }
        let before = self.threads.end().asked();
        let _signals = self.watch_signals()?;
        match self.threads.wait_asked(before) {
            WaitOutcome::Deadlocked => Err(RUN_DEADLOCK),
            WaitOutcome::Ended | WaitOutcome::Running => self.shutdown(limit),
        }
    }

    /// Serves as [`run_until_signal`](Self::run_until_signal) does, and waits as a task. Works on any executor.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn run_until_signal_async(&self, limit: Duration) -> Result<(), Error> {
        let before = self.threads.end().asked();
        let _signals = self.watch_signals()?;
        self.threads.end().reached_or_asked(before).await;
        self.shutdown_async(limit).await
    }

    fn check_process(&self) -> Result<(), Error> {
        Error::check_process(self.threads.process())
    }

    fn watch_signals(&self) -> Result<signals::SignalWatcher, Error> {
        self.check_process()?;
        let threads = Arc::clone(&self.threads);
        let watch = signals::SignalWatcher::start(move || threads.end().ask());
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
            // The parent's, and so are the threads that hold its locks.
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
