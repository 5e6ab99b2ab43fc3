//! A server, in a process of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zmqrpc::pubsub::Subscription;
use zmqrpc::push::Puller;
use zmqrpc::{Server, ServerBuilder};

use super::versions::{Version, new, old, snapshot};
use crate::support::{Process, Role};

const ROLE: &str = "upgrade::shop_process";
const PATIENCE: Duration = Duration::from_secs(20);

/// Where a shop is reached.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) calls: String,
    pub(super) news: String,
    pub(super) jobs: String,
}

/// What a shop has got: by the way that it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Got {
    pub(super) events: usize,
    pub(super) jobs: usize,
    pub(super) notifications: usize,
    pub(super) refused: usize,
}

pub(super) struct Shop {
    process: Process,
}

impl Shop {
    pub(super) fn start(version: Version, places: &Places) -> Self {
        let Places { calls, news, jobs } = places;
        let argument = format!("{} {calls} {news} {jobs}", version.name());
        let process = Process::start(ROLE, &argument);
        assert_eq!(process.hear(), "open");
        Self { process }
    }

    /// Returns what it has got until now.
    pub(super) fn got(&self) -> Got {
        self.process.order("tell");
        self.hear()
    }

    /// Ends the server in an orderly way. Returns what it has got.
    pub(super) fn close(&mut self) -> Got {
        self.process.order("close");
        let got = self.hear();
        self.process.wait();
        got
    }

    fn hear(&self) -> Got {
        let told = self.process.hear();
        let mut counts = told.split(' ').map(|count| count.parse().unwrap());
        let mut next = || counts.next().unwrap();
        Got {
            events: next(),
            jobs: next(),
            notifications: next(),
            refused: next(),
        }
    }
}

/// What is noted, and how often, by the way that it came.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<HashMap<String, usize>>>);

impl Book {
    fn write(&self, way: String) {
        *self.0.lock().unwrap().entry(way).or_default() += 1;
    }

    fn count(&self, way: &str) -> usize {
        self.0.lock().unwrap().get(way).copied().unwrap_or(0)
    }
}

macro_rules! serve {
    ($version:ident) => {
        impl $version::Stock for Book {
            fn place(&self, order: $version::Order) -> u64 {
                u64::from(order.number) * 2
            }

            fn note(&self, order: $version::Order, way: String) {
                let expected = if order.number % 2 == 0 {
                    $version::Size::Small
                } else {
                    $version::Size::Large
                };
                assert_eq!(order.size, expected);
                self.write(way);
            }
        }
    };
}

serve!(old);
serve!(new);

/// The role of a shop.
pub(super) fn role() {
    let Some(role) = Role::of(ROLE) else {
        return;
    };
    let arguments: Vec<_> = role.argument.split(' ').collect();
    let [version, calls, news, jobs] = arguments[..] else {
        panic!("{arguments:?}");
    };
    let book = Book::default();
    let server = builder(Version::named(version), &book)
        .bind(calls)
        .subscribe(Subscription::bind(news))
        .pull(Puller::bind(jobs))
        .start()
        .unwrap();
    role.tell("open");
    let tell = || {
        let counts = [
            book.count("event"),
            book.count("job"),
            book.count("notification"),
            usize::try_from(server.stats().refused).unwrap(),
        ];
        role.tell(counts.map(|count| count.to_string()).join(" "));
    };
    while role.order() == "tell" {
        tell();
    }
    // Calls of the other version are refused once for each key, and made again.
    server.shutdown(PATIENCE).unwrap();
    tell();
}

fn builder(version: Version, book: &Book) -> ServerBuilder {
    let builder = Server::builder();
    match version {
        Version::Old => builder.service(old::StockServer::new(book.clone())),
        Version::New => {
            let builder = builder.service(new::StockServer::new(book.clone()));
            builder.earlier(snapshot())
        }
    }
}
