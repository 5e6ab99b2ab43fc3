//! Every time that can be set, at its extremes: it works, or it is refused by its name.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use zmqrpc::message::{Receiver, Sender};
use zmqrpc::proxy::{Backoff, BufferedProxy, MemoryQueue, Proxy, Pub, Pull, Push, Rep, Req, Sub};
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::push::{AsyncPusher, Puller, Pusher};
use zmqrpc::{Client, ConnectionOptions, Error, Keepalive, Ping, Server};

use super::support::{ProbeAdd, ProbeClient, ProbeServer, Prober, within};
use super::waits;

const LIMIT: Duration = Duration::from_secs(120);
pub(super) const ANYWHERE: &str = "tcp://127.0.0.1:*";
const TIMES: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_nanos(1),
    Duration::from_millis(1),
    Duration::from_millis(1100),
    Duration::from_millis(u64::MAX),
    Duration::MAX,
];

/// What is done with each time, under the setting's name.
pub(super) type Case = (&'static str, fn(Duration) -> Result<(), Error>);

pub(super) fn serve() -> zmqrpc::ServerHandle {
    let service = ProbeServer::new(Prober::default());
    Server::builder()
        .service(service)
        .bind(ANYWHERE)
        .start()
        .unwrap()
}

/// Whether so little time may be too little. More must do.
fn is_short(time: Duration) -> bool {
    time < Duration::from_secs(1)
}

/// Calls once; too little time is no fault of the setting.
fn call(client: &Client, time: Duration) -> Result<(), Error> {
    match ProbeClient::new(client.clone()).add(1, 2) {
        Ok(sum) => assert_eq!(sum, 3),
        Err(Error::Timeout { .. } | Error::Unavailable { .. }) if is_short(time) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

fn with_client(
    time: Duration,
    set: impl FnOnce(zmqrpc::ClientBuilder) -> zmqrpc::ClientBuilder,
) -> Result<(), Error> {
    let server = serve();
    call(
        &set(Client::builder().connect(&server.endpoints()[0])).build()?,
        time,
    )
}

fn with_server(
    time: Duration,
    set: impl FnOnce(zmqrpc::ServerBuilder) -> zmqrpc::ServerBuilder,
) -> Result<(), Error> {
    let service = ProbeServer::new(Prober::default());
    let server = set(Server::builder().service(service).bind(ANYWHERE)).start()?;
    call(&Client::connect(&server.endpoints()[0])?, time)
}

fn with_target(time: Duration, set: impl FnOnce(Req) -> Req) -> Result<(), Error> {
    let server = serve();
    let req = set(Req::new().connect(&server.endpoints()[0]));
    let proxy = Proxy::new(Rep::new().bind(ANYWHERE), req).start()?;
    call(&Client::connect(&proxy.endpoints()[0])?, time)
}

/// Through a proxy that makes calls of jobs.
fn with_jobs(set: impl FnOnce(Req) -> Req) -> Result<(), Error> {
    let req = set(Req::new().connect("tcp://127.0.0.1:9"));
    let proxy = Proxy::new(Pull::new().bind(ANYWHERE), req).start()?;
    let pusher = ProbeClient::new(Pusher::connect(&proxy.endpoints()[0])?);
    pusher.add(1, 2)?;
    proxy.shutdown(Duration::from_millis(50)).or_else(running)
}

/// Something is still under way.
pub(super) fn running(error: Error) -> Result<(), Error> {
    match error {
        Error::StillRunning { .. } => Ok(()),
        other => Err(other),
    }
}

type Buffered = BufferedProxy<MemoryQueue>;

fn with_buffer(set: impl FnOnce(Buffered) -> Buffered) -> Result<(), Error> {
    let queue = MemoryQueue::new(100, 1 << 20);
    let target = Req::new().connect("tcp://127.0.0.1:9");
    let proxy = set(BufferedProxy::new(Rep::new().bind(ANYWHERE), target, queue)).start()?;
    let client = Client::connect(&proxy.endpoints()[0])?;
    client.notify(&ProbeAdd { a: 1, b: 2 })?;
    std::thread::sleep(Duration::from_millis(20));
    proxy.shutdown(Duration::from_millis(50)).or_else(running)
}

fn push(pusher: Pusher, time: Duration) -> Result<(), Error> {
    match ProbeClient::new(pusher).add(1, 2) {
        Err(Error::Unavailable { .. } | Error::Overloaded { .. }) if is_short(time) => Ok(()),
        other => other,
    }
}

const CASES: &[Case] = &[
    ("timeout", |time| {
        with_client(time, |client| client.timeout(time))
    }),
    ("connect_timeout", |time| {
        with_client(time, |client| client.connect_timeout(time))
    }),
    ("ping", |time| {
        with_client(time, |client| {
            client.ping(Ping {
                interval: time,
                timeout: time,
            })
        })
    }),
    ("ping", |time| {
        with_client(time, |client| {
            client.ping(Ping {
                interval: Duration::from_secs(1),
                timeout: time,
            })
        })
    }),
    ("linger", |time| {
        with_client(time, |client| client.linger(time))
    }),
    ("handshake_timeout", |time| {
        with_client(time, |client| {
            client.connection(ConnectionOptions::new().handshake_timeout(time))
        })
    }),
    ("keepalive", |time| {
        with_client(time, |client| {
            client.connection(ConnectionOptions::new().keepalive(Keepalive {
                idle: time,
                interval: time,
            }))
        })
    }),
    ("with_timeout", |time| {
        let server = serve();
        let client = Client::connect(&server.endpoints()[0])?;
        call(&client.with_timeout(time), time)
    }),
    ("linger", |time| {
        with_server(time, |server| server.linger(time))
    }),
    ("handshake_timeout", |time| {
        with_server(time, |server| {
            server.connection(ConnectionOptions::new().handshake_timeout(time))
        })
    }),
    ("keepalive", |time| {
        with_server(time, |server| {
            server.connection(ConnectionOptions::new().keepalive(Keepalive {
                idle: time,
                interval: time,
            }))
        })
    }),
    ("silence_timeout", |time| {
        let publisher = Publisher::bind(ANYWHERE)?;
        let endpoint = &publisher.endpoints()[0];
        with_server(time, |server| {
            server.subscribe(Subscription::connect(endpoint).silence_timeout(time))
        })
    }),
    ("stop", |time| {
        let settings = Server::builder().bind(ANYWHERE);
        let receiver = Receiver::start(settings, |message| Ok(message.into_bytes()))?;
        let sender = Sender::new(Client::connect(&receiver.endpoints()[0])?);
        match sender.with_timeout(time).send(b"message") {
            Ok(answer) => assert_eq!(answer, b"message"),
            Err(error) => assert!(is_short(time), "{error}"),
        }
        receiver.shutdown(time).or_else(running)
    }),
    ("heartbeat_interval", |time| {
        let publisher = Publisher::builder()
            .bind(ANYWHERE)
            .heartbeat_interval(time)
            .build()?;
        ProbeClient::new(publisher).add(1, 2)
    }),
    ("linger", |time| {
        let publisher = Publisher::builder().bind(ANYWHERE).linger(time).build()?;
        ProbeClient::new(publisher).add(1, 2)
    }),
    ("handshake_timeout", |time| {
        let publisher = Publisher::builder()
            .bind(ANYWHERE)
            .connection(ConnectionOptions::new().handshake_timeout(time))
            .build()?;
        ProbeClient::new(publisher).add(1, 2)
    }),
    ("keepalive", |time| {
        let publisher = Publisher::builder()
            .bind(ANYWHERE)
            .connection(ConnectionOptions::new().keepalive(Keepalive {
                idle: time,
                interval: time,
            }))
            .build()?;
        ProbeClient::new(publisher).add(1, 2)
    }),
    ("timeout", |time| {
        let server = Server::builder().service(ProbeServer::new(Prober::default()));
        let server = server.pull(Puller::bind(ANYWHERE)).start()?;
        let endpoint = &server.pulls()[0].endpoint;
        push(
            Pusher::builder().connect(endpoint).timeout(time).build()?,
            time,
        )
    }),
    ("with_timeout", |time| {
        let server = Server::builder().service(ProbeServer::new(Prober::default()));
        let server = server.pull(Puller::bind(ANYWHERE)).start()?;
        let pusher = Pusher::connect(&server.pulls()[0].endpoint)?;
        push(pusher.with_timeout(time), time)
    }),
    ("with_timeout", |time| {
        let server = Server::builder().service(ProbeServer::new(Prober::default()));
        let server = server.pull(Puller::bind(ANYWHERE)).start()?;
        let pusher = AsyncPusher::connect(&server.pulls()[0].endpoint)?.with_timeout(time);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        match runtime
            .unwrap()
            .block_on(pusher.push(&ProbeAdd { a: 1, b: 2 }))
        {
            Err(Error::Unavailable { .. } | Error::Overloaded { .. }) if is_short(time) => Ok(()),
            other => other,
        }
    }),
    ("linger", |time| {
        Pusher::builder()
            .bind(ANYWHERE)
            .linger(time)
            .build()
            .map(drop)
    }),
    ("handshake_timeout", |time| {
        Pusher::builder()
            .bind(ANYWHERE)
            .connection(ConnectionOptions::new().handshake_timeout(time))
            .build()
            .map(drop)
    }),
    ("keepalive", |time| {
        Pusher::builder()
            .bind(ANYWHERE)
            .connection(ConnectionOptions::new().keepalive(Keepalive {
                idle: time,
                interval: time,
            }))
            .build()
            .map(drop)
    }),
    ("connect_timeout", |time| {
        with_target(time, |target| target.connect_timeout(time))
    }),
    ("ping", |time| {
        with_target(time, |target| {
            target.ping(Ping {
                interval: time,
                timeout: time,
            })
        })
    }),
    ("max_age", |time| with_jobs(|target| target.max_age(time))),
    ("handshake_timeout", |time| {
        let proxy = Proxy::new(
            Rep::new().bind(ANYWHERE),
            Req::new().connect("tcp://127.0.0.1:9"),
        );
        proxy
            .connection(ConnectionOptions::new().handshake_timeout(time))
            .start()
            .map(drop)
    }),
    ("keepalive", |time| {
        let proxy = Proxy::new(
            Rep::new().bind(ANYWHERE),
            Req::new().connect("tcp://127.0.0.1:9"),
        );
        proxy
            .connection(ConnectionOptions::new().keepalive(Keepalive {
                idle: time,
                interval: time,
            }))
            .start()
            .map(drop)
    }),
    ("shutdown", |time| {
        let proxy = Proxy::new(Pull::new().bind(ANYWHERE), Push::new().bind(ANYWHERE)).start()?;
        proxy.shutdown(time).or_else(running)
    }),
    ("heartbeat_interval", |time| {
        let from = Sub::new().bind(ANYWHERE);
        Proxy::new(from, Pub::new().bind(ANYWHERE).heartbeat_interval(time))
            .start()
            .map(drop)
    }),
    ("time_to_live", |time| {
        with_buffer(|proxy| proxy.time_to_live(time))
    }),
    ("attempt_timeout", |time| {
        with_buffer(|proxy| proxy.attempt_timeout(time))
    }),
    ("backoff", |time| {
        with_buffer(|proxy| {
            proxy.backoff(Backoff {
                first: time,
                longest: time,
            })
        })
    }),
    ("backoff", |time| {
        with_buffer(|proxy| {
            proxy.backoff(Backoff {
                first: Duration::from_millis(1),
                longest: time,
            })
        })
    }),
    ("handshake_timeout", |time| {
        with_buffer(|proxy| proxy.connection(ConnectionOptions::new().handshake_timeout(time)))
    }),
    ("keepalive", |time| {
        with_buffer(|proxy| {
            proxy.connection(ConnectionOptions::new().keepalive(Keepalive {
                idle: time,
                interval: time,
            }))
        })
    }),
];

#[test]
fn every_time_works_or_is_refused_by_name() {
    within(LIMIT, || {
        for (setting, case) in CASES.iter().chain(waits::CASES) {
            for time in TIMES {
                let outcome = catch_unwind(AssertUnwindSafe(|| case(time)));
                match outcome {
                    Ok(Ok(())) => {}
                    Ok(Err(Error::Config { setting: named, .. })) => {
                        assert_eq!(named, *setting, "{time:?}");
                    }
                    Ok(Err(error)) => panic!("{setting} of {time:?}: {error}"),
                    Err(panic) => {
                        eprintln!("{setting} of {time:?} panics");
                        resume_unwind(panic);
                    }
                }
            }
        }
    });
}
