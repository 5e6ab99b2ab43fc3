//! What has no reply, between versions: servers take what an earlier one sends where they have a snapshot of it and read
//! all of it rightly, and senders send to an earlier one what that reads rightly.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use zmqrpc::proxy::{BufferedProxy, MemoryQueue, Rep, Req};
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::push::{AsyncPusher, Puller, Pusher};
use zmqrpc::schema;
use zmqrpc::{AsyncClient, Client, Error, Executed, Server, ServerBuilder, ServerHandle};

use super::support::{anywhere, await_state, block_on, within};

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

/// Senders of the new version, which know that their receivers are of the old one.
struct NewSenders {
    client: Client,
    publisher: Publisher,
    pusher: Pusher,
}

impl NewSenders {
    fn to(server: &ServerHandle) -> Self {
        let publisher = Publisher::builder()
            .bind("tcp://127.0.0.1:*")
            .earlier(snapshot())
            .build()
            .unwrap();
        let subscription = Subscription::connect(&publisher.endpoints()[0]);
        server.subscribe(subscription).unwrap();
        let pulls = server.pull(Puller::bind("tcp://127.0.0.1:*")).unwrap();
        publisher.wait_subscribers(1, LIMIT).unwrap();
        Self {
            client: Client::builder()
                .connect(&server.endpoints()[0])
                .earlier(snapshot())
                .build()
                .unwrap(),
            publisher,
            pusher: Pusher::builder()
                .connect(pulls)
                .earlier(snapshot())
                .build()
                .unwrap(),
        }
    }

    /// Reports in each way that there is.
    fn report(&self, sensor: u64, level: new::Level) -> Vec<Result<(), Error>> {
        let report = new::GaugeReport { sensor, level };
        let tasks = AsyncClient::from(self.client.clone());
        let pushes = AsyncPusher::from(self.pusher.clone());
        let begun = tasks.begin(&report);
        vec![
            self.publisher.publish(&report),
            self.pusher.push(&report),
            block_on(pushes.push(&report)),
            self.client.notify(&report),
            new::GaugeClient::new(self.client.clone()).report(sensor, level),
            block_on(tasks.notify(&report)),
            block_on(tasks.call(&report)),
            begun.and_then(block_on),
        ]
    }
}

#[test]
fn new_senders_go_on_with_receivers_of_an_earlier_version_and_with_new_ones() {
    within(LIMIT, || {
        let (sender, reports) = channel();
        let dial = old::GaugeServer::new(Dial(Mutex::new(sender)));
        let old = anywhere(Server::builder().service(dial)).start().unwrap();
        let senders = NewSenders::to(&old);
        for sensor in [7, u32::MAX] {
            for sent in senders.report(sensor.into(), new::Level::High) {
                sent.unwrap();
                let report = reports.recv_timeout(LIMIT).unwrap();
                assert_eq!(report, (sensor, old::Level::High));
            }
        }
        assert_eq!(old.stats().refused, 0);

        let (sender, reports) = channel();
        let panel = new::GaugeServer::new(Panel(Mutex::new(sender)));
        let server = Server::builder().service(panel).earlier(snapshot());
        let server = anywhere(server).start().unwrap();
        let senders = NewSenders::to(&server);
        for sent in senders.report(7, new::Level::Low) {
            sent.unwrap();
            let report = reports.recv_timeout(LIMIT).unwrap();
            assert_eq!(report, (7, new::Level::Low));
        }
        assert_eq!(server.stats().refused, 0);
    });
}

#[test]
fn a_value_that_an_earlier_version_cannot_read_is_not_sent_and_says_which() {
    within(LIMIT, || {
        let (sender, reports) = channel();
        let dial = old::GaugeServer::new(Dial(Mutex::new(sender)));
        let server = anywhere(Server::builder().service(dial)).start().unwrap();
        let senders = NewSenders::to(&server);
        let too_large = 1 << 32;
        for (sensor, level, text) in [
            (too_large, new::Level::Low, "sensor: 4294967296 is no `u32`"),
            (7, new::Level::Alarm, "level: `Level` has no variant 2"),
        ] {
            for refused in senders.report(sensor, level) {
                let error = refused.unwrap_err();
                assert!(matches!(error, Error::Encode { .. }), "{error}");
                assert_eq!(error.executed(), Executed::No);
                let said = error.to_string();
                assert!(said.contains(text), "{said}");
                assert!(said.contains("Gauge.report"), "{said}");
            }
        }
        // It would be read as another number.
        let adjust = new::GaugeAdjust { by: -1 };
        for refused in [
            senders.publisher.publish(&adjust),
            senders.pusher.push(&adjust),
            senders.client.notify(&adjust),
        ] {
            let error = refused.unwrap_err();
            assert!(matches!(error, Error::SignatureMismatch { .. }), "{error}");
            let said = error.to_string();
            assert!(said.contains("by: `i32` here, `u32` there"), "{said}");
        }
        // Only this one arrives.
        for sent in senders.report(1, new::Level::Low) {
            sent.unwrap();
            assert_eq!(reports.recv_timeout(LIMIT).unwrap(), (1, old::Level::Low));
        }
        assert_eq!(server.stats().refused, 0);
    });
}

#[test]
fn a_buffered_proxy_delivers_what_new_clients_send_to_an_earlier_version() {
    within(LIMIT, || {
        let (sender, reports) = channel();
        let dial = old::GaugeServer::new(Dial(Mutex::new(sender)));
        let server = anywhere(Server::builder().service(dial)).start().unwrap();
        let proxy = BufferedProxy::new(
            Rep::new().bind("tcp://127.0.0.1:*"),
            Req::new().connect(&server.endpoints()[0]),
            MemoryQueue::new(10_000, 64 << 20),
        );
        let proxy = proxy.start().unwrap();
        let client = Client::builder()
            .connect(&proxy.endpoints()[0])
            .earlier(snapshot())
            .build()
            .unwrap();
        let gauge = new::GaugeClient::new(client);
        for sensor in 0..1_000 {
            gauge.report(sensor, new::Level::High).unwrap();
        }
        await_state("all are delivered", || proxy.stats().delivered == 1_000);
        let mut delivered: Vec<_> = reports.try_iter().map(|(sensor, _)| sensor).collect();
        delivered.sort_unstable();
        assert!((0..1_000).eq(delivered));
        assert_eq!(server.stats().refused, 0);
    });
}

#[test]
fn senders_take_no_snapshot_that_is_no_description() {
    let place = "tcp://127.0.0.1:*";
    let wrong = "{\"services\": 7}";
    let errors = [
        Client::builder()
            .bind(place)
            .earlier(wrong)
            .build()
            .map(drop),
        Publisher::builder()
            .bind(place)
            .earlier(wrong)
            .build()
            .map(drop),
        Pusher::builder()
            .bind(place)
            .earlier(wrong)
            .build()
            .map(drop),
    ];
    for error in errors {
        let text = error.unwrap_err().to_string();
        assert!(text.contains("earlier"), "{text}");
        assert!(text.contains("no description"), "{text}");
    }
}
