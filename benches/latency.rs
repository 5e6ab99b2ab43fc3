//! One caller, one `add` after the other, over TCP: raw libzmq beside zmqrpc's blocking client and its server.
//!
//! ```text
//! cargo bench --bench latency
//! cargo bench --bench latency -- --quick
//! ```
//!
//! Every server is a process of its own. The contestants run in short turns, and each round begins with another one.
//! Raw sockets carry the same bytes as zmqrpc, which is checked first; arguments and answers are really encoded and
//! decoded everywhere, and every answer is checked.
//!
//! How to read it: *wall* is the median over the rounds of the time for one call, *cpu* the same for the CPU time that
//! client and server took together. *spread* is how far the middle half of the rounds' wall times lies apart, as a
//! part of the median: above 0.1 the machine was busy, and small differences mean nothing. *ratio* is zmqrpc's median
//! over the other's, *calls* how many were measured; the ratio should be at most 1.10 against REQ/REP.

use std::time::Duration;

#[allow(dead_code, unused_imports, reason = "each bench uses its part")]
mod support;

use support::{
    Contestant, Delimiter, Options, Plan, Process, Specimen, Standings, Work, assert_same_bytes,
    blocking_driver, dealer_driver, race, req_driver, serve, serve_rep, serve_router, served,
};

fn main() {
    match served() {
        None => compare(&Options::read()),
        Some((role, service)) => match role.as_str() {
            "rep" => serve_rep(service),
            "router" => serve_router(service),
            "zmqrpc" => serve(service),
            _ => panic!("there is no role {role}"),
        },
    }
}

fn compare(options: &Options) {
    let work = Work::Sequential;
    let specimen = Specimen::record(work.service());
    let [rep, router, ours] =
        ["rep", "router", "zmqrpc"].map(|role| Process::start(role, work.service()));
    assert_same_bytes(&specimen, &router, &ours);
    let contestant = |name, server, drive| Contestant {
        name,
        server,
        drive,
    };
    let req = req_driver(work, &specimen, rep.endpoint()).expect("REQ does sequential work");
    let dealer = dealer_driver(work, &specimen, router.endpoint(), Delimiter::Without);
    let blocking = blocking_driver(work, ours.endpoint()).expect("it does sequential work");
    let mut contestants = [
        contestant("raw REQ/REP", rep, req),
        contestant("raw DEALER/ROUTER", router, dealer),
        contestant("zmqrpc", ours, blocking),
    ];
    let plan = Plan::new(options, 151, Duration::from_millis(50));
    plan.announce();
    let laps = race(&mut contestants, plan);
    let ours = &laps[2];
    Standings::new("sequential", &contestants, &laps)
        .wall()
        .spread()
        .cpu()
        .column("zmqrpc's wall ratio", |_, lap| {
            format!("{:.3}", ours.wall.median() / lap.wall.median())
        })
        .column("cpu ratio", |_, lap| {
            format!("{:.3}", ours.cpu.median() / lap.cpu.median())
        })
        .count("calls")
        .print();
}
