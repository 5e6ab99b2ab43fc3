//! Messages of bytes, over real sockets.

mod support;

use std::sync::Mutex;
use std::sync::mpsc::{self, channel};
use std::time::{Duration, Instant};

use support::{Gate, ipc, within};
use zmqrpc::message::{AsyncReceiver, Receiver, Sender};
use zmqrpc::pubsub::Publisher;
use zmqrpc::push::{AsyncPusher, Puller, Pusher};
use zmqrpc::{AsyncClient, CallError, Client, Error, Server, ServerBuilder};

const LIMIT: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(10);
const ANYWHERE: &str = "tcp://127.0.0.1:*";

/// Answers every message with its bytes turned round, and refuses an empty one.
fn turning(settings: ServerBuilder) -> Receiver {
    let answer = |message: zmqrpc::message::Received<'_>| {
        let mut bytes = message.into_bytes();
        bytes.reverse();
        if bytes.is_empty() {
            return Err("there is nothing to turn".to_owned());
        }
        Ok(bytes)
    };
    Receiver::start(settings, answer).unwrap()
}

/// A topic, if there is one, and a message.
type Told = (Option<String>, Vec<u8>);

/// Tells the test what arrives, one message after the other.
fn telling(settings: ServerBuilder) -> (Receiver, mpsc::Receiver<Told>) {
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let on_message = move |message: zmqrpc::message::Received<'_>| {
        let topic = message.context().topic().map(str::to_owned);
        let told = tell.lock().unwrap().send((topic, message.into_bytes()));
        told.map_err(|gone| gone.to_string())?;
        Ok(b"OK".to_vec())
    };
    let receiver = Receiver::start(settings.worker_threads(1), on_message).unwrap();
    (receiver, told)
}

fn to(receiver: &Receiver) -> Sender {
    Sender::new(Client::connect(&receiver.endpoints()[0]).unwrap())
}

#[test]
fn any_bytes_go_there_and_an_answer_comes_back() {
    within(LIMIT, || {
        for endpoint in [
            ANYWHERE.to_owned(),
            ipc("turning"),
            "inproc://turning".into(),
        ] {
            let receiver = turning(Server::builder().bind(endpoint));
            let sender = to(&receiver);
            assert_eq!(sender.send(b"hello").unwrap(), b"olleh");
            // Neither text nor a number of bytes that fits into anything.
            let mut bytes: Vec<u8> = (0..=255).cycle().take(1_000_001).collect();
            let answer = sender.send(&bytes).unwrap();
            bytes.reverse();
            assert_eq!(answer, bytes);
        }
    });
}

#[test]
fn a_refusal_comes_back_as_its_text() {
    within(LIMIT, || {
        let receiver = turning(Server::builder().bind(ANYWHERE));
        let refused = to(&receiver).send(b"").unwrap_err();
        assert_eq!(
            refused,
            CallError::Service("there is nothing to turn".into())
        );
        assert_eq!(to(&receiver).send(b"next").unwrap(), b"txen");
    });
}

#[test]
fn several_endpoints_take_turns_or_are_all_asked() {
    within(LIMIT, || {
        let named = |name: &'static [u8]| {
            let answer = move |_: zmqrpc::message::Received<'_>| Ok(name.to_vec());
            Receiver::start(Server::builder().bind(ANYWHERE), answer).unwrap()
        };
        let (one, two) = (named(b"one"), named(b"two"));
        let endpoints = [one.endpoints().remove(0), two.endpoints().remove(0)];
        let settings = endpoints
            .iter()
            .fold(Client::builder(), |settings, endpoint| {
                settings.connect(endpoint)
            });
        let sender = Sender::new(settings.timeout(SOON).build().unwrap());
        let all = sender.fan_out(b"who?");
        assert_eq!(all[0], (endpoints[0].clone(), Ok(b"one".to_vec())));
        assert_eq!(all[1], (endpoints[1].clone(), Ok(b"two".to_vec())));
        let mut answers: Vec<_> = (0..4).map(|_| sender.send(b"who?").unwrap()).collect();
        answers.sort();
        assert_eq!(answers, [b"one", b"one", b"two", b"two"]);

        one.shutdown(SOON).unwrap();
        drop(one);
        for _ in 0..4 {
            // The first may meet the connection just as it breaks.
            let answer = sender.send(b"who?");
            assert!(
                matches!(&answer, Ok(name) if name == b"two")
                    || matches!(answer, Err(CallError::Rpc(Error::Unavailable { .. }))),
                "{answer:?}"
            );
        }
        let all = sender
            .with_timeout(Duration::from_millis(200))
            .fan_out(b"who?");
        assert!(all[0].1.is_err(), "{all:?}");
        assert_eq!(all[1].1, Ok(b"two".to_vec()));
    });
}

