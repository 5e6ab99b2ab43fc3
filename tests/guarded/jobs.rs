//! Pushers and those who pull, each on either side of the guard.

use std::time::{Duration, Instant};

use zmqrpc::auth::Passwords;
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::push::{AsyncPusher, Puller, Pusher};
use zmqrpc::{Credentials, Error, Executed, ServerHandle};

use crate::locks::{
    ADA, ANYWHERE, Book, LedgerClient, LogIn, Login, STRANGE, eager, locks, passwords, soon,
};
use crate::support::{await_state, within};
use crate::vault::Scratch;

const LIMIT: Duration = Duration::from_secs(60);

fn pull_endpoint(server: &ServerHandle) -> String {
    server.pulls().remove(0).endpoint
}

/// Pushes, which must fail in time.
#[track_caller]
fn assert_refused(pusher: &Pusher, what: &str) {
    assert_refused_within(Duration::from_secs(1), pusher, what);
}

#[track_caller]
fn assert_refused_within(limit: Duration, pusher: &Pusher, what: &str) {
    let begin = Instant::now();
    let error = LedgerClient::new(pusher.clone())
        .enter(STRANGE)
        .unwrap_err();
    let took = begin.elapsed();
    assert!(
        matches!(error, Error::Unauthenticated { .. }),
        "{what}: {error:?}"
    );
    assert_eq!(error.executed(), Executed::No);
    assert!(error.endpoint().is_some(), "{error:?}");
    assert!(took < limit, "{what}: {took:?}");
}

#[test]
fn a_guarded_server_pulls_from_nobody_else() {
    within(LIMIT, || {
        for lock in locks() {
            let book = Book::default();
            let server =
                book.served(|server| server.authenticate(&lock.by).pull(Puller::bind(ANYWHERE)));
            // What is added later is guarded as well.
            let later = server.pull(Puller::bind(ANYWHERE)).unwrap();
            for (nth, at) in [(1, pull_endpoint(&server)), (2, later)] {
                let pusher = |login: &Login| {
                    let builder = Pusher::builder().connect(&at).with(login);
                    builder.build().unwrap()
                };
                let ada = LedgerClient::new(pusher(&lock.ada));
                for (what, login) in &lock.strangers {
                    let foreign = login.raw(zmq::PUSH, &at);
                    let stranger = pusher(login);
                    assert_refused(&stranger, what);
                    // The next try is due half a second after that.
                    assert_refused_within(Duration::from_secs(2), &stranger, what);
                    assert!(stranger.stats().login_failures > 0, "{what}");
                    // Nobody is there for it; or it goes no further than its own queue.
                    let _ = foreign.send("job", 0);
                    for number in 0..20 {
                        ada.enter(number).unwrap();
                    }
                }
                book.await_entries(ADA, 20 * nth * lock.strangers.len());
            }
            assert!(server.stats().logins_rejected > 0);
            assert!(server.pulls().iter().all(|pull| pull.malformed == 0));
        }
    });
}

#[test]
fn tasks_that_push_learn_in_time_that_they_are_not_let_in() {
    within(LIMIT, || {
        let (lock, book) = (passwords(), Book::default());
        let server =
            book.served(|server| server.authenticate(&lock.by).pull(Puller::bind(ANYWHERE)));
        let at = pull_endpoint(&server);
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            for (what, login) in &lock.strangers {
                let pusher = Pusher::builder().connect(&at).with(login).build().unwrap();
                let pusher = LedgerClient::new(AsyncPusher::from(pusher));
                for limit in [1, 2].map(Duration::from_secs) {
                    let entered = pusher.enter(STRANGE);
                    let entered = tokio::time::timeout(limit, entered).await;
                    let error = entered.expect("an answer in time").unwrap_err();
                    assert!(
                        matches!(error, Error::Unauthenticated { .. }),
                        "{what}: {error:?}"
                    );
                }
            }
            let ada = Pusher::builder().connect(&at).with(&lock.ada);
            let ada = LedgerClient::new(ada.build_async().unwrap());
            ada.enter(1).await.unwrap();
        });
        book.await_entries(ADA, 1);
    });
}

#[test]
fn a_guarded_pusher_pushes_to_nobody_else() {
    within(LIMIT, || {
        for lock in locks() {
            let pusher = Pusher::builder()
                .bind(ANYWHERE)
                .authenticate(&lock.by)
                .timeout(Duration::from_millis(300))
                .build()
                .unwrap();
            let at = pusher.endpoints().remove(0);
            let nobody = Book::default();
            let foreign: Vec<_> = lock
                .strangers
                .iter()
                .map(|(_, login)| login.raw(zmq::PULL, &at))
                .collect();
            let strangers: Vec<_> = lock
                .strangers
                .iter()
                .map(|(what, login)| {
                    let server =
                        nobody.served(|server| server.with(login).pull(Puller::connect(&at)));
                    soon(what, || server.pulls()[0].login_failures > 0);
                    server
                })
                .collect();
            // They have come, and are nobody.
            let jobs = LedgerClient::new(pusher.clone());
            let error = jobs.enter(0).unwrap_err();
            assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
            let book = Book::default();
            let ada = book.served(|server| server.with(&lock.ada).pull(Puller::connect(&at)));
            let patient = jobs.with_timeout(Duration::from_secs(10));
            for number in 0..100 {
                patient.enter(number).unwrap();
            }
            book.await_entries(None, 100);
            for (server, (what, _)) in strangers.iter().zip(&lock.strangers) {
                let pulled = server.pulls().remove(0);
                assert_eq!((pulled.received, pulled.malformed), (0, 0), "{what}");
            }
            for (socket, (what, _)) in foreign.iter().zip(&lock.strangers) {
                assert_eq!(socket.poll(zmq::POLLIN, 50).unwrap(), 0, "{what}");
            }
            assert_eq!(nobody.entries(None), 0);
            assert!(pusher.stats().logins_rejected > 0);
            assert_eq!(ada.pulls()[0].login_failures, 0);
        }
    });
}

