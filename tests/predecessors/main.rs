//! What programs for zerorpc, aiozmq.rpc and pyzmqrpc rely on, or stumble over, and no other test here pins: over real
//! sockets, and in real processes where it is about processes. `MIGRATING.md` names the test for each of their features, and
//! `tests/promises.md` the tests that try to refute what the documents promise.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod commands;
mod guide;
mod processes;
mod promises;
mod recovery;

use std::time::Duration;

use zmqrpc::{Client, ServerHandle};

const LIMIT: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(10);
const ANYWHERE: &str = "tcp://127.0.0.1:*";
/// The port for `discard`, where nobody listens on a machine of today.
const NOBODY: &str = "tcp://127.0.0.1:9";

fn client_of(server: &ServerHandle) -> Client {
    Client::connect(&server.endpoints()[0]).unwrap()
}
