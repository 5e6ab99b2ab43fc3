//! Servers that connect to a client that is bound: against raw sockets, and each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zmqrpc::error::{EndpointCause, UnavailableCause};
use zmqrpc::server::Binder;
use zmqrpc::{AsyncClient, Client, Error, Executed, Ping, Server, ServerBuilder};

use super::book::LIMIT;
use super::support::{
    Peer, ProbeAdd, ProbeClient, ProbeHold, ProbeHoldForEver, ProbeNote, ProbeServer, Prober,
    anywhere, await_state, block_on, call_by_key, head, key, pong, reply, serve, text, varint,
    within,
};

const SOON: Duration = Duration::from_secs(10);

/// A client that is bound, made of a raw ROUTER.
struct Boss {
    router: Peer,
    endpoint: String,
}

impl Boss {
    fn at(endpoint: &str) -> Self {
        let (router, endpoint) = Peer::bound(zmq::ROUTER, endpoint);
        Self { router, endpoint }
    }

    fn anywhere() -> Self {
        Self::at("tcp://127.0.0.1:*")
    }

    /// Returns the next message: who sent it, and its frame.
    fn next(&self) -> (Vec<u8>, Vec<u8>) {
        let frames = self.router.receive(SOON).expect("a message");
        let [worker, frame] = frames.try_into().expect("a name and one frame");
        (worker, frame)
    }

    /// Waits for a worker, and returns how to name it and what it says.
    fn hire(&self) -> (Vec<u8>, Vec<u8>) {
        let (worker, frame) = self.next();
        assert_eq!(frame[..11], head(0x8A, 0), "it says first what it offers");
        (worker, frame[11..].to_vec())
    }

    fn send(&self, worker: &[u8], frame: Vec<u8>) {
        let frames = [worker.to_vec(), frame];
        self.router.0.send_multipart(frames, 0).unwrap();
    }

    fn add(&self, worker: &[u8], id: u64, a: i8, b: i8) {
        let key = key("Probe.add", "(i64, i64) -> i64", 1);
        let zigzag = |number: i8| number.unsigned_abs() << 1;
        self.send(
            worker,
            call_by_key(id, key, 10_000, &[zigzag(a), zigzag(b)]),
        );
    }
}

fn probe(builder: ServerBuilder) -> zmqrpc::ServerHandle {
    builder
        .service(ProbeServer::new(Prober::default()))
        .start()
        .unwrap()
}

#[test]
fn a_worker_says_what_it_offers_and_executes_what_it_is_given() {
    within(LIMIT, || {
        let boss = Boss::anywhere();
        let binder = Binder::connect(&*boss.endpoint).name("left arm");
        let (server, _gate) = serve(|server| server.work_for(binder));
        let (worker, offer) = boss.hire();
        let offered = [text("left arm"), varint(1), text("Probe"), varint(1)];
        assert_eq!(offer, offered.concat());
        boss.add(&worker, 7, 2, 3);
        assert_eq!(boss.next().1, reply(7, 0, 0, &[10]));
        boss.send(&worker, head(0x05, 8));
        assert_eq!(boss.next().1, pong(8));
        assert_eq!(server.endpoints(), [boss.endpoint.as_str()]);
        assert_eq!(server.stats().requests, 1);
    });
}

#[test]
fn a_worker_waits_for_who_gives_work_and_says_its_offer_again_to_the_next() {
    within(LIMIT, || {
        let endpoint = Boss::anywhere().endpoint;
        let (server, gate) = serve(|server| server.work_for(&*endpoint).worker_threads(2));
        let first = Boss::at(&endpoint);
        let (worker, offer) = first.hire();
        first.send(
            &worker,
            call_by_key(1, key("Probe.hold", "() -> ()", 1), 0, &[]),
        );
        gate.await_arrivals(1);
        drop(first);
        let second = Boss::at(&endpoint);
        let (worker, again) = second.hire();
        assert_eq!(offer, again);
        // What was called over the connection that is lost is not answered over this one.
        gate.open();
        second.add(&worker, 1, 1, 1);
        assert_eq!(second.next().1, reply(1, 0, 0, &[4]));
        assert!(second.router.is_silent());
        assert_eq!(server.stats().requests, 2);
    });
}

