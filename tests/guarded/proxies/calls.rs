//! REP to REQ.

use std::time::{Duration, Instant};

use zmqrpc::auth::Passwords;
use zmqrpc::proxy::{Proxy, Rep, Req};
use zmqrpc::{Credentials, Error, Executed};

use super::{LIMIT, SOON, assert_refused, caller, front, subscribed};
use crate::locks::{ADA, ANYWHERE, Book, LogIn, Login, STRANGE, eager, locks, passwords};
use crate::support::{await_state, within};
use crate::vault::Scratch;

#[test]
fn a_guarded_front_takes_calls_of_nobody_else() {
    within(LIMIT, || {
        for lock in locks() {
            let book = Book::default();
            let server = book.served(|server| server.bind(ANYWHERE));
            let rep = Rep::new().bind(ANYWHERE).authenticate(&lock.by);
            let proxy = Proxy::new(rep, Req::new().connect(&server.endpoints()[0]));
            let proxy = proxy.start().unwrap();
            let ada = caller(&front(&proxy), &lock.ada);
            for (what, login) in &lock.strangers {
                let foreign = login.raw(zmq::DEALER, &front(&proxy));
                let _ = foreign.send("anything", zmq::DONTWAIT);
                let stranger = caller(&front(&proxy), login);
                assert_refused(what, |number| stranger.enter(number));
                for number in 0..20 {
                    ada.enter(number).unwrap();
                }
            }
            let calls = 20 * lock.strangers.len();
            // The proxy is who calls; it has no login.
            assert_eq!(book.entries(None), calls);
            let stats = proxy.stats();
            assert_eq!((stats.received, stats.malformed), (calls as u64, 0));
            assert!(stats.logins_rejected > 0, "{stats:?}");
            assert_eq!(stats.login_failures, 0);
        }
    });
}

#[test]
fn a_proxy_has_a_login_of_its_own_at_its_target() {
    within(LIMIT, || {
        for lock in locks() {
            let book = Book::default();
            let server = book.served(|server| server.authenticate(&lock.by).bind(ANYWHERE));
            let to = |login: &Login| {
                let req = Req::new().connect(&server.endpoints()[0]).with(login);
                Proxy::new(Rep::new().bind(ANYWHERE), req).start().unwrap()
            };
            let proxy = to(&lock.ada);
            let nobody = caller(&front(&proxy), &Login::Nothing);
            nobody.enter(0).unwrap();
            for (what, login) in &lock.strangers {
                let proxy = to(login);
                let caller = caller(&front(&proxy), &Login::Nothing);
                for _ in 0..2 {
                    let begin = Instant::now();
                    let error = caller.enter(STRANGE).unwrap_err();
                    let took = begin.elapsed();
                    // It is not the caller who is unknown.
                    assert!(
                        matches!(error, Error::Unavailable { .. }),
                        "{what}: {error:?}"
                    );
                    assert!(
                        error.to_string().contains("rejects its login"),
                        "{what}: {error}"
                    );
                    assert_eq!(error.executed(), Executed::No);
                    assert!(took < Duration::from_secs(1), "{what}: {took:?}");
                }
                assert!(proxy.stats().login_failures > 0, "{what}");
                nobody.enter(1).unwrap();
            }
            assert_eq!(book.entries(ADA), 1 + lock.strangers.len());
        }
    });
}

#[test]
fn a_login_at_an_open_side_of_a_proxy_is_refused_and_nothing_comes_through() {
    within(LIMIT, || {
        for login in eager() {
            let book = Book::default();
            let server = book.served(|server| server.bind(ANYWHERE));
            let at = &server.endpoints()[0];
            let open = Proxy::new(Rep::new().bind(ANYWHERE), Req::new().connect(at));
            let open = open.start().unwrap();
            let stranger = caller(&front(&open), &login);
            assert_refused("a login", |number| stranger.enter(number));
            let eager = Proxy::new(
                Rep::new().bind(ANYWHERE),
                Req::new().connect(at).with(&login),
            );
            let eager = eager.start().unwrap();
            let begin = Instant::now();
            let through = caller(&front(&eager), &Login::Nothing);
            let error = through.enter(STRANGE).unwrap_err();
            assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
            assert!(begin.elapsed() < Duration::from_secs(1));
            caller(&front(&open), &Login::Nothing).enter(1).unwrap();
            assert_eq!(book.entries(None), 1);
        }
    });
}

