//! Clients of a service in the same process. A call takes the whole path but the socket.

use std::sync::Arc;

use crate::client::{AsyncClient, Client};
use crate::command::Service;
use crate::server::Server;

/// Returns the client behind `CalculatorClient::local`: each call is encoded, dispatched, executed on the caller's
/// thread, and its reply decoded.
///
/// An `async` method that waits needs its tokio runtime to make progress. If that runtime has a single thread, and it
/// is the caller's, the call fails at once and its error says so; use [`AsyncClient::local`] there.
///
/// # Panics
///
/// If two methods of the service have the same key, which a server reports when it starts. Rename one of them.
#[must_use]
pub fn local<S: Service>(service: S) -> Client {
    match Server::builder().service(service).into_responder() {
        Ok(dispatcher) => Client::local(Arc::new(dispatcher)),
        Err(error) => panic!("{error}"),
    }
}

impl AsyncClient {
    /// Returns a client, for tasks, of a service in the same process. A call takes the whole path but the socket. The
    /// method runs in the task that awaits the call; while an `async` method waits, other tasks run. Dropping the
    /// call's future drops the method at its current `await`.
    ///
    /// ```
    /// use zmqrpc_runtime::AsyncClient;
    /// use zmqrpc_runtime::service::Service;
    ///
    /// fn client_of(service: impl Service) -> AsyncClient {
    ///     AsyncClient::local(service)
    /// }
    /// ```
    ///
    /// With a generated server: `CalculatorClient::new(AsyncClient::local(CalculatorServer::new(Arithmetic)))`.
    ///
    /// # Panics
    ///
    /// If two methods of the service have the same key, which a server reports when it starts. Rename one of them.
    #[must_use]
    pub fn local<S: Service>(service: S) -> Self {
        local(service).into()
    }
}
