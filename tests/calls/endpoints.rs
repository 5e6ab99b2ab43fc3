//! Several endpoints, and endpoints that go and come again.

use std::time::{Duration, Instant};

use zmqrpc::{Client, Executed};

use super::book::{LIMIT, same};
use super::support::{self, ProbeClient, anywhere, serve, within};

#[test]
fn calls_are_dealt_out_among_the_endpoints() {
    within(LIMIT, || {
        let servers: Vec<_> = (0..3).map(|_| serve(anywhere).0).collect();
        let client = servers
            .iter()
            .fold(Client::builder(), |builder, server| {
                builder.connect(server.endpoints().remove(0))
            })
            .build()
            .unwrap();
        let probe = ProbeClient::new(client);
        for n in 0..300 {
            same(probe.add(n, 1), n + 1);
        }
        let shares: Vec<_> = servers
            .iter()
            .map(|server| server.stats().requests)
            .collect();
        assert_eq!(shares.iter().sum::<u64>(), 300);
        assert!(
            shares.iter().all(|share| *share >= 80),
            "of 300 calls: {shares:?}"
        );
    });
}

#[test]
fn no_call_goes_to_an_endpoint_that_is_gone_while_another_is_there() {
    within(LIMIT, || {
        let (first, _gate) = serve(anywhere);
        let (second, _gate) = serve(anywhere);
        let client = Client::builder()
            .connect(first.endpoints().remove(0))
            .connect(second.endpoints().remove(0))
            .build()
            .unwrap();
        let probe = ProbeClient::new(client);
        for n in 0..20 {
            same(probe.add(n, 1), n + 1);
        }
        // Whichever it is that has served so far goes; nobody looks at its link meanwhile.
        let (gone, left) = if first.stats().requests > 0 {
            (first, second)
        } else {
            (second, first)
        };
        drop(gone);
        let before = left.stats().requests;
        let mut lost = 0;
        for n in 0..20 {
            let start = Instant::now();
            match probe.add(n, 1) {
                Ok(sum) => assert_eq!(sum, n + 1),
                // The one that was sent before the end of the connection was known.
                Err(error) if error.executed() == Executed::Maybe => lost += 1,
                Err(error) => panic!("call {n}: {error}"),
            }
            assert!(start.elapsed() < Duration::from_secs(2));
        }
        assert!(lost <= 1, "{lost} calls were lost");
        assert_eq!(left.stats().requests - before, 20 - lost);
    });
}

/// Ends a server and starts another one on the same endpoint, under a client that stays.
fn restart(endpoint: &str) {
    let (server, _gate) = serve(|builder| builder.bind(endpoint));
    let resolved = server.endpoints().remove(0);
    let client = Client::connect(&resolved).unwrap();
    let probe = ProbeClient::new(client.with_timeout(Duration::from_secs(4)));
    for _ in 0..5 {
        same(probe.add(2, 3), 5);
    }
    drop(server);
    let (server, _gate) = support::serve_again(|builder| builder.bind(&resolved));
    let mut sum = probe.add(2, 3);
    if matches!(&sum, Err(error) if error.executed() == Executed::Maybe) {
        // Sent before the end of the old connection was known.
        sum = probe.add(2, 3);
    }
    same(sum, 5);
    assert_eq!(server.stats().requests, 1);
}

#[test]
fn a_client_finds_a_server_again_over_tcp() {
    within(LIMIT, || restart("tcp://127.0.0.1:*"));
}

#[test]
fn a_client_finds_a_server_again_over_ipc() {
    within(LIMIT, || restart(&support::ipc("again")));
}

#[test]
fn a_client_finds_a_server_again_over_inproc() {
    within(LIMIT, || restart("inproc://calls-again"));
}
