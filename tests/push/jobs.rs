//! What a job is, and who gets it.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::push::{Puller, Pusher};
use zmqrpc::{Error, Server, ServerBuilder};

use super::mill::{BLOB, LIMIT, Mill, MillClient, MillServer, SOON, fill, mill, number, stalled};
use super::support::{Peer, await_state, head, ipc, key, within};

#[test]
fn a_job_is_a_notification() {
    within(LIMIT, || {
        let (mill, endpoint) = mill();
        let peer = Peer::of(zmq::PULL, &endpoint);
        let pushed: Result<(), Error> = mill.grind(300);
        assert_eq!(pushed, Ok(()));
        let key = key("Mill.grind", "u64,->u64|string", 1).to_le_bytes();
        let job = [&head(2, 0)[..], &[0, 0], &key, &[0, 0, 0xAC, 2]].concat();
        assert_eq!(peer.receive(SOON).unwrap(), [job]);
        assert_eq!(mill.transport().stats().pushed, 1);
    });
}

#[test]
fn each_job_goes_to_one_puller_and_all_pullers_get_some() {
    within(LIMIT, || {
        let (first, at_first) = Peer::bound(zmq::PULL, "tcp://127.0.0.1:*");
        let (second, at_second) = Peer::bound(zmq::PULL, &ipc("push"));
        let pusher = Pusher::builder().connect(&at_first).build().unwrap();
        let mill = MillClient::new(pusher);
        mill.grind(0).unwrap();
        mill.transport().add_connect(&at_second).unwrap();
        assert_eq!(mill.transport().endpoints(), [&*at_first, &*at_second]);
        let mut seen = BTreeSet::from([number(&first)]);
        // The second takes part from when it is connected.
        let mut sent = 1;
        while second.0.poll(zmq::POLLIN, 1).unwrap() == 0 {
            mill.grind(sent).unwrap();
            sent += 1;
        }
        for _ in 0..100 {
            mill.grind(sent).unwrap();
            sent += 1;
        }
        let mut shares = [1, 0];
        while (seen.len() as u64) < sent {
            for (share, peer) in shares.iter_mut().zip([&first, &second]) {
                if peer.0.poll(zmq::POLLIN, 5).unwrap() > 0 {
                    assert!(seen.insert(number(peer)), "a job came twice");
                    *share += 1;
                }
            }
        }
        assert!(shares[0] >= 50 && shares[1] >= 50, "{shares:?}");
        mill.transport().remove_endpoint(&at_first).unwrap();
        // libzmq leaves in the background: until then every other one goes there.
        let mut in_a_row = 0;
        while in_a_row < 2 {
            mill.grind(sent).unwrap();
            let mut came = false;
            while !came && second.0.poll(zmq::POLLIN, 1_000).unwrap() > 0 {
                came = number(&second) == sent;
            }
            in_a_row = if came { in_a_row + 1 } else { 0 };
            sent += 1;
        }
        mill.grind(sent).unwrap();
        for sent in sent..sent + 10 {
            assert_eq!(number(&second), sent);
            mill.grind(sent + 1).unwrap();
        }
    });
}

/// Passes on what it gets.
pub(crate) struct Miller(pub(crate) Mutex<Sender<u64>>);

impl Mill for Miller {
    fn grind(&self, number: u64) -> Result<u64, String> {
        let _ = self.0.lock().unwrap().send(number);
        Ok(number)
    }

    fn blob(&self, bytes: &[u8]) -> u64 {
        bytes.len() as u64
    }

    fn hasty(&self) {}
}

#[test]
fn servers_pull_over_every_transport_and_in_both_directions() {
    within(LIMIT, || {
        let server = |settings: &dyn Fn(ServerBuilder) -> ServerBuilder| {
            let (sender, got) = channel();
            let service = MillServer::new(Miller(Mutex::new(sender)));
            let server = settings(Server::builder().service(service));
            (server.start().unwrap(), got)
        };
        for endpoint in ["tcp://127.0.0.1:*", &ipc("both-push"), "inproc://both-push"] {
            // The pusher is bound.
            let mill = MillClient::new(Pusher::bind(endpoint).unwrap());
            let place = mill.transport().endpoints().remove(0);
            let (first, got) = server(&|builder| builder.pull(Puller::connect(&*place)));
            for number in 0..1_000 {
                mill.grind(number).unwrap();
            }
            // Several threads execute what comes.
            let numbers: BTreeSet<_> = (0..1_000)
                .map_while(|_| got.recv_timeout(SOON).ok())
                .collect();
            assert_eq!(numbers, (0..1_000).collect(), "{endpoint}");
            first.shutdown(SOON).unwrap();
            drop(mill);

            // The puller is, and comes last, and comes again.
            let mill = MillClient::new(Pusher::connect(&place).unwrap());
            for round in 0..3 {
                let waiting = thread::spawn({
                    let mill = mill.clone();
                    move || mill.grind(round)
                });
                let (second, got) = server(&|builder| builder.pull(Puller::bind(&*place)));
                waiting.join().unwrap().unwrap();
                assert_eq!(got.recv_timeout(SOON), Ok(round), "{place}");
                second.shutdown(SOON).unwrap();
                let hasty = mill.with_timeout(Duration::from_millis(10));
                await_state("it has gone", || hasty.grind(99).is_err());
            }
        }
    });
}

#[test]
fn dropping_never_hangs() {
    within(LIMIT, || {
        let (full, peer) = stalled();
        fill(&full);
        let start = Instant::now();
        drop(full);
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "{:?}",
            start.elapsed()
        );
        drop(peer);

        // What was pushed just before arrives nevertheless.
        let (mill, endpoint) = mill();
        let peer = Peer::of(zmq::PULL, &endpoint);
        for number in 0..100 {
            mill.grind(number).unwrap();
        }
        drop(mill);
        for expected in 0..100 {
            assert_eq!(number(&peer), expected);
        }
        Pusher::bind(&endpoint).unwrap();
    });
}

#[test]
fn errors_name_the_setting_that_is_wrong() {
    let somewhere = || Pusher::builder().connect("tcp://127.0.0.1:1");
    for (builder, setting) in [
        (Pusher::builder(), "bind"),
        (somewhere().high_water(0), "high_water"),
        (somewhere().max_message(10), "max_message"),
        (somewhere().metadata("key", "x".repeat(10_000)), "metadata"),
    ] {
        match builder.build() {
            Err(Error::Config { setting: wrong, .. }) => assert_eq!(wrong, setting),
            other => panic!("{setting}: {other:?}"),
        }
    }
    let (mill, endpoint) = mill();
    for (result, endpoint) in [
        (Pusher::connect("tcp://*:1"), "tcp://*:1"),
        (Pusher::connect("tcp://localhost"), "tcp://localhost"),
        (Pusher::bind(&endpoint), &*endpoint),
    ] {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Endpoint { .. }), "{error}");
        assert_eq!(error.endpoint(), Some(endpoint), "{error}");
    }
    let error = mill
        .transport()
        .remove_endpoint("tcp://127.0.0.1:1")
        .unwrap_err();
    assert!(matches!(error, Error::Endpoint { .. }), "{error}");
    let small = Pusher::builder()
        .connect("tcp://127.0.0.1:1")
        .max_message(1024);
    let error = MillClient::new(small.build().unwrap())
        .blob(&BLOB)
        .unwrap_err();
    assert!(
        matches!(error, Error::TooLarge { limit: 1024, .. }),
        "{error}"
    );
}
