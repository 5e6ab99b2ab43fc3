//! Who can be reached from another machine without a login is warned, once.

use std::sync::atomic::{AtomicU16, Ordering};

use zmqrpc::auth::{Authenticator, Passwords};
use zmqrpc::proxy::{BufferedProxy, MemoryQueue, Proxy, Pub, Pull, Push, Rep, Req, Sub};
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::push::{Puller, Pusher};
use zmqrpc::{Error, Server, ServerBuilder};

use crate::logs::{collect, lines};
use crate::vault::{Safe, VaultServer};

const NEAR: &str = "tcp://127.0.0.1:*";

/// An address that no machine has: binding it is refused, after what is said before it, so that nothing is reachable.
fn far() -> String {
    static PORT: AtomicU16 = AtomicU16::new(4700);
    format!("tcp://192.0.2.1:{}", PORT.fetch_add(1, Ordering::Relaxed))
}

fn warnings(about: &str) -> usize {
    lines(|line| {
        line.starts_with("WARN") && line.contains("without a login") && line.contains(about)
    })
    .len()
}

/// Binds an endpoint without a guard, and one with.
#[track_caller]
fn assert_warns<T>(what: &str, bind: impl Fn(&str, Option<Authenticator>) -> Result<T, Error>) {
    collect();
    let open = far();
    assert!(bind(&open, None).is_err(), "{what}");
    assert_eq!(warnings(&open), 1, "{what}");
    let asks = far();
    assert!(bind(&asks, Some(guard())).is_err(), "{what}");
    assert_eq!(warnings(&asks), 0, "{what}");
}

fn guard() -> Authenticator {
    Passwords::check(|_, _| true).into()
}

/// A builder with the guard, if there is one.
macro_rules! guarded {
    ($builder:expr, $guard:expr) => {
        match $guard {
            None => $builder,
            Some(guard) => $builder.authenticate(guard),
        }
    };
}

fn server() -> ServerBuilder {
    Server::builder().service(VaultServer::new(Safe::default()))
}

#[test]
fn a_server_warns_for_all_that_it_binds() {
    assert_warns("calls", |at, by| guarded!(server().bind(at), by).start());
    assert_warns("jobs", |at, by| {
        guarded!(server().pull(Puller::bind(at)), by).start()
    });
    assert_warns("events", |at, by| {
        guarded!(server().subscribe(Subscription::bind(at)), by).start()
    });
    assert_warns("events that have a guard of their own", |at, by| {
        server()
            .subscribe(guarded!(Subscription::bind(at), by))
            .start()
    });
    collect();
    let (first, second) = (far(), far());
    assert!(server().bind(&first).bind(&second).start().is_err());
    let both = lines(|line| line.contains(&first) || line.contains(&second));
    assert_eq!(both.len(), 1, "{both:?}");
    let near = server().bind(NEAR).start().unwrap();
    assert_eq!(warnings(&near.endpoints()[0]), 0);
}

#[test]
fn publishers_and_pushers_warn() {
    assert_warns("events", |at, by| {
        guarded!(Publisher::builder().bind(at), by).build()
    });
    assert_warns("jobs", |at, by| {
        guarded!(Pusher::builder().bind(at), by).build()
    });
}

#[test]
fn what_is_bound_later_is_told_of_too() {
    let start = |by| guarded!(server().bind(NEAR), by).start().unwrap();
    assert_warns("calls", |at, by| start(by).add_bind(at));
    assert_warns("jobs", |at, by| start(by).pull(Puller::bind(at)));
    assert_warns("events", |at, by| {
        start(by).subscribe(Subscription::bind(at))
    });
    assert_warns("a publisher", |at, by| {
        let publisher = guarded!(Publisher::builder().bind(NEAR), by).build();
        publisher.unwrap().add_bind(at)
    });
    assert_warns("a pusher", |at, by| {
        let pusher = guarded!(Pusher::builder().bind(NEAR), by).build();
        pusher.unwrap().add_bind(at)
    });
}

#[test]
fn proxies_warn_for_each_end() {
    let target = || Req::new().connect("tcp://127.0.0.1:1");
    assert_warns("calls", |at, by| {
        Proxy::new(guarded!(Rep::new().bind(at), by), target()).start()
    });
    assert_warns("what is kept", |at, by| {
        let queue = MemoryQueue::new(1000, 64 << 20);
        BufferedProxy::new(guarded!(Rep::new().bind(at), by), target(), queue).start()
    });
    assert_warns("events in front", |at, by| {
        Proxy::new(guarded!(Sub::new().bind(at), by), target()).start()
    });
    assert_warns("events behind", |at, by| {
        let front = Sub::new().connect("tcp://127.0.0.1:1");
        Proxy::new(front, guarded!(Pub::new().bind(at), by)).start()
    });
    assert_warns("jobs in front", |at, by| {
        Proxy::new(guarded!(Pull::new().bind(at), by), target()).start()
    });
    assert_warns("jobs behind", |at, by| {
        let front = Pull::new().connect("tcp://127.0.0.1:1");
        Proxy::new(front, guarded!(Push::new().bind(at), by)).start()
    });
}
