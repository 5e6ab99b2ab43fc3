//! The server that is tormented.

use std::time::Duration;

use zmqrpc::server::ServerStats;
use zmqrpc::{Client, ServerHandle};

use super::support::{self, Gate, Peer, ProbeClient, anywhere, call_by_key, head, key, serve};

pub(crate) const LIMIT: Duration = Duration::from_secs(30);
pub(crate) const MAX_MESSAGE: usize = 64 << 10;

/// A server, a raw peer that torments it, and a well-behaved client beside it.
pub(crate) struct Victim {
    pub(crate) server: ServerHandle,
    pub(crate) gate: Gate,
    pub(crate) endpoint: String,
    pub(crate) peer: Peer,
    pub(crate) client: ProbeClient,
}

impl Victim {
    pub(crate) fn start() -> Self {
        Self::with_workers(4)
    }

    pub(crate) fn with_workers(workers: usize) -> Self {
        let (server, gate) = serve(|builder| {
            anywhere(builder)
                .worker_threads(workers)
                .max_message(MAX_MESSAGE)
                .max_queue(1_000)
                .max_queue_bytes(1 << 20)
        });
        let endpoint = server.endpoints().remove(0);
        let client = Client::builder()
            .connect(&endpoint)
            .max_message(4 * MAX_MESSAGE)
            .timeout(Duration::from_secs(5))
            .build()
            .unwrap();
        Self {
            peer: Peer::connect(&endpoint),
            client: ProbeClient::new(client),
            server,
            gate,
            endpoint,
        }
    }

    /// The next valid request is served, to the tormentor and to others.
    #[track_caller]
    pub(crate) fn serves(&self) {
        assert_eq!(self.client.add(2, 3), Ok(5));
        let answer = Peer::connect(&self.endpoint).ask(valid(7));
        assert_eq!(answer, support::reply(7, 0, 0, &[10]));
    }

    /// The counters when everything has been counted: the server is over then.
    pub(crate) fn counted(self) -> ServerStats {
        self.server.shutdown(LIMIT).unwrap();
        self.server.stats()
    }
}

pub(crate) fn add_key() -> u64 {
    key("Probe.add", "i64,i64,->i64", 1)
}

/// `Probe.add(2, 3)` by key.
pub(crate) fn valid(id: u64) -> Vec<u8> {
    call_by_key(id, add_key(), 5_000, &[4, 6])
}

/// Status, executed and detail of a failure.
#[track_caller]
pub(crate) fn refusal(frame: &[u8], id: u64) -> (u8, u8, String) {
    assert_eq!(frame[..11], head(0x81, id), "{frame:x?}");
    let (status, codec, entries) = (frame[11], frame[12], frame[13]);
    assert_eq!(codec, 0, "{frame:x?}");
    let mut rest = &frame[14..];
    let mut text = || {
        let (text, after) = rest[1..].split_at(rest[0].into());
        rest = after;
        str::from_utf8(text).unwrap()
    };
    let metadata: Vec<_> = (0..entries).map(|_| (text(), text())).collect();
    // Who calls by another key is told which one there is, and of what shapes.
    if status == 3 {
        let key = format!("{:016x}", add_key());
        assert_eq!(
            metadata,
            [
                ("zmqrpc-key", key.as_str()),
                ("zmqrpc-shape", "1 i64,i64,->i64")
            ]
        );
    } else {
        assert_eq!(metadata, []);
    }
    let detail = String::from_utf8(rest[1..].to_vec()).unwrap();
    (status, rest[0], detail)
}
