//! Clients that are bound, and the workers that come to them.

use std::time::{Duration, Instant};

use zmqrpc::error::UnavailableCause;
use zmqrpc::server::Binder;
use zmqrpc::{AsyncClient, Client, Error, Executed};

use super::book::LIMIT;
use super::support::{
    Peer, ProbeAdd, ProbeClient, ProbeHoldForEver, ProbeLen, ProbeNote, anywhere, await_state,
    block_on, head, pong, serve, within,
};

pub(super) const SOON: Duration = Duration::from_secs(10);

/// What a worker says that has no name and no services.
pub(super) fn offer() -> Vec<u8> {
    [head(0x8A, 0), vec![0, 0]].concat()
}

/// A notice of draining, with the id of the ping that acknowledges it.
pub(super) const DRAINING: u64 = 77;

/// A client that is bound, and where.
pub(super) fn bound() -> (Client, String) {
    bound_to("tcp://127.0.0.1:*")
}

pub(super) fn bound_to(endpoint: &str) -> (Client, String) {
    let client = Client::builder().bind(endpoint).build().unwrap();
    let endpoint = client.endpoints().remove(0);
    (client, endpoint)
}

pub(super) fn await_workers(client: &Client, count: usize) {
    await_state("the workers have come", || client.workers().len() == count);
}

#[test]
fn a_bound_client_gives_its_calls_to_the_workers_that_have_come() {
    within(LIMIT, || {
        let (client, endpoint) = bound();
        let left = Binder::connect(&*endpoint).name("left arm");
        let (left, _gate) = serve(|server| server.work_for(left));
        let (right, _gate) = serve(|server| server.work_for(&*endpoint));
        await_workers(&client, 2);
        let mut names: Vec<_> = client
            .workers()
            .into_iter()
            .map(|worker| worker.name)
            .collect();
        names.sort();
        assert_eq!(names, [None, Some("left arm".into())]);
        assert!(client.workers().iter().all(|worker| {
            worker.endpoint == endpoint && worker.services == [("Probe".into(), 1)]
        }));
        let probe = ProbeClient::new(client.clone());
        for n in 0..100 {
            assert_eq!(probe.add(n, 1), Ok(n + 1));
        }
        assert_eq!(
            [&left, &right].map(|worker| worker.stats().requests),
            [50, 50]
        );
        assert_eq!(client.stats().late_replies, 0);
        // As many calls as there are at a time.
        let begun: Vec<_> = (0..2_000)
            .map(|a| client.begin(&ProbeAdd { a, b: 2 }).unwrap())
            .collect();
        for (a, call) in (0..).zip(begun) {
            assert_eq!(call.wait(), Ok(a + 2));
        }
    });
}

