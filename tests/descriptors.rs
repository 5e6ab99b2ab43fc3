//! A process that runs out of descriptors, as a stranger makes it who connects and says nothing.

mod support;

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit, setrlimit};
use support::{
    ProbeClient, ProbeServer, Prober, Process, Role, TargetClient, TargetProcess, await_state,
    serve_target, within,
};
use zmqrpc::proxy::{Proxy, Pull, Push};
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::push::{Puller, Pusher};
use zmqrpc::{Client, Error, Server};

const LIMIT: Duration = Duration::from_secs(120);
const DESCRIPTORS: u64 = 64;
/// How long libzmq waits for a peer to say who it is.
const HANDSHAKE: Duration = Duration::from_secs(10);
const ANYWHERE: &str = "tcp://127.0.0.1:*";

#[test]
fn target_process() {
    serve_target();
}

fn limit(descriptors: u64) -> Rlimit {
    Rlimit {
        current: Some(descriptors),
        maximum: Some(descriptors),
    }
}

/// A server that may not have more descriptors.
struct Limited(TargetProcess);

impl Limited {
    fn start() -> Self {
        let target = TargetProcess::start(2);
        let pid = Pid::from_raw(target.process.id().try_into().unwrap());
        prlimit(pid, Resource::Nofile, limit(DESCRIPTORS)).unwrap();
        Self(target)
    }

    fn address(&self) -> SocketAddr {
        let address = self.0.endpoint.trim_start_matches("tcp://");
        address.parse().unwrap()
    }

    fn of_system(&self, what: &str) -> String {
        format!("/proc/{}/{what}", self.0.process.id())
    }

    fn descriptors(&self) -> usize {
        fs::read_dir(self.of_system("fd")).unwrap().count()
    }

    fn threads(&self) -> usize {
        fs::read_dir(self.of_system("task")).unwrap().count()
    }

    /// How long it has used a processor.
    fn worked(&self) -> Duration {
        let stat = fs::read_to_string(self.of_system("stat")).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let fields: Vec<_> = fields.split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        // A hundredth of a second each.
        Duration::from_millis(10 * ticks)
    }
}

/// A client that waits for its server.
fn client(endpoint: &str) -> TargetClient<Client> {
    let client = Client::builder()
        .connect(endpoint)
        .connect_timeout(2 * HANDSHAKE)
        .timeout(2 * HANDSHAKE)
        .build();
    TargetClient::new(client.unwrap())
}

#[test]
fn silent_connections_keep_others_out_for_no_longer_than_the_handshake_limit() {
    within(LIMIT, || {
        let server = Limited::start();
        let early = client(&server.0.endpoint);
        early.add(2, 3).unwrap();
        let (before, worked) = (server.descriptors(), server.worked());

        let start = Instant::now();
        let connect =
            |_| TcpStream::connect_timeout(&server.address(), Duration::from_secs(1)).ok();
        let silent: Vec<_> = (0..500).filter_map(connect).collect();
        // They are more than it can have, and got as far as its door.
        assert!(silent.len() > 400, "{}", silent.len());
        assert!(server.descriptors() > usize::try_from(DESCRIPTORS).unwrap() - 2);
        assert_eq!(early.add(2, 3), Ok(5), "who is in stays in");
        assert_eq!(
            client(&server.0.endpoint).add(2, 3),
            Ok(5),
            "who comes waits"
        );
        let took = start.elapsed();
        let worked = server.worked().saturating_sub(worked);
        println!("served after {took:?}, which took {worked:?} of a processor");
        // The client tries every two seconds.
        assert!(took < HANDSHAKE + Duration::from_secs(4), "{took:?}");
        assert!(worked < took / 4, "{worked:?} of {took:?}");
        assert_eq!(early.add(2, 3), Ok(5));

        // The silent ones still hold their ends.
        short_lived(&server, 10_000);
        await_state("the descriptors", || server.descriptors() <= before);
        drop(silent);
    });
}

/// Clients that connect, call once and go, some at a time.
fn short_lived(server: &Limited, count: usize) {
    const AT_ONCE: usize = 8;
    let (threads, memory) = (server.threads(), server.0.process.memory());
    let (endpoint, start) = (&server.0.endpoint, Instant::now());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                for number in 0..(count / AT_ONCE) as u64 {
                    assert_eq!(client(endpoint).add(number, 1), Ok(number + 1));
                }
            });
        }
    });
    let grown = server.0.process.memory().saturating_sub(memory);
    println!(
        "{count} clients within {:?}, {grown} bytes",
        start.elapsed()
    );
    assert!(grown < 8 << 20, "{grown}");
    assert_eq!(server.threads(), threads);
}

/// No test, but the process of the next one: starts everything with ever more descriptors.
#[test]
fn starving_process() {
    let Some(role) = Role::of("starving_process") else {
        return;
    };
    setrlimit(Resource::Nofile, limit(DESCRIPTORS)).unwrap();
    let mut held = Vec::new();
    let mut started = [0; 5];
    for free in 0..40 {
        // Each time all over again: what was closed last may close a moment later.
        while let Ok(file) = File::open("/dev/null") {
            held.push(file);
        }
        for (number, count) in started.iter_mut().enumerate() {
            let room = held.len().saturating_sub(free);
            held.truncate(room);
            let outcome = start(number);
            *count += usize::from(outcome.is_ok());
            if let Err(error) = outcome {
                let reason = error.to_string();
                assert!(
                    reason.contains("too many open files"),
                    "{free}, {number}: {reason}"
                );
            }
            while let Ok(file) = File::open("/dev/null") {
                held.push(file);
            }
        }
    }
    role.tell(format!("{started:?}"));
    role.order();
}

