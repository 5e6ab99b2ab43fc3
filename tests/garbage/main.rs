//! Strangers at every port that a process can open: whatever they send, no command of theirs runs, the process goes on,
//! holds its memory, and serves those who come with something sensible.
//!
//! As many strings as `ZMQRPC_GARBAGE` says, or 100,000.

#[path = "../support/mod.rs"]
mod support;

mod bell;
mod recording;
mod strings;
mod town;
mod witness;

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bell::Mark;
use recording::{Guest, Recording};
use strings::Text;
use support::{Random, await_state, within};
use town::Town;
use witness::Witness;

const LIMIT: Duration = Duration::from_secs(1_200);
const MEMORY: usize = 50 << 20;
/// Connections that each attacker keeps open.
const OPEN: usize = 32;
const ATTACKERS: u64 = 2;

#[test]
fn town_process() {
    town::live();
}

#[test]
fn garbage_at_any_port_runs_nothing_and_stops_nothing() {
    within(LIMIT, || {
        let count = std::env::var("ZMQRPC_GARBAGE").map_or(100_000, |text| text.parse().unwrap());
        let town = Town::start();
        let mut witness = Witness::of(&town);
        witness.look();
        let recordings: Arc<[_]> = town
            .ports
            .iter()
            .map(|port| Recording::of(port, &witness))
            .collect();
        // What was recorded, sent by hand, is understood: else its variations would prove nothing.
        for recording in &*recordings {
            recording.is_understood(&witness);
        }
        let harmed = witness.rung(Mark::Harmed);
        assert_eq!(harmed, 10, "once at each port whose guests ring");
        witness.look();
        let descriptors = town.descriptors();
        let memory = town.process.memory();
        let start = Instant::now();

        let (sent, next) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let attackers: Vec<_> = (0..ATTACKERS)
            .map(|seed| {
                let (recordings, sent) = (Arc::clone(&recordings), Arc::clone(&sent));
                let next = Arc::clone(&next);
                thread::spawn(move || attack(&recordings, count, seed, &next, &sent))
            })
            .collect();
        let mut rounds = 0;
        let mut worst = Duration::ZERO;
        while sent.load(Ordering::Relaxed) < count && !attackers.iter().all(JoinHandle::is_finished)
        {
            let start = Instant::now();
            witness.look();
            worst = worst.max(start.elapsed());
            rounds += 1;
        }
        for attacker in attackers {
            attacker.join().unwrap();
        }
        let took = start.elapsed();
        witness.look();
        let grown = town.process.memory().saturating_sub(memory);
        let peak = town.process.memory_peak().saturating_sub(memory);
        println!("{count} strings within {took:?}; {rounds} rounds, the longest {worst:?}");
        println!(
            "memory: {} KiB more, {} KiB at most",
            grown >> 10,
            peak >> 10
        );
        assert!(peak < MEMORY, "{peak}");
        assert_eq!(
            witness.rung(Mark::Harmed),
            harmed,
            "a command ran that is none"
        );
        // Strings got as far as the reader of each port.
        let malformed = witness.malformed();
        let harmless = witness.rung(Mark::Harmless);
        println!("malformed: {malformed:?}; {harmless} changes were harmless");
        assert_eq!(malformed.len(), 11);
        assert!(malformed.iter().all(|(_, count)| *count > 0));
        await_state("the descriptors", || town.descriptors() <= descriptors);
    });
}

fn attack(
    recordings: &[Recording],
    count: usize,
    seed: u64,
    next: &AtomicUsize,
    sent: &AtomicUsize,
) {
    let mut random = Random(seed);
    let mut open = VecDeque::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return;
        }
        let recording = &recordings[number % recordings.len()];
        let text = Text::draw(recording, &mut random);
        if let Some(stream) = send(&recording.port.address(), &text) {
            open.push_back(stream);
        }
        if open.len() > OPEN {
            open.pop_front();
        }
        sent.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sends a string to whoever listens; whether it is taken is that one's business.
fn send(address: &str, text: &Text) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    stream.set_nodelay(true).unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    stream.write_all(&text.first).ok()?;
    if !text.then.is_empty() {
        // Who goes on before the other side is ready, too, is cut off.
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        let mut theirs = [0; 66];
        stream.read_exact(&mut theirs).ok()?;
        stream.read_exact(&mut vec![0; theirs[65].into()]).ok()?;
        stream.write_all(&text.then).ok()?;
    }
    Some(stream)
}

/// Whom a port waits for.
pub(crate) fn guest(name: &str) -> Guest {
    match name {
        "receiver" => Guest::Sender,
        "server" | "rep2req" | "rep2pub" | "buffered" => Guest::Caller,
        "subscription" | "sub2req" | "sub2pub" => Guest::Publisher,
        "pull" | "pull2req" | "pull2push" => Guest::Pusher,
        "publisher" | "rep2pub back" | "sub2pub back" => Guest::Subscriber,
        "pusher" | "pull2push back" => Guest::Puller,
        other => panic!("{other} is no port"),
    }
}
