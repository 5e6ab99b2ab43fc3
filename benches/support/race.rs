//! Contestants that do the same work in turns.
//!
//! A shared machine is now fast and now slow. Therefore nobody runs for long: in each round every contestant has one
//! short turn, each round begins with another one, and medians over the rounds are compared.

use std::time::{Duration, Instant};

use super::clock::{cpu_time, load};
use super::figures::Samples;
use super::options::Options;
use super::process::Process;

/// Makes about so many calls, checks every answer, and tells how many they were.
pub(crate) type Driver = Box<dyn FnMut(usize) -> usize>;

pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) server: Process,
    pub(crate) drive: Driver,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) turn: Duration,
}

impl Plan {
    /// What the options say, or else these; `--quick` shortens the turns.
    pub(crate) fn new(options: &Options, rounds: usize, turn: Duration) -> Self {
        let turn = if options.quick { turn / 5 } else { turn };
        Self {
            rounds: options.rounds.unwrap_or(rounds).max(1),
            turn: options.turn.unwrap_or(turn),
        }
    }

    /// Prints the plan, and how busy the machine is.
    pub(crate) fn announce(&self) {
        let Self { rounds, turn } = self;
        println!("{rounds} rounds, turns of {turn:?}, {}", load());
    }
}

/// What was measured of one contestant: per call, one value for each round.
#[derive(Debug, Default)]
pub(crate) struct Lap {
    /// In all rounds together.
    pub(crate) calls: usize,
    pub(crate) wall: Samples,
    /// Of the bench and the contestant's server together.
    pub(crate) cpu: Samples,
}

/// Lets them run in turns.
pub(crate) fn race(contestants: &mut [Contestant], plan: Plan) -> Vec<Lap> {
    let chunks: Vec<usize> = contestants
        .iter_mut()
        .map(|contestant| warm_up(&mut contestant.drive, plan.turn))
        .collect();
    let mut laps: Vec<Lap> = chunks.iter().map(|_| Lap::default()).collect();
    for round in 0..plan.rounds {
        for turn in 0..contestants.len() {
            let at = (round + turn) % contestants.len();
            measure(&mut contestants[at], chunks[at], plan.turn, &mut laps[at]);
        }
    }
    laps
}

/// One turn. It ends by the clock and not after a number of calls, so that a wrong guess of their speed, on a machine
/// that was busy at the start, shortens nobody's turns.
fn measure(contestant: &mut Contestant, chunk: usize, turn: Duration, lap: &mut Lap) {
    let cpu = |contestant: &Contestant| cpu_time(0) + contestant.server.cpu_time();
    let (cpu_before, start) = (cpu(contestant), Instant::now());
    let mut made = 0;
    while start.elapsed() < turn {
        made += (contestant.drive)(chunk);
    }
    let wall = start.elapsed();
    lap.calls += made;
    lap.wall.push(wall.as_secs_f64() / made as f64);
    lap.cpu
        .push(cpu(contestant).saturating_sub(cpu_before).as_secs_f64() / made as f64);
}

/// Runs until connections, caches and allocators have settled; answers how many calls fill about half a turn.
fn warm_up(drive: &mut Driver, turn: Duration) -> usize {
    // Makes the connection, which may take longer than a turn and says nothing of how long a call takes.
    let mut calls = drive(1);
    // The fastest so far: a pause that the machine makes would end the search early, and leave turns of a few calls.
    let mut fastest = f64::INFINITY;
    loop {
        let start = Instant::now();
        let made = drive(calls) as f64;
        fastest = fastest.min(start.elapsed().as_secs_f64() / made);
        let fitting = turn.as_secs_f64() / 2.0 / fastest;
        if made * 2.0 >= fitting {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a count"
            )]
            return (fitting as usize).max(1);
        }
        calls *= 2;
    }
}
