//! Callers: each records what it was told of each of its calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use zmqrpc::{AsyncClient, Client, ClientBuilder, Error, Executed, Ping};

use crate::ledger::Ledger;
use crate::servers::ClerkClient;
use crate::support::{Peer, Possessions, Random, Role, call_by_name};

/// What each call has.
pub(crate) const LIMIT: Duration = Duration::from_secs(3);

/// The numbers of one process, which no other one uses.
pub(crate) const NUMBERS: u64 = 1 << 40;

const THREADS: u64 = 2;
const TASKS: u64 = 6;

struct Caller {
    book: Ledger,
    next: AtomicU64,
    over: AtomicBool,
}

impl Caller {
    fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn record(&self, number: u64, method: &str, outcome: &Outcome, since: Instant) {
        let millis = since.elapsed().as_millis();
        let Outcome { told, text } = outcome;
        let line = format!("{number} {method} {told} {millis} {text}");
        self.book.record(&line);
    }
}

/// What a caller was told: a reply, or whether the call was executed; and the error's text.
struct Outcome {
    told: &'static str,
    text: String,
}

impl Outcome {
    fn new(told: &'static str) -> Self {
        let text = String::new();
        Self { told, text }
    }

    fn of(result: Result<u64, Error>, number: u64) -> Self {
        match result {
            Ok(answer) if answer == number => Self::new("ok"),
            Ok(answer) => Self {
                told: "wrong",
                text: answer.to_string(),
            },
            Err(error) => Self {
                told: match error.executed() {
                    Executed::No => "no",
                    Executed::Maybe => "maybe",
                    Executed::Yes => "yes",
                },
                text: error.to_string(),
            },
        }
    }
}

/// The process's own side: `direct|keep|raw FIRST_NUMBER BOOK ENDPOINT...`.
pub(crate) fn call() {
    let Some(role) = Role::of("caller_process") else {
        return;
    };
    let words: Vec<&str> = role.argument.split(' ').collect();
    let [way, first, book, ref endpoints @ ..] = words[..] else {
        panic!("{}", role.argument);
    };
    let caller = Arc::new(Caller {
        book: Ledger::append(book),
        next: AtomicU64::new(first.parse().unwrap()),
        over: AtomicBool::new(false),
    });
    role.tell("ready");
    let own = Arc::clone(&caller);
    let endpoints: Vec<String> = endpoints.iter().map(|text| (*text).to_owned()).collect();
    let calling = match way {
        "direct" => std::thread::spawn(move || direct(&own, &endpoints)),
        "keep" => std::thread::spawn(move || keep(&own, &endpoints)),
        "raw" => std::thread::spawn(move || raw(&own, &endpoints[0])),
        _ => panic!("{way}"),
    };
    while role.order() != "stop" {}
    caller.over.store(true, Ordering::Relaxed);
    role.tell(calling.join().unwrap());
}

fn settings(endpoints: &[String]) -> ClientBuilder {
    let builder = endpoints
        .iter()
        .fold(Client::builder(), ClientBuilder::connect);
    builder
        .timeout(LIMIT)
        .connect_timeout(Duration::from_secs(2))
        .ping(Ping {
            interval: Duration::from_millis(300),
            timeout: Duration::from_secs(1),
        })
}

/// Threads and tasks on one client. Answers what is left of it.
fn direct(caller: &Arc<Caller>, endpoints: &[String]) -> String {
    let before = Possessions::settled(Possessions::NONE);
    let client = settings(endpoints).build().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let tasks = (0..TASKS).map(|seed| {
        let stub = ClerkClient::new(AsyncClient::from(client.clone()));
        runtime.spawn(task(Arc::clone(caller), stub, seed))
    });
    let tasks: Vec<_> = tasks.collect();
    std::thread::scope(|scope| {
        for seed in 0..THREADS {
            let stub = ClerkClient::new(client.clone());
            scope.spawn(move || thread(caller, &stub, seed));
        }
    });
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    let in_flight = client.stats().in_flight;
    drop((client, runtime));
    before.assert_kept();
    format!("in flight {in_flight}")
}

