//! A service that jobs are pushed to, and pullers of its jobs.

use std::time::Duration;

use zmqrpc::push::Pusher;
use zmqrpc::zmq_service;

use super::support::{Peer, Request};

pub(crate) const LIMIT: Duration = Duration::from_secs(30);
pub(crate) const SOON: Duration = Duration::from_secs(10);

#[zmq_service]
pub(crate) trait Mill {
    fn grind(&self, number: u64) -> Result<u64, String>;
    fn blob(&self, bytes: &[u8]) -> u64;
    #[zmq(timeout = "150ms")]
    fn hasty(&self);
}

pub(crate) fn mill() -> (MillClient<Pusher>, String) {
    let pusher = Pusher::bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pusher.endpoints().remove(0);
    (MillClient::new(pusher), endpoint)
}

/// The number that a job is about; its body is one varint.
pub(crate) fn number(peer: &Peer) -> u64 {
    let frames = peer.receive(SOON).expect("a job");
    assert_eq!(frames.len(), 1);
    let request = Request::read(&frames[0]);
    assert_eq!(request.kind, 2, "a notification");
    let bits = request.body.iter().enumerate();
    bits.fold(0, |number, (at, byte)| {
        number | u64::from(byte & 0x7F) << (7 * at)
    })
}

pub(crate) static BLOB: [u8; 32 * 1024] = [7; 32 * 1024];

/// A puller that reads nothing, and a pusher that holds few jobs for it.
pub(crate) fn stalled() -> (MillClient<Pusher>, Peer) {
    let builder = Pusher::builder().bind("tcp://127.0.0.1:*").high_water(10);
    let pusher = builder.build().unwrap();
    let socket = zmq::Context::new().socket(zmq::PULL).unwrap();
    socket.set_rcvhwm(1).unwrap();
    socket.set_rcvbuf(4096).unwrap();
    socket.connect(&pusher.endpoints()[0]).unwrap();
    (MillClient::new(pusher), Peer(socket))
}

/// Pushes until there is no room; answers how many went.
pub(crate) fn fill(mill: &MillClient<Pusher>) -> u64 {
    mill.blob(&BLOB).expect("a puller comes");
    let impatient = mill.with_timeout(Duration::from_millis(50));
    let mut sent = 1;
    while impatient.blob(&BLOB).is_ok() {
        sent += 1;
        assert!(sent < 20_000, "it is never full");
    }
    sent
}
