//! SUB to PUB and to REQ.

use std::time::Duration;

use zmqrpc::proxy::{Proxy, Pub, Req, Sub};
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::{Credentials, ServerHandle};

use super::{LIMIT, SOON, back, front, subscribed};
use crate::locks::{
    ADA, ANYWHERE, Book, LedgerClient, LogIn, Login, STRANGE, eager, locks, passwords, soon,
};
use crate::support::{await_state, within};

fn publisher(at: &str, login: &Login) -> Publisher {
    let builder = Publisher::builder().connect(at).with(login);
    builder.build().unwrap()
}

/// Publishes until it is heard: nothing tells from outside when a proxy subscribes, or is subscribed.
fn await_heard(publisher: &Publisher, book: &Book, name: Option<&str>) {
    let stub = LedgerClient::new(publisher.clone());
    await_state("an event", || {
        stub.enter(0).unwrap();
        book.entries(name) > 0
    });
}

fn unauthenticated(server: &ServerHandle) -> u64 {
    server.subscriptions()[0].login_failures
}

#[test]
fn a_bound_end_takes_events_of_nobody_else_and_a_published_one_gives_to_nobody_else() {
    within(LIMIT, || {
        for lock in locks() {
            let sub = Sub::new().bind(ANYWHERE).authenticate(&lock.by);
            let to = Pub::new().bind(ANYWHERE).authenticate(&lock.by);
            let proxy = Proxy::new(sub, to).start().unwrap();
            let (book, nobody) = (Book::default(), Book::default());
            let connect = |login| Subscription::connect(back(&proxy)).with(login);
            let ada = publisher(&front(&proxy), &lock.ada);
            ada.wait_subscribers(1, SOON).unwrap();
            let mut others = Vec::new();
            for (what, login) in &lock.strangers {
                let stranger = publisher(&front(&proxy), login);
                let refused = stranger.wait_subscribers(1, SOON).unwrap_err();
                let is = matches!(refused, zmqrpc::Error::Unauthenticated { .. });
                assert!(is, "{what}: {refused:?}");
                LedgerClient::new(stranger.clone()).enter(STRANGE).unwrap();
                let server = subscribed(&nobody, connect(login));
                soon(what, || unauthenticated(&server) > 0);
                let foreign = login.raw(zmq::SUB, &back(&proxy));
                others.push((stranger, server, foreign));
            }
            let _guest = subscribed(&book, connect(&lock.ada));
            await_heard(&ada, &book, None);
            assert_eq!(nobody.entries(None), 0);
            for (_, _, foreign) in &others {
                assert_eq!(foreign.poll(zmq::POLLIN, 50).unwrap(), 0);
            }
            assert!(proxy.stats().logins_rejected > 1);
        }
    });
}

#[test]
fn a_proxy_subscribes_with_a_login_and_publishes_with_another() {
    within(LIMIT, || {
        for lock in locks() {
            let sampler = Publisher::builder().bind(ANYWHERE).authenticate(&lock.by);
            let sampler = sampler.build().unwrap();
            let at = sampler.endpoints().remove(0);
            let book = Book::default();
            let bound = Subscription::bind(ANYWHERE).authenticate(&lock.by);
            let listener = subscribed(&book, bound);
            let to = listener.subscriptions().remove(0).endpoint;
            let strangers: Vec<_> = lock
                .strangers
                .iter()
                .map(|(what, login)| {
                    // One end is let in, the other is not.
                    let deaf = Sub::new().connect(&at).with(login);
                    let deaf = Proxy::new(deaf, Pub::new().connect(&to).with(&lock.ada));
                    let deaf = deaf.start().unwrap();
                    soon(what, || deaf.stats().login_failures > 0);
                    let mute = Pub::new().connect(&to).with(login);
                    let mute = Proxy::new(Sub::new().bind(ANYWHERE), mute).start().unwrap();
                    soon(what, || mute.stats().login_failures > 0);
                    let shouts = Publisher::connect(front(&mute)).unwrap();
                    shouts.wait_subscribers(1, SOON).unwrap();
                    LedgerClient::new(shouts.clone()).enter(STRANGE).unwrap();
                    await_state("the event", || mute.stats().received > 0);
                    (deaf, mute, shouts)
                })
                .collect();
            assert_eq!(sampler.subscribers(), 0);
            let ends = (Sub::new().connect(&at), Pub::new().connect(&to));
            let proxy = Proxy::new(ends.0.with(&lock.ada), ends.1.with(&lock.ada));
            let proxy = proxy.start().unwrap();
            sampler.wait_subscribers(1, SOON).unwrap();
            await_heard(&sampler, &book, ADA);
            for (deaf, mute, _) in &strangers {
                assert_eq!(deaf.stats().received, 0);
                assert!(mute.stats().login_failures < 10, "{:?}", mute.stats());
            }
            assert_eq!(proxy.stats().login_failures, 0);
        }
    });
}

