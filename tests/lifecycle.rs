//! How servers and clients begin and end: what a bad setting leaves behind, what a shutdown waits for.

mod support;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::{
    Hub, Peer, ProbeAdd, ProbeClient, ProbeHold, ProbeNote, ProbeServer, Prober, anywhere,
    call_by_key, key, serve, within,
};
use zmqrpc::{Client, ClientBuilder, Error, Executed, Server, ServerBuilder};

const LIMIT: Duration = Duration::from_secs(30);

fn builder() -> ServerBuilder {
    Server::builder().service(ProbeServer::new(Prober::default()))
}

/// A directory that goes at the end of the test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let name = format!("zmqrpc-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn ipc(&self, file: &str) -> String {
        format!("ipc://{}", self.0.join(file).display())
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::set_permissions(&self.0, fs::Permissions::from_mode(0o700));
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[track_caller]
fn setting(error: Result<impl Sized, Error>, name: &str) -> String {
    match error.err() {
        Some(Error::Config { setting, reason }) => {
            assert_eq!(setting, name);
            reason.into()
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn endpoint(error: Result<impl Sized, Error>, text: &str) -> String {
    let error = error.err();
    assert_eq!(error.as_ref().and_then(Error::endpoint), Some(text));
    match error {
        Some(error @ Error::Endpoint { .. }) => {
            assert_eq!(error.executed(), Executed::No);
            error.to_string()
        }
        other => panic!("{other:?}"),
    }
}

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
fn an_address_in_use_is_an_endpoint_error() {
    within(LIMIT, || {
        let (server, _gate) = serve(|builder| anywhere(builder).bind("inproc://lifecycle-in-use"));
        let taken = server.endpoints().remove(0);
        let text = endpoint(builder().bind(&taken).start(), &taken);
        assert_eq!(
            text,
            format!("endpoint `{taken}`: bind failed: address already in use")
        );
        let text = endpoint(
            builder().bind("inproc://lifecycle-in-use").start(),
            "inproc://lifecycle-in-use",
        );
        assert!(text.ends_with("address already in use"), "{text}");
        endpoint(server.bind(&taken), &taken);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = format!("tcp://{}", listener.local_addr().unwrap());
        endpoint(builder().bind(&taken).start(), &taken);
        assert_eq!(server.endpoints().len(), 2);
        let client = ProbeClient::connect(&server.endpoints()[0]).unwrap();
        assert_eq!(client.add(2, 3), Ok(5), "the server goes on as before");
    });
}

#[test]
fn an_ipc_path_that_cannot_be_used_is_an_endpoint_error() {
    within(LIMIT, || {
        let directory = Directory::new("bad-ipc");
        fs::write(directory.path("file"), "x").unwrap();
        for bad in ["missing/a.sock", "file/a.sock"] {
            let bad = directory.ipc(bad);
            let text = endpoint(builder().bind(&bad).start(), &bad);
            assert!(text.contains("director"), "{text}");
        }
        let closed = Directory::new("closed-ipc");
        fs::set_permissions(&closed.0, fs::Permissions::from_mode(0o500)).unwrap();
        if fs::write(closed.path("probe"), "x").is_ok() {
            println!("skipped in part: this user may write everywhere");
            return;
        }
        let bad = closed.ipc("a.sock");
        let text = endpoint(builder().bind(&bad).start(), &bad);
        assert!(text.contains("permission denied"), "{text}");
    });
}

#[test]
fn an_ipc_path_of_another_file_is_refused_and_the_file_stays() {
    within(LIMIT, || {
        let directory = Directory::new("precious");
        let file = directory.path("precious.txt");
        fs::write(&file, "irreplaceable").unwrap();
        let bad = directory.ipc("precious.txt");
        let result = builder().bind(&bad).start();
        assert_eq!(
            fs::read_to_string(&file).ok().as_deref(),
            Some("irreplaceable")
        );
        endpoint(result, &bad);
    });
}

#[test]
fn an_ipc_path_where_another_server_listens_is_in_use() {
    within(LIMIT, || {
        let directory = Directory::new("live-ipc");
        let path = directory.ipc("a.sock");
        let (first, _gate) = serve(|builder| builder.bind(&path));
        let client = ProbeClient::connect(&path).unwrap();
        assert_eq!(client.add(2, 3), Ok(5));
        endpoint(builder().bind(&path).start(), &path);
        let late = ProbeClient::connect(&path).unwrap();
        assert_eq!(late.add(2, 3), Ok(5));
        assert_eq!(first.stats().requests, 2);
    });
}

#[test]
fn an_ipc_path_that_a_dead_server_left_behind_is_used_again() {
    within(LIMIT, || {
        let directory = Directory::new("stale-ipc");
        drop(std::os::unix::net::UnixListener::bind(directory.path("a.sock")).unwrap());
        let path = directory.ipc("a.sock");
        let (_server, _gate) = serve(|builder| builder.bind(&path));
        assert_eq!(ProbeClient::connect(&path).unwrap().add(2, 3), Ok(5));
    });
}

#[test]
fn a_port_is_free_when_the_shutdown_has_returned() {
    within(LIMIT, || {
        // Other sockets keep the process's context alive.
        let (_other, _gate) = serve(anywhere);
        let good = format!("tcp://127.0.0.1:{}", free_port());
        for round in 0..50 {
            let server = builder().bind(&good).start();
            let server = server.unwrap_or_else(|error| panic!("round {round}: {error}"));
            let client = ProbeClient::connect(&good).unwrap();
            assert_eq!(client.add(2, 3), Ok(5));
            server.shutdown(LIMIT).unwrap();
        }
    });
}

#[test]
fn an_idle_server_ends_at_once_and_stays_ended() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        client.call(&ProbeAdd { a: 2, b: 3 }).unwrap();
        let start = Instant::now();
        server.shutdown(LIMIT).unwrap();
        assert!(start.elapsed() < Duration::from_secs(1));
        server.shutdown(Duration::ZERO).unwrap();
        server.wait();
        assert_eq!(server.endpoints(), [""; 0]);
        assert_eq!(server.stats().requests, 1);
        for result in [
            server.bind("tcp://127.0.0.1:*").map(drop),
            server.connect("tcp://127.0.0.1:1").map(drop),
            server.close("tcp://127.0.0.1:1"),
        ] {
            let text = result.unwrap_err().to_string();
            assert!(text.ends_with("the server has ended"), "{text}");
        }
    });
}

