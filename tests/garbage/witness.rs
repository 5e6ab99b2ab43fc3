//! Sensible peers of every port, who see to it that they are served.

use std::time::{Duration, Instant};

use zmqrpc::message::Sender;
use zmqrpc::pubsub::Publisher;
use zmqrpc::push::{Puller, Pusher};
use zmqrpc::{Client, ServerHandle};

use crate::bell::{Bell, BellClient, BellRing, Ear, Heard, Mark, Seal};
use crate::town::{Town, serve};

/// A way that a ring goes, and where it is heard.
struct Way {
    name: &'static str,
    ring: Box<dyn Fn(Seal)>,
    /// In the town, or by the witness.
    within: bool,
    /// A job may go to whoever asks for it, so it has to be tried more than once.
    shared: bool,
}

pub(crate) struct Witness {
    ways: Vec<Way>,
    caller: BellClient<Client>,
    newcomer: String,
    sender: Sender,
    ear: Ear,
    _home: ServerHandle,
    number: u64,
}

struct Listener(Ear);

impl Bell for Listener {
    fn ring(&self, seal: Seal) {
        self.0.hear(seal);
    }

    fn heard(&self) -> Heard {
        self.0.heard()
    }

    fn speak(&self, _: Seal) {}

    fn malformed(&self) -> Vec<(String, u64)> {
        Vec::new()
    }
}

const PATIENCE: Duration = Duration::from_secs(10);

impl Witness {
    pub(crate) fn of(town: &Town) -> Self {
        let ear = Ear::default();
        let home = serve(Listener(ear.clone()), |builder| {
            builder
                .subscribe(town.at("publisher"))
                .subscribe(town.at("rep2pub back"))
                .subscribe(town.at("sub2pub back"))
                .pull(Puller::connect(town.at("pusher")))
                .pull(Puller::connect(town.at("pull2push back")))
        });
        let calling = |name: &'static str| {
            let client = client(town.at(name));
            Way {
                name,
                ring: Box::new(move |seal| client.ring(seal).unwrap()),
                within: name != "rep2pub",
                shared: false,
            }
        };
        let publishing = |name: &'static str| {
            let publisher = Publisher::connect(town.at(name)).unwrap();
            publisher.wait_subscribers(1, PATIENCE).unwrap();
            Way {
                name,
                ring: Box::new(move |seal| publisher.publish(&BellRing { seal }).unwrap()),
                within: name != "sub2pub",
                shared: false,
            }
        };
        let pushing = |name: &'static str| {
            let pusher = Pusher::connect(town.at(name)).unwrap();
            Way {
                name,
                ring: Box::new(move |seal| pusher.push(&BellRing { seal }).unwrap()),
                within: name != "pull2push",
                shared: name == "pull2push",
            }
        };
        let speaker = client(town.at("server"));
        let ways = vec![
            calling("server"),
            calling("rep2req"),
            calling("buffered"),
            calling("rep2pub"),
            publishing("subscription"),
            publishing("sub2req"),
            publishing("sub2pub"),
            pushing("pull"),
            pushing("pull2req"),
            pushing("pull2push"),
            Way {
                name: "publisher and pusher",
                ring: Box::new(move |seal| speaker.speak(seal).unwrap()),
                within: false,
                shared: true,
            },
        ];
        let witness = Self {
            ways,
            caller: client(town.at("server")),
            newcomer: town.at("server").to_owned(),
            sender: Sender::new(Client::connect(town.at("receiver")).unwrap()),
            ear,
            _home: home,
            number: 0,
        };
        // Until its subscriptions are in place.
        for way in witness.ways.iter().filter(|way| !way.within) {
            witness.hears(way, 1, true);
        }
        witness
    }

    /// Every port serves.
    pub(crate) fn look(&mut self) {
        self.number += 1;
        for way in 0..self.ways.len() {
            self.number += 1;
            self.hears(&self.ways[way], self.number, self.ways[way].shared);
        }
        let bytes = self.number.to_le_bytes();
        assert_eq!(self.sender.send(&bytes), Ok(bytes.to_vec()));
        // Who comes now is let in, too.
        client(&self.newcomer).ring(valid(self.number)).unwrap();
    }

    #[track_caller]
    fn hears(&self, way: &Way, number: u64, again: bool) {
        let end = Instant::now() + PATIENCE;
        // Of the publisher and the pusher, both.
        let times = if way.name == "publisher and pusher" {
            2
        } else {
            1
        };
        (way.ring)(valid(number));
        let mut tried = Instant::now();
        loop {
            let heard = if way.within {
                self.caller.heard().unwrap()
            } else {
                self.ear.heard()
            };
            if heard.valid.iter().filter(|heard| **heard == number).count() >= times {
                return;
            }
            assert!(Instant::now() < end, "{}: {number} of {heard:?}", way.name);
            if again && tried.elapsed() > Duration::from_millis(100) {
                (way.ring)(valid(number));
                tried = Instant::now();
            }
            std::thread::yield_now();
        }
    }

    /// How often it has rung with a mark, wherever it is heard.
    pub(crate) fn rung(&self, mark: Mark) -> u64 {
        let heard = [self.caller.heard().unwrap(), self.ear.heard()];
        let count = |heard: &Heard| match mark {
            Mark::Valid => heard.valid.len() as u64,
            Mark::Harmless => heard.harmless,
            Mark::Harmed => heard.harmed,
        };
        heard.iter().map(count).sum()
    }

    pub(crate) fn malformed(&self) -> Vec<(String, u64)> {
        self.caller.malformed().unwrap()
    }
}

fn client(endpoint: &str) -> BellClient<Client> {
    let client = Client::builder().connect(endpoint).timeout(PATIENCE);
    BellClient::new(client.build().unwrap())
}

fn valid(number: u64) -> Seal {
    Seal {
        mark: Mark::Valid,
        number,
    }
}
