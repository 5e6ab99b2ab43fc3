//! The cable is cut, and nobody is told.

use std::time::Duration;

use crate::calls::{Caller, Served};
use crate::network::{SERVER, between_hosts};
use crate::news::{Published, Subscribed};
use crate::support::await_state;

#[test]
fn a_call_over_a_cut_cable_ends_in_time_and_the_next_works_when_it_is_mended() {
    between_hosts(|network| {
        let server = Served::at(network, SERVER[0], "plain");
        let caller = Caller::of(network, &server, "plain ada secret");
        assert_eq!(caller.call().0, "ada PLAIN 10.213.0.2");
        network.cut();
        // Sent, and never heard of again: three seconds of silence.
        let (outcome, took) = caller.call();
        assert!(outcome.starts_with("Unavailable"), "{outcome}");
        assert!(took < Duration::from_secs(5), "{took:?}");
        // Not sent: five seconds without a connection.
        let (outcome, took) = caller.call();
        assert!(outcome.starts_with("Unavailable"), "{outcome}");
        assert!(took < Duration::from_secs(7), "{took:?}");
        network.mend();
        assert_eq!(caller.call().0, "ada PLAIN 10.213.0.2");
    });
}

#[test]
fn a_subscription_notices_the_cut_renews_its_connection_and_counts_what_it_missed() {
    between_hosts(|network| {
        let news = Published::at(network, SERVER[0], "plain");
        let ada = Subscribed::to(network, &news.endpoint, "plain ada secret");
        await_state("events", || ada.seen().executed > 100);
        network.cut();
        await_state("a renewal", || ada.seen().renewals > 0);
        let cut = ada.seen();
        network.mend();
        await_state("more events", || {
            let now = ada.seen();
            now.lost > 0 && now.executed > cut.executed + 100
        });
        let published = news.end();
        await_state("all that is left", || {
            let now = ada.seen();
            now.executed + now.lost == published
        });
        assert_eq!(ada.seen().refused, 0);
    });
}

#[test]
fn a_call_soon_works_after_a_while_in_which_nobody_answered() {
    between_hosts(|network| {
        let server = Served::at(network, SERVER[0], "plain");
        let caller = Caller::of(network, &server, "plain ada secret");
        assert_eq!(caller.call().0, "ada PLAIN 10.213.0.2");
        network.swallow();
        // Long enough for TCP to ask only each quarter of a minute.
        for _ in 0..4 {
            let (outcome, took) = caller.call();
            assert!(outcome.starts_with("Unavailable"), "{outcome}");
            assert!(took < Duration::from_secs(7), "{took:?}");
        }
        network.mend();
        assert_eq!(caller.call().0, "ada PLAIN 10.213.0.2");
    });
}
