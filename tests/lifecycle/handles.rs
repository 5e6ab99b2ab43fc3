//! Handles that are dropped.

use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::{Client, Error};

use super::fixture::{Directory, LIMIT, free_port};
use super::support::{ProbeAdd, ProbeClient, ProbeNote, anywhere, serve, within};

#[test]
fn handles_can_be_dropped_in_any_order() {
    within(LIMIT, || {
        for order in 0..6 {
            let (server, _gate) = serve(|builder| {
                anywhere(builder).bind(format!("inproc://lifecycle-order-{order}"))
            });
            let tcp = Client::connect(&server.endpoints()[0]).unwrap();
            let inproc = Client::connect(&server.endpoints()[1]).unwrap();
            let pending = tcp.begin(&ProbeAdd { a: 2, b: 3 }).unwrap();
            inproc.call(&ProbeAdd { a: 2, b: 3 }).unwrap();
            match order {
                0 => {
                    drop(server);
                    drop(tcp);
                    drop(pending);
                }
                1 => {
                    drop(tcp);
                    drop(server);
                    let _ = pending.wait();
                }
                2 => {
                    drop(pending);
                    drop(inproc);
                    drop(tcp);
                    drop(server);
                }
                3 => {
                    drop(tcp);
                    assert_eq!(pending.wait(), Ok(5), "a call keeps its connection");
                }
                4 => {
                    let ender = thread::spawn(move || drop(server));
                    drop(inproc);
                    let _ = pending.wait();
                    ender.join().unwrap();
                }
                _ => {}
            }
        }
    });
}

#[test]
fn a_handle_can_be_dropped_within_a_runtime() {
    within(LIMIT, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (server, _gate) = serve(anywhere);
        let client = ProbeClient::connect(&server.endpoints()[0]).unwrap();
        assert_eq!(client.slow_add(2, 3), Ok(5), "starts a runtime of its own");
        runtime.block_on(async move { drop((client, server)) });
    });
}

#[test]
fn notifications_sent_right_before_the_client_goes_arrive() {
    within(LIMIT, || {
        let directory = Directory::new("linger");
        let (server, _gate) = serve(|builder| anywhere(builder).bind(directory.ipc("a.sock")));
        let observer = ProbeClient::connect(&server.endpoints()[0]).unwrap();
        let mut sent = 0;
        for endpoint in server.endpoints() {
            for round in 1..=20_u64 {
                let client = Client::connect(&endpoint).unwrap();
                for number in 0..round * 10 {
                    client.notify(&ProbeNote { number }).unwrap();
                    sent += 1;
                }
                drop(client);
            }
        }
        let end = Instant::now() + Duration::from_secs(5);
        let mut arrived = 0;
        while arrived < sent && Instant::now() < end {
            arrived = observer.notes().unwrap();
        }
        assert_eq!(arrived, sent);
    });
}

#[test]
fn a_client_without_a_server_goes_at_once() {
    within(LIMIT, || {
        let client = Client::builder()
            .connect(format!("tcp://127.0.0.1:{}", free_port()))
            .connect_timeout(Duration::from_millis(50))
            .linger(Duration::from_secs(20))
            .build()
            .unwrap();
        for a in 0..3 {
            let error = client.begin(&ProbeAdd { a, b: 1 }).unwrap_err();
            assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        }
        let start = Instant::now();
        drop(client);
        assert!(start.elapsed() < Duration::from_secs(1));
    });
}
