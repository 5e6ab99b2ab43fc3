//! Servers that end while callers call, methods hang and peers are frozen.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use zmqrpc::{Client, Error, Ping, Server, ServerHandle};

use crate::support::{
    AtDesk, Desk, Possessions, Process, Role, TargetBytes, TargetClient, TargetHold, TargetNever,
    TargetServer, alone, await_state,
};

const LIMIT: Duration = Duration::from_secs(90);
const WORKERS: usize = 2;
const REPLIES: u64 = 1_000;
const REPLY: u64 = 256 << 10;

/// What leaving the endpoints and a busy machine may add.
const SLACK: Duration = Duration::from_millis(1_500);

/// The role of a client that asks for a lot, once the methods that it calls first have ended.
pub(crate) const CROWD: &str = "crowd_process";

pub(crate) fn crowd() {
    let Some(role) = Role::of(CROWD) else { return };
    let client = Client::builder()
        .connect(&role.argument)
        .ping(Ping {
            interval: Duration::MAX,
            timeout: Duration::MAX,
        })
        .build()
        .unwrap();
    let held = [0; WORKERS].map(|gate| client.begin(&TargetHold { gate }).unwrap());
    let asked: Vec<_> = (0..REPLIES)
        .map(|_| client.begin(&TargetBytes { count: REPLY }).unwrap())
        .collect();
    role.tell("asked");
    role.order();
    drop((held, asked));
}

/// A server with all of that at once.
struct Fire {
    server: Option<ServerHandle>,
    desk: Arc<Desk>,
    callers: Vec<JoinHandle<()>>,
    clients: Vec<Client>,
    frozen: Process,
}

impl Fire {
    fn light() -> Self {
        let desk = Arc::new(Desk::default());
        let server = Server::builder()
            .service(TargetServer::new(AtDesk(Arc::clone(&desk))))
            .worker_threads(WORKERS)
            .bind("tcp://127.0.0.1:*")
            .start()
            .unwrap();
        let endpoint = server.endpoints().remove(0);
        let frozen = freeze_a_full_peer(&server, &desk, &endpoint);
        // Some callers share a client, others have one each.
        let clients: Vec<_> = (0..5)
            .map(|_| {
                Client::builder()
                    .connect(&endpoint)
                    .connect_timeout(Duration::from_millis(500))
                    .build()
                    .unwrap()
            })
            .collect();
        let answered = Arc::new(AtomicU64::new(0));
        let callers = (0..8)
            .map(|number| {
                let calls = TargetClient::new(clients[number % 5].clone());
                let answered = Arc::clone(&answered);
                thread::spawn(move || call_until_the_end(&calls, &answered))
            })
            .collect();
        await_state("calls are under way", || {
            answered.load(Ordering::Relaxed) > 500
        });
        Self {
            server: Some(server),
            desk,
            callers,
            clients,
            frozen,
        }
    }

    fn shut_down(&self, limit: Duration) -> Result<(), Error> {
        self.server.as_ref().unwrap().shutdown(limit)
    }

    /// Leaves a plain and an `async` method hanging.
    fn hang(&self) {
        let client = self.clients[0].with_timeout(Duration::from_secs(30));
        // Both go on although their caller gives up: nobody tells the server in this moment.
        let (plain, task) = (
            client.begin(&TargetHold { gate: 1 }).unwrap(),
            client.begin(&TargetNever).unwrap(),
        );
        self.desk.gate(1).await_arrivals(1);
        await_state("an async method hangs", || self.desk.present() == 1);
        thread::spawn(move || (plain.wait(), task.wait()));
    }

    /// Everything but the server goes; that takes no longer than the last messages may linger.
    fn put_out(self) {
        let Self {
            server,
            desk,
            callers,
            clients,
            frozen,
        } = self;
        for caller in callers {
            caller.join().unwrap();
        }
        await_state("the async method has ended", || desk.present() == 0);
        desk.gate(1).open();
        let start = Instant::now();
        drop((server, clients));
        let took = start.elapsed();
        assert!(took < Duration::from_secs(1) + SLACK, "{took:?}");
        drop(frozen);
    }
}

/// A peer whose queues are full on the whole way, and that reads nothing any more.
fn freeze_a_full_peer(server: &ServerHandle, desk: &Desk, endpoint: &str) -> Process {
    let peer = Process::start(CROWD, endpoint);
    assert_eq!(peer.hear(), "asked");
    await_state("all requests have arrived", || {
        server.stats().requests == REPLIES + WORKERS as u64
    });
    peer.freeze();
    desk.gate(0).open();
    await_state("replies have no room any more", || {
        server.stats().dropped > 0
    });
    peer
}

fn call_until_the_end(calls: &TargetClient<Client>, answered: &AtomicU64) {
    loop {
        match calls.add(2, 3) {
            Ok(sum) => {
                assert_eq!(sum, 5);
                answered.fetch_add(1, Ordering::Relaxed);
            }
            Err(Error::ShuttingDown { .. } | Error::Unavailable { .. }) => return,
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Lights a fire twice: what is open after the second one was open after the first.
fn under_fire(end: impl Fn(&mut Fire) -> Duration + Send + 'static, most: Duration) {
    alone(LIMIT, move || {
        let mut before = None;
        for _ in 0..2 {
            let mut fire = Fire::light();
            let took = end(&mut fire);
            eprintln!("the server ended in {took:?}");
            assert!(took < most + SLACK, "{took:?} instead of {most:?}");
            fire.put_out();
            match before {
                None => before = Some(Possessions::settled(Possessions::NONE)),
                Some(before) => before.assert_kept(),
            }
        }
    });
}

fn timed<R>(action: impl FnOnce() -> R) -> (R, Duration) {
    let start = Instant::now();
    let result = action();
    (result, start.elapsed())
}

#[test]
fn a_server_ends_well_although_callers_call_and_a_peer_is_frozen() {
    let end = |fire: &mut Fire| {
        let (result, took) = timed(|| fire.shut_down(Duration::from_secs(20)));
        assert_eq!(result, Ok(()));
        took
    };
    // So long it waits for the frozen peer.
    under_fire(end, Duration::from_secs(1));
}

#[test]
fn a_shutdown_keeps_to_its_limit_although_methods_hang() {
    let limit = Duration::from_millis(700);
    let end = move |fire: &mut Fire| {
        fire.hang();
        let (result, took) = timed(|| fire.shut_down(limit));
        assert_eq!(result, Err(Error::StillRunning { timeout: limit }));
        assert!(took >= limit);
        took
    };
    under_fire(end, limit);
}

#[test]
fn a_server_that_is_dropped_ends_although_methods_hang() {
    let end = |fire: &mut Fire| {
        fire.hang();
        let server = fire.server.take();
        timed(|| drop(server)).1
    };
    under_fire(end, Duration::from_secs(1));
}
