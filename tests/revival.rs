//! Connections of clients that libzmq gives up for good: they are made again.

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use support::{Fake, ProbeClient, Request, pong, reply, serve_again, within};
use zmqrpc::{AsyncClient, Client, Error, Executed};

const LIMIT: Duration = Duration::from_secs(30);
const MAX_MESSAGE: usize = 16 << 10;

/// A server whose every second reply is far too large.
fn excessive() -> Fake {
    let mut calls = 0;
    Fake::start(move |frame| {
        let request = Request::read(frame);
        if request.kind == 0x05 {
            return vec![pong(request.id)];
        }
        calls += 1;
        let body = vec![10; if calls % 2 == 0 { 100_000 } else { 1 }];
        vec![reply(request.id, 0, 0, &body)]
    })
}

fn client(endpoint: &str) -> Client {
    Client::builder()
        .connect(endpoint)
        .max_message(MAX_MESSAGE)
        .build()
        .unwrap()
}

fn assert_lost(error: &Error) {
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");
    assert_eq!(error.executed(), Executed::Maybe);
}

#[test]
fn a_reply_over_twice_the_limit_costs_its_call_and_not_the_next_one() {
    within(LIMIT, || {
        let server = excessive();
        let probe = ProbeClient::new(client(&server.endpoint));
        for _ in 0..3 {
            assert_eq!(probe.add(2, 3), Ok(5));
            assert_lost(&probe.add(2, 3).unwrap_err());
        }
    });
}

#[test]
fn the_same_holds_for_tasks() {
    within(LIMIT, || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(async {
            let server = excessive();
            let probe = ProbeClient::new(AsyncClient::from(client(&server.endpoint)));
            for _ in 0..3 {
                assert_eq!(probe.add(2, 3).await, Ok(5));
                assert_lost(&probe.add(2, 3).await.unwrap_err());
            }
        });
    });
}

#[test]
fn a_server_is_found_where_something_else_listened_at_first() {
    within(LIMIT, || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
        let probe = ProbeClient::connect(&endpoint).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        // A greeting with another way to log in, which libzmq does not come back to.
        let mut greeting = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3, 0];
        greeting.extend(b"OTHER");
        greeting.resize(64, 0);
        stream.write_all(&greeting).unwrap();
        // Until the client hangs up.
        let _ = stream.read_to_end(&mut Vec::new());
        drop((stream, listener));
        let (_server, _gate) = serve_again(|builder| builder.bind(&endpoint));
        let added = loop {
            match probe.add(2, 3) {
                // The news of the foreigner may still be waiting.
                Err(Error::Unavailable { executed, .. }) => assert_eq!(executed, Executed::No),
                other => break other,
            }
        };
        assert_eq!(added, Ok(5));
    });
}
