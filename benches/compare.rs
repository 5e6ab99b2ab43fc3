//! zmqrpc beside raw libzmq, tarpc and tonic, over TCP, on the same work.
//!
//! ```text
//! cargo bench --bench compare
//! cargo bench --bench compare -- --quick
//! cargo bench --bench compare -- --only in-flight
//! ```
//!
//! For each row every contestant has a server process of its own, made for that row. The contestants run in short
//! turns, and each round begins with another one. Everybody really encodes and decodes arguments and answers; every
//! answer is checked.
//!
//! - `sequential`: one `add` of two `i64` after the other.
//! - `in-flight-<n>`: n `add` begun on one connection, then n replies taken, and so on.
//! - `threads-8`, `tasks-8`: so many threads or tasks share one client, each with one `add` after the other. A raw
//!   socket belongs to one thread; it has 8 calls in flight instead.
//! - `clients-100`: 100 connections, one `add` begun on each, then one reply taken from each.
//! - `echo-<size>`: bytes there and back, one call after the other.
//!
//! How to read it: the reference is raw DEALER/ROUTER with the same frames and the same bytes as zmqrpc, which is
//! checked first. *delimited* is the same with an empty frame in front, as REQ sockets send it. *wall* is the median
//! over the rounds of the time for one call, *rate ratio* the reference's wall time over it: 0.80 means 80 % of the
//! reference's calls per second. *cpu* is the CPU time per call of client and server together, *cpu ratio* is it over
//! the reference's: below 1 is cheaper. *spread* is how far the middle half of the rounds lies apart, as a part of the
//! median: above 0.1 the machine was busy, and small differences mean nothing. Where *cpu* equals *wall*, client and
//! server shared one core: the ratio is one of work done, and says nothing of what they do at the same time.
//!
//! *by name* is zmqrpc's `async` client without generated code, in either codec that carries its own types.
//!
//! `async` clients run on a current-thread runtime unless their name says otherwise, tarpc's and tonic's servers on
//! tokio's default one.

use std::time::Duration;

mod peers;
#[allow(dead_code, unused_imports, reason = "each bench uses its part")]
mod support;

use peers::{
    NamedCaller, TarpcCaller, Threads, TonicCaller, ZmqrpcCaller, async_driver, block_on_server,
    serve_tarpc, serve_tonic,
};
use support::{
    Contestant, Delimiter, Driver, Options, Plan, Process, Specimen, Standings, Work,
    assert_same_bytes, blocking_driver, dealer_driver, race, req_driver, serve, serve_rep,
    serve_router, served,
};

const ROWS: [Work; 11] = [
    Work::Sequential,
    Work::InFlight(16),
    Work::InFlight(64),
    Work::InFlight(256),
    Work::InFlight(1024),
    Work::Threads(8),
    Work::Tasks(8),
    Work::Clients(100),
    Work::Echo(1 << 10),
    Work::Echo(64 << 10),
    Work::Echo(1 << 20),
];

/// Name, role of the server process, and how to drive it where it does this work.
type Entry = (
    &'static str,
    &'static str,
    fn(Work, &Specimen, &str) -> Option<Driver>,
);

/// The first one is the reference.
const ENTRIES: [Entry; 12] = [
    ("raw DEALER/ROUTER", "router", |work, specimen, endpoint| {
        Some(dealer_driver(work, specimen, endpoint, Delimiter::Without))
    }),
    ("delimited", "router", |work, specimen, endpoint| {
        Some(dealer_driver(work, specimen, endpoint, Delimiter::With))
    }),
    ("raw REQ/REP", "rep", req_driver),
    (OURS, "zmqrpc", |work, _, endpoint| {
        blocking_driver(work, endpoint)
    }),
    ("zmqrpc async", "zmqrpc", |work, _, endpoint| {
        async_driver::<ZmqrpcCaller>(work, endpoint, Threads::Own)
    }),
    ("zmqrpc, 2 workers", "zmqrpc", |work, _, endpoint| {
        async_driver::<ZmqrpcCaller>(work, endpoint, Threads::Workers(2))
    }),
    ("by name, MessagePack", "zmqrpc", |work, _, endpoint| {
        async_driver::<NamedCaller<false>>(work, endpoint, Threads::Own)
    }),
    ("by name, JSON", "zmqrpc", |work, _, endpoint| {
        async_driver::<NamedCaller<true>>(work, endpoint, Threads::Own)
    }),
    ("tarpc", "tarpc", |work, _, endpoint| {
        async_driver::<TarpcCaller>(work, endpoint, Threads::Own)
    }),
    ("tarpc, 2 workers", "tarpc", |work, _, endpoint| {
        async_driver::<TarpcCaller>(work, endpoint, Threads::Workers(2))
    }),
    ("tonic", "tonic", |work, _, endpoint| {
        async_driver::<TonicCaller>(work, endpoint, Threads::Own)
    }),
    ("tonic, 2 workers", "tonic", |work, _, endpoint| {
        async_driver::<TonicCaller>(work, endpoint, Threads::Workers(2))
    }),
];

const OURS: &str = "zmqrpc blocking";

fn main() {
    match served() {
        None => compare(&Options::read()),
        Some((role, service)) => match role.as_str() {
            "rep" => serve_rep(service),
            "router" => serve_router(service),
            "zmqrpc" => serve(service),
            "tarpc" => block_on_server(serve_tarpc()),
            "tonic" => block_on_server(serve_tonic()),
            _ => panic!("there is no role {role}"),
        },
    }
}

fn compare(options: &Options) {
    let plan = Plan::new(options, 31, Duration::from_millis(40));
    plan.announce();
    let wanted = |work: &&Work| options.wants(&work.name());
    let (mut alone, mut together) = (None, None);
    for work in ROWS.iter().filter(wanted) {
        let wall = row(*work, plan, options);
        match work {
            Work::Sequential => alone = wall,
            Work::Threads(threads) => together = wall.map(|wall| (threads, wall)),
            _ => {}
        }
    }
    if let (Some(alone), Some((threads, together))) = (alone, together) {
        println!(
            "\n{threads} threads on one client: {:.2} times the rate of one",
            alone / together
        );
    }
}

/// Runs and prints one row; answers zmqrpc's time per call.
fn row(work: Work, plan: Plan, options: &Options) -> Option<f64> {
    let specimen = Specimen::record(work.service());
    let mut contestants: Vec<Contestant> = ENTRIES
        .iter()
        .filter(|(name, ..)| options.admits(name))
        .filter_map(|(name, role, driver)| {
            let server = Process::start(role, work.service());
            let drive = driver(work, &specimen, server.endpoint())?;
            Some(Contestant {
                name,
                server,
                drive,
            })
        })
        .collect();
    let server = |name| {
        contestants
            .iter()
            .find(|one| one.name == name)
            .map(|one| &one.server)
    };
    if let (Some(raw), Some(ours)) = (server(ENTRIES[0].0), server(OURS)) {
        assert_same_bytes(&specimen, raw, ours);
    }
    let laps = race(&mut contestants, plan);
    // None of those who were asked for may do this work.
    laps.first()?;
    Standings::new(&work.name(), &contestants, &laps)
        .beside_the_first("calls")
        .print();
    let ours = contestants.iter().position(|one| one.name == OURS)?;
    Some(laps[ours].wall.median())
}
