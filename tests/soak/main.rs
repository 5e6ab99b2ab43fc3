//! A fleet of processes that call, publish and queue, while servers and proxies are killed, stopped, frozen and started
//! again. At the end, what callers were told is compared with what was executed.
//!
//! `ZMQRPC_SOAK_SECONDS` sets how long that goes on (default: 20); `ZMQRPC_SOAK_SEED` repeats a run's choices.

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod callers;
mod events;
mod fleet;
mod ledger;
mod relays;
mod servers;

use std::time::Duration;

use fleet::Fleet;
use ledger::Books;
use support::within;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn what_callers_are_told_is_what_was_executed() {
    let seconds = setting("ZMQRPC_SOAK_SECONDS", 20);
    let seed = setting("ZMQRPC_SOAK_SEED", u64::from(std::process::id()));
    within(Duration::from_secs(seconds + 120), move || {
        eprintln!("ZMQRPC_SOAK_SEED={seed}");
        let books = Books::open();
        let mut fleet = Fleet::start(&books);
        fleet.trouble(Duration::from_secs(seconds), seed);
        fleet.end();
        audit::audit(&books);
    });
}

/// No test, but the process of a server.
#[test]
fn server_process() {
    servers::serve();
}

/// No test, but the process of a proxy.
#[test]
fn relay_process() {
    relays::relay();
}

/// No test, but the process of callers: threads, tasks, and one that writes frames by hand.
#[test]
fn caller_process() {
    callers::call();
}

/// No test, but the process of a publisher.
#[test]
fn publisher_process() {
    events::publish();
}

/// No test, but the process of a subscriber.
#[test]
fn subscriber_process() {
    events::subscribe();
}