#[test]
fn a_hanging_service_does_not_hold_up_a_shutdown() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        let held = client.clone();
        let caller = thread::spawn(move || held.call(&ProbeHold));
        gate.await_arrivals(1);
        let limit = Duration::from_millis(200);
        let start = Instant::now();
        let error = server.shutdown(limit).unwrap_err();
        let took = start.elapsed();
        assert!(took >= limit && took < limit * 3, "{took:?}");
        assert_eq!(error, Error::StillRunning { limit });
        assert_eq!(
            error.to_string(),
            "a service is still running after 200ms; it goes on until it returns, its reply is dropped"
        );
        assert!(error.site().is_none() && error.executed() == Executed::No);
        let error = caller.join().unwrap().unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        gate.open();
        server.wait();
        server.shutdown(Duration::ZERO).unwrap();
    });
}

#[test]
fn what_has_arrived_is_executed_and_answered_before_the_end() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let server = Arc::new(server);
        let peer = Peer::connect(&server.endpoints()[0]);
        peer.send(call_by_key(1, key("Probe.hold", "() -> ()", 1), 0, &[]));
        gate.await_arrivals(1);
        // On one connection after `hold`, so that they have arrived when the last of them has.
        let add = key("Probe.add", "(i64, i64) -> i64", 1);
        for id in 2..500 {
            peer.send(call_by_key(id, add, 0, &[4, 6]));
        }
        let ender = Arc::clone(&server);
        gate.open();
        // The first answer: the server looks at its socket again.
        for _ in 0..100 {
            assert_eq!(peer.answer()[11], 0);
        }
        let shutdown = thread::spawn(move || ender.shutdown(LIMIT));
        let mut statuses = [0; 17];
        for _ in 100..499 {
            statuses[usize::from(peer.answer()[11])] += 1;
        }
        shutdown.join().unwrap().unwrap();
        assert_eq!(statuses[0] + statuses[9], 399, "{statuses:?}");
        let stats = server.stats();
        assert_eq!(stats.dropped + stats.unreachable, 0);
    });
}

