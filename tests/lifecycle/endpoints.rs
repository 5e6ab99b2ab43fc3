//! Endpoints of a server, from the start and while it runs.

use std::time::Duration;

use zmqrpc::{Client, Error};

use super::fixture::{Directory, LIMIT, builder, endpoint};
use super::support::{Hub, ProbeClient, anywhere, serve, within};

#[test]
fn endpoints_are_resolved_in_the_order_in_which_they_were_added() {
    within(LIMIT, || {
        let directory = Directory::new("resolved");
        let ipc = directory.ipc("a.sock");
        let hub = Hub::start();
        let server = builder()
            .bind("tcp://127.0.0.1:*")
            .bind("tcp://127.0.0.1:0")
            .bind(&ipc)
            .bind("inproc://lifecycle-resolved")
            .connect(&hub.back)
            .bind("tcp://*:*")
            .start()
            .unwrap();
        let endpoints = server.endpoints();
        assert_eq!(endpoints.len(), 6);
        for tcp in &endpoints[..2] {
            let port = tcp.strip_prefix("tcp://127.0.0.1:").unwrap();
            assert_ne!(port.parse::<u16>().unwrap(), 0);
        }
        assert_ne!(endpoints[0], endpoints[1]);
        assert_eq!(
            endpoints[2..5],
            [ipc, "inproc://lifecycle-resolved".into(), hub.back.clone()]
        );
        assert!(endpoints[5].starts_with("tcp://0.0.0.0:"), "{endpoints:?}");
        assert!(format!("{server:?}").contains(&endpoints[0]));
    });
}

#[test]
fn endpoints_come_and_go_while_the_server_runs() {
    within(LIMIT, || {
        let hub = Hub::start();
        let (server, _gate) = serve(anywhere);
        let first = server.endpoints().remove(0);
        let old = ProbeClient::new(
            Client::builder()
                .connect(&first)
                .connect_timeout(Duration::from_millis(300))
                .build()
                .unwrap(),
        );
        assert_eq!(old.add(2, 3), Ok(5));
        let added = server.add_bind("tcp://127.0.0.1:*").unwrap();
        let inproc = server.add_bind("inproc://lifecycle-come").unwrap();
        let outward = server.add_connect(&hub.back).unwrap();
        assert_eq!(
            server.endpoints(),
            [first.as_str(), &added, &inproc, &outward]
        );
        for endpoint in [&added, &inproc, &hub.front] {
            assert_eq!(ProbeClient::connect(endpoint).unwrap().add(2, 3), Ok(5));
        }
        server.remove_endpoint(&first).unwrap();
        assert_eq!(server.endpoints(), [added.as_str(), &inproc, &outward]);
        let error = old.add(2, 3).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        server.remove_endpoint(&outward).unwrap();
        endpoint(server.remove_endpoint(&first), &first);
        endpoint(server.add_bind("tcp://127.0.0.1"), "tcp://127.0.0.1");
        endpoint(server.add_connect("tcp://127.0.0.1:*"), "tcp://127.0.0.1:*");
        assert_eq!(ProbeClient::connect(&added).unwrap().add(2, 3), Ok(5));
        server.shutdown(LIMIT).unwrap();
    });
}

#[test]
fn a_closed_inproc_endpoint_serves_nobody_any_more() {
    within(LIMIT, || {
        let (server, _gate) = serve(|builder| anywhere(builder).bind("inproc://lifecycle-closed"));
        let client = Client::builder()
            .connect("inproc://lifecycle-closed")
            .timeout(Duration::from_secs(1))
            .build()
            .unwrap();
        let client = ProbeClient::new(client);
        assert_eq!(client.add(2, 3), Ok(5));
        server.remove_endpoint("inproc://lifecycle-closed").unwrap();
        let error = client.add(2, 3).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    });
}
