//! A running server.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::counters::ServerStats;
use super::engine::Engine;
use crate::error::Error;
use crate::socket::{Direction, Endpoint};

/// A running server. Dropping it ends the server as [`shutdown`](Self::shutdown) does, within a second.
///
/// All of its methods take `&self`: to stop a server from another thread, share the handle in an `Arc`.
#[must_use = "dropping the handle ends the server"]
pub struct ServerHandle {
    engine: Arc<Engine>,
}

/// How long dropping a handle waits.
const DROP_LIMIT: Duration = Duration::from_secs(1);

impl ServerHandle {
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// The endpoints, in the order in which they were added, with wildcards resolved: `tcp://127.0.0.1:*` reads
    /// `tcp://127.0.0.1:49213` here. Empty after the end.
    #[must_use]
    pub fn endpoints(&self) -> Vec<String> {
        let endpoints = self
            .engine
            .with_router(|router| router.endpoints().map(str::to_owned).collect());
        endpoints.unwrap_or_default()
    }

    /// Listens on another endpoint; answers it with its wildcards resolved.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if it is wrong or in use; the server goes on as before.
    pub fn bind(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
        self.open(endpoint.as_ref(), Direction::Bind)
    }

    /// Connects to another endpoint: a hub that hands requests on.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if it is wrong; the server goes on as before.
    pub fn connect(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
        self.open(endpoint.as_ref(), Direction::Connect)
    }

    /// Leaves an endpoint, bound or connected, named as [`endpoints`](Self::endpoints) shows it. Its callers lose
    /// their connections.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the server has no such endpoint.
    pub fn close(&self, endpoint: impl AsRef<str>) -> Result<(), Error> {
        let endpoint = endpoint.as_ref();
        match self.engine.with_router(|router| router.close(endpoint)) {
            Some(Ok(true)) => Ok(()),
            Some(Ok(false)) => Err(Error::bad_endpoint(
                endpoint,
                "the server has no such endpoint",
            )),
            Some(Err(error)) => Err(Error::bad_endpoint(endpoint, error.to_string())),
            None => Err(ended(endpoint)),
        }
    }

    fn open(&self, text: &str, direction: Direction) -> Result<String, Error> {
        let endpoint =
            Endpoint::parse(text, direction).map_err(|reason| Error::bad_endpoint(text, reason))?;
        match self.engine.with_router(|router| router.open(&endpoint)) {
            Some(result) => result.map_err(|error| Error::bad_endpoint(text, error.to_string())),
            None => Err(ended(text)),
        }
    }

    /// Counters since the start.
    #[must_use]
    pub fn stats(&self) -> ServerStats {
        self.engine.counters.read()
    }

    /// Blocks until the server ends: until another thread shuts it down, or its socket fails.
    pub fn wait(&self) {
        self.engine.wait(None);
    }

    /// Ends the server: refuses what comes from now on, executes what has arrived, sends the last replies, closes.
    /// Returns when that is done. Once ended, a server stays ended, and this returns at once.
    ///
    /// # Errors
    ///
    /// [`Error::StillRunning`] when `limit` passes first. The socket is closed then; a service that is still running
    /// goes on until it returns, and its reply is dropped; `async` services end at their next `await`.
    pub fn shutdown(&self, limit: Duration) -> Result<(), Error> {
        self.engine.stop();
        if self.engine.wait(Some(limit)) {
            return Ok(());
        }
        self.engine.finish();
        Err(Error::StillRunning { limit })
    }
}

fn ended(endpoint: &str) -> Error {
    Error::bad_endpoint(endpoint, "the server has ended")
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        if let Err(error) = self.shutdown(DROP_LIMIT) {
            tracing::warn!(%error, "a server was dropped");
        }
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle")
            .field("endpoints", &self.endpoints())
            .finish_non_exhaustive()
    }
}
