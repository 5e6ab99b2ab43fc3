//! Many calls at once: on one server, over one client, from threads and from tasks.

mod support;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::time::{Duration, Instant};

use support::within;
use zmqrpc::{
    AsyncClient, CallError, Client, Error, Executed, Ping, Server, ServerHandle, zmq_service,
};

const LIMIT: Duration = Duration::from_secs(30);

/// Methods that only end when others run beside them.
#[zmq_service]
trait Together {
    fn meet(&self) -> bool;
    fn hold(&self);
    fn release(&self);
    fn quick(&self, value: u64) -> u64;
    async fn never(&self);
    #[zmq(idempotent)]
    fn count_again(&self) -> u64;
    fn fail(&self) -> Result<u64, String>;
}

struct Place {
    barrier: Barrier,
    open: Mutex<bool>,
    opened: Condvar,
    /// Calls of `never` that run.
    waiting: Arc<AtomicU64>,
}

impl Place {
    fn of(callers: usize) -> Arc<Self> {
        Arc::new(Self {
            barrier: Barrier::new(callers),
            open: Mutex::new(false),
            opened: Condvar::new(),
            waiting: Arc::default(),
        })
    }
}

/// Counts for as long as it lives.
struct Present(Arc<AtomicU64>);

impl Present {
    fn in_(place: &Arc<AtomicU64>) -> Self {
        place.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(place))
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Service(Arc<Place>);

impl Together for Service {
    fn meet(&self) -> bool {
        self.0.barrier.wait();
        true
    }

    fn hold(&self) {
        let open = self.0.open.lock().unwrap();
        drop(self.0.opened.wait_while(open, |open| !*open).unwrap());
    }

    fn release(&self) {
        *self.0.open.lock().unwrap() = true;
        self.0.opened.notify_all();
    }

    fn quick(&self, value: u64) -> u64 {
        value
    }

    async fn never(&self) {
        let _present = Present::in_(&self.0.waiting);
        std::future::pending::<()>().await;
    }

    fn count_again(&self) -> u64 {
        self.0.waiting.load(Ordering::SeqCst)
    }

