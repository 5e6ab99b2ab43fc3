//! Many threads and tasks on one client: every answer is right, and nothing is left behind.
//!
//! `ZMQRPC_STRESS_CALLS` sets the number of calls (default 40,000; a million takes some minutes).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use zmqrpc::{AsyncClient, CallError, Client, Error, Server, zmq_service};

/// Answers what can be checked.
#[zmq_service]
trait Echo {
    fn add(&self, a: u64, b: u64) -> u64;
    fn bytes(&self, seed: u8, value: &[u8]) -> Vec<u8>;
    async fn later(&self, value: u64, micros: u64) -> u64;
    fn fail(&self, value: u64) -> Result<(), u64>;
}

struct Wall;

impl Echo for Wall {
    fn add(&self, a: u64, b: u64) -> u64 {
        a.wrapping_add(b)
    }

    fn bytes(&self, seed: u8, value: &[u8]) -> Vec<u8> {
        value.iter().map(|byte| byte.wrapping_add(seed)).collect()
    }

    async fn later(&self, value: u64, micros: u64) -> u64 {
        tokio::time::sleep(Duration::from_micros(micros)).await;
        value
    }

    fn fail(&self, value: u64) -> Result<(), u64> {
        Err(value)
    }
}

/// A small generator: reproducible, and the same on every thread that starts with the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

fn payload(random: &mut Random) -> Vec<u8> {
    let len = match random.below(20) {
        0 => random.below(100_000),
        1..=5 => random.below(2_000),
        _ => random.below(40),
    };
    (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect()
}

fn check_bytes(sent: &[u8], seed: u8, got: &[u8]) {
    assert_eq!(sent.len(), got.len());
    assert!(
        sent.iter()
            .zip(got)
            .all(|(sent, got)| sent.wrapping_add(seed) == *got)
    );
}

fn blocking(client: &Client, calls: u64, seed: u64) {
    let echo = EchoClient::new(client.clone());
    let mut random = Random(seed);
    let mut begun = Vec::new();
    for _ in 0..calls {
        match random.below(8) {
            0 => {
                let (value, seed) = (payload(&mut random), 7);
                check_bytes(&value, seed, &echo.bytes(seed, &value).unwrap());
            }
            1 => {
                let value = random.next();
                assert_eq!(echo.fail(value), Err(CallError::Service(value)));
            }
            2 => {
                let value = random.next();
                begun.push((value, client.begin(&EchoAdd { a: value, b: 1 }).unwrap()));
                if begun.len() > 5 {
                    // Some are waited for, some are given up.
                    for (i, (value, call)) in begun.drain(..).enumerate() {
                        if i % 2 == 0 {
                            assert_eq!(call.wait().unwrap(), value + 1);
                        }
                    }
                }
            }
            3 => client.notify(&EchoAdd { a: 1, b: 2 }).unwrap(),
            _ => {
                let (a, b) = (random.next(), random.next());
                assert_eq!(echo.add(a, b).unwrap(), a + b);
            }
        }
    }
}

async fn waiting(client: AsyncClient, calls: u64, seed: u64, cancelled: &AtomicU64) {
    let echo = EchoClient::new(client);
    let mut random = Random(seed);
    for _ in 0..calls {
        match random.below(6) {
            0 => {
                let (value, seed) = (payload(&mut random), 9);
                check_bytes(&value, seed, &echo.bytes(seed, &value).await.unwrap());
            }
            1 => {
                // Dropped at any of its polls.
                let (value, micros) = (random.next(), random.below(400));
                let limit = Duration::from_micros(random.below(600));
                match tokio::time::timeout(limit, echo.later(value, micros)).await {
                    Ok(got) => assert_eq!(got.unwrap(), value),
                    Err(_) => drop(cancelled.fetch_add(1, Ordering::Relaxed)),
                }
            }
            2 => drop(echo.add(1, 2)),
            _ => {
                let (a, b) = (random.next(), random.next());
                assert_eq!(echo.add(a, b).await.unwrap(), a + b);
            }
        }
    }
}

fn calls() -> u64 {
    std::env::var("ZMQRPC_STRESS_CALLS").map_or(40_000, |calls| calls.parse().unwrap())
}

#[test]
fn threads_and_tasks_share_a_client() {
    let (threads, tasks) = (64, 1_000);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let server = {
        let _entered = runtime.enter();
        Server::builder()
            .service(EchoServer::new(Wall))
            .bind("tcp://127.0.0.1:*")
            .start()
            .unwrap()
    };
    let client = Client::builder()
        .connect(server.endpoints().remove(0))
        .timeout(Duration::from_secs(120))
        .build()
        .unwrap();
    let cancelled = Arc::new(AtomicU64::new(0));
    let half = calls() / 2;
    std::thread::scope(|scope| {
        for seed in 0..threads {
            let client = &client;
            scope.spawn(move || blocking(client, half / threads, seed));
        }
        let running: Vec<_> = (0..tasks)
            .map(|seed| {
                let (client, cancelled) =
                    (AsyncClient::from(client.clone()), Arc::clone(&cancelled));
                runtime.spawn(async move {
                    waiting(client, (half / tasks).max(1), 1 << 40 | seed, &cancelled).await;
                })
            })
            .collect();
        for task in running {
            runtime.block_on(task).unwrap();
        }
    });
    assert!(
        cancelled.load(Ordering::Relaxed) > 0,
        "no call was dropped on its way"
    );
    assert_eq!(client.stats().in_flight, 0);
    server.shutdown(Duration::from_secs(10)).unwrap();
    let stats = server.stats();
    assert_eq!(
        (stats.malformed, stats.refused, stats.panics, stats.dropped),
        (0, 0, 0, 0),
        "{stats:?}"
    );
    assert!(matches!(
        EchoClient::new(client.with_timeout(Duration::from_millis(50))).add(1, 2),
        Err(Error::Unavailable { .. })
    ));
}

/// More calls than either socket has room for: both sides keep what does not fit, and try again when there is room.
/// Without another receive after a refused send, one of them sleeps beside what has arrived, until pings fail.
#[test]
fn calls_beyond_the_room_of_the_sockets_all_end() {
    let at_once = 4_000;
    let server = Server::builder()
        .service(EchoServer::new(Wall))
        .bind("tcp://127.0.0.1:*")
        .start()
        .unwrap();
    let client = Client::builder()
        .connect(server.endpoints().remove(0))
        .timeout(Duration::from_secs(120))
        .build()
        .unwrap();
    for batch in 0..calls().div_ceil(at_once) {
        let begun: Vec<_> = (0..at_once)
            .map(|number| {
                client.begin(&EchoAdd {
                    a: batch,
                    b: number,
                })
            })
            .collect();
        for (number, call) in (0..).zip(begun) {
            assert_eq!(call.unwrap().wait().unwrap(), batch + number);
        }
    }
    let stats = client.stats();
    assert_eq!(
        (stats.in_flight, stats.late_replies, stats.renewals),
        (0, 0, 0)
    );
}
