//! The processes, and what happens to them.

use std::time::{Duration, Instant};

use crate::callers::NUMBERS;
use crate::ledger::Books;
use crate::support::{Process, Random, ipc};

/// A process that is ended and started again.
struct Part {
    role: &'static str,
    argument: String,
    process: Process,
}

/// Callers that are started again take numbers that were not used before them.
const LIFETIME: u64 = 1 << 24;

impl Part {
    /// Starts it; what it tells first goes along.
    fn start(role: &'static str, argument: String) -> (Self, String) {
        let process = Process::start(role, &argument);
        let told = process.hear();
        let part = Self {
            role,
            argument,
            process,
        };
        (part, told)
    }

    fn restart(&mut self) {
        self.process = Process::start(self.role, &self.argument);
        self.process.hear();
    }

    fn kill(&mut self) {
        self.process.kill();
    }

    /// Ends it as its user would; what it tells at last.
    fn stop(&mut self) -> String {
        self.process.order("stop");
        let told = self.process.hear();
        self.process.wait();
        told
    }
}

pub(crate) struct Fleet {
    servers: Vec<Part>,
    /// One that passes on, one that keeps.
    relays: Vec<Part>,
    callers: Vec<Caller>,
    publisher: Part,
    publishers: u64,
    subscriber: Part,
}

/// A process of callers, and what to start the next one with.
struct Caller {
    part: Part,
    way: String,
    book: String,
    next: u64,
}

impl Caller {
    fn start(number: u64, way: &str, books: &Books) -> Self {
        let book = books.path(&format!("told-{number}"));
        let next = number * NUMBERS;
        Self {
            part: Part::start("caller_process", argument(way, next, &book)).0,
            way: way.to_owned(),
            book,
            next: next + LIFETIME,
        }
    }

    /// What it had under way is told to nobody, and may be executed or not.
    fn replace(&mut self) {
        self.part.kill();
        self.part.argument = argument(&self.way, self.next, &self.book);
        self.next += LIFETIME;
        self.part.restart();
    }
}

/// Of a process that calls by `way`: what it does, and where.
fn argument(way: &str, first: u64, book: &str) -> String {
    let (kind, endpoints) = way.split_once(' ').unwrap();
    format!("{kind} {first} {book} {endpoints}")
}

impl Fleet {
    pub(crate) fn start(books: &Books) -> Self {
        let servers = ["a", "b"].map(|name| {
            let endpoint = if name == "a" {
                "tcp://127.0.0.1:*".to_owned()
            } else {
                ipc("soak-b")
            };
            let book = books.path(&format!("executed-{name}"));
            let (mut part, endpoint) = Part::start("server_process", format!("{endpoint} {book}"));
            part.argument = format!("{endpoint} {book}");
            (part, endpoint)
        });
        let [(a, at_a), (b, at_b)] = servers;
        let (passing, front) = relay(&format!("pass {{}} {at_a} {at_b}"));
        let file = books.path("queue");
        let (keeping, store) = relay(&format!("keep {{}} {at_a} {file}"));
        let ways = [
            format!("direct {at_a} {at_b}"),
            format!("direct {front}"),
            format!("direct {at_b} {front}"),
            format!("keep {store}"),
            format!("raw {at_a}"),
        ];
        let callers = (1_u64..).zip(ways);
        let callers = callers.map(|(number, way)| Caller::start(number, &way, books));
        let callers = callers.collect();
        let book = books.path("published");
        let anywhere = format!("tcp://127.0.0.1:* {book} 0");
        let (mut publisher, at) = Part::start("publisher_process", anywhere);
        publisher.argument = format!("{at} {book}");
        let (subscriber, _) = Part::start("subscriber_process", format!("{at} {book}"));
        Self {
            servers: vec![a, b],
            relays: vec![passing, keeping],
            callers,
            publisher,
            publishers: 1,
            subscriber,
        }
    }

    /// Kills, stops and freezes, one thing after the other.
    pub(crate) fn trouble(&mut self, time: Duration, seed: u64) {
        let (mut random, end) = (Random(seed), Instant::now() + time);
        let (mut kills, mut stops, mut freezes) = (0, 0, 0);
        while Instant::now() < end {
            // Long enough for most to be well again, short enough for some not to be.
            std::thread::sleep(Duration::from_millis(50 + random.number() % 700));
            match random.below(11) {
                0..=2 => {
                    let server = &mut self.servers[random.below(2)];
                    server.kill();
                    server.restart();
                    kills += 1;
                }
                3..=5 => {
                    let server = &mut self.servers[random.below(2)];
                    assert_eq!(server.stop(), "Ok(())");
                    server.restart();
                    stops += 1;
                }
                6 => {
                    let relay = &mut self.relays[random.below(2)];
                    relay.kill();
                    relay.restart();
                    kills += 1;
                }
                7 => {
                    let relay = &mut self.relays[random.below(2)];
                    assert_eq!(relay.stop(), "Ok(())");
                    relay.restart();
                    stops += 1;
                }
                8 => {
                    let server = &self.servers[random.below(2)].process;
                    server.freeze();
                    std::thread::sleep(Duration::from_millis(random.number() % 2_000));
                    server.thaw();
                    freezes += 1;
                }
                9 => {
                    let caller = random.below(self.callers.len());
                    self.callers[caller].replace();
                    kills += 1;
                }
                _ => {
                    self.replace_publisher();
                    kills += 1;
                }
            }
        }
        eprintln!("{kills} kills, {stops} stops, {freezes} freezes");
    }

    fn replace_publisher(&mut self) {
        self.publisher.kill();
        let argument = format!("{} {}", self.publisher.argument, self.publishers);
        self.publisher.process = Process::start(self.publisher.role, &argument);
        self.publisher.process.hear();
        self.publishers += 1;
    }

    /// Ends the callers, waits until everything that was accepted is delivered, ends the rest.
    pub(crate) fn end(mut self) {
        for caller in &mut self.callers {
            assert_eq!(caller.part.stop(), "in flight 0");
        }
        let keeping = &self.relays[1].process;
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            keeping.order("held");
            let held = keeping.hear();
            if held == "0" {
                break;
            }
            assert!(Instant::now() < end, "{held} requests are not delivered");
            std::thread::sleep(Duration::from_millis(20));
        }
        keeping.order("letters");
        assert_eq!(keeping.hear(), "0", "nothing was given up");
        eprintln!("the subscriber: {}", self.subscriber.stop());
        self.publisher.kill();
        for part in self.relays.iter_mut().chain(&mut self.servers) {
            assert_eq!(part.stop(), "Ok(())");
        }
    }
}

/// A relay at any port; it keeps that when it is started again.
fn relay(argument: &str) -> (Part, String) {
    let anywhere = argument.replace("{}", "tcp://127.0.0.1:*");
    let (mut part, front) = Part::start("relay_process", anywhere);
    part.argument = argument.replace("{}", &front);
    (part, front)
}
