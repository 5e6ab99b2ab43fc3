//! Proxies behind proxies.

use std::time::Duration;

use zmqrpc::proxy::{Proxy, Pub, Rep, Req, Sub};
use zmqrpc::{CallError, Client, Executed};

use crate::events::{await_hearing, publisher, subscriber};
use crate::log::{LogClient, Taken};
use crate::support::{DivideError, Peer, ProbeAdd, anywhere, call_by_key, key, serve, within};
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
        let key = key("Probe.hold_for_ever", "->unit", 1);
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
            matches!(&error, zmqrpc::Error::Unavailable { cause: reason, .. } if reason.to_string().contains("its target in time")),
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
        let centre = Proxy::new(Rep::new().bind(ANYWHERE), Pub::new().bind(ANYWHERE))
            .start()
            .unwrap();
        let back = Req::new().connect(&centre.endpoints()[0]);
        let _site = Proxy::new(Sub::new().connect(at), back).start().unwrap();
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
