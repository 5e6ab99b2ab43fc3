//! A client of a service within the process: the whole path but the socket.

use std::sync::Arc;

use crate::client::Client;
use crate::command::Service;
use crate::server::Server;

/// What `CalculatorClient::local` makes: calls are encoded, dispatched, executed on the caller's thread, and decoded.
///
/// # Panics
///
/// If two methods of the service have the same key, which a server reports when it starts. Rename one of them.
#[must_use]
pub fn local<S: Service>(service: S) -> Client {
    match Server::builder().service(service).into_responder() {
        Ok(responder) => Client::local(Arc::new(responder)),
        Err(error) => panic!("{error}"),
    }
}
