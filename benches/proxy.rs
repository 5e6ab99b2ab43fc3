//! What a proxy between a client and a server costs: zmqrpc's beside libzmq's own `zmq_proxy`.
//!
//! ```text
//! cargo bench --bench proxy
//! cargo bench --bench proxy -- --quick
//! cargo bench --bench proxy -- --only in-flight
//! ```
//!
//! - `sequential`: one `add` of two `i64` after the other.
//! - `in-flight-256`: 256 `add` begun on one connection, then 256 replies taken, and so on.
//!
//! Client and server are zmqrpc's in all three cases, each server and each proxy a process of its own. `zmq_proxy` moves
//! frames between a ROUTER and a DEALER and knows nothing of what they mean.
//!
//! How to read it: *wall* is the median over the rounds of the time for one call, *added* how much longer that is than
//! without a proxy, *ratio* zmqrpc's added time over `zmq_proxy`'s: at most 1.2 is the aim. *cpu* is the CPU time per call
//! of client and proxy, or client and server where there is no proxy. *spread* is how far the middle half of the rounds
//! lies apart, as a part of the median: above 0.1 the machine was busy.

use std::time::Duration;

use zmqrpc::proxy::{Proxy, Rep, Req};

#[allow(dead_code, unused_imports, reason = "each bench uses its part")]
mod support;

use support::{
    Contestant, Options, Plan, Process, Service, Standings, Work, blocking_driver, duration, race,
    ready, serve, served,
};

const ROWS: [Work; 2] = [Work::Sequential, Work::InFlight(256)];
const ANYWHERE: &str = "tcp://127.0.0.1:*";

fn main() {
    match served() {
        None => compare(&Options::read()),
        Some((role, service)) => match role.split_once('=') {
            None => serve(service),
            Some(("libzmq", target)) => forward(target),
            Some(("zmqrpc", target)) => pass_on(target),
            Some(_) => panic!("there is no role {role}"),
        },
    }
}

fn compare(options: &Options) {
    let plan = Plan::new(options, 31, Duration::from_millis(40));
    plan.announce();
    for work in ROWS.into_iter().filter(|work| options.wants(&work.name())) {
        row(work, plan);
    }
}

fn row(work: Work, plan: Plan) {
    let direct = {
        let server = Process::start("server", Service::Add);
        let drive = blocking_driver(work, server.endpoint()).expect("it does this work");
        Contestant {
            name: "no proxy",
            server,
            drive,
        }
    };
    let proxied = |name, kind: &str| {
        let target = Process::start("server", Service::Add);
        let proxy = Process::start(&format!("{kind}={}", target.endpoint()), Service::Add);
        let mut drive = blocking_driver(work, proxy.endpoint()).expect("it does this work");
        Contestant {
            name,
            server: proxy,
            drive: Box::new(move |calls| {
                let _lives = &target;
                drive(calls)
            }),
        }
    };
    let mut contestants = [
        direct,
        proxied("zmq_proxy", "libzmq"),
        proxied("zmqrpc", "zmqrpc"),
    ];
    let laps = race(&mut contestants, plan);
    let wall = |at: usize| laps[at].wall.median();
    let added = |at: usize| wall(at) - wall(0);
    Standings::new(&work.name(), &contestants, &laps)
        .wall()
        .column("added", |at, _| match at {
            0 => String::new(),
            _ => duration(added(at)),
        })
        .column("ratio", |at, _| match at {
            0 => String::new(),
            _ => format!("{:.2}", added(at) / added(1)),
        })
        .cpu()
        .spread()
        .count("calls")
        .print();
}

/// libzmq's proxy, for ever.
fn forward(target: &str) {
    let context = zmq::Context::new();
    let socket = |kind| {
        let socket = context.socket(kind).expect("a socket can be opened");
        socket.set_sndhwm(10_000).expect("the option exists");
        socket.set_rcvhwm(10_000).expect("the option exists");
        socket
    };
    let (front, back) = (socket(zmq::ROUTER), socket(zmq::DEALER));
    front.bind(ANYWHERE).expect("a port is free");
    back.connect(target).expect("the endpoint is good");
    let endpoint = front.get_last_endpoint().expect("the option exists");
    ready(&endpoint.expect("it is a text"));
    zmq::proxy(&front, &back).expect("it never ends");
}

/// zmqrpc's proxy, for ever.
fn pass_on(target: &str) {
    let proxy = Proxy::new(Rep::new().bind(ANYWHERE), Req::new().connect(target));
    let proxy = proxy.start().expect("the proxy starts");
    ready(&proxy.endpoints().remove(0));
    proxy.wait();
}
