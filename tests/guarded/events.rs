//! Publishers and subscriptions, each on either side of the guard.

use std::time::{Duration, Instant};

use zmqrpc::auth::Passwords;
use zmqrpc::pubsub::{Publisher, Subscription, SubscriptionStats};
use zmqrpc::{Credentials, Error, Executed, ServerHandle};

use crate::locks::{
    ADA, ANYWHERE, Book, LedgerClient, LogIn, Login, STRANGE, eager, locks, passwords, soon,
};
use crate::support::{await_state, within};
use crate::vault::Scratch;

const LIMIT: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(10);

fn subscribed(book: &Book, subscription: Subscription) -> ServerHandle {
    book.served(|server| server.subscribe(subscription))
}

fn heard(server: &ServerHandle) -> SubscriptionStats {
    server.subscriptions().remove(0)
}

/// Waits for a subscriber, which must fail in time.
#[track_caller]
fn assert_refused(publisher: &Publisher, what: &str) {
    let begin = Instant::now();
    let error = publisher.wait_subscribers(1, SOON).unwrap_err();
    let took = begin.elapsed();
    assert!(
        matches!(error, Error::Unauthenticated { .. }),
        "{what}: {error:?}"
    );
    assert_eq!(error.executed(), Executed::No);
    assert!(took < Duration::from_secs(1), "{what}: {took:?}");
}

#[test]
fn a_guarded_publisher_publishes_to_nobody_else() {
    within(LIMIT, || {
        for lock in locks() {
            let publisher = Publisher::builder()
                .bind(ANYWHERE)
                .heartbeat_interval(Duration::from_millis(20))
                .authenticate(&lock.by)
                .build()
                .unwrap();
            let at = publisher.endpoints().remove(0);
            let book = Book::default();
            let ada = subscribed(&book, Subscription::connect(&at).with(&lock.ada));
            publisher.wait_subscribers(1, SOON).unwrap();
            let nobody = Book::default();
            let foreign: Vec<_> = lock
                .strangers
                .iter()
                .map(|(_, login)| login.raw(zmq::SUB, &at))
                .collect();
            let strangers: Vec<_> = lock
                .strangers
                .iter()
                .map(|(what, login)| {
                    let server = subscribed(&nobody, Subscription::connect(&at).with(login));
                    soon(what, || heard(&server).login_failures > 0);
                    server
                })
                .collect();
            let news = LedgerClient::new(publisher.clone());
            for number in 0..1000 {
                news.enter(number).unwrap();
            }
            // Who publishes has not logged in at those who subscribe.
            book.await_entries(None, 1000);
            assert_eq!((heard(&ada).lost, heard(&ada).received), (0, 1000));
            await_state("a heartbeat", || heard(&ada).heartbeats > 0);
            for (server, (what, _)) in strangers.iter().zip(&lock.strangers) {
                let heard = heard(server);
                let all = heard.received + heard.heartbeats + heard.malformed + heard.lost;
                assert_eq!(all, 0, "{what}: {heard:?}");
            }
            for (socket, (what, _)) in foreign.iter().zip(&lock.strangers) {
                assert_eq!(socket.poll(zmq::POLLIN, 50).unwrap(), 0, "{what}");
            }
            assert_eq!(nobody.entries(None), 0);
            assert_eq!(publisher.subscribers(), 1);
            assert!(
                publisher.stats().logins_rejected > 0,
                "{:?}",
                publisher.stats()
            );
            assert_eq!(heard(&ada).login_failures, 0);
        }
    });
}

#[test]
fn a_guarded_subscription_hears_nobody_else() {
    within(LIMIT, || {
        for lock in locks() {
            let book = Book::default();
            let subscription = Subscription::bind(ANYWHERE).authenticate(&lock.by);
            let server = subscribed(&book, subscription);
            let at = heard(&server).endpoint;
            let publisher = |login: &Login| {
                let builder = Publisher::builder().connect(&at).with(login);
                builder.build().unwrap()
            };
            let ada = publisher(&lock.ada);
            ada.wait_subscribers(1, SOON).unwrap();
            let ada = LedgerClient::new(ada);
            ada.enter(0).unwrap();
            book.await_entries(ADA, 1);
            for (what, login) in &lock.strangers {
                let stranger = publisher(login);
                assert_refused(&stranger, what);
                assert!(stranger.stats().login_failures > 0, "{what}");
                let foreign = login.raw(zmq::PUB, &at);
                let stranger = LedgerClient::new(stranger);
                for number in 0..100 {
                    stranger.enter(STRANGE + number).unwrap();
                    foreign.send_multipart(["", "news"], 0).unwrap();
                    ada.enter(number).unwrap();
                }
            }
            book.await_entries(ADA, 1 + 100 * lock.strangers.len());
            let heard = heard(&server);
            assert_eq!(
                (heard.publishers.len(), heard.lost, heard.malformed),
                (1, 0, 0)
            );
            assert!(heard.logins_rejected > 0, "{heard:?}");
            assert_eq!(server.stats().logins_rejected, 0);
        }
    });
}

