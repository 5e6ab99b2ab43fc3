//! Calls that are repeated under another key: within their time, and with what became of them before.

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::{AsyncClient, Client, Error, Executed, Server};

use super::shop::{new, old};
use super::{LIMIT, endpoint, new_shop, order};
use crate::support::{anywhere, block_on, within};

/// The server that it was begun with is killed; the one that comes in its place is of another version.
#[test]
fn an_idempotent_call_that_was_lost_goes_on_with_a_newer_server() {
    within(LIMIT, || {
        let context = zmq::Context::new();
        let dying = context.socket(zmq::ROUTER).unwrap();
        dying.set_linger(0).unwrap();
        dying.bind("tcp://127.0.0.1:*").unwrap();
        let place = dying.get_last_endpoint().unwrap().unwrap();
        let client = Client::builder()
            .connect(&place)
            .timeout(LIMIT)
            .connect_timeout(LIMIT)
            .build()
            .unwrap();
        let pending = client.begin(&old::ShopLabel { order: order() }).unwrap();
        let called = thread::spawn(move || {
            let client = client;
            let called = old::ShopClient::new(client.clone()).label(order());
            (called, client)
        });
        for _ in 0..2 {
            dying.recv_multipart(0).unwrap();
        }
        drop(dying);
        let shop = || Server::builder().service(new::ShopServer::new(new::Store));
        let mut server = shop().bind(&place).start();
        while server.is_err() {
            // The socket before it may still be closing.
            thread::yield_now();
            server = shop().bind(&place).start();
        }
        let (called, client) = called.join().unwrap();
        assert_eq!(called.unwrap(), "new 70000");
        drop(client);
        assert_eq!(
            pending.wait().unwrap(),
            "new 70000",
            "although nobody else uses the client any more"
        );
    });
}

#[test]
fn a_call_that_is_repeated_has_no_more_time_than_its_own_and_says_how_much() {
    within(LIMIT, || {
        let (enter, entered) = channel();
        let (leave, left) = channel::<()>();
        let waiting = new::Waiting {
            enter,
            left: left.into(),
        };
        let server = anywhere(Server::builder().service(new::ShopServer::new(waiting)));
        let server = server.start().unwrap();
        let timeout = Duration::from_millis(300);
        let client = Client::connect(endpoint(&server)).unwrap();
        let shop = old::ShopClient::new(client).with_timeout(timeout);
        let started = Instant::now();
        let error = shop.place(order()).unwrap_err();
        assert!(started.elapsed() >= timeout);
        let Error::Timeout {
            timeout: told,
            executed,
            ..
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!((told, executed), (timeout, Executed::Maybe));
        entered.recv().unwrap();
        drop(leave);
    });
}

/// A request that is too large to be kept is refused once; blocking calls have their arguments at hand.
#[test]
fn a_large_call_that_was_begun_agrees_on_a_key_for_the_next_one() {
    within(LIMIT, || {
        let server = new_shop().start().unwrap();
        let large = old::Order {
            sizes: vec![old::Size::Large; 70_000],
            ..order()
        };
        let place = || old::ShopPlace {
            order: large.clone(),
        };
        let client = Client::connect(endpoint(&server)).unwrap();
        let error = client.begin(&place()).unwrap().wait().unwrap_err();
        assert!(matches!(error, Error::SignatureMismatch { .. }), "{error}");
        assert_eq!(error.executed(), Executed::No);
        assert_eq!(client.begin(&place()).unwrap().wait().unwrap(), 140_000);

        let client = Client::connect(endpoint(&server)).unwrap();
        assert_eq!(client.call(&place()).unwrap(), 140_000);
        let client = AsyncClient::connect(endpoint(&server)).unwrap();
        assert!(block_on(client.call(&place())).is_err());
        assert_eq!(block_on(client.call(&place())).unwrap(), 140_000);
    });
}
