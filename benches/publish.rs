//! How many events get through: zmqrpc's publisher and subscriptions beside raw PUB/SUB with the same bytes.
//!
//! ```text
//! cargo bench --bench publish
//! cargo bench --bench publish -- --quick
//! cargo bench --bench publish -- --only 8
//! ```
//!
//! - `subscribers-1`, `subscribers-8`: events are published in bunches of 500; when every subscriber has told that it
//!   has got a bunch, the next one follows. So nothing is dropped, and every event is counted.
//!
//! Subscribers are threads of one process, raw sockets or servers, that bind; the publisher connects to all of them. Raw
//! subscribers decode the arguments as zmqrpc's do. What tells of bunches is a raw PUSH socket for both.
//!
//! How to read it: *wall* is the median over the rounds of the time for one event, published and received by all;
//! *rate ratio* is raw's over it: 0.70 means 70 % of raw's events per second. *cpu* is the CPU time per event of both
//! processes together. *spread* is how far the middle half of the rounds lies apart, as a part of the median.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::{Server, ServerHandle, zmq_service};

#[allow(dead_code, unused_imports, reason = "each bench uses its part")]
mod support;

use support::{
    Contestant, Driver, Options, Plan, Process, Service, Standings, check_sum, race, served, terms,
};

/// Events that are published before the subscribers are waited for.
const BUNCH: usize = 500;
const ROWS: [usize; 2] = [1, 8];
/// Where an event's arguments begin: head, publisher, content, codec, tagged key, remaining time, metadata.
const ARGUMENTS: usize = 11 + 8 + 1 + 1 + 9 + 1 + 1;
const SEQUENCE: std::ops::Range<usize> = 3..11;

#[zmq_service]
trait Sensor {
    fn reading(&self, a: i64, b: i64);
}

fn main() {
    match served() {
        None => compare(&Options::read()),
        Some((role, _)) => {
            let (kind, count) = role.split_once('-').expect("kind and number");
            let count = count.parse().expect("a number of subscribers");
            match kind {
                "raw" => subscribe_raw(count),
                "zmqrpc" => subscribe(count),
                _ => panic!("there is no role {role}"),
            }
        }
    }
}

fn compare(options: &Options) {
    let plan = Plan::new(options, 31, Duration::from_millis(40));
    plan.announce();
    for subscribers in ROWS {
        let name = format!("subscribers-{subscribers}");
        if !options.wants(&name) {
            continue;
        }
        let start = |kind: &str| Process::start(&format!("{kind}-{subscribers}"), Service::Add);
        let (raw, ours) = (start("raw"), start("zmqrpc"));
        let mut contestants = [
            Contestant {
                name: "raw PUB/SUB",
                drive: publish_raw(raw.endpoint(), subscribers),
                server: raw,
            },
            Contestant {
                name: "zmqrpc",
                drive: publish(ours.endpoint(), subscribers),
                server: ours,
            },
        ];
        let laps = race(&mut contestants, plan);
        Standings::new(&name, &contestants, &laps)
            .beside_the_first("events")
            .print();
    }
}

/// One for the process, as in zmqrpc: each has an I/O thread of its own.
static CONTEXT: LazyLock<zmq::Context> = LazyLock::new(zmq::Context::new);

fn socket(kind: zmq::SocketType) -> zmq::Socket {
    let socket = CONTEXT.socket(kind).expect("a socket can be opened");
    socket.set_linger(0).expect("the option exists");
    socket.set_sndhwm(10_000).expect("the option exists");
    socket.set_rcvhwm(10_000).expect("the option exists");
    socket
}

fn bind(kind: zmq::SocketType) -> (zmq::Socket, String) {
    let socket = socket(kind);
    socket.bind("tcp://127.0.0.1:*").expect("a port is free");
    let endpoint = socket.get_last_endpoint().expect("the option exists");
    (socket, endpoint.expect("it is a text"))
}

/// Tells the bench where the subscribers listen, and where it hears of bunches.
fn ready(subscribers: &[String], bunches: &str) {
    println!("{} {bunches}", subscribers.join(" "));
    std::io::stdout()
        .flush()
        .expect("the bench reads the endpoints");
}

/// The publisher's side of the bunches.
struct Bunches {
    socket: zmq::Socket,
    subscribers: usize,
}

impl Bunches {
    /// Splits what [`ready`] wrote.
    fn of(endpoints: &str, subscribers: usize) -> (Self, Vec<&str>) {
        let mut endpoints: Vec<&str> = endpoints.split(' ').collect();
        let socket = socket(zmq::PULL);
        socket
            .connect(endpoints.pop().expect("the last one"))
            .expect("the endpoint is good");
        (
            Self {
                socket,
                subscribers,
            },
            endpoints,
        )
    }

    fn publish(&self, events: usize, mut publish: impl FnMut(usize)) -> usize {
        let bunches = events.div_ceil(BUNCH);
        for bunch in 0..bunches {
            for number in bunch * BUNCH..(bunch + 1) * BUNCH {
                publish(number);
            }
            for _ in 0..self.subscribers {
                self.socket.recv_msg(0).expect("a subscriber tells");
            }
        }
        bunches * BUNCH
    }
}

