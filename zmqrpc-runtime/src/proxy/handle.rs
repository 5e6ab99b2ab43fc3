//! A running proxy.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::counters::{ProxyCounters, ProxyStats};
use super::relay::Control;
use crate::error::Error;
use crate::log;
use crate::socket::unblock;

/// A running proxy. Dropping it ends the proxy as [`shutdown`](Self::shutdown) does, within a second.
///
/// All of its methods take `&self`: to stop a proxy from another thread, share the handle in an `Arc`.
#[must_use = "dropping the handle ends the proxy"]
pub struct ProxyHandle {
    control: Arc<Control>,
    counters: Arc<ProxyCounters>,
    endpoints: Vec<String>,
}

/// How long dropping a handle waits for calls that are under way; closing takes its time as well.
const DROP_LIMIT: Duration = Duration::from_millis(200);

impl ProxyHandle {
    pub(super) fn new(
        control: Arc<Control>,
        counters: Arc<ProxyCounters>,
        endpoints: Vec<String>,
    ) -> Self {
        Self {
            control,
            counters,
            endpoints,
        }
    }

    /// The endpoints of the side that messages come in at, in the order in which they were added, with wildcards
    /// resolved; then those of the other side, if that one binds.
    #[must_use]
    pub fn endpoints(&self) -> Vec<String> {
        self.endpoints.clone()
    }

    /// Counters since the start.
    #[must_use]
    pub fn stats(&self) -> ProxyStats {
        self.counters.read()
    }

    pub(super) fn check_process(&self) -> Result<(), Error> {
        Error::check_process(self.control.process())
    }

    /// Blocks until the proxy ends: until another thread shuts it down, or a socket fails. In a forked child, where it
    /// does not run, this returns at once.
    pub fn wait(&self) {
        if self.check_process().is_ok() {
            self.control.wait();
        }
    }

    /// Waits as [`wait`](Self::wait) does, as a task. Works on any executor; dropping the future does nothing.
    pub async fn wait_async(&self) {
        if self.check_process().is_ok() {
            self.control.ended().await;
        }
    }

    /// Ends the proxy: tells its callers, goes on until they know, refuses what comes then and what waits for a connection,
    /// lets the calls that are under way at targets end, passes their replies back, closes. Returns when that is done.
    /// Without calls under way this takes some milliseconds, whatever the state of the targets; up to a quarter of a second
    /// where clients of the last minute lie idle, and half a second, or half of `timeout`, where some do not answer.
    ///
    /// # Errors
    ///
    /// [`Error::StillRunning`] if calls were still under way when `timeout` passed. Their callers have been answered with
    /// [`Error::Unavailable`], and the targets were told that nobody waits. [`Error::Forked`] in a forked child: the proxy
    /// runs in the parent, and goes on.
    pub fn shutdown(&self, timeout: Duration) -> Result<(), Error> {
        self.check_process()?;
        ended(self.control.stop(timeout), timeout)
    }

    /// Ends the proxy as [`shutdown`](Self::shutdown) does, and waits for it as a task. Works on any executor. It takes a
    /// thread for as long as it lasts.
    ///
    /// # Cancellation
    ///
    /// The proxy ends within `timeout` although the future is dropped, once it has been polled.
    ///
    /// # Errors
    ///
    /// As there, and [`Error::Transport`] if no thread can be started: the proxy goes on then.
    pub async fn shutdown_async(&self, timeout: Duration) -> Result<(), Error> {
        self.check_process()?;
        let control = Arc::clone(&self.control);
        ended(unblock(move || control.stop(timeout)).await?, timeout)
    }
}

fn ended(in_time: bool, timeout: Duration) -> Result<(), Error> {
    if in_time {
        Ok(())
    } else {
        Err(Error::StillRunning { timeout })
    }
}

impl Drop for ProxyHandle {
    fn drop(&mut self) {
        if self.check_process().is_err() {
            // The parent's, and so is the thread that may hold its lock.
            return std::mem::forget(Arc::clone(&self.control));
        }
        if let Err(error) = self.shutdown(DROP_LIMIT) {
            log::here!(debug, error = log::text(&error); "a proxy was dropped");
        }
    }
}

impl fmt::Debug for ProxyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyHandle")
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}