#[test]
fn a_call_waits_for_the_first_worker_and_says_so_if_none_comes() {
    within(LIMIT, || {
        let (client, endpoint) = bound();
        let begun = Instant::now();
        let hasty = Client::builder()
            .bind("tcp://127.0.0.1:*")
            .connect_timeout(Duration::from_millis(50))
            .build()
            .unwrap();
        let error = ProbeClient::new(hasty).add(1, 1).unwrap_err();
        assert!(
            matches!(
                &error,
                Error::Unavailable {
                    cause: UnavailableCause::NoWorker { .. },
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(error.executed(), Executed::No);
        assert!(begun.elapsed() < SOON);
        // What waits already goes to whoever comes.
        let waiting: Vec<_> = (0..3)
            .map(|a| {
                let probe = ProbeClient::new(client.clone());
                std::thread::spawn(move || probe.add(a, 1))
            })
            .collect();
        await_state("the calls wait", || client.stats().in_flight == 3);
        let (_worker, _gate) = serve(|server| server.work_for(&*endpoint));
        for (a, call) in (0..).zip(waiting) {
            assert_eq!(call.join().unwrap(), Ok(a + 1));
        }
    });
}

#[test]
fn a_flush_waits_for_each_worker_and_a_cancel_goes_where_the_call_went() {
    within(LIMIT, || {
        let (client, endpoint) = bound();
        let (one, _gate) = serve(|server| server.work_for(&*endpoint));
        await_workers(&client, 1);
        let held = client.begin(&ProbeHoldForEver {}).unwrap();
        await_state("it has arrived", || one.stats().requests == 1);
        let (two, _gate) = serve(|server| server.work_for(&*endpoint));
        await_workers(&client, 2);
        for number in 0..20 {
            client.notify(&ProbeNote { number }).unwrap();
        }
        client.flush(SOON).unwrap();
        let arrived = one.stats().requests + two.stats().requests;
        assert_eq!(arrived, 21);
        drop(held);
        await_state("it is cancelled", || {
            one.stats().cancelled + two.stats().cancelled == 1
        });
        assert_eq!(one.stats().cancelled, 1);
    });
}

#[test]
fn a_flush_waits_for_a_worker_that_drains_or_has_no_room_and_tells_a_loss_once() {
    within(LIMIT, || {
        let (client, endpoint) = bound();
        let worker = Peer::connect(&endpoint);
        worker.send(offer());
        await_workers(&client, 1);
        client.notify(&ProbeNote { number: 1 }).unwrap();
        assert_eq!(worker.receive(SOON).unwrap()[0][2], 0x02);
        worker.send(head(0x89, DRAINING));
        await_workers(&client, 0);
        let flushing = {
            let client = client.clone();
            std::thread::spawn(move || client.flush(SOON))
        };
        assert_eq!(worker.receive(SOON).unwrap(), [head(0x05, DRAINING)]);
        assert!(!flushing.is_finished(), "nothing shows that it has arrived");
        worker.send(pong(DRAINING));
        assert_eq!(flushing.join().unwrap(), Ok(()));

        // One that reads nothing until there is no room.
        let deaf = Peer::deaf(&endpoint);
        deaf.send(offer());
        await_workers(&client, 1);
        let hasty = client.with_timeout(Duration::from_millis(100));
        // Few and large: it has read them before its silence counts for an end.
        let bytes = &vec![7; 60_000];
        while hasty.notify(&ProbeLen { bytes }).is_ok() {}
        let flushing = {
            let client = client.clone();
            std::thread::spawn(move || client.flush(SOON))
        };
        let ping = loop {
            let frames = deaf.receive(SOON).unwrap();
            if frames[0][2] == 0x05 {
                break frames;
            }
        };
        let id = u64::from_le_bytes(ping[0][3..11].try_into().unwrap());
        deaf.send(pong(id));
        assert_eq!(flushing.join().unwrap(), Ok(()));

        // What was lost is told, once.
        client.notify(&ProbeNote { number: 3 }).unwrap();
        drop(deaf);
        await_workers(&client, 0);
        let error = client.flush(SOON).unwrap_err();
        let is_unflushed = matches!(
            error,
            Error::Unavailable {
                cause: UnavailableCause::Unflushed,
                ..
            }
        );
        assert!(is_unflushed, "{error:?}");
        assert_eq!(client.flush(SOON), Ok(()));
    });
}

#[test]
fn tasks_call_workers_and_endpoints_are_bound_while_a_client_runs() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let client = AsyncClient::connect(&server.endpoints()[0]).unwrap();
        let endpoint = client.add_bind("tcp://127.0.0.1:*").unwrap();
        let (worker, _gate) = serve(|server| server.work_for(&*endpoint));
        await_state("the worker has come", || client.workers().len() == 1);
        let probe = ProbeClient::new(client.clone());
        block_on(async {
            for n in 0..100 {
                assert_eq!(probe.add(n, 1).await, Ok(n + 1));
            }
        });
        assert_eq!(
            [&server, &worker].map(|server| server.stats().requests),
            [50, 50]
        );
        client.remove_endpoint(&endpoint).unwrap();
        block_on(async {
            assert_eq!(probe.add(1, 1).await, Ok(2));
        });
        assert!(client.workers().is_empty());
    });
}

#[test]
fn who_comes_to_a_bound_client_and_is_no_worker_gets_no_call() {
    within(LIMIT, || {
        let (client, endpoint) = bound();
        // A client by mistake, and one that says it works and cannot be read.
        let stranger = Peer::connect(&endpoint);
        stranger.send(head(0x05, 1));
        stranger.send([head(0x8A, 0), vec![5, b'a']].concat());
        let (_worker, _gate) = serve(|server| server.work_for(&*endpoint));
        await_workers(&client, 1);
        let probe = ProbeClient::new(client.clone());
        for n in 0..20 {
            assert_eq!(probe.add(n, 1), Ok(n + 1));
        }
        assert!(stranger.is_silent());
    });
}
