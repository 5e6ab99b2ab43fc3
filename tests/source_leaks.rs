//! What subscriptions and pulls leave behind: nothing. In a process of its own, as others open things at the same time.

mod support;

use std::time::Duration;

use support::{Possessions, await_state, serve, within};
use zmqrpc::Server;
use zmqrpc::pubsub::{RawSubscriber, Subscription};
use zmqrpc::push::{Puller, RawPuller};

const SILENCE: Duration = Duration::from_millis(100);

/// Subscribes in every way, is renewed, changes at run time and ends.
fn cycle() {
    let publisher = zmq::Context::new().socket(zmq::XPUB).unwrap();
    publisher.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.get_last_endpoint().unwrap().unwrap();
    let (server, _gate) = serve(|builder| {
        builder
            .subscribe(Subscription::connect(&endpoint).silence_timeout(SILENCE))
            .subscribe(Subscription::bind("tcp://127.0.0.1:*").silence_timeout(SILENCE))
            .subscribe(Subscription::bind("inproc://leaking"))
            .pull(Puller::bind("tcp://127.0.0.1:*"))
            .pull(Puller::connect("tcp://127.0.0.1:1"))
    });
    let bound = server.subscriptions()[1].endpoint.clone();
    let other = zmq::Context::new().socket(zmq::XPUB).unwrap();
    other.connect(&bound).unwrap();
    await_state("renewals", || {
        let stats = server.subscriptions();
        stats[0].renewals >= 2 && stats[1].renewals >= 2
    });
    let added = server.subscribe("tcp://127.0.0.1:1").unwrap();
    server.unsubscribe(added).unwrap();
    server.unsubscribe(bound).unwrap();
    let pulled = server.pull(Puller::bind("tcp://127.0.0.1:*")).unwrap();
    server.stop_pulling(pulled).unwrap();
    let failed = Server::builder()
        .handler(|_: support::Quit| true)
        .subscribe(Subscription::bind("inproc://leaking-too"))
        .subscribe(endpoint)
        .pull(Puller::bind("tcp://256.0.0.1:1"))
        .start();
    assert!(failed.is_err());
}

/// The same without services.
fn watch() {
    let publisher = zmq::Context::new().socket(zmq::XPUB).unwrap();
    publisher.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.get_last_endpoint().unwrap().unwrap();
    let subscription = || Subscription::connect(&endpoint).silence_timeout(SILENCE);
    let events = RawSubscriber::builder()
        .subscribe(subscription().on_silence(|_| ()))
        .subscribe(Subscription::bind("tcp://127.0.0.1:*"))
        .subscribe(Subscription::bind("inproc://leaking"))
        .build()
        .unwrap();
    await_state("a renewal", || events.stats()[0].renewals > 0);
    publisher.send_multipart(["no", "event"], 0).unwrap();
    let failed = RawSubscriber::builder()
        .subscribe(subscription())
        .subscribe(Subscription::bind("tcp://256.0.0.1:1"));
    assert!(failed.build().is_err());
    let jobs = RawPuller::builder()
        .pull(Puller::bind("tcp://127.0.0.1:*"))
        .pull(Puller::connect("tcp://127.0.0.1:1"));
    jobs.build_async().unwrap().close();
}

#[test]
fn renewals_and_ends_leave_neither_descriptors_nor_threads() {
    within(Duration::from_secs(60), || {
        cycle();
        watch();
        let before = Possessions::settled(Possessions::NONE);
        for _ in 0..8 {
            cycle();
            watch();
        }
        before.assert_kept();
    });
}