fn publish(endpoints: &str, subscribers: usize) -> Driver {
    let (bunches, endpoints) = Bunches::of(endpoints, subscribers);
    let publisher = endpoints
        .iter()
        .fold(Publisher::builder(), |settings, endpoint| {
            settings.connect(*endpoint)
        });
    let publisher = publisher.build().expect("the endpoints are good");
    publisher
        .wait_subscribers(subscribers, Duration::from_secs(10))
        .expect("they subscribe");
    let sensor = SensorClient::new(publisher);
    Box::new(move |events| {
        bunches.publish(events, |number| {
            let (a, b) = terms(number);
            sensor.reading(a, b).expect("it is published");
        })
    })
}

fn publish_raw(endpoints: &str, subscribers: usize) -> Driver {
    let (bunches, endpoints) = Bunches::of(endpoints, subscribers);
    // As PUB, and tells of subscriptions.
    let socket = socket(zmq::XPUB);
    for endpoint in endpoints {
        socket.connect(endpoint).expect("the endpoint is good");
    }
    socket.set_xpub_verbose(true).expect("the option exists");
    for _ in 0..subscribers {
        socket.recv_msg(0).expect("they subscribe");
    }
    let head = record();
    Box::new(move |events| {
        bunches.publish(events, |number| {
            let mut small = [0; 64];
            let arguments =
                postcard::to_slice(&terms(number), &mut small).expect("two numbers fit");
            let mut event = zmq::Message::with_size(ARGUMENTS + arguments.len());
            event[..ARGUMENTS].copy_from_slice(&head);
            event[SEQUENCE].copy_from_slice(&(number as u64).to_le_bytes());
            event[ARGUMENTS..].copy_from_slice(arguments);
            socket.send("", zmq::SNDMORE).expect("the frame is taken");
            socket.send(event, 0).expect("the frame is taken");
        })
    })
}

/// What zmqrpc's publisher puts before the arguments.
fn record() -> Vec<u8> {
    let (subscriber, endpoint) = bind(zmq::SUB);
    for topic in [&b""[..], b"\xFF"] {
        subscriber.set_subscribe(topic).expect("the option exists");
    }
    // A socket that nobody uses subscribes nowhere.
    let received = std::thread::spawn(move || {
        let topic = subscriber.recv_bytes(0).expect("a frame arrives");
        assert!(topic.is_empty(), "no topic was set");
        subscriber.recv_bytes(0).expect("a frame arrives")
    });
    let publisher = Publisher::connect(endpoint).expect("the endpoint is good");
    publisher
        .wait_subscribers(1, Duration::from_secs(10))
        .expect("it subscribes");
    let (a, b) = terms(0);
    let sensor = SensorClient::new(publisher);
    sensor.reading(a, b).expect("it is published");
    let mut event = received.join().expect("the subscriber gets it");
    assert_eq!(decode(&event), (a, b), "the arguments lie elsewhere");
    event.truncate(ARGUMENTS);
    event
}

fn decode(event: &[u8]) -> (i64, i64) {
    postcard::from_bytes(&event[ARGUMENTS..]).expect("two numbers")
}

/// Receives for ever, each on a thread of its own.
fn subscribe_raw(count: usize) {
    let (bunches, told) = bind(zmq::PUSH);
    let bunches = Mutex::new(bunches);
    let sockets: Vec<_> = (0..count).map(|_| bind(zmq::SUB)).collect();
    let endpoints: Vec<String> = sockets
        .iter()
        .map(|(_, endpoint)| endpoint.clone())
        .collect();
    for (socket, _) in &sockets {
        socket.set_subscribe(b"").expect("the option exists");
    }
    ready(&endpoints, &told);
    std::thread::scope(|scope| {
        for (socket, _) in sockets {
            let bunches = &bunches;
            scope.spawn(move || {
                for number in 0.. {
                    socket.recv_msg(0).expect("a topic arrives");
                    let event = socket.recv_msg(0).expect("an event arrives");
                    let (a, b) = decode(&event);
                    check_sum((a, b), a + b);
                    if (number + 1) % BUNCH == 0 {
                        tell(bunches);
                    }
                }
            });
        }
    });
}

fn tell(bunches: &Mutex<zmq::Socket>) {
    let bunches = bunches.lock().expect("nobody panics");
    bunches.send("", 0).expect("the bench listens");
}

struct Counter {
    events: AtomicUsize,
    bunches: Arc<Mutex<zmq::Socket>>,
}

impl Sensor for Counter {
    fn reading(&self, a: i64, b: i64) {
        check_sum((a, b), a + b);
        if (self.events.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(BUNCH) {
            tell(&self.bunches);
        }
    }
}

/// Serves for ever: each subscriber is a server.
fn subscribe(count: usize) {
    let (bunches, told) = bind(zmq::PUSH);
    let bunches = Arc::new(Mutex::new(bunches));
    let serve = |_| {
        let counter = Counter {
            events: AtomicUsize::new(0),
            bunches: Arc::clone(&bunches),
        };
        Server::builder()
            .service(SensorServer::new(counter))
            .subscribe(Subscription::bind("tcp://127.0.0.1:*"))
            .start()
            .expect("the server starts")
    };
    let servers: Vec<_> = (0..count).map(serve).collect();
    let subscriptions = servers.iter().flat_map(ServerHandle::subscriptions);
    let endpoints: Vec<String> = subscriptions
        .map(|subscription| subscription.endpoint)
        .collect();
    ready(&endpoints, &told);
    for server in &servers {
        server.wait().unwrap();
    }
}
