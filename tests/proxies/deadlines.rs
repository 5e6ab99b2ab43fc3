//! Time limits on their way through a proxy.

use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::{Server, zmq_service};

use crate::support::{Peer, call_by_key, key, within};
use crate::{ANYWHERE, LIMIT, await_stats, endpoint, proxy_to};

#[zmq_service]
trait Clock {
    /// The milliseconds that remain of this call.
    fn remaining(&self, cx: &zmqrpc::CallContext) -> Option<u64>;
}

struct Watch;

impl Clock for Watch {
    fn remaining(&self, cx: &zmqrpc::CallContext) -> Option<u64> {
        cx.remaining()
            .map(|remaining| remaining.as_millis().try_into().unwrap())
    }
}

fn clock(endpoint: &str) -> zmqrpc::ServerHandle {
    Server::builder()
        .service(ClockServer::new(Watch))
        .bind(endpoint)
        .start()
        .unwrap()
}

#[test]
fn deadlines_travel_and_shrink_by_what_was_spent_in_the_proxy() {
    within(LIMIT, || {
        let place = crate::support::ipc("shrinks");
        let proxy = proxy_to(&place);
        let asked = ClockClient::connect(&proxy.endpoints()[0])
            .unwrap()
            .with_timeout(Duration::from_secs(20));
        // No target yet: the call waits in the proxy.
        let waiting = thread::spawn(move || (asked.remaining(), asked));
        await_stats(&proxy, "the request", |stats| stats.received == 1);
        let waits = Instant::now();
        while waits.elapsed() < Duration::from_millis(300) {
            thread::park_timeout(Duration::from_millis(300));
        }
        let server = clock(&place);
        let (remaining, asked) = waiting.join().unwrap();
        let remaining = remaining.unwrap().unwrap();
        assert!((10_000..=19_700).contains(&remaining), "{remaining} ms");
        let remaining = asked.remaining().unwrap().unwrap();
        assert!((19_700..=20_000).contains(&remaining), "{remaining} ms");
        drop(server);
    });
}

#[test]
fn a_call_without_a_deadline_gets_none() {
    within(LIMIT, || {
        let server = clock(ANYWHERE);
        let proxy = proxy_to(&endpoint(&server));
        let peer = Peer::connect(&proxy.endpoints()[0]);
        let key = key("Clock.remaining", "->option<u64,>", 1);
        let answer = peer.ask(call_by_key(9, key, 0, &[]));
        assert_eq!(answer, crate::support::reply(9, 0, 0, &[0]));
    });
}
