//! What makes calls, and the peers that it makes them at, in simulated time: connections break at any step, replies are late,
//! doubled or never come, peers reject, freeze, drain and restart. Thousands of seeds, each a world of its own.

mod dice;
mod driver;
mod peer;
mod place;
mod record;
mod scripted_peer;
mod socket;
mod weather;
mod world;

use std::panic::{RefUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use crate::clock::Instant;

pub(crate) use dice::Dice;
pub(crate) use driver::{Driver, NewRequest};
pub(crate) use peer::Peer;
pub(crate) use record::{Ending, Ends};
pub(crate) use scripted_peer::ScriptedPeer;
pub(crate) use socket::SimulatedSocket;
use weather::Weather;
pub(crate) use weather::WorldRules;
use world::World;

const MILLISECOND: Duration = Duration::from_millis(1);

/// Has the driver that `open` returns meet so many worlds with up to so many peers `P`. It gets the sockets, and the rules of its
/// world.
///
/// # Panics
///
/// When an invariant does not hold, with the seed of the world.
pub(crate) fn meet<P: Peer, D: Driver>(
    worlds: u64,
    max_peers: u64,
    open: impl Fn(Vec<SimulatedSocket>, &WorldRules, Instant) -> D + RefUnwindSafe,
) {
    let (mut answered, mut failed, mut executed) = (0_u64, 0_u64, 0_u64);
    for seed in 0..worlds {
        let (counts, _) = run::<P, D>(seed, Weather::Stormy, max_peers, None, &open);
        answered += counts.0;
        failed += counts.1;
        executed += counts.2;
    }
    // The worlds are neither all good nor all bad.
    assert!(answered > 10 * worlds && failed > worlds && executed > answered);
}

/// The same in worlds in which peers end in an orderly way, and nothing else goes wrong.
///
/// # Panics
///
/// As [`meet`], and when a call may have been executed that has failed.
pub(crate) fn meet_orderly<P: Peer, D: Driver>(
    worlds: u64,
    max_peers: u64,
    open: impl Fn(Vec<SimulatedSocket>, &WorldRules, Instant) -> D + RefUnwindSafe,
) {
    let mut answered = 0_u64;
    for seed in 0..worlds {
        let (counts, _) = run::<P, D>(seed, Weather::Orderly, max_peers, None, &open);
        answered += counts.0;
    }
    assert!(answered > 10 * worlds);
}

/// As [`meet`], with a connection that breaks at each step of each of so many worlds.
pub(crate) fn meet_broken_at_each_step<P: Peer, D: Driver>(
    worlds: u64,
    max_peers: u64,
    open: impl Fn(Vec<SimulatedSocket>, &WorldRules, Instant) -> D + RefUnwindSafe,
) {
    for seed in 0..worlds {
        let (_, steps) = run::<P, D>(seed, Weather::Stormy, max_peers, None, &open);
        assert!(steps > 20);
        for step in 0..steps {
            run::<P, D>(seed, Weather::Stormy, max_peers, Some(step), &open);
        }
    }
}

fn run<P: Peer, D: Driver>(
    seed: u64,
    weather: Weather,
    max_peers: u64,
    break_at: Option<usize>,
    open: &(impl Fn(Vec<SimulatedSocket>, &WorldRules, Instant) -> D + RefUnwindSafe),
) -> ((u64, u64, u64), usize) {
    let run = catch_unwind(|| {
        let (mut world, mut driver) = World::<P>::new(seed, weather, max_peers, open);
        let steps = world.run(&mut driver, break_at);
        (world.counts(), steps)
    });
    run.unwrap_or_else(|panic| {
        eprintln!("the {weather:?} world with seed {seed}, broken at {break_at:?}");
        resume_unwind(panic)
    })
}