#[test]
fn subscriptions_of_a_proxy_have_logins_of_their_own_or_that_of_all() {
    within(LIMIT, || {
        let (lock, book) = (passwords(), Book::default());
        let server = book.served(|server| server.bind(ANYWHERE));
        let guarded = |by: &zmqrpc::auth::Authenticator| {
            let builder = Publisher::builder().bind(ANYWHERE).authenticate(by);
            builder.build().unwrap()
        };
        let eves = zmqrpc::auth::Passwords::new().user("eve", "apple").into();
        let (first, second) = (guarded(&lock.by), guarded(&eves));
        let own = Subscription::connect(&second.endpoints()[0])
            .credentials(Credentials::plain("eve", "apple"));
        let sub = Sub::new()
            .connect(&first.endpoints()[0])
            .subscribe(own)
            .with(&lock.ada);
        let back = Req::new().connect(&server.endpoints()[0]);
        let _proxy = Proxy::new(sub, back).start().unwrap();
        for publisher in [first, second] {
            publisher.wait_subscribers(1, SOON).unwrap();
            let before = book.entries(None);
            LedgerClient::new(publisher).enter(1).unwrap();
            book.await_entries(None, before + 1);
        }
    });
}

#[test]
fn events_wait_for_a_target_until_it_lets_the_proxy_in() {
    within(LIMIT, || {
        let file = crate::vault::Scratch::new("targets");
        let line = |password| format!("ada:{}\n", zmqrpc::auth::hash_password(password).unwrap());
        file.write(&line("secret"));
        let (by, book) = (
            zmqrpc::auth::Passwords::file(&file.0).unwrap(),
            Book::default(),
        );
        let server = book.served(|server| server.authenticate(by).bind(ANYWHERE));
        let back = Req::new()
            .connect(&server.endpoints()[0])
            .credentials(Credentials::plain("ada", "new"));
        let proxy = Proxy::new(Sub::new().bind(ANYWHERE), back.attempts(1));
        let proxy = proxy.start().unwrap();
        let publisher = Publisher::connect(front(&proxy)).unwrap();
        publisher.wait_subscribers(1, SOON).unwrap();
        let stub = LedgerClient::new(publisher);
        for number in 0..100 {
            stub.enter(number).unwrap();
        }
        await_state("three refusals", || proxy.stats().login_failures == 3);
        assert_eq!((proxy.stats().held, book.entries(ADA)), (100, 0));
        file.write(&line("new"));
        book.await_entries(ADA, 100);
        assert_eq!(proxy.stats().given_up, 0);
        assert!(proxy.stats().login_failures < 6, "{:?}", proxy.stats());
    });
}

#[test]
fn a_login_at_an_open_publisher_is_refused_to_a_proxy_too() {
    within(LIMIT, || {
        for login in eager() {
            let open = Publisher::bind(ANYWHERE).unwrap();
            let at = open.endpoints().remove(0);
            let eager = Proxy::new(
                Sub::new().connect(&at).with(&login),
                Pub::new().bind(ANYWHERE),
            );
            let eager = eager.start().unwrap();
            soon("the refusal", || eager.stats().login_failures > 0);
            LedgerClient::new(open.clone()).enter(STRANGE).unwrap();
            let waited = open.wait_subscribers(1, Duration::from_millis(100));
            assert!(waited.is_err());
            assert_eq!(eager.stats().received, 0);
        }
    });
}
