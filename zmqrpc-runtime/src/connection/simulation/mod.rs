//! What makes calls, and the peers that it makes them at, in simulated time: connections break at any step, replies are late,
//! doubled or never come, peers reject, freeze, drain and restart. Thousands of seeds, each a world of its own.

mod dice;
mod driver;
mod peers;
mod record;
mod socket;
mod world;

use std::panic::{RefUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

pub(crate) use driver::{Driver, NewRequest};
pub(crate) use record::{End, Ends};
pub(crate) use socket::SimulatedSocket;
pub(crate) use world::Rules;
use world::World;

const MILLISECOND: Duration = Duration::from_millis(1);

/// Has the driver that `open` returns meet so many worlds. It gets the sockets, and the rules of its world.
///
/// # Panics
///
/// When an invariant does not hold, with the seed of the world.
pub(crate) fn meet<D: Driver>(
    worlds: u64,
    max_peers: u64,
    open: impl Fn(Vec<SimulatedSocket>, &Rules) -> D + RefUnwindSafe,
) {
    let (mut answered, mut failed, mut executed) = (0_u64, 0_u64, 0_u64);
    for seed in 0..worlds {
        let (counts, _) = run(seed, max_peers, None, &open);
        answered += counts.0;
        failed += counts.1;
        executed += counts.2;
    }
    // The worlds are neither all good nor all bad.
    assert!(answered > 10 * worlds && failed > worlds && executed > answered);
}

/// The same, with a connection that breaks at each step of each of so many worlds.
pub(crate) fn meet_broken_at_each_step<D: Driver>(
    worlds: u64,
    max_peers: u64,
    open: impl Fn(Vec<SimulatedSocket>, &Rules) -> D + RefUnwindSafe,
) {
    for seed in 0..worlds {
        let (_, steps) = run(seed, max_peers, None, &open);
        assert!(steps > 20);
        for step in 0..steps {
            run(seed, max_peers, Some(step), &open);
        }
    }
}

fn run<D: Driver>(
    seed: u64,
    max_peers: u64,
    break_at: Option<usize>,
    open: &(impl Fn(Vec<SimulatedSocket>, &Rules) -> D + RefUnwindSafe),
) -> ((u64, u64, u64), usize) {
    let run = catch_unwind(|| {
        let (mut world, mut driver) = World::new(seed, max_peers, open);
        let steps = world.run(&mut driver, break_at);
        (world.counts(), steps)
    });
    run.unwrap_or_else(|panic| {
        eprintln!("the world with seed {seed}, broken at {break_at:?}");
        resume_unwind(panic)
    })
}