    fn fail(&self) -> Result<u64, String> {
        Err("no".into())
    }
}

fn serve(place: &Arc<Place>, workers: usize, endpoint: &str) -> ServerHandle {
    Server::builder()
        .service(TogetherServer::new(Service(Arc::clone(place))))
        .worker_threads(workers)
        .bind(endpoint)
        .start()
        .unwrap()
}

fn connect(server: &ServerHandle) -> Client {
    Client::connect(&server.endpoints()[0]).unwrap()
}

fn wait_until(what: impl Fn() -> bool) {
    while !what() {
        std::thread::yield_now();
    }
}

#[test]
fn as_many_methods_run_at_once_as_there_are_workers() {
    within(LIMIT, || {
        let place = Place::of(6);
        let server = serve(&place, 6, "tcp://127.0.0.1:*");
        let client = connect(&server);
        let begun: Vec<_> = (0..6)
            .map(|_| client.begin(&TogetherMeet).unwrap())
            .collect();
        for call in begun {
            assert_eq!(call.wait(), Ok(true));
        }
    });
}

#[test]
fn quick_calls_do_not_wait_for_a_slow_one() {
    within(LIMIT, || {
        let place = Place::of(1);
        let server = serve(&place, 2, "tcp://127.0.0.1:*");
        let client = connect(&server);
        let held = client.begin(&TogetherHold).unwrap();
        let together = TogetherClient::new(client.clone());
        for value in 0..100 {
            assert_eq!(together.quick(value), Ok(value));
        }
        together.release().unwrap();
        held.wait().unwrap();
    });
}

#[test]
fn pings_and_refusals_work_while_every_worker_is_busy() {
    within(LIMIT, || {
        let place = Place::of(1);
        let server = Server::builder()
            .service(TogetherServer::new(Service(Arc::clone(&place))))
            .worker_threads(2)
            .max_queue(3)
            .bind("tcp://127.0.0.1:*")
            .start()
            .unwrap();
        // Silence would be taken for death much earlier than the call ends.
        let client = Client::builder()
            .connect(&server.endpoints()[0])
            .ping(Ping {
                interval: Duration::from_millis(20),
                timeout: Duration::from_millis(200),
            })
            .build()
            .unwrap();
        let held: Vec<_> = (0..5)
            .map(|_| client.begin(&TogetherHold).unwrap())
            .collect();
        let refused = client.begin(&TogetherHold).unwrap();
        let error = refused.wait().unwrap_err();
        assert!(matches!(error, Error::Overloaded { .. }), "{error:?}");
        let patient = client.with_timeout(Duration::from_millis(800));
        let error = patient.invoke::<u64>("Together.quick", &(1,)).unwrap_err();
        assert!(matches!(error, Error::Overloaded { .. }), "{error:?}");
        let start = Instant::now();
        let waited = client
            .with_timeout(Duration::from_secs(1))
            .begin(&TogetherHold)
            .unwrap()
            .wait();
        assert!(
            matches!(waited, Err(Error::Overloaded { .. })),
            "after {:?}",
            start.elapsed()
        );
        assert_eq!(client.stats().renewals, 0);
        Service(Arc::clone(&place)).release();
        for call in held {
            call.wait().unwrap();
        }
        assert_eq!(server.stats().overloaded, 3);
    });
}

#[test]
fn a_slow_method_is_not_a_dead_server() {
    within(LIMIT, || {
        let place = Place::of(1);
        let server = serve(&place, 1, "tcp://127.0.0.1:*");
        let client = Client::builder()
            .connect(&server.endpoints()[0])
            .ping(Ping {
                interval: Duration::from_millis(10),
                timeout: Duration::from_millis(50),
            })
            .timeout(Duration::from_millis(500))
            .build()
            .unwrap();
        let error = client.call(&TogetherHold).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Timeout {
                    executed: Executed::Maybe,
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(client.stats().renewals, 0);
        Service(Arc::clone(&place)).release();
    });
}

#[test]
fn a_dropped_call_ends_its_async_method() {
    within(LIMIT, || {
        let place = Place::of(1);
        let server = serve(&place, 1, "tcp://127.0.0.1:*");
        let client = connect(&server);
        let calls: Vec<_> = (0..10)
            .map(|_| client.begin(&TogetherNever).unwrap())
            .collect();
        wait_until(|| place.waiting.load(Ordering::SeqCst) == 10);
        drop(calls);
        wait_until(|| place.waiting.load(Ordering::SeqCst) == 0);
        wait_until(|| server.stats().cancelled == 10);
        assert_eq!(client.stats().in_flight, 0);
        assert_eq!(TogetherClient::new(client).quick(1), Ok(1));
    });
}

#[test]
fn an_async_method_ends_with_the_time_of_its_caller() {
    within(LIMIT, || {
        let place = Place::of(1);
        let server = serve(&place, 1, "tcp://127.0.0.1:*");
        let client = connect(&server);
        let error = client
            .with_timeout(Duration::from_millis(50))
            .call(&TogetherNever)
            .unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
        wait_until(|| place.waiting.load(Ordering::SeqCst) == 0);
    });
}

#[test]
fn a_caller_that_disappears_ends_its_async_method() {
    within(LIMIT, || {
        let place = Place::of(1);
        let server = serve(&place, 1, "tcp://127.0.0.1:*");
        let raw = zmq::Context::new().socket(zmq::DEALER).unwrap();
        raw.set_linger(0).unwrap();
        raw.connect(&server.endpoints()[0]).unwrap();
        let call = b"\xC1\x01\x01\x01\0\0\0\0\0\0\0\x02\x01\x0eTogether.never\0\0";
        raw.send(&call[..], 0).unwrap();
        wait_until(|| place.waiting.load(Ordering::SeqCst) == 1);
        // It goes without a word; the sign of life that the server sends each second finds nobody.
        drop(raw);
        wait_until(|| place.waiting.load(Ordering::SeqCst) == 0);
    });
}

#[test]
fn tasks_call_and_drop_their_calls() {
    within(LIMIT, || {
        let place = Place::of(1);
        let server = serve(&place, 2, "tcp://127.0.0.1:*");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let client = AsyncClient::connect(&server.endpoints()[0]).unwrap();
            let together = TogetherClient::new(client.clone());
            let (a, b) = tokio::join!(together.quick(1), together.quick(2));
            assert_eq!((a, b), (Ok(1), Ok(2)));
            assert_eq!(together.fail().await, Err(CallError::Service("no".into())));
            // A call owns its bytes: it can go to another task.
            assert_eq!(tokio::spawn(together.quick(3)).await.unwrap(), Ok(3));
            assert_eq!(client.invoke::<u64>("Together.quick", &(4,)).await, Ok(4));
            client.notify(&TogetherQuick { value: 5 }).await.unwrap();
            let limit = Duration::from_millis(50);
            assert!(tokio::time::timeout(limit, together.never()).await.is_err());
            let error = together.with_timeout(limit).never().await.unwrap_err();
            assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
            assert_eq!(client.stats().in_flight, 0);
        });
        wait_until(|| place.waiting.load(Ordering::SeqCst) == 0);
    });
}

