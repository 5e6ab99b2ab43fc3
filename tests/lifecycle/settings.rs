//! Settings, bad ones and those at the edge.

use std::time::Duration;

use zmqrpc::{Client, ClientBuilder, Ping, Server};

use super::fixture::{LIMIT, builder, endpoint, free_port, setting};
use super::support::{self, ProbeAdd, ProbeClient, ProbeServer, Prober, anywhere, serve, within};

#[test]
fn a_bad_setting_of_a_server_is_named() {
    within(LIMIT, || {
        setting(
            Server::builder().bind("tcp://127.0.0.1:*").start(),
            "service",
        );
        setting(builder().start(), "bind");
        setting(
            anywhere(builder()).max_message(1_023).start(),
            "max_message",
        );
        setting(anywhere(builder()).max_queue(0).start(), "max_queue");
        setting(anywhere(builder()).high_water(0).start(), "high_water");
        let reason = setting(
            anywhere(builder()).max_queue_bytes((16 << 20) - 1).start(),
            "max_queue_bytes",
        );
        assert!(reason.contains("max_message"), "{reason}");
        let reason = setting(
            anywhere(builder())
                .service(ProbeServer::new(Prober::default()))
                .start(),
            "service",
        );
        assert_eq!(reason, "`Probe.add` is registered twice");
    });
}

#[test]
fn a_bad_setting_of_a_client_is_named() {
    within(LIMIT, || {
        let to = |builder: ClientBuilder| builder.connect("tcp://127.0.0.1:1");
        setting(Client::builder().build(), "connect");
        setting(
            to(Client::builder()).timeout(Duration::ZERO).build(),
            "timeout",
        );
        setting(
            to(Client::builder())
                .connect_timeout(Duration::ZERO)
                .build(),
            "connect_timeout",
        );
        setting(to(Client::builder()).max_message(0).build(), "max_message");
        setting(to(Client::builder()).max_calls(0).build(), "max_calls");
        setting(to(Client::builder()).high_water(0).build(), "high_water");
        // Nothing that is at the edge is declined.
        to(Client::builder())
            .max_message(1_024)
            .max_calls(1)
            .timeout(Duration::MAX)
            .connect_timeout(Duration::MAX)
            .linger(Duration::ZERO)
            .build()
            .unwrap();
        to(Client::builder())
            .max_message(usize::MAX)
            .build()
            .unwrap();
    });
}

#[test]
fn a_bad_endpoint_is_told_with_its_text() {
    within(LIMIT, || {
        let long = format!("ipc:///{}", "x".repeat(107));
        for bad in [
            "",
            "127.0.0.1:5555",
            "udp://127.0.0.1:5555",
            "tcp://127.0.0.1",
            "tcp://127.0.0.1:",
            "tcp://127.0.0.1:65536",
            "tcp://127.0.0.1:-1",
            "tcp://:5555",
            "tcp://::1:5555",
            "tcp://[::1:5555",
            "tcp://no such host:5555",
            "tcp://256.0.0.1:5555",
            "tcp://192.0.2.1:5555",
            "tcp://nosuchdevice0:5555",
            "ipc://",
            "inproc://",
            long.as_str(),
        ] {
            let text = endpoint(builder().bind(bad).start(), bad);
            assert!(text.starts_with(&format!("endpoint `{bad}`: ")), "{text}");
            // A good one before it is closed again.
            let port = free_port();
            let good = format!("tcp://127.0.0.1:{port}");
            endpoint(builder().bind(&good).bind(bad).start(), bad);
            drop(support::serve_again(|builder| builder.bind(&good)));
        }
        for bad in [
            "",
            "localhost:5555",
            "tcp://*:5555",
            "tcp://127.0.0.1:*",
            "tcp://127.0.0.1:0",
            "tcp://127.0.0.1:00",
            "ipc://*",
            "inproc://",
        ] {
            endpoint(Client::connect(bad), bad);
            endpoint(
                Client::builder()
                    .connect("tcp://127.0.0.1:1")
                    .connect(bad)
                    .build(),
                bad,
            );
            endpoint(builder().connect(bad).start(), bad);
        }
    });
}

#[test]
fn limits_that_mean_never_are_taken() {
    within(LIMIT, || {
        let (server, _gate) = serve(|builder| anywhere(builder).linger(Duration::MAX));
        let client = Client::builder()
            .connect(&server.endpoints()[0])
            .timeout(Duration::MAX)
            .connect_timeout(Duration::MAX)
            .ping(Ping {
                interval: Duration::MAX,
                timeout: Duration::MAX,
            })
            .build()
            .unwrap();
        assert_eq!(ProbeClient::new(client).add(2, 3), Ok(5));
        server.shutdown(Duration::MAX).unwrap();
    });
}

#[test]
fn calls_get_through_however_little_libzmq_holds() {
    within(LIMIT, || {
        let server = anywhere(builder()).high_water(1).start().unwrap();
        let client = Client::builder()
            .connect(&server.endpoints()[0])
            .high_water(1)
            .build()
            .unwrap();
        let calls: Vec<_> = (0..2_000)
            .map(|a| client.begin(&ProbeAdd { a, b: 1 }).unwrap())
            .collect();
        for (call, a) in calls.into_iter().zip(0..) {
            assert_eq!(call.wait(), Ok(a + 1));
        }
        support::await_state("all replies", || server.stats().replies == 2_000);
    });
}
