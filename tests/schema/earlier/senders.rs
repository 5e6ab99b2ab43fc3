//! Senders that are newer than their receivers.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use zmqrpc::proxy::{BufferedProxy, MemoryQueue, Rep, Req};
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::push::{AsyncPusher, Puller, Pusher};
use zmqrpc::{AsyncClient, Client, Error, Executed, Server, ServerHandle};

use super::{Dial, LIMIT, Panel, new, old, snapshot};
use crate::support::{anywhere, await_state, block_on, within};

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
