//! What each change does to calls between an old and a new version, in two processes: by key, in MessagePack and in
//! JSON, as arguments, as replies and as errors.
//!
//! ```text
//! row         a row: a type of two versions, and what becomes of its values
//! expected    how a call is expected to end
//! trial       how a row is tried
//! numbers     rows of numbers that became others
//! fields      rows of structs, and of types around others
//! variants    rows of enums
//! services    services with other methods, or of another version
//! methods     what these do to calls
//! repeated    a method that is not idempotent any more
//! ```

mod expected;
mod fields;
mod methods;
mod numbers;
mod repeated;
mod row;
mod services;
mod trial;
mod variants;

use std::time::Duration;

use zmqrpc::client::Codec;
use zmqrpc::{Client, Server};

use self::row::{Calls, Entry};
use super::support::{Process, Role, anywhere, within};

const LIMIT: Duration = Duration::from_secs(60);

/// Tells how many calls have come to the services, so that it is seen what was executed.
#[zmqrpc::zmq_service]
trait Meter {
    fn executed(&self) -> u64;
}

impl Meter for Calls {
    fn executed(&self) -> u64 {
        self.count()
    }
}

/// Serves all rows in the version that it is told, until its test ends.
#[test]
fn serving_process() {
    let Some(role) = Role::of("table::serving_process") else {
        return;
    };
    let calls = Calls::default();
    let is_old = role.argument == "old";
    let rows = rows();
    let server = rows.iter().fold(Server::builder(), |builder, row| {
        row.serve(builder, is_old, &calls)
    });
    let server = services::serve(server, is_old, &calls).service(MeterServer::new(calls));
    let server = anywhere(server).start().unwrap();
    role.tell(&server.endpoints()[0]);
    _ = role.order();
}

fn rows() -> Vec<Entry> {
    [numbers::rows(), fields::rows(), variants::rows()].concat()
}

/// The process of one version, and its callers.
struct Served {
    /// By key, in `MessagePack` and in JSON.
    clients: [Client; 3],
    meter: MeterClient,
    _process: Process,
}

impl Served {
    fn start(version: &str) -> Self {
        let process = Process::start("table::serving_process", version);
        let endpoint = process.hear();
        let client = |codec| {
            let client = Client::builder().connect(&endpoint).codec(codec);
            client.build().unwrap()
        };
        let [message_pack, json] = [client(Codec::MessagePack), client(Codec::Json)];
        Self {
            meter: MeterClient::new(message_pack.clone()),
            clients: [client(Codec::MessagePack), message_pack, json],
            _process: process,
        }
    }

    /// Makes a call; returns with it how often the server has executed something since.
    fn observe<R>(&self, call: impl FnOnce() -> R) -> (R, u64) {
        let before = self.meter.executed().unwrap();
        let result = call();
        (result, self.meter.executed().unwrap() - before)
    }
}

/// Tries rows, and tells all that is not as they say.
fn assert_as_said(rows: fn() -> Vec<Entry>) {
    within(LIMIT, move || {
        let (old, new) = (Served::start("old"), Served::start("new"));
        let deviations: Vec<String> = rows()
            .iter()
            .flat_map(|row| row.try_out(&old, &new))
            .collect();
        assert!(deviations.is_empty(), "{}", deviations.join("\n"));
    });
}

#[test]
fn numbers_are_read_as_what_they_were_or_not_at_all() {
    assert_as_said(numbers::rows);
}

#[test]
fn fields_are_read_as_what_they_were_or_not_at_all() {
    assert_as_said(fields::rows);
}

#[test]
fn variants_are_read_as_what_they_were_or_not_at_all() {
    assert_as_said(variants::rows);
}
