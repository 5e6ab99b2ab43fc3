//! Several endpoints and several patterns at once: whose answer is whose, and how long one waits for all.

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use zmqrpc::message::{Receiver, Sender};
use zmqrpc::pubsub::Publisher;
use zmqrpc::{CallError, Client, Error, Server, zmq_service};

use crate::support::{ProbeAdd, ProbeHold, anywhere, await_state, serve, within};
use crate::{ANYWHERE, LIMIT, NOBODY, SOON, client_of};

/// pyzmqrpc3 sends to all as well, but raises the first error and drops the answers of the others.
#[test]
fn every_endpoint_has_its_own_answer_or_error() {
    within(LIMIT, || {
        let settings = || Server::builder().bind(ANYWHERE);
        let willing = Receiver::start(settings(), |message| Ok(message.into_bytes())).unwrap();
        let full = Receiver::start(settings(), |_| Err("the store is full".into())).unwrap();
        let client = Client::builder()
            .connect(&full.endpoints()[0])
            .connect(NOBODY)
            .connect(&willing.endpoints()[0])
            .connect_timeout(Duration::from_secs(2))
            .build()
            .unwrap();
        let answers = Sender::new(client).fan_out(b"sample");
        let places: Vec<_> = answers.iter().map(|(place, _)| &**place).collect();
        assert_eq!(
            places,
            [&full.endpoints()[0], NOBODY, &willing.endpoints()[0]]
        );
        let refusal = CallError::Service("the store is full".into());
        assert_eq!(answers[0].1, Err(refusal));
        let dead = answers[1].1.as_ref().unwrap_err();
        assert!(
            matches!(dead, CallError::Rpc(Error::Unavailable { .. })),
            "{dead}"
        );
        assert_eq!(answers[2].1, Ok(b"sample".to_vec()));
    });
}

/// pyzmqrpc3 waits for one endpoint after the other, a second at least for each.
#[test]
fn silent_endpoints_share_one_time_limit() {
    within(LIMIT, || {
        let servers: Vec<_> = (0..4).map(|_| serve(anywhere)).collect();
        let mut builder = Client::builder();
        for (server, _) in &servers {
            builder = builder.connect(&server.endpoints()[0]);
        }
        let limit = Duration::from_secs(1);
        let client = builder.build().unwrap();
        for (_, sum) in client.fan_out(&ProbeAdd { a: 2, b: 3 }) {
            assert_eq!(sum, Ok(5));
        }
        let started = Instant::now();
        let answers = client.with_timeout(limit).fan_out(&ProbeHold {});
        let took = started.elapsed();
        assert!(limit <= took && took < 3 * limit, "{took:?}");
        for (_, answer) in answers {
            let error = answer.unwrap_err();
            assert!(matches!(error, Error::Timeout { .. }), "{error}");
        }
        for (_, gate) in servers {
            gate.open();
        }
    });
}

#[zmq_service]
trait Sensor {
    fn reading(&self, number: u64) -> u64;
}

struct Next(std::sync::Mutex<std::sync::mpsc::Sender<u64>>);

impl Sensor for Next {
    fn reading(&self, number: u64) -> u64 {
        self.0.lock().unwrap().send(number).unwrap();
        number + 1
    }
}

#[test]
fn a_call_that_is_published_too_has_one_answer() {
    within(LIMIT, || {
        let publisher = Publisher::bind(ANYWHERE).unwrap();
        let (tell, told) = channel();
        let listening = Server::builder()
            .service(SensorServer::new(Next(tell.into())))
            .subscribe(&*publisher.endpoints()[0])
            .start()
            .unwrap();
        let (answer, answered) = channel();
        let responding = Server::builder()
            .service(SensorServer::new(Next(answer.into())))
            .bind(ANYWHERE)
            .start()
            .unwrap();
        publisher.wait_subscribers(1, SOON).unwrap();
        let both = SensorClient::new((client_of(&responding), publisher));
        for number in 0..10 {
            assert_eq!(both.reading(number), (Ok(number + 1), Ok(())));
            assert_eq!(told.recv_timeout(SOON), Ok(number));
            assert_eq!(answered.recv_timeout(SOON), Ok(number));
        }
        assert_eq!(responding.stats().requests, 10);
        assert_eq!(listening.subscriptions()[0].received, 10);
    });
}

/// In pyzmqrpc3 a heartbeat goes to the REQ endpoints too: the caller waits for 60 s, and the server's REP socket is
/// stuck for every other client.
#[test]
fn heartbeats_go_to_subscribers_alone_and_hold_no_caller_up() {
    within(LIMIT, || {
        let publisher = Publisher::bind(ANYWHERE).unwrap();
        let settings = Server::builder()
            .bind(ANYWHERE)
            .subscribe(&*publisher.endpoints()[0]);
        let receiver = Receiver::start(settings, |message| Ok(message.into_bytes())).unwrap();
        publisher.wait_subscribers(1, SOON).unwrap();
        let client = Client::connect(&receiver.endpoints()[0]).unwrap();
        let sender = Sender::new((client, publisher));
        for _ in 0..3 {
            sender.transport().1.send_heartbeat().unwrap();
        }
        let heard = || receiver.server().subscriptions().remove(0);
        await_state("three heartbeats", || heard().heartbeats == 3);
        assert_eq!(heard().received, 0);
        assert_eq!(receiver.server().stats().requests, 0);
        let other = Sender::new(Client::connect(&receiver.endpoints()[0]).unwrap());
        assert_eq!(other.send(b"other"), Ok(b"other".to_vec()));
        let (answer, handed_over) = sender.send(b"own");
        assert_eq!((answer, handed_over), (Ok(b"own".to_vec()), Ok(())));
    });
}
