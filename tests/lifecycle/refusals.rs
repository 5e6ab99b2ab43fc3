//! What becomes of calls that a server refuses and surely has not executed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zmqrpc::proxy::{Proxy, Rep, Req};
use zmqrpc::{AsyncClient, Client, Error, Executed, ServerHandle};

use super::fixture::LIMIT;
use super::support::{
    Fake, Hub, ProbeAdd, ProbeClient, Request, anywhere, await_state, block_on, failure, serve,
    within,
};

const ANYWHERE: &str = "tcp://127.0.0.1:*";

/// Two servers, of which one refuses everything with this status.
fn refusing(status: u8, executed: u8) -> (Fake, ServerHandle) {
    let fake = Fake::start(move |frame| {
        let request = Request::read(frame);
        vec![failure(request.id, status, executed, "not here")]
    });
    (fake, serve(anywhere).0)
}

/// Waits until the server is connected: a call goes elsewhere only where there is a connection. Answers how many requests
/// it has got by then.
fn await_served(client: &Client, server: &ServerHandle) -> u64 {
    await_state("an answer of the server", || {
        client.call(&ProbeAdd { a: 2, b: 3 }).is_ok()
    });
    server.stats().requests
}

#[test]
fn what_was_surely_not_executed_goes_to_the_other_endpoint() {
    within(LIMIT, || {
        for status in [7, 9, 17] {
            let (fake, server) = refusing(status, 0);
            let client = Client::builder()
                .connect(&fake.endpoint)
                .connect(&server.endpoints()[0])
                .build()
                .unwrap();
            let before = await_served(&client, &server);
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let tasks = ProbeClient::new(zmqrpc::AsyncClient::from(client.clone()));
            for _ in 0..20 {
                let added = client.call(&ProbeAdd { a: 2, b: 3 });
                assert_eq!(added, Ok(5), "status {status}");
                assert_eq!(runtime.block_on(tasks.add(2, 3)), Ok(5), "status {status}");
            }
            assert_eq!(server.stats().requests, before + 40);
        }
    });
}

#[test]
fn what_may_have_been_executed_and_what_no_other_server_would_take_stays() {
    within(LIMIT, || {
        for (status, executed) in [(7, 1), (9, 2), (17, 1), (2, 0), (16, 0), (11, 0)] {
            let (fake, server) = refusing(status, executed);
            let client = Client::builder()
                .connect(&fake.endpoint)
                .connect(&server.endpoints()[0])
                .build()
                .unwrap();
            let results: Vec<_> = (0..20)
                .map(|_| client.call(&ProbeAdd { a: 2, b: 3 }))
                .collect();
            let failed = results.iter().filter(|result| result.is_err()).count();
            assert!(failed > 0, "status {status}, executed {executed}");
            let requests = server.stats().requests;
            assert_eq!(requests, 20 - failed as u64, "status {status}");
        }
    });
}

#[test]
fn a_call_that_everybody_refuses_is_asked_for_once_at_each() {
    within(LIMIT, || {
        let asked = Arc::new(AtomicU64::new(0));
        let fakes = [(); 3].map(|()| {
            let asked = Arc::clone(&asked);
            Fake::start(move |frame| {
                asked.fetch_add(1, Ordering::SeqCst);
                vec![failure(Request::read(frame).id, 7, 0, "full")]
            })
        });
        let mut builder = Client::builder();
        for fake in &fakes {
            builder = builder.connect(&fake.endpoint);
        }
        let client = builder.build().unwrap();
        let ask = || {
            let before = asked.load(Ordering::SeqCst);
            let error = client.call(&ProbeAdd { a: 2, b: 3 }).unwrap_err();
            assert!(matches!(error, Error::Overloaded { .. }), "{error:?}");
            asked.load(Ordering::SeqCst) - before
        };
        await_state("all are connected", || ask() == 3);
        for _ in 0..10 {
            assert_eq!(ask(), 3);
        }
    });
}

#[test]
fn a_proxy_turns_to_its_other_target() {
    within(LIMIT, || {
        for status in [7, 9, 17] {
            let (fake, server) = refusing(status, 0);
            let target = Req::new()
                .connect(&fake.endpoint)
                .connect(&server.endpoints()[0]);
            let proxy = Proxy::new(Rep::new().bind(ANYWHERE), target)
                .start()
                .unwrap();
            let client = Client::connect(&proxy.endpoints()[0]).unwrap();
            let before = await_served(&client, &server);
            for _ in 1..20 {
                assert_eq!(
                    client.call(&ProbeAdd { a: 2, b: 3 }),
                    Ok(5),
                    "status {status}"
                );
            }
            assert_eq!(server.stats().requests, before + 19);
        }
    });
}

/// A hub tells nobody that a server ends, and goes on passing calls to it.
#[test]
fn a_call_that_a_hub_passes_to_a_server_that_ends_is_made_again() {
    within(LIMIT, || {
        let asked = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&asked);
        let ending = Fake::start(move |frame| {
            counted.fetch_add(1, Ordering::SeqCst);
            vec![failure(Request::read(frame).id, 9, 0, "not any more")]
        });
        let (staying, _) = serve(anywhere);
        let hub = Hub::to(&[&ending.endpoint, &staying.endpoints()[0]]);
        let client = Client::connect(&hub.front).unwrap();
        let tasks = AsyncClient::from(client.clone());
        let add = ProbeAdd { a: 2, b: 3 };
        for _ in 0..20 {
            let pending: Vec<_> = (0..10).map(|_| client.begin(&add).unwrap()).collect();
            assert_eq!(client.call(&add), Ok(5));
            assert_eq!(block_on(tasks.call(&add)), Ok(5));
            for call in pending {
                assert_eq!(call.wait(), Ok(5));
            }
        }
        assert_eq!(staying.stats().requests, 20 * 12);
        assert!(asked.load(Ordering::SeqCst) > 20);

        let alone = Hub::to(&[&ending.endpoint]);
        let client = Client::connect(&alone.front).unwrap();
        let before = asked.load(Ordering::SeqCst);
        let error = client.call(&add).unwrap_err();
        assert!(matches!(error, Error::ShuttingDown { .. }), "{error}");
        assert_eq!(error.executed(), Executed::No);
        let asked = asked.load(Ordering::SeqCst) - before;
        assert!((2..=33).contains(&asked), "{asked}");
    });
}