#[test]
fn every_call_under_load_ends_when_the_server_does() {
    within(LIMIT, || {
        for _ in 0..5 {
            let (server, _gate) = serve(anywhere);
            let endpoint = server.endpoints().remove(0);
            let stop = Arc::new(AtomicBool::new(false));
            let callers: Vec<_> = (0..4)
                .map(|_| {
                    let client = Client::builder()
                        .connect(&endpoint)
                        .connect_timeout(Duration::from_millis(300))
                        .build()
                        .unwrap();
                    let stop = Arc::clone(&stop);
                    thread::spawn(move || {
                        let (mut answered, mut declined) = (0_u64, 0_u64);
                        while !stop.load(Ordering::Relaxed) {
                            // Without a server a call does not even begin.
                            let calls: Vec<_> = (0..50)
                                .map_while(|a| client.begin(&ProbeAdd { a, b: 0 }).ok())
                                .collect();
                            for call in calls {
                                match call.wait() {
                                    Ok(_) => answered += 1,
                                    Err(Error::ShuttingDown { .. }) => declined += 1,
                                    Err(Error::Unavailable { .. }) => {}
                                    Err(error) => panic!("{error:?}"),
                                }
                            }
                        }
                        (answered, declined)
                    })
                })
                .collect();
            while server.stats().requests < 2_000 {
                thread::yield_now();
            }
            let start = Instant::now();
            let result = server.shutdown(Duration::from_secs(2));
            let took = start.elapsed();
            stop.store(true, Ordering::Relaxed);
            let (answered, declined) = callers
                .into_iter()
                .map(|caller| caller.join().unwrap())
                .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            assert_eq!(result, Ok(()), "after {took:?}");
            assert!(took < Duration::from_secs(3), "{took:?}");
            // More may have been answered: what is on its way when a connection ends is lost, and told so.
            assert!(answered > 0 && answered + declined <= server.stats().requests);
        }
    });
}

#[test]
fn a_caller_that_takes_no_replies_is_not_a_service_that_runs() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let deaf = Peer::deaf(&server.endpoints()[0]);
        let bytes = key("Probe.bytes", "(u64) -> Vec<u8>", 1);
        for id in 1..3_000 {
            deaf.send(call_by_key(id, bytes, 0, &support::varint(10_000)));
        }
        let client = ProbeClient::connect(&server.endpoints()[0]).unwrap();
        while server.stats().requests < 2_999 {
            client.add(1, 1).unwrap();
        }
        let start = Instant::now();
        let result = server.shutdown(Duration::from_secs(3));
        let took = start.elapsed();
        assert!(took < Duration::from_secs(4), "{took:?}");
        assert!(
            !matches!(result, Err(Error::StillRunning { .. })),
            "no service is running: {result:?} after {took:?}"
        );
    });
}

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
fn wait_ends_when_another_thread_shuts_the_server_down() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let server = Arc::new(server);
        let waiter = Arc::clone(&server);
        let waiter = thread::spawn(move || waiter.wait());
        server.shutdown(LIMIT).unwrap();
        waiter.join().unwrap();
    });
}

#[test]
fn a_service_can_ask_for_the_shutdown_of_its_own_server() {
    within(LIMIT, || {
        let handle = Arc::new(std::sync::OnceLock::<std::sync::Weak<zmqrpc::ServerHandle>>::new());
        let own = Arc::clone(&handle);
        let server = anywhere(Server::builder())
            .handler(move |_: support::Quit| {
                let server = own.get().unwrap().upgrade().unwrap();
                server.shutdown(Duration::ZERO).is_err()
            })
            .start()
            .unwrap();
        let server = Arc::new(server);
        handle.set(Arc::downgrade(&server)).unwrap();
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        // Its socket is closed under it, so the answer may get lost; nothing hangs.
        let _ = client
            .with_timeout(Duration::from_secs(2))
            .call(&support::Quit);
        server.wait();
    });
}

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
        let added = server.bind("tcp://127.0.0.1:*").unwrap();
        let inproc = server.bind("inproc://lifecycle-come").unwrap();
        let outward = server.connect(&hub.back).unwrap();
        assert_eq!(
            server.endpoints(),
            [first.as_str(), &added, &inproc, &outward]
        );
        for endpoint in [&added, &inproc, &hub.front] {
            assert_eq!(ProbeClient::connect(endpoint).unwrap().add(2, 3), Ok(5));
        }
        server.close(&first).unwrap();
        assert_eq!(server.endpoints(), [added.as_str(), &inproc, &outward]);
        let error = old.add(2, 3).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        server.close(&outward).unwrap();
        endpoint(server.close(&first), &first);
        endpoint(server.bind("tcp://127.0.0.1"), "tcp://127.0.0.1");
        endpoint(server.connect("tcp://127.0.0.1:*"), "tcp://127.0.0.1:*");
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
        server.close("inproc://lifecycle-closed").unwrap();
        let error = client.add(2, 3).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
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

#[test]
fn limits_that_mean_never_are_taken() {
    within(LIMIT, || {
        let (server, _gate) = serve(|builder| anywhere(builder).linger(Duration::MAX));
        let client = Client::builder()
            .connect(&server.endpoints()[0])
            .timeout(Duration::MAX)
            .connect_timeout(Duration::MAX)
            .ping(Duration::MAX, Duration::MAX)
            .build()
            .unwrap();
        assert_eq!(ProbeClient::new(client).add(2, 3), Ok(5));
        server.shutdown(Duration::MAX).unwrap();
    });
}