#[test]
fn a_server_works_for_many_and_for_who_connects_to_it() {
    within(LIMIT, || {
        let bosses = [Boss::anywhere(), Boss::anywhere()];
        let (server, _gate) = serve(anywhere);
        for boss in &bosses {
            server.work_for(&*boss.endpoint).unwrap();
        }
        let twice = server.work_for(&*bosses[0].endpoint).unwrap_err();
        assert!(
            matches!(
                &twice,
                Error::Endpoint {
                    cause: EndpointCause::Duplicate,
                    ..
                }
            ),
            "{twice}"
        );
        let client = ProbeClient::new(zmqrpc::Client::connect(&server.endpoints()[0]).unwrap());
        let workers = [0, 1].map(|boss: usize| bosses[boss].hire().0);
        for round in 0..50_i8 {
            for (boss, worker) in bosses.iter().zip(&workers) {
                boss.add(worker, 1 + u64::from(round.unsigned_abs()), round, 1);
            }
            assert_eq!(client.add(round.into(), 2), Ok(i64::from(round) + 2));
        }
        for boss in &bosses {
            for _ in 0..50 {
                assert_eq!(boss.next().1[2], 0x81);
            }
        }
        server.remove_endpoint(&bosses[0].endpoint).unwrap();
        bosses[1].add(&workers[1], 99, 1, 1);
        assert_eq!(bosses[1].next().1, reply(99, 0, 0, &[4]));
        assert_eq!(server.endpoints().len(), 2);
    });
}

#[test]
fn who_gives_work_is_told_of_a_workers_end_and_loses_no_call() {
    within(LIMIT, || {
        let boss = Boss::anywhere();
        let (server, gate) = serve(|server| server.work_for(&*boss.endpoint));
        let (worker, _) = boss.hire();
        let hold = key("Probe.hold", "() -> ()", 1);
        boss.send(&worker, call_by_key(1, hold, 0, &[]));
        gate.await_arrivals(1);
        let ending = std::thread::spawn(move || server.shutdown(SOON));
        let (_, notice) = boss.next();
        assert_eq!(notice[..3], [0xC1, 1, 0x89]);
        // What it is given until it is answered is executed.
        boss.add(&worker, 2, 2, 3);
        let id = u64::from_le_bytes(notice[3..11].try_into().unwrap());
        boss.send(&worker, head(0x05, id));
        let mut answers = [boss.next().1, boss.next().1];
        answers.sort();
        assert_eq!(answers, [reply(2, 0, 0, &[10]), pong(id)]);
        gate.open();
        assert_eq!(boss.next().1, reply(1, 0, 0, &[]));
        ending.join().unwrap().unwrap();
    });
}

#[test]
fn an_idle_worker_tells_of_its_end_too() {
    within(LIMIT, || {
        let boss = Boss::anywhere();
        let (server, _gate) = serve(|server| server.work_for(&*boss.endpoint));
        let (worker, _) = boss.hire();
        let ending = std::thread::spawn(move || server.shutdown(SOON));
        let (_, notice) = boss.next();
        assert_eq!(notice[..3], [0xC1, 1, 0x89]);
        let start = Instant::now();
        let id = u64::from_le_bytes(notice[3..11].try_into().unwrap());
        boss.send(&worker, head(0x05, id));
        assert_eq!(boss.next().1, pong(id));
        ending.join().unwrap().unwrap();
        assert!(start.elapsed() < SOON / 2, "it waits for no one else");
    });
}

/// A call of `who`, on behalf of somebody.
fn who(id: u64, user: &str) -> Vec<u8> {
    let mut frame = head(0x01, id);
    frame.extend([0, 0]);
    frame.extend(key("Probe.who", "(String) -> Option<String>", 1).to_le_bytes());
    frame.extend(varint(10_000));
    frame.extend([varint(1), text("zmqrpc-user"), text(user)].concat());
    frame.extend(text("user"));
    frame
}

#[test]
fn who_gives_work_says_on_whose_behalf_only_where_it_is_trusted() {
    within(LIMIT, || {
        let (trusted, other) = (Boss::anywhere(), Boss::anywhere());
        let (server, _gate) = serve(|server| {
            let binder = Binder::connect(&*trusted.endpoint).trust_users();
            anywhere(server).work_for(binder).work_for(&*other.endpoint)
        });
        let ann = [&[1][..], &text("ann")].concat();
        for (boss, user) in [(&trusted, &ann[..]), (&other, &[0])] {
            let (worker, _) = boss.hire();
            boss.send(&worker, who(1, "ann"));
            assert_eq!(boss.next().1, reply(1, 0, 0, user));
        }
        // Whoever connects is nobody, whatever they say.
        let stranger = Peer::connect(&server.endpoints()[0]);
        stranger.send(who(1, "ann"));
        assert_eq!(stranger.receive(SOON).unwrap(), [reply(1, 0, 0, &[0])]);
    });
}