#[test]
fn a_guarded_server_guards_its_bound_subscriptions_too() {
    within(LIMIT, || {
        let (lock, book) = (passwords(), Book::default());
        let server = book.served(|server| {
            let server = server.authenticate(&lock.by);
            server.subscribe(Subscription::bind(ANYWHERE))
        });
        let at = heard(&server).endpoint;
        let nobody = Publisher::connect(&at).unwrap();
        assert_refused(&nobody, "nothing");
        let wrong = Publisher::builder()
            .connect(&at)
            .credentials(Credentials::plain("ada", "wrong"))
            .build();
        assert_refused(&wrong.unwrap(), "a wrong password");
        assert!(server.stats().logins_rejected > 0);
        let ada = Publisher::builder().connect(&at).with(&lock.ada).build();
        let ada = ada.unwrap();
        ada.wait_subscribers(1, SOON).unwrap();
        LedgerClient::new(ada).enter(1).unwrap();
        book.await_entries(ADA, 1);
    });
}

#[test]
fn a_login_at_an_open_publisher_or_subscription_is_refused_and_nothing_comes_through() {
    within(LIMIT, || {
        for login in eager() {
            let open = Publisher::bind(ANYWHERE).unwrap();
            let (nobody, book) = (Book::default(), Book::default());
            let at = open.endpoints().remove(0);
            let eager = subscribed(&nobody, Subscription::connect(&at).with(&login));
            soon("the refusal", || heard(&eager).login_failures > 0);
            let _visitor = subscribed(&book, Subscription::connect(&at));
            open.wait_subscribers(1, SOON).unwrap();
            LedgerClient::new(open.clone()).enter(1).unwrap();
            book.await_entries(None, 1);
            assert_eq!((nobody.entries(None), heard(&eager).received), (0, 0));
            assert_eq!(open.subscribers(), 1);

            let server = subscribed(&book, Subscription::bind(ANYWHERE));
            let at = heard(&server).endpoint;
            let eager = Publisher::builder().connect(&at).with(&login).build();
            let eager = eager.unwrap();
            assert_refused(&eager, "a login that nobody asks for");
            LedgerClient::new(eager).enter(STRANGE).unwrap();
            let visitor = Publisher::connect(&at).unwrap();
            visitor.wait_subscribers(1, SOON).unwrap();
            LedgerClient::new(visitor).enter(2).unwrap();
            book.await_entries(None, 2);
            assert_eq!(heard(&server).publishers.len(), 1);
        }
    });
}

#[test]
fn who_is_refused_does_not_hammer_and_is_heard_when_it_is_let_in() {
    within(LIMIT, || {
        let file = Scratch::new("events");
        let line = |password| format!("ada:{}\n", zmqrpc::auth::hash_password(password).unwrap());
        file.write(&line("secret"));
        let passwords = Passwords::file(&file.0).unwrap();
        let publisher = Publisher::builder()
            .bind(ANYWHERE)
            .authenticate(passwords)
            .build()
            .unwrap();
        let at = publisher.endpoints().remove(0);
        let book = Book::default();
        // Renewing what is silent must not become a way to hammer.
        let subscription = Subscription::connect(&at).silence_timeout(Duration::from_millis(100));
        let server = subscribed(
            &book,
            subscription.credentials(Credentials::plain("ada", "new")),
        );
        await_state("three refusals", || heard(&server).login_failures == 3);
        let since = Instant::now();
        await_state("a fourth", || heard(&server).login_failures == 4);
        assert!(
            since.elapsed() > Duration::from_millis(1500),
            "{:?}",
            since.elapsed()
        );
        assert!(heard(&server).silences > 5);
        assert_eq!(publisher.stats().logins_rejected, 4);
        file.write(&line("new"));
        publisher.wait_subscribers(1, 2 * SOON).unwrap();
        LedgerClient::new(publisher).enter(1).unwrap();
        book.await_entries(None, 1);
    });
}