#[test]
fn a_client_outlives_the_runtime_of_its_first_task() {
    within(LIMIT, || {
        let place = Place::of(1);
        let server = serve(&place, 2, "tcp://127.0.0.1:*");
        let client = AsyncClient::connect(&server.endpoints()[0]).unwrap();
        let together = TogetherClient::new(client.clone());
        for value in 0..5 {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            assert_eq!(runtime.block_on(together.quick(value)), Ok(value));
        }
        assert_eq!(TogetherClient::new(Client::from(client)).quick(6), Ok(6));
    });
}

#[test]
fn a_call_goes_to_every_endpoint() {
    within(LIMIT, || {
        let place = Place::of(1);
        let servers: Vec<_> = (0..3)
            .map(|_| serve(&place, 1, "tcp://127.0.0.1:*"))
            .collect();
        let mut builder = Client::builder()
            .timeout(Duration::from_secs(5))
            .connect_timeout(Duration::from_millis(300));
        for server in &servers {
            builder = builder.connect(&server.endpoints()[0]);
        }
        let client = builder.build().unwrap();
        let answers = client.fan_out(&TogetherQuick { value: 7 });
        assert!(
            answers.iter().all(|(_, answer)| *answer == Ok(7)),
            "{answers:?}"
        );
        let gone = servers[1].endpoints().remove(0);
        servers[1].shutdown(LIMIT).unwrap();
        // The one that is gone uses up all of a short time, and the answer that is looked for after that still counts.
        for limit in [Duration::from_secs(5), Duration::from_millis(200)] {
            let client = client.with_timeout(limit);
            for (endpoint, answer) in client.fan_out(&TogetherQuick { value: 8 }) {
                assert_eq!(answer.is_ok(), endpoint != gone, "{endpoint}: {answer:?}");
            }
        }
    });
}

#[test]
fn calls_go_on_over_the_other_endpoints() {
    within(LIMIT, || {
        let place = Place::of(1);
        let servers: Vec<_> = (0..2)
            .map(|_| serve(&place, 1, "tcp://127.0.0.1:*"))
            .collect();
        // One endpoint has never had a server.
        let nobody = "tcp://127.0.0.1:9";
        let client = Client::builder()
            .connect(nobody)
            .connect(&servers[0].endpoints()[0])
            .connect(&servers[1].endpoints()[0])
            .build()
            .unwrap();
        let together = TogetherClient::new(client);
        for value in 0..50 {
            assert_eq!(together.quick(value), Ok(value));
        }
        servers[0].shutdown(LIMIT).unwrap();
        let failed = (0..50)
            .filter(|value| together.quick(*value) != Ok(*value))
            .count();
        // At most the one that was sent before the loss was known.
        assert!(failed <= 1, "{failed} calls failed");
        assert!(servers[0].stats().replies > 10 && servers[1].stats().replies > 10);
    });
}