fn thread(caller: &Caller, stub: &ClerkClient<Client>, seed: u64) {
    let mut random = Random(seed);
    while !caller.is_over() {
        let (number, since) = (caller.number(), Instant::now());
        let (method, result) = match random.below(8) {
            0 => {
                let micros = random.number() % 5_000;
                ("work", stub.work(number, micros))
            }
            1 => ("note", stub.note(number).map(|()| number)),
            2 | 3 => ("put", stub.put(number)),
            4 => ("take_later", stub.take_later(number, 1_000)),
            _ => ("take", stub.take(number)),
        };
        caller.record(number, method, &Outcome::of(result, number), since);
    }
}

async fn task(caller: Arc<Caller>, stub: ClerkClient<AsyncClient>, seed: u64) {
    let mut random = Random(seed + THREADS);
    while !caller.is_over() {
        let (number, since) = (caller.number(), Instant::now());
        let (method, result) = match random.below(8) {
            0 => {
                let micros = random.number() % 5_000;
                ("work", stub.work(number, micros).await)
            }
            1 => ("note", stub.note(number).await.map(|()| number)),
            2 | 3 => ("put", stub.put(number).await),
            4 => ("take_later", stub.take_later(number, 1_000).await),
            5 => {
                // Given up in the middle: nothing may be told of it, and it may have been executed.
                let call = stub.take_later(number, 20_000);
                let limit = Duration::from_millis(random.number() % 5);
                let _ = tokio::time::timeout(limit, call).await;
                continue;
            }
            _ => ("take", stub.take(number).await),
        };
        caller.record(number, method, &Outcome::of(result, number), since);
    }
}

/// Requests that a proxy keeps until its target is there.
fn keep(caller: &Caller, endpoints: &[String]) -> String {
    let client = settings(endpoints).build().unwrap();
    let stub = ClerkClient::new(client.clone());
    while !caller.is_over() {
        let (number, since) = (caller.number(), Instant::now());
        let result = stub.store(number).map(|()| number);
        caller.record(number, "store", &Outcome::of(result, number), since);
    }
    format!("in flight {}", client.stats().in_flight)
}

/// A client in another language: frames by hand, one call after the other.
fn raw(caller: &Caller, endpoint: &str) -> String {
    let peer = Peer::connect(endpoint);
    while !caller.is_over() {
        let (number, since) = (caller.number(), Instant::now());
        let arguments = [&[0x91, 0xCF][..], &number.to_be_bytes()].concat();
        let id = number % NUMBERS + 1;
        let limit = u64::try_from(LIMIT.as_millis()).unwrap();
        let frame = call_by_name(id, "Clerk.take", limit, &arguments);
        // Without a server there may be no room.
        let sent = peer.0.send(frame, zmq::DONTWAIT).is_ok();
        let outcome = if sent {
            Outcome::new(answer_of(&peer, id, since))
        } else {
            std::thread::sleep(Duration::from_millis(10));
            Outcome::new("no")
        };
        caller.record(number, "raw", &outcome, since);
    }
    "in flight 0".into()
}

/// What became of a call: none of the other frames that come is its reply.
fn answer_of(peer: &Peer, id: u64, since: Instant) -> &'static str {
    loop {
        let remaining = LIMIT.saturating_sub(since.elapsed());
        let Some(frame) = peer
            .receive(remaining.max(Duration::from_millis(1)))
            .and_then(|mut frames| frames.pop())
        else {
            return "maybe";
        };
        if frame[..3] != [0xC1, 1, 0x81] || frame[3..11] != id.to_le_bytes() {
            continue;
        }
        return match (frame[11], frame[14..].first()) {
            (0, _) => "ok",
            (_, Some(0)) => "no",
            (_, Some(2)) => "yes",
            _ => "maybe",
        };
    }
}
