//! Proxies over real sockets, between real clients and servers.

#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod buffered;
mod calls;
mod chains;
mod crashes;
mod dead_targets;
mod deadlines;
mod deliveries;
mod endings;
mod ends;
mod events;
mod frames;
mod jobs;
mod limits;
mod log;
mod names;
mod noise;
mod predecessors;
mod refusals;
mod repeats;
mod rings;
mod room;

use std::time::{Duration, Instant};

use support::ProbeClient;
use zmqrpc::proxy::{BufferedHandle, Proxy, ProxyHandle, ProxyStats, Rep, Req};
use zmqrpc::{Ping, ServerHandle};

const LIMIT: Duration = Duration::from_secs(30);
const ANYWHERE: &str = "tcp://127.0.0.1:*";

/// A proxy to a target, with the settings of a user who has none.
fn proxy_to(target: &str) -> ProxyHandle {
    Proxy::new(Rep::new().bind(ANYWHERE), Req::new().connect(target))
        .start()
        .unwrap()
}

/// One that finds a dead target out quickly.
fn watchful(target: &str) -> ProxyHandle {
    let (interval, limit) = (Duration::from_millis(50), Duration::from_millis(300));
    let back = Req::new()
        .connect(target)
        .connect_timeout(Duration::from_millis(300))
        .ping(Ping {
            interval,
            timeout: limit,
        });
    Proxy::new(Rep::new().bind(ANYWHERE), back).start().unwrap()
}

fn client_of(proxy: &ProxyHandle) -> ProbeClient {
    ProbeClient::connect(&proxy.endpoints()[0]).unwrap()
}

fn endpoint(server: &ServerHandle) -> String {
    server.endpoints()[0].clone()
}

/// Polls for a state of which no event tells.
fn eventually(what: &str, holds: impl FnMut() -> bool) {
    eventually_within(Duration::from_secs(10), what, holds);
}

fn eventually_within(limit: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !holds() {
        assert!(Instant::now() < end, "{what} did not come true");
        std::thread::yield_now();
    }
}

fn await_stats(proxy: &impl Counted, what: &str, holds: impl Fn(&ProxyStats) -> bool) {
    eventually(what, || holds(&proxy.stats()));
}

/// A proxy of either kind.
trait Counted {
    fn stats(&self) -> ProxyStats;
}

impl Counted for ProxyHandle {
    fn stats(&self) -> ProxyStats {
        ProxyHandle::stats(self)
    }
}

impl Counted for BufferedHandle {
    fn stats(&self) -> ProxyStats {
        BufferedHandle::stats(self)
    }
}

/// Ends a proxy and says how long it took.
fn timed_drop(proxy: ProxyHandle) -> Duration {
    let start = Instant::now();
    drop(proxy);
    start.elapsed()
}

/// What the tests kill and freeze.
#[test]
fn target_process() {
    support::serve_target();
}

#[test]
fn proxy_process() {
    crashes::proxy_process();
}
