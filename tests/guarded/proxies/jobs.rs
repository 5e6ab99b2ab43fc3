//! PULL to PUSH and to REQ.

use zmqrpc::proxy::{Proxy, Pull, Push, Req};
use zmqrpc::push::{Puller, Pusher};

use super::{LIMIT, assert_refused, back, front};
use crate::locks::{ADA, ANYWHERE, Book, LedgerClient, LogIn, Login, STRANGE, locks, soon};
use crate::support::{await_state, within};

fn pusher(at: &str, login: &Login) -> LedgerClient<Pusher> {
    let builder = Pusher::builder().connect(at).with(login);
    LedgerClient::new(builder.build().unwrap())
}

#[test]
fn a_bound_end_takes_jobs_of_nobody_else_and_gives_them_to_nobody_else() {
    within(LIMIT, || {
        for lock in locks() {
            let pull = Pull::new().bind(ANYWHERE).authenticate(&lock.by);
            let push = Push::new().bind(ANYWHERE).authenticate(&lock.by);
            let proxy = Proxy::new(pull, push).start().unwrap();
            let (book, nobody) = (Book::default(), Book::default());
            let mut others = Vec::new();
            for (what, login) in &lock.strangers {
                let stranger = pusher(&front(&proxy), login);
                assert_refused(what, |number| stranger.enter(number));
                let server =
                    nobody.served(|server| server.with(login).pull(Puller::connect(back(&proxy))));
                soon(what, || server.pulls()[0].login_failures > 0);
                let foreign = login.raw(zmq::PULL, &back(&proxy));
                others.push((server, foreign));
            }
            let ada = pusher(&front(&proxy), &lock.ada);
            for number in 0..50 {
                ada.enter(number).unwrap();
            }
            await_state("a job", || proxy.stats().received > 0);
            assert_eq!(proxy.stats().forwarded, 0);
            let at = back(&proxy);
            let _worker = book.served(|server| server.with(&lock.ada).pull(Puller::connect(at)));
            book.await_entries(None, 50);
            assert_eq!((nobody.entries(None), proxy.stats().received), (0, 50));
            for (_, foreign) in &others {
                assert_eq!(foreign.poll(zmq::POLLIN, 50).unwrap(), 0);
            }
            assert!(proxy.stats().logins_rejected > 1);
        }
    });
}

#[test]
fn a_proxy_pulls_with_a_login_and_pushes_with_another() {
    within(LIMIT, || {
        for lock in locks() {
            let source = Pusher::builder().bind(ANYWHERE).authenticate(&lock.by);
            let source = source.build().unwrap();
            let at = source.endpoints().remove(0);
            let book = Book::default();
            let worker =
                book.served(|server| server.authenticate(&lock.by).pull(Puller::bind(ANYWHERE)));
            let to = worker.pulls().remove(0).endpoint;
            let strangers: Vec<_> = lock
                .strangers
                .iter()
                .map(|(what, login)| {
                    let deaf = Pull::new().connect(&at).with(login);
                    let deaf = Proxy::new(deaf, Push::new().connect(&to).with(&lock.ada));
                    let deaf = deaf.start().unwrap();
                    soon(what, || deaf.stats().login_failures > 0);
                    let mute = Push::new().connect(&to).with(login);
                    let mute = Proxy::new(Pull::new().bind(ANYWHERE), mute)
                        .start()
                        .unwrap();
                    soon(what, || mute.stats().login_failures > 0);
                    pusher(&front(&mute), &Login::Nothing)
                        .enter(STRANGE)
                        .unwrap();
                    await_state("the job", || mute.stats().received > 0);
                    (deaf, mute)
                })
                .collect();
            let ends = (Pull::new().connect(&at), Push::new().connect(&to));
            let proxy = Proxy::new(ends.0.with(&lock.ada), ends.1.with(&lock.ada));
            let proxy = proxy.start().unwrap();
            let jobs = LedgerClient::new(source);
            for number in 0..50 {
                jobs.enter(number).unwrap();
            }
            book.await_entries(ADA, 50);
            for (deaf, mute) in &strangers {
                assert_eq!((deaf.stats().received, mute.stats().forwarded), (0, 0));
            }
            assert_eq!(proxy.stats().login_failures, 0);
        }
    });
}

#[test]
fn jobs_become_calls_under_the_proxys_own_login() {
    within(LIMIT, || {
        for lock in locks() {
            let book = Book::default();
            let server = book.served(|server| server.authenticate(&lock.by).bind(ANYWHERE));
            let pull = Pull::new().bind(ANYWHERE).authenticate(&lock.by);
            let req = Req::new().connect(&server.endpoints()[0]).with(&lock.ada);
            let proxy = Proxy::new(pull, req).start().unwrap();
            let stranger = pusher(&front(&proxy), &Login::Nothing);
            assert_refused("nothing", |number| stranger.enter(number));
            let ada = pusher(&front(&proxy), &lock.ada);
            for number in 0..50 {
                ada.enter(number).unwrap();
            }
            book.await_entries(ADA, 50);
        }
    });
}
