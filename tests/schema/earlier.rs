//! What has no reply, between versions: servers take what an earlier one sends where they have a snapshot of it and read
//! all of it rightly, and senders send to an earlier one what that reads rightly.

mod senders;

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use zmqrpc::proxy::{BufferedProxy, MemoryQueue, Rep, Req};
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::push::{Puller, Pusher};
use zmqrpc::schema;
use zmqrpc::{Client, Error, Server, ServerBuilder, ServerHandle};

use super::support::{anywhere, await_state, within};

const LIMIT: Duration = Duration::from_secs(20);

mod old {
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
    pub(super) enum Level {
        Low,
        High,
    }

    #[zmqrpc::zmq_service(name = "Gauge")]
    pub(super) trait Gauge {
        /// It is read by a wider type, and by an enum that has one more variant.
        #[zmq(oneway)]
        fn report(&self, sensor: u32, level: Level);
        /// It is read as another number.
        #[zmq(oneway)]
        fn adjust(&self, by: u32);
        /// Its reply would be read as another number.
        fn read(&self, sensor: u32) -> u32;
    }
}

mod new {
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
    pub(super) enum Level {
        Low,
        High,
        Alarm,
    }

    #[zmqrpc::zmq_service(name = "Gauge")]
    pub(super) trait Gauge {
        #[zmq(oneway)]
        fn report(&self, sensor: u64, level: Level);
        #[zmq(oneway)]
        fn adjust(&self, by: i32);
        fn read(&self, sensor: u64) -> i32;
    }
}

struct Panel(Mutex<Sender<(u64, new::Level)>>);

impl new::Gauge for Panel {
    fn report(&self, sensor: u64, level: new::Level) {
        self.0.lock().unwrap().send((sensor, level)).unwrap();
    }

    fn adjust(&self, by: i32) {
        panic!("{by} was meant otherwise");
    }

    fn read(&self, sensor: u64) -> i32 {
        self.report(sensor, new::Level::Alarm);
        -7
    }
}

/// A server of the old version.
struct Dial(Mutex<Sender<(u32, old::Level)>>);

impl old::Gauge for Dial {
    fn report(&self, sensor: u32, level: old::Level) {
        self.0.lock().unwrap().send((sensor, level)).unwrap();
    }

    fn adjust(&self, by: u32) {
        panic!("{by} was meant otherwise");
    }

    fn read(&self, sensor: u32) -> u32 {
        self.report(sensor, old::Level::High);
        7
    }
}

fn snapshot() -> String {
    serde_json::to_string(&schema::of::<old::GaugeClient>()).unwrap()
}

/// A server of the new version, and ways for senders of the old one.
struct Senders {
    server: ServerHandle,
    client: Client,
    publisher: Publisher,
    pusher: Pusher,
    reports: Receiver<(u64, new::Level)>,
}