#[test]
fn one_receiver_takes_what_is_called_published_and_pushed() {
    within(LIMIT, || {
        let publishers = [(); 2].map(|()| Publisher::bind(ANYWHERE).unwrap());
        let settings = publishers
            .iter()
            .fold(Server::builder(), |settings, publisher| {
                settings.subscribe(&*publisher.endpoints()[0])
            });
        let (receiver, told) = telling(settings.bind(ANYWHERE).pull(Puller::bind(ANYWHERE)));
        let next = || told.recv_timeout(SOON).unwrap();

        assert_eq!(to(&receiver).send(b"called").unwrap(), b"OK");
        assert_eq!(next(), (None, b"called".to_vec()));
        for publisher in publishers {
            publisher.wait_subscribers(1, SOON).unwrap();
            let sender = Sender::new(publisher);
            sender.with_topic("site.").send(b"published").unwrap();
            assert_eq!(next(), (Some("site.".into()), b"published".to_vec()));
        }
        let pulls = receiver.server().pulls();
        let pusher = Pusher::connect(&*pulls[0].endpoint).unwrap();
        Sender::new(pusher).send(b"pushed").unwrap();
        assert_eq!(next(), (None, b"pushed".to_vec()));
    });
}

#[test]
fn a_message_goes_over_two_transports_at_once() {
    within(LIMIT, || {
        let publisher = Publisher::bind(ANYWHERE).unwrap();
        let (_subscriber, heard) = telling(Server::builder().subscribe(&*publisher.endpoints()[0]));
        publisher.wait_subscribers(1, SOON).unwrap();
        let receiver = turning(Server::builder().bind(ANYWHERE));
        let client = Client::connect(&receiver.endpoints()[0]).unwrap();
        let (called, told) = Sender::new((client, publisher)).send(b"both");
        assert_eq!(called.unwrap(), b"htob");
        told.unwrap();
        assert_eq!(heard.recv_timeout(SOON).unwrap().1, b"both");
    });
}

#[test]
fn a_silent_receiver_costs_one_time_limit_and_nothing_after_it() {
    within(LIMIT, || {
        let gate = Gate::default();
        let held = gate.clone();
        let on_message = move |message: zmqrpc::message::Received<'_>| {
            if message.bytes() == b"wait" {
                held.pass();
            }
            Ok(message.into_bytes())
        };
        let receiver = Receiver::start(Server::builder().bind(ANYWHERE), on_message).unwrap();
        let sender = to(&receiver);
        assert_eq!(sender.send(b"ready").unwrap(), b"ready");
        let started = Instant::now();
        let limit = Duration::from_millis(100);
        let failed = sender.with_timeout(limit).send(b"wait").unwrap_err();
        assert!(
            matches!(failed, CallError::Rpc(Error::Timeout { .. })),
            "{failed}"
        );
        // Its own limit, not a second that it is rounded up to; the rest is the machine's.
        assert!(started.elapsed() < limit + Duration::from_millis(700));
        assert_eq!(sender.send(b"next").unwrap(), b"next");
        gate.open();
        assert_eq!(sender.send(b"last").unwrap(), b"last");
    });
}

#[test]
fn stopping_ends_it_and_senders_are_told() {
    within(LIMIT, || {
        let receiver = turning(Server::builder().bind(ANYWHERE));
        let sender = to(&receiver).with_timeout(Duration::from_millis(200));
        assert_eq!(sender.send(b"ab").unwrap(), b"ba");
        receiver.shutdown(SOON).unwrap();
        receiver.wait().unwrap();
        let failed = sender.send(b"ab").unwrap_err();
        assert!(
            matches!(failed, CallError::Rpc(Error::Unavailable { .. })),
            "{failed}"
        );
    });
}

/// What a subscription would still tell a publisher that is gone must not hold up the end.
#[test]
fn a_receiver_whose_publisher_is_gone_stops_at_once() {
    within(LIMIT, || {
        let publisher = Publisher::bind(ANYWHERE).unwrap();
        let (receiver, told) = telling(Server::builder().subscribe(&*publisher.endpoints()[0]));
        publisher.wait_subscribers(1, SOON).unwrap();
        Sender::new(publisher).send(b"last").unwrap();
        assert_eq!(told.recv_timeout(SOON).unwrap().1, b"last");
        // Less than the default linger.
        receiver.shutdown(Duration::from_millis(900)).unwrap();
    });
}

/// Runs a test on a runtime of its own.
fn awaiting(body: impl Future<Output = ()> + Send + 'static) {
    within(LIMIT, || {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(body);
    });
}

fn receive(capacity: usize) -> (AsyncReceiver, Sender<AsyncClient>) {
    let receiver = AsyncReceiver::start(Server::builder().bind(ANYWHERE), capacity).unwrap();
    let client = AsyncClient::connect(&receiver.endpoints()[0]).unwrap();
    (receiver, Sender::new(client))
}