#[test]
fn a_proxy_that_was_refused_does_not_hammer_and_goes_on_when_it_is_let_in() {
    within(LIMIT, || {
        let file = Scratch::new("proxies");
        let line = |password| format!("ada:{}\n", zmqrpc::auth::hash_password(password).unwrap());
        file.write(&line("secret"));
        let (by, book) = (Passwords::file(&file.0).unwrap(), Book::default());
        let server = book.served(|server| server.authenticate(by).bind(ANYWHERE));
        let req = Req::new()
            .connect(&server.endpoints()[0])
            .credentials(Credentials::plain("ada", "new"));
        let proxy = Proxy::new(Rep::new().bind(ANYWHERE), req).start().unwrap();
        let caller = caller(&front(&proxy), &Login::Nothing);
        let (begin, mut tries) = (Instant::now(), 0);
        while begin.elapsed() < Duration::from_secs(3) {
            assert!(caller.enter(STRANGE).is_err());
            tries += 1;
        }
        let denied = server.stats().logins_rejected;
        assert!(
            (2..=8).contains(&denied),
            "{denied} logins in {tries} calls"
        );
        file.write(&line("new"));
        await_state("it is let in", || caller.enter(1).is_ok());
        book.await_entries(ADA, 1);
    });
}

#[test]
fn both_ends_of_a_proxy_have_logins_of_their_own() {
    within(LIMIT, || {
        let (lock, book) = (passwords(), Book::default());
        let server = book.served(|server| server.authenticate(&lock.by).bind(ANYWHERE));
        let req = Req::new().connect(&server.endpoints()[0]).with(&lock.ada);
        let rep = Rep::new()
            .bind(ANYWHERE)
            .authenticate(Passwords::new().user("eve", "apple"));
        let proxy = Proxy::new(rep, req).start().unwrap();
        let eve = caller(&front(&proxy), &Login::Plain("eve", "apple"));
        eve.enter(1).unwrap();
        // Who may come in behind the proxy may not come in before it, and the reverse.
        let ada = caller(&front(&proxy), &lock.ada);
        assert_refused("ada", |number| ada.enter(number));
        let eve = caller(&server.endpoints()[0], &Login::Plain("eve", "apple"));
        assert_refused("eve", |number| eve.enter(number));
        assert_eq!(book.entries(ADA), 1);
    });
}

#[test]
fn what_a_guarded_front_takes_is_published_to_nobody_but_guests() {
    within(LIMIT, || {
        for lock in locks() {
            let rep = Rep::new().bind(ANYWHERE).authenticate(&lock.by);
            let to = zmqrpc::proxy::Pub::new()
                .bind(ANYWHERE)
                .authenticate(&lock.by);
            let proxy = Proxy::new(rep, to).start().unwrap();
            let (book, nobody) = (Book::default(), Book::default());
            let connect = |login| {
                let subscription = zmqrpc::pubsub::Subscription::connect(super::back(&proxy));
                subscription.with(login)
            };
            let strangers: Vec<_> = lock
                .strangers
                .iter()
                .map(|(_, login)| subscribed(&nobody, connect(login)))
                .collect();
            for (server, (what, login)) in strangers.iter().zip(&lock.strangers) {
                await_state(what, || server.subscriptions()[0].login_failures > 0);
                let stranger = caller(&front(&proxy), login);
                assert_refused(what, |number| stranger.enter(number));
            }
            let _guest = subscribed(&book, connect(&lock.ada));
            let ada = caller(&front(&proxy), &lock.ada).with_timeout(SOON);
            await_state("a guest", || {
                ada.enter(1).unwrap();
                book.entries(None) > 0
            });
            assert_eq!(nobody.entries(None), 0);
            assert!(proxy.stats().logins_rejected > 0);
        }
    });
}