#[test]
fn a_login_at_an_open_pusher_or_puller_is_refused_and_nothing_comes_through() {
    within(LIMIT, || {
        for login in eager() {
            let book = Book::default();
            let server = book.served(|server| server.pull(Puller::bind(ANYWHERE)));
            let at = pull_endpoint(&server);
            let eager = Pusher::builder().connect(&at).with(&login).build().unwrap();
            assert_refused(&eager, "a login that nobody asks for");
            let visitor = LedgerClient::new(Pusher::connect(&at).unwrap());
            visitor.enter(1).unwrap();
            book.await_entries(None, 1);

            let pusher = Pusher::bind(ANYWHERE).unwrap();
            let (at, nobody) = (pusher.endpoints().remove(0), Book::default());
            let eager = nobody.served(|server| server.with(&login).pull(Puller::connect(&at)));
            soon("the refusal", || eager.pulls()[0].login_failures > 0);
            let _visitor = book.served(|server| server.pull(Puller::connect(&at)));
            let jobs = LedgerClient::new(pusher);
            for number in 0..10 {
                jobs.enter(number).unwrap();
            }
            book.await_entries(None, 11);
            assert_eq!(nobody.entries(None), 0);
        }
    });
}

#[test]
fn a_pusher_that_was_refused_pushes_as_soon_as_it_is_let_in_and_does_not_hammer() {
    within(LIMIT, || {
        let file = Scratch::new("jobs");
        let line = |password| format!("ada:{}\n", zmqrpc::auth::hash_password(password).unwrap());
        file.write(&line("secret"));
        let passwords = Passwords::file(&file.0).unwrap();
        let book = Book::default();
        let server =
            book.served(|server| server.authenticate(passwords).pull(Puller::bind(ANYWHERE)));
        let at = pull_endpoint(&server);
        let builder = Pusher::builder()
            .connect(&at)
            .credentials(Credentials::plain("ada", "new"));
        let pusher = builder.build().unwrap();
        let (begin, mut tries) = (Instant::now(), 0);
        while begin.elapsed() < Duration::from_secs(3) {
            assert_refused_within(Duration::from_secs(2), &pusher, "a wrong password");
            tries += 1;
        }
        let denied = server.stats().logins_rejected;
        assert!(
            (2..=8).contains(&denied),
            "{denied} logins in {tries} tries"
        );
        file.write(&line("new"));
        let jobs = LedgerClient::new(pusher);
        await_state("it is let in", || jobs.enter(1).is_ok());
        book.await_entries(ADA, 1);
    });
}

#[test]
fn an_endpoint_that_lets_nobody_in_can_be_left() {
    within(LIMIT, || {
        let (lock, book) = (passwords(), Book::default());
        let server = book.served(|server| {
            let server = server.authenticate(&lock.by).pull(Puller::bind(ANYWHERE));
            server.subscribe(Subscription::bind(ANYWHERE))
        });
        let at = pull_endpoint(&server);
        for (what, login) in &lock.strangers {
            let pusher = Pusher::builder().connect(&at).with(login).build().unwrap();
            assert_refused(&pusher, what);
            pusher.remove_endpoint(&at).unwrap();
            assert!(pusher.endpoints().is_empty());
            let at = server.subscriptions().remove(0).endpoint;
            let builder = Publisher::builder().connect(&at).with(login);
            let publisher = builder.build().unwrap();
            assert!(publisher.wait_subscribers(1, LIMIT).is_err());
            publisher.remove_endpoint(&at).unwrap();
        }
    });
}

#[test]
fn a_server_may_ask_for_logins_and_show_its_own_where_it_pulls() {
    within(LIMIT, || {
        let (lock, book) = (passwords(), Book::default());
        let pusher = Pusher::builder().bind(ANYWHERE).authenticate(&lock.by);
        let pusher = pusher.build().unwrap();
        let at = pusher.endpoints().remove(0);
        let server = book.served(|server| {
            let asks = server.authenticate(Passwords::new().user("bob", "hidden"));
            asks.bind(ANYWHERE)
                .with(&lock.ada)
                .pull(Puller::connect(&at))
        });
        LedgerClient::new(pusher).enter(1).unwrap();
        book.await_entries(None, 1);
        let at = &server.endpoints()[0];
        let nobody = LedgerClient::connect(at).unwrap();
        let error = nobody.enter(STRANGE).unwrap_err();
        assert!(matches!(error, Error::Unauthenticated { .. }), "{error:?}");
        assert_eq!(book.entries(None), 1);
    });
}