#[test]
fn a_task_receives_answers_and_refuses() {
    awaiting(async {
        let (mut receiver, sender) = receive(8);
        let sending = tokio::spawn(async move {
            let answer = sender.send(b"one").await;
            (
                answer,
                sender.send(b"two").await,
                sender.send(b"three").await,
            )
        });
        let message = receiver.recv().await.unwrap();
        assert_eq!(message.bytes(), b"one");
        message.answer(b"first".to_vec());
        receiver.recv().await.unwrap().refuse("not you");
        // Unanswered: it has been received, and that is what the sender learns.
        drop(receiver.recv().await.unwrap());
        let (one, two, three) = sending.await.unwrap();
        assert_eq!(one.unwrap(), b"first");
        assert_eq!(two.unwrap_err(), CallError::Service("not you".into()));
        assert_eq!(three.unwrap(), b"");
    });
}

#[test]
fn a_slow_task_slows_those_who_push_and_loses_nothing() {
    awaiting(async {
        let messages = 3_000_u32;
        let settings = Server::builder().pull(Puller::bind(ANYWHERE)).max_queue(4);
        let mut receiver = AsyncReceiver::start(settings, 1).unwrap();
        let endpoint = receiver.server().pulls().remove(0).endpoint;
        let pusher = Pusher::builder().connect(endpoint).high_water(4);
        let sender: Sender<AsyncPusher> = Sender::new(pusher.build_async().unwrap());
        let sending = tokio::spawn(async move {
            for number in 0..messages {
                sender.send(&number.to_le_bytes()).await.unwrap();
            }
            sender
        });
        let mut seen = vec![false; messages as usize];
        for _ in 0..messages {
            let message = receiver.recv().await.unwrap();
            let number = u32::from_le_bytes(message.bytes().try_into().unwrap()) as usize;
            assert!(
                !std::mem::replace(&mut seen[number], true),
                "{number} came twice"
            );
            tokio::task::yield_now().await;
        }
        sending.await.unwrap();
        assert_eq!(receiver.server().stats().overloaded, 0);
    });
}

#[test]
fn a_receive_that_is_given_up_loses_nothing() {
    awaiting(async {
        let (mut receiver, sender) = receive(2);
        let sending = tokio::spawn(async move {
            for number in 0..500_u32 {
                sender.send(&number.to_le_bytes()).await.unwrap();
            }
        });
        let mut next = 0;
        while next < 500 {
            let limit = Duration::from_micros(u64::from(next % 5) * 100);
            if let Ok(message) = tokio::time::timeout(limit, receiver.recv()).await {
                assert_eq!(message.unwrap().bytes(), u32::to_le_bytes(next));
                next += 1;
            }
        }
        sending.await.unwrap();
    });
}

#[test]
fn after_closing_what_is_here_is_given_out_and_then_nothing() {
    awaiting(async {
        let (mut receiver, sender) = receive(8);
        let sending = {
            let sender = sender.clone();
            tokio::spawn(async move { sender.send(b"early").await })
        };
        // It is here now, or on its way, and taken in either case.
        let early = receiver.recv().await.unwrap();
        receiver.close();
        assert!(receiver.recv().await.is_none());
        early.answer(b"in time".to_vec());
        assert_eq!(sending.await.unwrap().unwrap(), b"in time");
        let late = sender.send(b"late").await.unwrap_err();
        assert_eq!(late, CallError::Service("the receiver has ended".into()));
    });
}

#[test]
fn a_receiver_that_is_shut_down_answers_what_was_taken_and_refuses_the_rest() {
    awaiting(async {
        let (mut receiver, sender) = receive(8);
        let send = |message: &'static [u8]| {
            let sender = sender.clone();
            tokio::spawn(async move { sender.send(message).await })
        };
        let taken = send(b"taken");
        let message = receiver.recv().await.unwrap();
        let left = send(b"left");
        // Both are with the server: its methods wait for the answers.
        while receiver.server().stats().requests < 2 {
            tokio::task::yield_now().await;
        }
        let ending = tokio::spawn(receiver.shutdown(SOON));
        let left = left.await.unwrap().unwrap_err();
        assert_eq!(left, CallError::Service("the receiver has ended".into()));
        assert!(!ending.is_finished(), "one is still to be answered");
        message.answer(b"in time".to_vec());
        assert_eq!(taken.await.unwrap().unwrap(), b"in time");
        ending.await.unwrap().unwrap();
    });
}

#[test]
fn a_receiver_that_is_dropped_says_of_nothing_that_it_was_received() {
    awaiting(async {
        let (receiver, sender) = receive(8);
        let sending = tokio::spawn(async move { sender.send(b"left").await });
        while receiver.server().stats().requests < 1 {
            tokio::task::yield_now().await;
        }
        drop(receiver);
        assert!(sending.await.unwrap().is_err());
    });
}

#[test]
fn a_task_waits_for_the_end_of_a_receiver() {
    awaiting(async {
        let receiver = turning(Server::builder().bind(ANYWHERE));
        let sender = Sender::new(AsyncClient::connect(&receiver.endpoints()[0]).unwrap());
        assert_eq!(sender.send(b"abc").await.unwrap(), b"cba");
        let ((), ended) = tokio::join!(receiver.wait_async(), receiver.shutdown_async(SOON));
        ended.unwrap();
    });
}
