//! What each process does. It says `ready` and its endpoints first, and ends by itself.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::proxy::{Proxy, Req, Sub};
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::{Server, zmq_service};

use crate::Outcome;
use crate::readings::{self, Reading};

/// What the centre and its subscribers do with readings; samplers publish calls of it.
#[zmq_service]
pub(crate) trait Recorder {
    /// Takes one reading.
    fn reading(&self, reading: &Reading);
}

const ANYWHERE: &str = "tcp://127.0.0.1:*";
/// For whoever is still to come, and for what is still on its way.
const PATIENCE: Duration = Duration::from_secs(20);
/// How old a reading becomes on the site before it is given up.
const MAX_AGE: Duration = Duration::from_secs(3);

/// Publishes the readings of one sensor, each under its topic.
pub(crate) fn sampler(sensor: &str) -> Outcome {
    let publisher = Publisher::bind(ANYWHERE)?;
    println!("ready {}", publisher.endpoints()[0]);
    publisher.wait_subscribers(1, PATIENCE)?;
    let recorder = RecorderClient::new(publisher);
    let mut count = 0;
    for reading in readings::all()? {
        if reading.sensor == sensor {
            recorder.with_topic(&reading.topic()).reading(&reading)?;
            count += 1;
        }
    }
    println!("{sensor} has published {count} readings");
    Ok(())
}

/// Collects what the samplers publish and makes calls of it: each is tried again until the centre has answered.
pub(crate) fn site(expected: &str, centre: &str, samplers: &[&str]) -> Outcome {
    let expected: u64 = expected.parse()?;
    let (first, others) = samplers.split_first().ok_or("there are no samplers")?;
    let others = others
        .iter()
        .map(|endpoint| Subscription::connect(*endpoint));
    let samplers = others.fold(Sub::new().connect(*first), Sub::subscribe);
    let centre = Req::new().connect(centre).max_age(MAX_AGE);
    let proxy = Proxy::new(samplers, centre).start()?;
    println!("ready");
    let end = Instant::now() + PATIENCE;
    let stats = loop {
        let stats = proxy.stats();
        if stats.delivered + stats.given_up >= expected || Instant::now() > end {
            break stats;
        }
        thread::sleep(Duration::from_millis(10));
    };
    println!(
        "{} readings collected, {} delivered, {} given up",
        stats.received, stats.delivered, stats.given_up
    );
    Ok(())
}

/// Stores each reading and publishes it again.
pub(crate) fn centre(expected: &str) -> Outcome {
    let publisher = Publisher::bind(ANYWHERE)?;
    let (stored, told) = channel();
    let store = Store {
        readings: Mutex::new(Vec::new()),
        stored: Mutex::new(stored),
        outlet: RecorderClient::new(publisher.clone()),
    };
    let server = Server::builder()
        .service(RecorderServer::new(store))
        .bind(ANYWHERE)
        .start()?;
    println!(
        "ready {} {}",
        server.endpoints()[0],
        publisher.endpoints()[0]
    );
    publisher.wait_subscribers(1, PATIENCE)?;
    println!("somebody listens");
    let stored = count(&told, expected.parse()?);
    server.shutdown(PATIENCE)?;
    println!("readings that were stored: {stored}");
    Ok(())
}

struct Store {
    readings: Mutex<Vec<Reading>>,
    /// Tells how many there are.
    stored: Mutex<Sender<()>>,
    outlet: RecorderClient<Publisher>,
}

impl Recorder for Store {
    fn reading(&self, reading: &Reading) {
        if let Ok(mut readings) = self.readings.lock() {
            readings.push(reading.clone());
        }
        if let Err(error) = self.outlet.with_topic(&reading.topic()).reading(reading) {
            eprintln!("{reading} was not published: {error}");
        }
        tell(&self.stored);
    }
}

/// Prints what the centre publishes.
pub(crate) fn subscriber(expected: &str, endpoint: &str) -> Outcome {
    let (arrived, told) = channel();
    let server = Server::builder()
        .service(RecorderServer::new(Screen(Mutex::new(arrived))))
        .worker_threads(1)
        .subscribe(endpoint)
        .start()?;
    println!("ready");
    let arrived = count(&told, expected.parse()?);
    server.shutdown(PATIENCE)?;
    println!("readings that arrived: {arrived}");
    Ok(())
}

struct Screen(Mutex<Sender<()>>);

impl Recorder for Screen {
    fn reading(&self, reading: &Reading) {
        println!("{reading}");
        tell(&self.0);
    }
}

fn tell(counter: &Mutex<Sender<()>>) {
    if let Ok(counter) = counter.lock() {
        // Fails only when nobody counts any more.
        let _ = counter.send(());
    }
}

/// Counts until all have come, or none comes any more.
fn count(told: &Receiver<()>, expected: usize) -> usize {
    (0..expected)
        .map_while(|_| told.recv_timeout(PATIENCE).ok())
        .count()
}
