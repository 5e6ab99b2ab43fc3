//! Who may come in from another host, and who may not.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::calls::{Caller, Served};
use crate::network::{CLIENT, Network, SERVER, between_hosts};
use crate::news::{Published, Subscribed};
use crate::roles::Keys;
use crate::support::await_state;

const SECOND: Duration = Duration::from_secs(1);

/// One at a time: what must happen within a second does not while other tests have the machine.
fn in_turn(body: impl FnOnce(&Network) + Send + 'static) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    between_hosts(body);
}

/// By who was asked about the login.
const REFUSED: &str = "refused the login";

/// Calls and notifies, which must fail in time.
#[track_caller]
fn assert_refused(stranger: &Caller, what: &str, why: &str) {
    for (outcome, took) in [stranger.call(), stranger.leave()] {
        assert!(outcome.starts_with("Unauthenticated"), "{what}: {outcome}");
        assert!(outcome.contains(why), "{what}: {outcome}");
        assert!(took < SECOND, "{what}: {took:?}");
    }
}

/// A client who may come in does, as whom and from where it should; strangers do not, while it goes on calling.
#[track_caller]
fn assert_guarded(
    network: &Network,
    guard: &str,
    (valid, mechanism): (&str, &str),
    strangers: &[(&str, &str)],
) {
    for (address, from) in SERVER.into_iter().zip(CLIENT) {
        let server = Served::at(network, address, guard);
        let ada = Caller::of(network, &server, valid);
        assert_eq!(ada.call().0, format!("ada {mechanism} {from}"));
        ada.begin();
        for (login, why) in strangers {
            let before = server.counts().1;
            assert_refused(&Caller::of(network, &server, login), login, why);
            // Who shows another kind of login, or none, may have left before the server has heard of it.
            if *why == REFUSED {
                await_state("the server counts it", || server.counts().1 > before);
            }
        }
        let (calls, slowest) = ada.end();
        assert!(
            calls > 0 && slowest < SECOND,
            "{calls} calls, up to {slowest:?}"
        );
        assert_eq!(
            server.counts().0,
            1 + calls,
            "something of a stranger's got in"
        );
    }
}

/// The same for those who subscribe: strangers hear nothing, not even a sign of life, and find out in time.
#[track_caller]
fn assert_published_to_one(
    network: &Network,
    guard: &str,
    valid: &str,
    strangers: &[(&str, &str)],
) {
    let news = Published::at(network, SERVER[0], guard);
    let ada = Subscribed::to(network, &news.endpoint, valid);
    await_state("events", || ada.seen().executed > 0);
    let mut outside = Vec::new();
    for (login, _) in strangers {
        let stranger = Subscribed::to(network, &news.endpoint, login);
        stranger.seen();
        let begin = Instant::now();
        await_state("it finds out", || stranger.seen().refused > 0);
        // Nobody waits for it, so that nothing hurries.
        let took = begin.elapsed();
        assert!(took < 2 * SECOND, "{login}: {took:?}");
        outside.push(stranger);
    }
    let before = ada.seen();
    await_state("more events", || {
        ada.seen().executed > before.executed + 100
    });
    for (stranger, (login, _)) in outside.iter().zip(strangers) {
        let seen = stranger.seen();
        assert_eq!((seen.heard, seen.executed), (0, 0), "{login}: {seen:?}");
    }
    let published = news.end();
    await_state("all events", || ada.seen().executed == published);
    assert_eq!((ada.seen().lost, ada.seen().refused), (0, 0));
}

const PASSWORDS: [(&str, &str); 4] = [
    ("plain ada wrong", REFUSED),
    ("plain eve secret", REFUSED),
    ("plain bob secret", REFUSED),
    ("none", "asks for a login"),
];

#[test]
fn passwords_keep_strangers_of_another_host_out() {
    in_turn(|network| {
        let ada = ("plain ada secret", "PLAIN");
        assert_guarded(network, "plain", ada, &PASSWORDS);
    });
}

#[test]
fn passwords_keep_events_from_strangers_of_another_host() {
    in_turn(|network| {
        assert_published_to_one(network, "plain", "plain ada secret", &PASSWORDS);
    });
}

#[test]
fn keys_keep_strangers_of_another_host_out() {
    if zmq::has("curve") != Some(true) {
        println!("keys between hosts: NOT RUN, this libzmq has no CURVE");
        return;
    }
    in_turn(|network| {
        let keys = Keys::of(&["server", "ada", "eve"]);
        let login = |server: &str, own: &str| format!("curve {} {server} {own}", keys.path());
        let (guard, ada) = (format!("curve {}", keys.path()), login("server", "ada"));
        let (unknown, misled) = (login("server", "eve"), login("eve", "ada"));
        let strangers = [
            (&*unknown, REFUSED),
            (&misled, "its key is not the one"),
            ("plain ada secret", "another kind of login"),
            ("none", "asks for a login"),
        ];
        assert_guarded(network, &guard, (&ada, "CURVE"), &strangers);
        assert_published_to_one(network, &guard, &ada, &strangers);
    });
}