/// Starts one thing, and ends it.
fn start(number: usize) -> Result<(), Error> {
    match number {
        0 => Client::connect("tcp://127.0.0.1:1").map(drop),
        1 => Server::builder()
            .service(ProbeServer::new(Prober::default()))
            .bind(ANYWHERE)
            .subscribe(Subscription::bind(ANYWHERE))
            .pull(Puller::bind(ANYWHERE))
            .start()
            .map(drop),
        2 => Publisher::bind(ANYWHERE).map(drop),
        3 => Pusher::bind(ANYWHERE).map(drop),
        _ => Proxy::new(Pull::new().bind(ANYWHERE), Push::new().bind(ANYWHERE))
            .start()
            .map(drop),
    }
}

#[test]
fn without_descriptors_nothing_starts_and_nothing_breaks() {
    within(LIMIT, || {
        let process = Process::start("starving_process", "");
        let started = process.hear();
        println!("{started}");
        // All of it, with enough of them.
        let mut counts = started.split(|letter: char| !letter.is_ascii_digit());
        assert!(!counts.any(|count| count == "0"), "{started}");
    });
}

/// No test, but a process of many clients.
#[test]
fn crowded_process() {
    let Some(role) = Role::of("crowded_process") else {
        return;
    };
    setrlimit(Resource::Nofile, limit(20_000)).unwrap();
    let server = Server::builder().service(ProbeServer::new(Prober::default()));
    let server = server.bind(ANYWHERE).start().unwrap();
    let endpoint = &server.endpoints()[0];
    let caller = ProbeClient::new(Client::connect(endpoint).unwrap());
    assert_eq!(caller.add(2, 3), Ok(5));
    let count = |what: &str| fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
    let (descriptors, threads) = (count("fd"), count("task"));
    let clients: Vec<_> = (0..CROWD)
        .map(|_| Client::connect("tcp://127.0.0.1:1").unwrap())
        .collect();
    let each = (count("fd") - descriptors) / CROWD;
    println!("{each} descriptors for each client that has no connection");
    assert!(each <= DESCRIPTORS_EACH, "{each}");
    assert_eq!(count("task"), threads);
    drop(clients);
    await_state("their end", || count("fd") <= descriptors);
    let clients: Vec<_> = (0..CROWD)
        .map(|_| ProbeClient::connect(endpoint).unwrap())
        .collect();
    for client in &clients {
        assert_eq!(client.add(2, 3), Ok(5));
    }
    let each = (count("fd") - descriptors) / CROWD;
    println!(
        "{each} descriptors for each client that a thread has called with, its server's end among them"
    );
    // The ends of the connection, and the clock of who waits.
    assert!(each <= DESCRIPTORS_EACH + 3, "{each}");
    assert_eq!(count("task"), threads);
    drop(clients);
    // As many as there are descriptors for, and what is said then is why.
    let mut clients = Vec::new();
    let error = loop {
        match Client::connect("tcp://127.0.0.1:1") {
            Ok(client) => clients.push(client),
            Err(error) => break error,
        }
    };
    assert!(clients.len() > CROWD, "{}", clients.len());
    assert!(error.to_string().contains("too many open files"), "{error}");
    role.tell("done");
}

/// What a client takes without a connection: two for each of its three sockets, two to wait for, and its bell.
const DESCRIPTORS_EACH: usize = 9;

/// More than libzmq's own limit of sockets lets be.
const CROWD: usize = 500;

#[test]
fn a_process_has_as_many_clients_as_it_has_descriptors_for() {
    within(LIMIT, || {
        assert_eq!(Process::start("crowded_process", "").hear(), "done");
    });
}

/// No test, but a process of a user who may have no more threads.
#[test]
fn threadless_process() {
    let Some(role) = Role::of("threadless_process") else {
        return;
    };
    let (mut failed, mut started) = (0, 0);
    for more in 0..16 {
        let threads = fs::read_dir("/proc/self/task").unwrap().count() as u64;
        setrlimit(Resource::Nproc, limit_now(threads + more)).unwrap();
        match start(usize::try_from(more).unwrap() % 5) {
            Ok(()) => started += 1,
            Err(error) => {
                let reason = error.to_string();
                assert!(reason.contains("thread"), "{more}: {reason}");
                failed += 1;
            }
        }
    }
    role.tell(format!("{failed} {started}"));
}

/// The limit that is in force, below one that allows more.
fn limit_now(count: u64) -> Rlimit {
    Rlimit {
        current: Some(count),
        maximum: Some(10_000),
    }
}

#[test]
fn without_threads_nothing_starts_and_nothing_breaks() {
    // The limit is that of a user, and none to root.
    let other = [
        "setpriv",
        "--reuid=54321",
        "--regid=54321",
        "--clear-groups",
    ];
    let possible = Command::new(other[0])
        .args(&other[1..])
        .arg("true")
        .status();
    if !possible.is_ok_and(|status| status.success()) {
        return eprintln!("few threads: NOT RUN, it takes root and setpriv");
    }
    within(LIMIT, move || {
        let process = Process::start_through(&other, "threadless_process", "");
        let told = process.hear();
        println!("failed and started: {told}");
        assert!(!told.split(' ').any(|count| count == "0"), "{told}");
    });
}
