//! A proxy's backend and its targets in simulated time: connections break at any step, replies are late, doubled or never
//! come, targets reject, freeze, drain and restart. Thousands of seeds, each a world of its own.

mod dice;
mod record;
mod socket;
mod world;

use std::time::Duration;

use world::World;

const MILLISECOND: Duration = Duration::from_millis(1);

/// Seeds that are tried.
const WORLDS: u64 = 3_000;

#[test]
fn every_call_over_a_proxy_ends_once_and_never_lies_whatever_happens_to_its_targets() {
    let (mut answered, mut failed, mut executed) = (0_u64, 0_u64, 0_u64);
    for seed in 0..WORLDS {
        let run = std::panic::catch_unwind(|| {
            let (mut world, mut backend) = World::new(seed);
            world.run(&mut backend);
            let calls = world.calls.values();
            for record in calls.clone() {
                let is_call = record.id.is_some();
                assert!(!is_call || record.given_up || record.ended.is_some());
            }
            assert_eq!(backend.calls.waiting_bytes(), 0);
            assert_eq!(backend.calls.redirect_bytes(), 0);
            let ends: Vec<_> = calls
                .clone()
                .filter_map(|call| call.ended.as_ref())
                .collect();
            let good = ends.iter().filter(|(failure, _)| failure.is_none()).count();
            let executions: u32 = calls.map(|call| call.executions).sum();
            (
                good as u64,
                (ends.len() - good) as u64,
                u64::from(executions),
            )
        });
        let counts = run.unwrap_or_else(|panic| {
            eprintln!("the world with seed {seed}");
            std::panic::resume_unwind(panic)
        });
        answered += counts.0;
        failed += counts.1;
        executed += counts.2;
    }
    // The worlds are neither all good nor all bad.
    assert!(answered > 10 * WORLDS && failed > WORLDS && executed > answered);
}
