//! Proxies behind proxies.

use std::time::Duration;

use zmqrpc::{BufferedProxy, CallError, Client, Executed, Proxy, Pub, Rep, Req, Sub};

use crate::events::{await_hearing, publisher, subscriber};
use crate::log::{LogClient, Taken};
use crate::support::{
    DivideError, Peer, ProbeAdd, anywhere, call_by_key, head, key, serve, within,
};
use crate::{ANYWHERE, LIMIT, client_of, endpoint, eventually, proxy_to, watchful};

#[test]
fn two_and_three_in_a_row_serve_like_one() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let third = proxy_to(&endpoint(&server));
        let second = proxy_to(&third.endpoints()[0]);
        let first = proxy_to(&second.endpoints()[0]);
        for proxy in [&second, &first] {
            let client = client_of(proxy);
            assert_eq!(client.add(2, 3), Ok(5));
            let error = DivideError::ByZero { dividend: 1 };
            assert_eq!(client.divide(1, 0), Err(CallError::Service(error)));
            assert!(client.panics("on purpose").is_err());
            let client = Client::connect(&proxy.endpoints()[0]).unwrap();
            let sums: Vec<_> = (0..1000)
                .map(|a| client.begin(&ProbeAdd { a, b: 1 }).unwrap())
                .collect();
            for (a, sum) in (0..).zip(sums) {
                assert_eq!(sum.wait(), Ok(a + 1));
            }
        }
    });
}

#[test]
fn giving_up_passes_through_all_of_them() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let second = proxy_to(&endpoint(&server));
        let first = proxy_to(&second.endpoints()[0]);
        let peer = Peer::connect(&first.endpoints()[0]);
        let key = key("Probe.hold_for_ever", "() -> ()", 1);
        peer.send(call_by_key(3, key, 0, &[]));
        assert_eq!(peer.answer(), crate::support::head(0x86, 3));
        peer.send(crate::support::head(0x04, 3));
        eventually("the cancellation", || server.stats().cancelled == 1);
    });
}

#[test]
fn the_last_ones_failure_reaches_the_caller() {
    within(LIMIT, || {
        let second = watchful("tcp://127.0.0.1:1");
        let first = proxy_to(&second.endpoints()[0]);
        let client = client_of(&first).with_timeout(Duration::from_secs(10));
        let error = client.add(2, 3).unwrap_err();
        assert!(
            matches!(&error, zmqrpc::Error::Unavailable { reason, .. } if reason.contains("its target in time")),
            "{error}"
        );
        assert_eq!(error.executed(), Executed::No);
    });
}

#[test]
fn a_chain_from_a_sampler_to_a_subscriber_passes_everything() {
    within(LIMIT, || {
        // Sampler, SUB to REQ on the site, REP to PUB at the centre, subscriber.
        let (sampler, at) = publisher();
        let centre = Proxy::new(Rep::bind(ANYWHERE), Pub::bind(ANYWHERE))
            .start()
            .unwrap();
        let back = Req::connect(&centre.endpoints()[0]);
        let _site = Proxy::new(Sub::connect(at), back).start().unwrap();
        let taken = Taken::default();
        let _server = subscriber(&centre.endpoints()[1], &taken);
        sampler
            .wait_subscribers(1, Duration::from_secs(10))
            .unwrap();
        let sampler = LogClient::new(sampler);
        await_hearing(&taken, || sampler.take(9, 0).unwrap());
        for number in 0..500 {
            sampler.take(1, number).unwrap();
        }
        eventually("all events", || {
            taken
                .by_client()
                .get(&1)
                .is_some_and(|numbers| numbers.len() == 500)
        });
    });
}

/// Two proxies, each of which is the other one's target, and the way in.
fn ring(name: &str) -> (zmqrpc::ProxyHandle, zmqrpc::ProxyHandle, Peer) {
    let (one, other) = (
        crate::support::ipc(&format!("{name}-one")),
        crate::support::ipc(&format!("{name}-other")),
    );
    let open = |from: &str, to: &str| {
        Proxy::new(Rep::bind(from), Req::connect(to))
            .start()
            .unwrap()
    };
    let proxies = (open(&one, &other), open(&other, &one));
    let peer = Peer::connect(&one);
    (proxies.0, proxies.1, peer)
}

#[test]
fn a_call_in_a_ring_of_proxies_ends() {
    within(LIMIT, || {
        let (one, other, peer) = ring("ring");
        // With a time limit and without.
        for (id, remaining) in [(1, 0), (2, 20_000)] {
            let key = key("Log.take", "(u32, u64) -> ()", 1);
            let answer = peer.ask(call_by_key(id, key, remaining, &[1, 2]));
            assert_eq!(answer[..11], head(0x81, id));
            assert_eq!((answer[11], answer[14]), (17, 0), "{answer:?}");
            assert!(String::from_utf8_lossy(&answer).contains("15 proxies"));
        }
        let hops = one.stats().forwarded + other.stats().forwarded;
        assert_eq!(hops, 30);
        // Notifications go round no longer.
        let mut note = call_by_key(3, 7, 0, &[]);
        note[2] = 0x02;
        peer.send(note);
        eventually("its hops", || {
            one.stats().forwarded + other.stats().forwarded == 45
        });
    });
}

#[test]
fn what_a_queue_delivers_to_itself_ends_as_a_dead_letter() {
    within(LIMIT, || {
        let place = crate::support::ipc("own-target");
        let proxy = BufferedProxy::new(
            Rep::bind(&place),
            Req::connect(&place),
            crate::buffered::roomy(),
        )
        .start()
        .unwrap();
        crate::buffered::log_client(&proxy).take(1, 1).unwrap();
        eventually("its end", || proxy.stats().given_up == 1);
        assert_eq!((proxy.stats().held, proxy.stats().delivered), (0, 15));
        let letter = proxy.dead_letters().unwrap().next().unwrap();
        assert!(
            letter.reason().contains("15 proxies"),
            "{}",
            letter.reason()
        );
    });
}
