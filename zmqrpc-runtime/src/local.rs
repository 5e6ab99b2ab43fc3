//! A client of a service within the process: the whole path but the socket.

use std::sync::Arc;

use crate::client::{AsyncClient, Client};
use crate::command::Service;
use crate::server::Server;

/// What `CalculatorClient::local` makes: calls are encoded, dispatched, executed on the caller's thread, and decoded.
///
/// An `async` method that waits needs its tokio runtime to go on. Where that has one thread, and it is the caller's, the
/// call fails at once and says so; [`AsyncClient::local`] is made for that.
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
    /// A client of a service within the process, for tasks: the whole path but the socket. A method runs in the task that
    /// awaits it; an `async` one that waits lets other tasks go on. A call that is dropped ends at its `await`.
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
