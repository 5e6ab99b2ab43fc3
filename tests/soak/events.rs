//! A publisher and a subscriber, of which the first is killed and started again: what a subscription counts as lost is no
//! less than what is missing in what it executed, and both together are no more than what was published.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::{Server, zmq_service};

use crate::ledger::Ledger;
use crate::support::Role;

/// Told by a publisher that counts from 1 each time that it starts.
#[zmq_service]
pub(crate) trait Bulletin {
    fn issue(&self, publisher: u64, number: u64);
}

/// The process's own side: `ENDPOINT BOOK NAME`, the name being its own number.
pub(crate) fn publish() {
    let Some(role) = Role::of("publisher_process") else {
        return;
    };
    let words: Vec<&str> = role.argument.split(' ').collect();
    let [endpoint, book, name] = words[..] else {
        panic!("{}", role.argument);
    };
    let (book, name) = (Ledger::append(book), name.parse::<u64>().unwrap());
    let publisher = Publisher::bind(endpoint).unwrap();
    role.tell(&publisher.endpoints()[0]);
    let bulletin = BulletinClient::new(publisher);
    for number in 1.. {
        // First: it may be killed in between.
        book.record(&format!("{name} {number}"));
        bulletin.issue(name, number).unwrap();
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// The numbers that were executed of each publisher.
#[derive(Clone, Default)]
struct Reader(Arc<Mutex<BTreeMap<u64, Vec<u64>>>>);

impl Bulletin for Reader {
    fn issue(&self, publisher: u64, number: u64) {
        let mut read = self.0.lock().unwrap();
        read.entry(publisher).or_default().push(number);
    }
}

/// The process's own side, `ENDPOINT BOOK`: subscribes, and says at the end whether what it has seen fits together.
pub(crate) fn subscribe() {
    let Some(role) = Role::of("subscriber_process") else {
        return;
    };
    let reader = Reader::default();
    let (endpoint, book) = role.argument.split_once(' ').unwrap();
    let subscription = Subscription::connect(endpoint);
    let server = Server::builder()
        .service(BulletinServer::new(reader.clone()))
        .worker_threads(1)
        .subscribe(subscription)
        .start()
        .unwrap();
    role.tell("ready");
    while role.order() != "stop" {}
    let stats = server.subscriptions().remove(0);
    server.shutdown(Duration::from_secs(4)).unwrap();
    let read = reader.0.lock().unwrap();
    let gaps: u64 = read.values().map(|numbers| gaps(numbers)).sum();
    let executed: usize = read.values().map(Vec::len).sum();
    assert!(
        stats.lost >= gaps,
        "{} are counted as lost, {gaps} are missing",
        stats.lost
    );
    // Publishers go on meanwhile.
    let published = std::fs::read_to_string(book).unwrap().lines().count();
    let seen = stats.lost + executed as u64;
    assert!(seen <= published as u64, "{stats:?} of {published}");
    role.tell(format!(
        "executed {executed} lost {} gaps {gaps}",
        stats.lost
    ));
}

/// How many are missing between the first and the last; they must be in order, each once.
fn gaps(numbers: &[u64]) -> u64 {
    let steps = numbers.windows(2);
    steps
        .map(|pair| {
            assert!(pair[1] > pair[0], "{} after {}", pair[1], pair[0]);
            pair[1] - pair[0] - 1
        })
        .sum()
}
