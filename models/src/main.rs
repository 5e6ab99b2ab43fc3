//! Models of the hand-made primitives of `zmqrpc-runtime`: roles of threads, the poller, the idle poller, the driver of
//! tasks, a client's connection.
//!
//! What is checked are the runtime's sources themselves, which this crate includes. What stands below them is made anew
//! here: locks, atomics, threads and time belong to a scheduler, `shuttle`'s, which runs a model again and again and each
//! time chooses anew who goes on. It also finds out who waits for ever. The kernel is one of values (`rustix/`), and so is
//! libzmq (`socket/dealer.rs`).
//!
//! The scheduler is sequentially consistent: that a weaker order of atomics is enough, no model shows. `loom` would, but
//! takes sequentially consistent operations for weaker than they are, which the roles depend on.
//!
//!     cargo run --manifest-path models/Cargo.toml                  # as .ci/run does
//!     cargo run --manifest-path models/Cargo.toml -- 50000 roles   # some of them, for longer
//!
//! What fails is printed with its schedule, which `shuttle::replay` runs again.

// The runtime's sources have more than a model uses.
#![allow(dead_code, unused_imports, unused_macros, unused_variables)]

mod client;
mod clock;
mod dialect;
mod log;
mod options;
mod server;
mod socket;
mod sync;

#[path = "../../zmqrpc-runtime/src/connection/mod.rs"]
mod connection;

#[path = "../../zmqrpc-runtime/src/wire/mod.rs"]
mod wire;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, MaxSteps, Runner};

/// How often each model runs, by each of the schedulers.
const SCHEDULES: usize = 5000;

/// The same ones in each run: what has passed does not fail by chance.
const SEED: u64 = 1;

/// A run that takes longer turns in a circle.
const MAX_STEPS: usize = 100_000;

/// Of each thread of a model.
const STACK: usize = 256 << 10;

/// The number of the run. Statics that belong to a process are made anew in each.
static RUN: AtomicU64 = AtomicU64::new(0);

fn main() {
    let started = Instant::now();
    let mut arguments = std::env::args().skip(1);
    let schedules = arguments.next().map_or(SCHEDULES, |number| {
        number.parse().expect("how often each model is to run")
    });
    let words = arguments.next().unwrap_or_default();
    for (sentence, model) in [server::MODELS, socket::MODELS, client::MODELS].concat() {
        if sentence.contains(&words) {
            check(sentence, model, schedules);
        }
    }
    println!("{:.1} s in all", started.elapsed().as_secs_f64());
}

/// Panics where the model does, in whichever order its threads run.
fn check(sentence: &str, model: fn(), schedules: usize) {
    let started = Instant::now();
    // The first goes on with any thread at each step; the second lets threads wait for long, which needs few changes.
    explore(RandomScheduler::new_from_seed(SEED, schedules), model);
    explore(PctScheduler::new_from_seed(SEED, 3, schedules), model);
    println!("{sentence}: {:.1} s", started.elapsed().as_secs_f64());
}

fn explore(scheduler: impl Scheduler + 'static, model: fn()) {
    let mut config = Config::new();
    config.stack_size = STACK;
    config.max_steps = MaxSteps::FailAfter(MAX_STEPS);
    config.silence_warnings = true;
    Runner::new(scheduler, config).run(move || {
        RUN.fetch_add(1, Ordering::Relaxed);
        model();
    });
}

fn run() -> u64 {
    RUN.load(Ordering::Relaxed)
}
