//! Servers that connect to a client that is bound: against raw sockets, and each other.

use std::time::{Duration, Instant};

use zmqrpc::error::EndpointCause;
use zmqrpc::server::Binder;
use zmqrpc::{Error, Server, ServerBuilder};

use super::book::LIMIT;
use super::support::{
    Peer, ProbeClient, ProbeServer, Prober, anywhere, call_by_key, head, key, pong, reply, serve,
    text, varint, within,
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
        let key = key("Probe.add", "i64,i64,->i64", 1);
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
            call_by_key(1, key("Probe.hold", "->unit", 1), 0, &[]),
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
        let hold = key("Probe.hold", "->unit", 1);
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
    frame.extend(key("Probe.who", "string,->option<string,>", 1).to_le_bytes());
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
