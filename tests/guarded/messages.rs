//! Messages of bytes, over every pattern.

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use zmqrpc::message::{AsyncReceiver, Receiver, Sender};
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::push::{Puller, Pusher};
use zmqrpc::{AsyncClient, CallError, Client, Error, Server, ServerBuilder};

use crate::locks::{ADA, ANYWHERE, Lock, LogIn, locks, passwords};
use crate::support::within;

const LIMIT: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(10);

/// Takes messages over everything, and asks all who bring some.
fn guarded(lock: &Lock) -> ServerBuilder {
    Server::builder()
        .authenticate(&lock.by)
        .bind(ANYWHERE)
        .pull(Puller::bind(ANYWHERE))
        .subscribe(Subscription::bind(ANYWHERE))
}

#[track_caller]
fn assert_unauthenticated(what: &str, begin: Instant, error: &Error) {
    let took = begin.elapsed();
    assert!(
        matches!(error, Error::Unauthenticated { .. }),
        "{what}: {error:?}"
    );
    assert!(took < Duration::from_secs(1), "{what}: {took:?}");
}

#[test]
fn a_guarded_receiver_takes_messages_of_nobody_else() {
    within(LIMIT, || {
        for lock in locks() {
            let (tell, told) = channel();
            let receiver = Receiver::start(guarded(&lock), move |message| {
                let user = message.context().user_id().map(str::to_owned);
                tell.send((user, message.bytes().to_vec())).unwrap();
                Ok(b"thanks".to_vec())
            })
            .unwrap();
            let call_at = receiver.endpoints().remove(0);
            let push_at = receiver.server().pulls().remove(0).endpoint;
            let publish_at = receiver.server().subscriptions().remove(0).endpoint;
            let senders = |login| {
                let client = Client::builder().connect(&call_at).with(login);
                let pusher = Pusher::builder().connect(&push_at).with(login);
                let publisher = Publisher::builder().connect(&publish_at).with(login);
                (
                    Sender::new(client.build().unwrap()),
                    Sender::new(pusher.build().unwrap()),
                    Sender::new(publisher.build().unwrap()),
                )
            };
            let (called, pushed, published) = senders(&lock.ada);
            published.transport().wait_subscribers(1, SOON).unwrap();
            for (what, login) in &lock.strangers {
                let strangers = senders(login);
                let begin = Instant::now();
                match strangers.0.send(b"strange").unwrap_err() {
                    CallError::Rpc(error) => assert_unauthenticated(what, begin, &error),
                    CallError::Service(reason) => panic!("{what}: {reason}"),
                }
                let begin = Instant::now();
                let error = strangers.1.send(b"strange").unwrap_err();
                assert_unauthenticated(what, begin, &error);
                let begin = Instant::now();
                let waited = strangers.2.transport().wait_subscribers(1, SOON);
                assert_unauthenticated(what, begin, &waited.unwrap_err());
                strangers.2.send(b"strange").unwrap();

                assert_eq!(called.send(b"called").unwrap(), b"thanks");
                pushed.send(b"pushed").unwrap();
                published.send(b"published").unwrap();
                let mut got: Vec<_> = (0..3)
                    .map(|_| told.recv_timeout(SOON).expect("a message"))
                    .collect();
                got.sort();
                let expected = [&b"called"[..], b"published", b"pushed"];
                for ((user, message), expected) in got.iter().zip(expected) {
                    assert_eq!((user.as_deref(), &**message), (ADA, expected), "{what}");
                }
            }
            assert!(told.try_recv().is_err(), "a stranger's message got through");
            assert!(receiver.server().stats().logins_rejected > 0);
        }
    });
}

#[tokio::test]
async fn tasks_receive_from_nobody_else_either() {
    let lock = passwords();
    let mut receiver = AsyncReceiver::start(guarded(&lock), 10).unwrap();
    let at = receiver.endpoints().remove(0);
    let sender = |login| -> Sender<AsyncClient> {
        let client = Client::builder().connect(&at).with(login);
        Sender::new(client.build_async().unwrap())
    };
    for (what, login) in &lock.strangers {
        let begin = Instant::now();
        match sender(login).send(b"strange").await.unwrap_err() {
            CallError::Rpc(error) => assert_unauthenticated(what, begin, &error),
            CallError::Service(reason) => panic!("{what}: {reason}"),
        }
    }
    let ada = sender(&lock.ada);
    let sent = tokio::spawn(async move { ada.send(b"hello").await });
    let message = receiver.recv().await.unwrap();
    assert_eq!(message.bytes(), b"hello");
    assert_eq!(message.context().user_id(), ADA);
    message.answer(b"welcome".to_vec());
    assert_eq!(sent.await.unwrap().unwrap(), b"welcome");
}
