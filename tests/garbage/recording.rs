//! What sensible peers of each port say, byte for byte as it goes over the wire.

use std::any::Any;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use zmqrpc::Client;
use zmqrpc::message::Sender;
use zmqrpc::pubsub::Publisher;
use zmqrpc::push::Pusher;

use crate::bell::{BellClient, BellRing, Mark, Seal};
use crate::strings::Text;
use crate::support::{Peer, await_state, listen, varint};
use crate::town::Port;
use crate::witness::Witness;

/// Who comes to a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guest {
    Caller,
    Sender,
    Publisher,
    Pusher,
    Subscriber,
    Puller,
}

/// What a port's guest says.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) port: Port,
    /// The greeting and the command READY.
    pub(crate) hello: Vec<u8>,
    /// Everything up to the end of the message that matters.
    pub(crate) harmless: Vec<u8>,
    pub(crate) harmed: Vec<u8>,
    /// Bytes of `harmed` of which none may be changed: its reader must notice.
    pub(crate) vital: Vec<usize>,
}

impl Guest {
    /// Whether what it says rings a bell.
    pub(crate) fn rings(self) -> bool {
        matches!(self, Self::Caller | Self::Publisher | Self::Pusher)
    }
}

pub(crate) const GREETING: usize = 64;

impl Recording {
    pub(crate) fn of(port: &Port, witness: &Witness) -> Self {
        let (hello, harmless) = record(port, Mark::Harmless, witness);
        let (again, harmed) = record(port, Mark::Harmed, witness);
        assert_eq!(hello, again, "{port:?}");
        let vital = match port.guest {
            Guest::Subscriber | Guest::Puller => Vec::new(),
            Guest::Publisher => vital_of(&harmed, 3, true),
            Guest::Pusher => vital_of(&harmed, 2, true),
            Guest::Caller => vital_of(&harmed, 1, true),
            // Any bytes are a message.
            Guest::Sender => vital_of(&harmed, 1, false),
        };
        Self {
            port: port.clone(),
            hello,
            harmless,
            harmed,
            vital,
        }
    }

    /// The frame that a reader decodes, on its own.
    pub(crate) fn frame(&self) -> &[u8] {
        self.vital
            .first()
            .map_or(&[], |first| &self.harmed[*first..])
    }

    /// Sends it as it was recorded.
    pub(crate) fn is_understood(&self, witness: &Witness) {
        let rung = witness.rung(Mark::Harmless);
        let text = Text {
            first: self.hello.clone(),
            then: self.harmless.clone(),
        };
        let stream = crate::send(&self.port.address(), &text).expect("it is let in");
        if self.port.guest.rings() {
            await_state(&self.port.name, || witness.rung(Mark::Harmless) > rung);
        }
        drop(stream);
    }
}

/// Has a guest come, and listens until what it says has had its effect.
fn record(port: &Port, mark: Mark, witness: &Witness) -> (Vec<u8>, Vec<u8>) {
    let tap = Tap::before(&port.address());
    let endpoint = &*tap.endpoint;
    let seal = Seal { mark, number: 1 };
    let rung = witness.rung(mark);
    let mut last = varint(seal.check());
    let mut lasting: Option<Box<dyn Any>> = None;
    match port.guest {
        Guest::Caller => {
            let client = BellClient::new(Client::connect(endpoint).unwrap());
            client.ring(seal).unwrap();
        }
        Guest::Sender => {
            last = b"any bytes".to_vec();
            let sender = Sender::new(Client::connect(endpoint).unwrap());
            sender.send(&last).unwrap();
        }
        Guest::Publisher => {
            let publisher = Publisher::connect(endpoint).unwrap();
            let limit = Duration::from_secs(10);
            publisher.wait_subscribers(1, limit).unwrap();
            publisher.publish(&BellRing { seal }).unwrap();
            lasting = Some(Box::new(publisher));
        }
        Guest::Pusher => {
            let pusher = Pusher::connect(endpoint).unwrap();
            pusher.push(&BellRing { seal }).unwrap();
            lasting = Some(Box::new(pusher));
        }
        Guest::Subscriber => {
            // The subscription that comes last.
            last = vec![0xFF];
            lasting = Some(Box::new(Peer::subscribed(endpoint, &["topic"])));
        }
        Guest::Puller => {
            last = Vec::new();
            lasting = Some(Box::new(Peer::of(zmq::PULL, endpoint)));
        }
    }
    let heard = tap.hear(&last);
    if port.guest.rings() {
        await_state(&port.name, || witness.rung(mark) > rung);
    }
    drop(lasting);
    heard
}

/// Passes bytes on between a guest and its port, and keeps what the guest says.
struct Tap {
    endpoint: String,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    fn before(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
        let heard = Arc::default();
        let (address, kept) = (address.to_owned(), Arc::clone(&heard));
        thread::spawn(move || {
            let (guest, _) = listener.accept().unwrap();
            let port = TcpStream::connect(address).unwrap();
            let (mut from, mut to) = (port.try_clone().unwrap(), guest.try_clone().unwrap());
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
            });
            listen(guest, port, &kept);
        });
        Self { endpoint, heard }
    }

    /// Waits until something was said that ends with `last`; answers the greeting with READY, and what came then.
    fn hear(self, last: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let end = |heard: &[u8]| GREETING + 2 + usize::from(heard[GREETING + 1]);
        await_state("a recording", || {
            let heard = self.heard.lock().unwrap();
            let is_ready = heard.len() > GREETING + 1 && heard.len() >= end(&heard);
            is_ready && heard[end(&heard)..].ends_with(last)
        });
        let heard = self.heard.lock().unwrap();
        let end = end(&heard);
        assert_eq!(heard[GREETING], 4, "a short command");
        assert_eq!(heard[GREETING + 2..GREETING + 8], *b"\x05READY");
        (heard[..end].to_vec(), heard[end..].to_vec())
    }
}

/// Where a change of one bit must be noticed, in the last frame of a message: everywhere but in numbers that may have any
/// value.
fn vital_of(message: &[u8], kind: u8, with_body: bool) -> Vec<usize> {
    let front = [0xC1, 1, kind];
    let at = message
        .windows(3)
        .rposition(|bytes| bytes == front)
        .expect("a frame");
    let frame = &message[at..];
    // Id, or number and publisher; the time that remains; metadata; body.
    let codec = if kind == 3 { 20 } else { 11 };
    assert_eq!(frame[codec..codec + 2], [0, 0], "postcard, by key");
    let remaining = codec + 10;
    let more = frame[remaining..].iter().take_while(|byte| **byte >= 0x80);
    let metadata = remaining + more.count() + 1;
    assert_eq!(frame[metadata], 0, "no metadata");
    let end = if with_body { frame.len() } else { metadata };
    let vital = (0..3).chain(codec - usize::from(kind == 3)..remaining);
    vital.chain(metadata..end).map(|byte| at + byte).collect()
}
