//! How long short calls and pings wait while handlers are busy.
//!
//! ```text
//! cargo bench --bench delays
//! cargo bench --bench delays -- --quick
//! cargo bench --bench delays -- --only pings
//! ```
//!
//! - `sleeper`: one client makes `add` calls one after the other. In every other turn another client keeps a handler
//!   of the same server asleep, 100 ms each time.
//! - `pings`: a raw socket sends pings one after the other. In every other turn more handlers sleep than the server
//!   has workers.
//!
//! How to read it: *quiet* is the noise floor of the machine, the same calls without a sleeper. Only the difference
//! between the two lines belongs to the server; it should stay within 1 ms at p99.9 for calls and at p99 for pings. A
//! percentile needs some hundred samples beyond it to mean something: look at *calls*. The maximum is shown and not to
//! be trusted, any other program on the machine can cause it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[allow(dead_code, unused_imports, reason = "each bench uses its part")]
mod support;

use support::{
    Delimiter, Options, Plan, ProbeClient, Process, RawDealer, Samples, Service, Table, check_sum,
    connect, duration, load, serve, served, terms,
};

/// How long a busy handler sleeps.
const SLEEP: u64 = 100;
/// More sleepers than a server has workers, so that every worker sleeps and some requests wait.
const CROWD: usize = 40;

fn main() {
    if let Some((_, service)) = served() {
        return serve(service);
    }
    let options = Options::read();
    let plan = Plan::new(&options, 10, Duration::from_secs(1));
    println!(
        "{} rounds, turns of {:?}, {}",
        plan.rounds,
        plan.turn,
        load()
    );
    if options.wants("sleeper") {
        scene("sleeper", plan, 1, |endpoint| {
            let probe = ProbeClient::new(connect(endpoint));
            let mut number = 0;
            Box::new(move || {
                let (a, b) = terms(number);
                number += 1;
                check_sum((a, b), probe.add(a, b).expect("an answer"));
            })
        });
    }
    if options.wants("pings") {
        scene("pings", plan, CROWD, |endpoint| {
            let dealer = RawDealer::connect(endpoint, Delimiter::Without);
            let mut number = 0;
            Box::new(move || {
                number += 1;
                ping(&dealer, number);
            })
        });
    }
}

/// Measures the same call without and beside sleepers, in turns.
fn scene(name: &str, plan: Plan, sleepers: usize, call: impl Fn(&str) -> Box<dyn FnMut()>) {
    let server = Process::start("zmqrpc", Service::Add);
    let mut call = call(server.endpoint());
    run(&mut call, plan.turn / 10, &mut Samples::default());
    let (mut quiet, mut beside) = (Samples::default(), Samples::default());
    for _ in 0..plan.rounds {
        run(&mut call, plan.turn, &mut quiet);
        with_sleepers(server.endpoint(), sleepers, || {
            // Until they have connected and fallen asleep.
            run(
                &mut call,
                Duration::from_millis(SLEEP),
                &mut Samples::default(),
            );
            run(&mut call, plan.turn, &mut beside);
        });
    }
    println!();
    let mut table = Table::new(&[name, "calls", "p50", "p99", "p99.9", "p99.99", "max"]);
    for (line, samples) in [("quiet", &quiet), ("busy", &beside)] {
        let quantiles =
            [0.5, 0.99, 0.999, 0.9999, 1.0].map(|part| duration(samples.quantile(part)));
        table.row(
            [line.to_owned(), samples.len().to_string()]
                .into_iter()
                .chain(quantiles),
        );
    }
    let more = |part| duration(beside.quantile(part) - quiet.quantile(part));
    let mut difference = vec!["difference".to_owned(), String::new()];
    difference.extend([0.5, 0.99, 0.999, 0.9999, 1.0].map(more));
    table.row(difference);
    table.print();
}

fn run(call: &mut dyn FnMut(), turn: Duration, samples: &mut Samples) {
    let end = Instant::now() + turn;
    loop {
        let start = Instant::now();
        if start >= end {
            return;
        }
        call();
        samples.push(start.elapsed().as_secs_f64());
    }
}

/// Runs something while so many handlers sleep, over a client of their own.
fn with_sleepers(endpoint: &str, sleepers: usize, action: impl FnOnce()) {
    let over = AtomicBool::new(false);
    let probe = ProbeClient::new(connect(endpoint));
    thread::scope(|scope| {
        for _ in 0..sleepers {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    probe.sleep(SLEEP).expect("an answer");
                }
            });
        }
        // A panic must not leave the sleepers running: the scope would wait for them.
        let _over = OnDrop(&over);
        action();
    });
}

struct OnDrop<'a>(&'a AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sends a ping and takes its pong.
fn ping(dealer: &RawDealer, id: u64) {
    let frame = |kind| {
        let mut frame = vec![0xC1, 1, kind];
        frame.extend(id.to_le_bytes());
        frame
    };
    dealer.send(frame(0x05).into());
    assert_eq!(
        *dealer.receive(),
        frame(0x85)[..],
        "not the pong to this ping"
    );
}
