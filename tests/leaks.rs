//! What a server and a client leave behind: nothing. In a process of its own, as others open things at the same time.

mod support;

use std::fs;
use std::time::Duration;

use support::{Possessions, ProbeClient, ProbeServer, Prober, anywhere, serve, within};
use zmqrpc::Server;

fn cycle(ipc: &str) {
    let (server, gate) = serve(|builder| anywhere(builder).bind("inproc://leaks").bind(ipc));
    for endpoint in server.endpoints() {
        let client = ProbeClient::connect(&endpoint).unwrap();
        assert_eq!(client.add(2, 3), Ok(5));
        assert_eq!(client.slow_add(2, 3), Ok(5));
        client.note(1).unwrap();
        let hasty = client.with_timeout(Duration::from_millis(1));
        let _ = hasty.hold_for_ever();
    }
    gate.open();
    let failed = Server::builder()
        .service(ProbeServer::new(Prober::default()))
        .bind("inproc://leaks-too")
        .bind("tcp://256.0.0.1:1")
        .start();
    assert!(failed.is_err());
    let nobody = ProbeClient::connect("tcp://127.0.0.1:1").unwrap();
    let _ = nobody.with_timeout(Duration::from_millis(1)).add(2, 3);
}

#[test]
fn descriptors_and_threads_do_not_leak() {
    within(Duration::from_secs(60), || {
        let ipc = support::ipc("leaks");
        cycle(&ipc);
        // As much as stays open while nothing is served.
        let before = Possessions::settled(Possessions::NONE);
        for _ in 0..50 {
            cycle(&ipc);
        }
        before.assert_kept();
        let _ = fs::remove_file(ipc.trim_start_matches("ipc://"));
    });
}
