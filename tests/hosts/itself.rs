//! Connections that would go to themselves: TCP's simultaneous open, where nobody listens at a port of the ephemeral range.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::proxy::{Proxy, Rep, Req};
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::push::{Puller, Pusher};
use zmqrpc::{Client, Error, Executed, Server};

use crate::network::say_not_run;
use crate::support::{ProbeClient, ProbeServer, Prober, Process, Role, await_state, within};

const LIMIT: Duration = Duration::from_secs(120);

/// So few ports that it happens every second or so.
const ROOM: &str = r#"
set -e
ip link set lo up
echo "40000 40020" > /proc/sys/net/ipv4/ip_local_port_range
exec "$@"
"#;

#[test]
fn nobody_stays_connected_to_itself_and_keeps_its_server_out() {
    let possible = Command::new("unshare").args(["-n", "ip", "link"]).output();
    if !possible.is_ok_and(|output| output.status.success()) {
        return say_not_run("few ports take root, `unshare` and iproute2");
    }
    within(LIMIT, || {
        let launcher = ["unshare", "-n", "sh", "-c", ROOM, "sh"];
        let played = Process::start_through(&launcher, "itself::lonely_process", "");
        assert_eq!(played.hear(), "done");
    });
}

#[test]
fn lonely_process() {
    let Some(role) = Role::of("itself::lonely_process") else {
        return;
    };
    let client = Client::connect("tcp://127.0.0.1:40010").unwrap();
    let probe = ProbeClient::new(client.with_timeout(Duration::from_millis(500)));
    let _publisher = Publisher::connect("tcp://127.0.0.1:40002").unwrap();
    let _pusher = Pusher::connect("tcp://127.0.0.1:40004").unwrap();
    let _hubs = Server::builder()
        .service(ProbeServer::new(Prober::default()))
        .connect("tcp://127.0.0.1:40006")
        .subscribe(Subscription::connect("tcp://127.0.0.1:40012"))
        .pull(Puller::connect("tcp://127.0.0.1:40014"))
        .start()
        .unwrap();
    let front = Rep::new().bind("ipc://@zmqrpc-itself");
    let _proxy = Proxy::new(front, Req::new().connect("tcp://127.0.0.1:40008"))
        .start()
        .unwrap();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) {
        let error = probe.add(1, 2).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert_eq!(error.executed(), Executed::No);
    }
    assert_eq!(client.stats().late_replies, 0);
    for port in (40002..=40014).step_by(2) {
        let end = Instant::now() + Duration::from_secs(5);
        let server = loop {
            let service = ProbeServer::new(Prober::default());
            let endpoint = format!("tcp://127.0.0.1:{port}");
            match Server::builder().service(service).bind(endpoint).start() {
                Ok(server) => break server,
                Err(error) => assert!(Instant::now() < end, "port {port}: {error}"),
            }
            thread::sleep(Duration::from_millis(50));
        };
        if port == 40010 {
            await_state("an answer", || probe.add(1, 2) == Ok(3));
        }
        drop(server);
    }
    assert_eq!(client.stats().late_replies, 0);
    role.tell("done");
}
