//! Ports and paths that are taken, forbidden, left behind or free again.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use super::fixture::{Directory, LIMIT, builder, endpoint, free_port};
use super::support::{ProbeClient, anywhere, serve, within};

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
        endpoint(server.add_bind(&taken), &taken);
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
