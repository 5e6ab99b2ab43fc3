//! A process with every kind of port.

use std::fs;
use std::sync::{Arc, Mutex};

use zmqrpc::message::Receiver;
use zmqrpc::proxy::{BufferedProxy, MemoryQueue, Proxy, Pub, Pull, Push, Rep, Req, Sub};
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::push::{Puller, Pusher};
use zmqrpc::{Server, ServerBuilder, ServerHandle};

use crate::bell::{Bell, BellRing, BellServer, Ear, Heard, Seal};
use crate::recording::Guest;
use crate::support::{Process, Role};

const ROLE: &str = "town_process";
const ANYWHERE: &str = "tcp://127.0.0.1:*";

/// Where somebody listens, for whom.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    pub(crate) name: String,
    pub(crate) endpoint: String,
    pub(crate) guest: Guest,
}

impl Port {
    pub(crate) fn address(&self) -> String {
        self.endpoint.trim_start_matches("tcp://").to_owned()
    }
}

/// The process, as its test sees it.
pub(crate) struct Town {
    pub(crate) process: Process,
    pub(crate) ports: Vec<Port>,
}

impl Town {
    pub(crate) fn start() -> Self {
        let process = Process::start(ROLE, "");
        let told = process.hear();
        let ports = told.split(';').map(|port| {
            let (name, endpoint) = port.split_once('=').unwrap();
            Port {
                name: name.to_owned(),
                endpoint: endpoint.to_owned(),
                guest: crate::guest(name),
            }
        });
        let ports: Vec<_> = ports.collect();
        assert_eq!(ports.len(), 16);
        Self { process, ports }
    }

    pub(crate) fn at(&self, name: &str) -> &str {
        let port = self.ports.iter().find(|port| port.name == name);
        &port.unwrap_or_else(|| panic!("no port {name}")).endpoint
    }

    pub(crate) fn descriptors(&self) -> usize {
        let open = fs::read_dir(format!("/proc/{}/fd", self.process.id()));
        open.unwrap().count()
    }
}

struct Tower {
    ear: Ear,
    publisher: Publisher,
    pusher: Pusher,
    readers: Arc<Mutex<Vec<Reader>>>,
}

/// A port, and how many messages came to it that are none.
type Reader = (&'static str, Box<dyn Fn() -> u64 + Send>);

impl Bell for Tower {
    fn ring(&self, seal: Seal) {
        self.ear.hear(seal);
    }

    fn heard(&self) -> Heard {
        self.ear.heard()
    }

    fn speak(&self, seal: Seal) {
        self.publisher.publish(&BellRing { seal }).unwrap();
        self.pusher.push(&BellRing { seal }).unwrap();
    }

    fn malformed(&self) -> Vec<(String, u64)> {
        let readers = self.readers.lock().unwrap();
        let counts = readers.iter().map(|(name, count)| (*name, count()));
        counts.map(|(name, count)| (name.into(), count)).collect()
    }
}

/// A server that rings.
pub(crate) fn serve(
    bell: impl Bell + 'static,
    settings: impl FnOnce(ServerBuilder) -> ServerBuilder,
) -> ServerHandle {
    let builder = Server::builder().service(BellServer::new(bell));
    settings(builder).start().unwrap()
}

/// The process's own side.
pub(crate) fn live() {
    let Some(role) = Role::of(ROLE) else {
        return;
    };
    let publisher = Publisher::bind(ANYWHERE).unwrap();
    let pusher = Pusher::bind(ANYWHERE).unwrap();
    let mut ports = vec![
        ("publisher", publisher.endpoints().remove(0)),
        ("pusher", pusher.endpoints().remove(0)),
    ];
    let readers: Arc<Mutex<Vec<Reader>>> = Arc::default();
    let tower = Tower {
        ear: Ear::default(),
        publisher,
        pusher,
        readers: Arc::clone(&readers),
    };
    let server = serve(tower, |builder| {
        builder
            .bind(ANYWHERE)
            .subscribe(Subscription::bind(ANYWHERE))
            .pull(Puller::bind(ANYWHERE))
    });
    let bell = server.endpoints().remove(0);
    ports.push(("server", bell.clone()));
    ports.push(("subscription", server.subscriptions().remove(0).endpoint));
    ports.push(("pull", server.pulls().remove(0).endpoint));
    let server = Arc::new(server);
    let all = Arc::clone(&server);
    let mut counts: Vec<Reader> = vec![("server", Box::new(move || all.stats().malformed))];
    let of_feeds = Arc::clone(&server);
    let of_feeds = move || of_feeds.subscriptions()[0].malformed;
    counts.push(("subscription", Box::new(of_feeds)));
    counts.push(("pull", Box::new(move || server.pulls()[0].malformed)));

    // Answers with what it got.
    let echo = |message: zmqrpc::message::Received<'_>| Ok(message.into_bytes());
    let receiver = Receiver::start(Server::builder().bind(ANYWHERE), echo).unwrap();
    ports.push(("receiver", receiver.endpoints().remove(0)));
    let of_receiver = move || receiver.server().stats().malformed;
    counts.push(("receiver", Box::new(of_receiver)));

    let to_bell = || Req::new().connect(&bell);
    let queue = MemoryQueue::new(1_000, 1 << 20);
    let buffered = BufferedProxy::new(Rep::new().bind(ANYWHERE), to_bell(), queue);
    let buffered = buffered.start().unwrap();
    ports.push(("buffered", buffered.endpoints().remove(0)));
    counts.push(("buffered", Box::new(move || buffered.stats().malformed)));
    let rep2req = Proxy::new(Rep::new().bind(ANYWHERE), to_bell())
        .start()
        .unwrap();
    let rep2pub = Proxy::new(Rep::new().bind(ANYWHERE), Pub::new().bind(ANYWHERE));
    let rep2pub = rep2pub.start().unwrap();
    let sub2req = Proxy::new(Sub::new().bind(ANYWHERE), to_bell())
        .start()
        .unwrap();
    let sub2pub = Proxy::new(Sub::new().bind(ANYWHERE), Pub::new().bind(ANYWHERE));
    let sub2pub = sub2pub.start().unwrap();
    let pull2req = Proxy::new(Pull::new().bind(ANYWHERE), to_bell())
        .start()
        .unwrap();
    let pull2push = Proxy::new(Pull::new().bind(ANYWHERE), Push::new().bind(ANYWHERE));
    let pull2push = pull2push.start().unwrap();
    for (proxy, names) in [
        (rep2req, &["rep2req"][..]),
        (rep2pub, &["rep2pub", "rep2pub back"]),
        (sub2req, &["sub2req"]),
        (sub2pub, &["sub2pub", "sub2pub back"]),
        (pull2req, &["pull2req"]),
        (pull2push, &["pull2push", "pull2push back"]),
    ] {
        let bound = proxy.endpoints();
        ports.extend(names.iter().copied().zip(bound));
        counts.push((names[0], Box::new(move || proxy.stats().malformed)));
    }
    *readers.lock().unwrap() = counts;
    let told: Vec<_> = ports
        .iter()
        .map(|(name, endpoint)| format!("{name}={endpoint}"))
        .collect();
    role.tell(told.join(";"));
    // Until the test ends.
    role.order();
}