fn serve(configure: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Senders {
    let (sender, reports) = channel();
    let publisher = Publisher::bind("tcp://127.0.0.1:*").unwrap();
    let builder = Server::builder()
        .service(new::GaugeServer::new(Panel(Mutex::new(sender))))
        .subscribe(Subscription::connect(&publisher.endpoints()[0]));
    let server = anywhere(configure(builder)).start().unwrap();
    let pulls = server.pull(Puller::bind("tcp://127.0.0.1:*")).unwrap();
    publisher.wait_subscribers(1, LIMIT).unwrap();
    Senders {
        client: Client::connect(&server.endpoints()[0]).unwrap(),
        pusher: Pusher::connect(&pulls).unwrap(),
        server,
        publisher,
        reports,
    }
}

impl Senders {
    fn report(&self, sensor: u32, level: old::Level) {
        let publisher = old::GaugeClient::new(self.publisher.clone());
        publisher.report(sensor, level).unwrap();
        let pusher = old::GaugeClient::new(self.pusher.clone());
        pusher.report(sensor, level).unwrap();
        let report = old::GaugeReport { sensor, level };
        self.client.notify(&report).unwrap();
    }

    fn await_refused(&self, count: u64) {
        await_state("they are refused", || self.server.stats().refused == count);
    }
}

#[test]
fn what_an_earlier_version_sends_is_taken_where_all_of_it_is_read_rightly() {
    within(LIMIT, || {
        let senders = serve(|builder| builder.earlier(snapshot()));
        for sensor in [7, u32::MAX] {
            senders.report(sensor, old::Level::High);
            for _ in 0..3 {
                let report = senders.reports.recv_timeout(LIMIT).unwrap();
                assert_eq!(report, (sensor.into(), new::Level::High));
            }
        }
        assert_eq!(senders.server.stats().refused, 0);
    });
}

/// A proxy has accepted calls of an earlier version, whose replies nobody reads any more.
#[test]
fn what_a_buffered_proxy_holds_is_delivered_to_a_later_version() {
    within(LIMIT, || {
        let place = super::support::ipc("earlier");
        let queue = MemoryQueue::new(10_000, 64 << 20);
        let proxy = BufferedProxy::new(
            Rep::new().bind("tcp://127.0.0.1:*"),
            Req::new().connect(&place),
            queue,
        );
        let proxy = proxy.start().unwrap();
        let gauge = old::GaugeClient::connect(&proxy.endpoints()[0]).unwrap();
        for sensor in 0..1_000 {
            if sensor % 2 == 0 {
                gauge.report(sensor, old::Level::High).unwrap();
            } else {
                let error = gauge.read(sensor).unwrap_err();
                assert!(matches!(error, Error::Accepted { .. }), "{error}");
            }
        }
        await_state("all are held", || proxy.stats().held == 1_000);
        let (sender, reports) = channel();
        let panel = new::GaugeServer::new(Panel(Mutex::new(sender)));
        let builder = Server::builder().service(panel).earlier(snapshot());
        let server = builder.bind(&place).start().unwrap();
        await_state("all are delivered", || proxy.stats().delivered == 1_000);
        let mut delivered: Vec<_> = reports.try_iter().collect();
        delivered.sort_unstable_by_key(|(sensor, _)| *sensor);
        let kinds = [new::Level::High, new::Level::Alarm];
        let expected = (0..1_000).zip(kinds.into_iter().cycle());
        assert!(expected.eq(delivered));
        assert_eq!(server.stats().refused, 0);
    });
}

#[test]
fn without_a_snapshot_it_is_refused_and_counted() {
    within(LIMIT, || {
        let senders = serve(|builder| builder);
        senders.report(7, old::Level::Low);
        senders.await_refused(3);
        assert!(senders.reports.try_recv().is_err());
    });
}

#[test]
fn what_would_be_misread_is_refused_with_a_snapshot_too() {
    within(LIMIT, || {
        let senders = serve(|builder| builder.earlier(snapshot()));
        senders
            .client
            .notify(&old::GaugeAdjust { by: 1 << 31 })
            .unwrap();
        senders.await_refused(1);
        let gauge = old::GaugeClient::new(senders.client.clone());
        let error = gauge.read(7).unwrap_err();
        assert!(matches!(error, Error::SignatureMismatch { .. }), "{error}");
        senders.report(7, old::Level::Low);
        let report = senders.reports.recv_timeout(LIMIT).unwrap();
        assert_eq!(report, (7, new::Level::Low));
    });
}

#[test]
fn a_snapshot_that_is_no_description_is_an_error_at_the_start() {
    let (sender, _reports) = channel();
    let builder = Server::builder().service(new::GaugeServer::new(Panel(Mutex::new(sender))));
    let error = anywhere(builder.earlier("{\"services\": 7}"))
        .start()
        .unwrap_err();
    assert!(matches!(error, Error::Config { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("earlier"), "{text}");
    assert!(text.contains("no description"), "{text}");
}