#[test]
fn a_worker_needs_no_endpoint_of_its_own_and_its_settings_are_checked() {
    within(LIMIT, || {
        let boss = Boss::anywhere();
        let worker = probe(Server::builder().work_for(&*boss.endpoint));
        boss.hire();
        drop(worker);
        let long = Binder::connect("tcp://127.0.0.1:1").name("x".repeat(256));
        let start = |binder: Binder| {
            let prober = ProbeServer::new(Prober::default());
            Server::builder().service(prober).work_for(binder).start()
        };
        let error = start(long).unwrap_err();
        assert!(error.to_string().contains("at most 255 bytes"), "{error}");
        let error = start(Binder::connect("tcp://nowhere")).unwrap_err();
        assert!(matches!(error, Error::Endpoint { .. }), "{error}");
    });
}

/// A client that is bound, and where.
fn bound() -> (Client, String) {
    let client = Client::builder().bind("tcp://127.0.0.1:*").build().unwrap();
    let endpoint = client.endpoints().remove(0);
    (client, endpoint)
}

fn await_workers(client: &Client, count: usize) {
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
fn calls_end_at_once_with_the_worker_that_they_went_to_and_others_go_on() {
    within(LIMIT, || {
        let (client, endpoint) = bound();
        let (dying, gate) = serve(|server| server.work_for(&*endpoint));
        await_workers(&client, 1);
        let held = client.begin(&ProbeHold {}).unwrap();
        gate.await_arrivals(1);
        let (_living, _gate) = serve(|server| server.work_for(&*endpoint));
        await_workers(&client, 2);
        let ending = std::thread::spawn(move || dying.shutdown(Duration::from_millis(100)));
        let error = held.wait().unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert_eq!(error.executed(), Executed::Maybe);
        ending.join().unwrap().unwrap_err();
        await_workers(&client, 1);
        let probe = ProbeClient::new(client.clone());
        for n in 0..20 {
            assert_eq!(probe.add(n, 1), Ok(n + 1));
        }
        gate.open();
    });
}

#[test]
fn workers_that_come_and_go_in_an_orderly_way_cost_no_call() {
    within(LIMIT, || {
        let (client, endpoint) = bound();
        let (_steady, _gate) = serve(|server| server.work_for(&*endpoint));
        await_workers(&client, 1);
        let done = Arc::new(AtomicBool::new(false));
        let calling: Vec<_> = (0..3)
            .map(|_| {
                let (probe, done) = (ProbeClient::new(client.clone()), Arc::clone(&done));
                std::thread::spawn(move || {
                    let mut calls = 0;
                    while !done.load(Ordering::Relaxed) {
                        assert_eq!(probe.add(calls, 1), Ok(calls + 1));
                        calls += 1;
                    }
                    calls
                })
            })
            .collect();
        for _ in 0..5 {
            let (passing, _gate) = serve(|server| server.work_for(&*endpoint));
            await_state("it has got calls", || passing.stats().requests > 20);
            passing.shutdown(SOON).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        for thread in calling {
            assert!(thread.join().unwrap() > 0);
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

#[test]
fn a_raw_worker_is_asked_for_a_sign_of_life_and_given_up_when_it_gives_none() {
    within(LIMIT, || {
        let client = Client::builder()
            .bind("tcp://127.0.0.1:*")
            .ping(Ping {
                interval: Duration::from_millis(100),
                timeout: Duration::from_millis(300),
            })
            .build()
            .unwrap();
        let worker = Peer::connect(&client.endpoints()[0]);
        worker.send([head(0x8A, 0), vec![0, 0]].concat());
        await_workers(&client, 1);
        let call = client.begin(&ProbeAdd { a: 2, b: 3 }).unwrap();
        let waiting = std::thread::spawn(move || call.wait());
        let [request] = worker.receive(SOON).unwrap().try_into().unwrap();
        assert_eq!(request[2], 0x01);
        let [ping] = worker.receive(SOON).unwrap().try_into().unwrap();
        assert_eq!(ping[2], 0x05);
        let error = waiting.join().unwrap().unwrap_err();
        assert!(
            matches!(
                &error,
                Error::Unavailable {
                    cause: UnavailableCause::Silent { .. },
                    ..
                }
            ),
            "{error:?}"
        );
        assert!(client.workers().is_empty());
        // It has stood still, and is heard again.
        worker.send(pong(0));
        await_workers(&client, 1);
        let call = client.begin(&ProbeAdd { a: 2, b: 3 }).unwrap();
        let waiting = std::thread::spawn(move || call.wait());
        let id = loop {
            let [frame] = worker.receive(SOON).unwrap().try_into().unwrap();
            if frame[2] == 0x01 {
                break u64::from_le_bytes(frame[3..11].try_into().unwrap());
            }
        };
        worker.send(reply(id, 0, 0, &[10]));
        assert_eq!(waiting.join().unwrap(), Ok(5));
    });
}
