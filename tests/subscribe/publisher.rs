//! Publishers and pushers that are made by hand, from `PROTOCOL.md`.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::support::{call_by_name, head};

/// Arguments of one number, in MessagePack.
pub(crate) fn number(number: u64) -> Vec<u8> {
    let mut body = vec![0x91, 0xCF];
    body.extend(number.to_be_bytes());
    body
}

/// An event's frame.
pub(crate) fn event(publisher: u64, sequence: u64, method: &str, arguments: &[u8]) -> Vec<u8> {
    let mut frame = head(0x03, sequence);
    frame.extend(publisher.to_le_bytes());
    frame.push(1);
    // The rest is that of a request.
    frame.extend(&call_by_name(0, &format!("Sensor.{method}"), 0, arguments)[11..]);
    frame
}

/// A notification's frame.
pub(crate) fn notification(method: &str, arguments: &[u8]) -> Vec<u8> {
    let mut frame = call_by_name(0, &format!("Sensor.{method}"), 0, arguments);
    frame[2] = 0x02;
    frame
}

pub(crate) fn heartbeat(publisher: u64, sequence: u64) -> Vec<u8> {
    let mut frame = head(0x03, sequence);
    frame.extend(publisher.to_le_bytes());
    frame.push(0);
    frame
}

/// A publisher.
pub(crate) struct Publisher {
    pub(crate) socket: zmq::Socket,
    pub(crate) endpoint: String,
    pub(crate) id: u64,
    sequences: HashMap<Vec<u8>, u64>,
}

impl Publisher {
    pub(crate) fn bind(id: u64) -> Self {
        Self::bind_to("tcp://127.0.0.1:*", id, 100_000)
    }

    pub(crate) fn bind_to(endpoint: &str, id: u64, high_water: i32) -> Self {
        let mut publisher = Self::new(id, high_water);
        publisher.socket.bind(endpoint).unwrap();
        publisher.endpoint = publisher.socket.get_last_endpoint().unwrap().unwrap();
        publisher
    }

    /// Where another one has just gone: libzmq gives its port free a moment later.
    pub(crate) fn bind_again(endpoint: &str, id: u64) -> Self {
        let mut publisher = Self::new(id, 100_000);
        let end = Instant::now() + Duration::from_secs(10);
        while let Err(error) = publisher.socket.bind(endpoint) {
            assert!(Instant::now() < end, "{error}");
            thread::yield_now();
        }
        endpoint.clone_into(&mut publisher.endpoint);
        publisher
    }

    pub(crate) fn connect(endpoint: &str, id: u64) -> Self {
        let mut publisher = Self::new(id, 100_000);
        publisher.socket.connect(endpoint).unwrap();
        endpoint.clone_into(&mut publisher.endpoint);
        publisher
    }

    fn new(id: u64, high_water: i32) -> Self {
        let socket = zmq::Context::new().socket(zmq::XPUB).unwrap();
        socket.set_linger(0).unwrap();
        socket.set_sndhwm(high_water).unwrap();
        socket.set_xpub_verbose(true).unwrap();
        socket.set_reconnect_ivl(10).unwrap();
        socket.set_rcvtimeo(10_000).unwrap();
        Self {
            socket,
            endpoint: String::new(),
            id,
            sequences: HashMap::new(),
        }
    }

    /// The next subscription, or its end: 1 or 0 and the topic.
    pub(crate) fn order(&self) -> Vec<u8> {
        self.socket.recv_bytes(0).expect("a subscription")
    }

    /// Waits for a subscriber; everything it subscribes to is in place then.
    pub(crate) fn await_subscriber(&self) {
        while self.order() != [1, 0xFF] {}
    }

    /// Publishes a reading.
    pub(crate) fn reading(&mut self, topic: &str, value: u64) {
        self.call(topic, "reading", &number(value));
    }

    pub(crate) fn call(&mut self, topic: &str, method: &str, arguments: &[u8]) {
        let sequence = self.next(topic.as_bytes());
        let event = event(self.id, sequence, method, arguments);
        self.send(&[topic.as_bytes(), &event]);
    }

    pub(crate) fn heartbeat(&mut self) {
        let sequence = self.next(&[0xFF]);
        let heartbeat = heartbeat(self.id, sequence);
        self.send(&[&[0xFF], &heartbeat]);
    }

    /// Numbers so many events as if they had been published.
    pub(crate) fn lose(&mut self, topic: &str, count: u64) {
        *self.sequences.entry(topic.into()).or_default() += count;
    }

    fn next(&mut self, topic: &[u8]) -> u64 {
        let sequence = self.sequences.entry(topic.to_vec()).or_default();
        *sequence += 1;
        *sequence
    }

    pub(crate) fn send(&self, frames: &[&[u8]]) {
        self.socket.send_multipart(frames, 0).unwrap();
    }
}

/// A socket that pushes.
pub(crate) struct Pusher {
    pub(crate) socket: zmq::Socket,
    pub(crate) endpoint: String,
}

impl Pusher {
    pub(crate) fn bind() -> Self {
        let mut pusher = Self::new();
        pusher.socket.bind("tcp://127.0.0.1:*").unwrap();
        pusher.endpoint = pusher.socket.get_last_endpoint().unwrap().unwrap();
        pusher
    }

    pub(crate) fn connect(endpoint: &str) -> Self {
        let mut pusher = Self::new();
        pusher.socket.connect(endpoint).unwrap();
        endpoint.clone_into(&mut pusher.endpoint);
        pusher
    }

    fn new() -> Self {
        let socket = zmq::Context::new().socket(zmq::PUSH).unwrap();
        socket.set_linger(10_000).unwrap();
        socket.set_sndtimeo(10_000).unwrap();
        socket.set_sndhwm(10).unwrap();
        Self {
            socket,
            endpoint: String::new(),
        }
    }

    pub(crate) fn reading(&self, value: u64) {
        self.call("reading", &number(value));
    }

    pub(crate) fn call(&self, method: &str, arguments: &[u8]) {
        self.socket
            .send(notification(method, arguments), 0)
            .unwrap();
    }
}

/// A peer that speaks ZMTP 3.0 over plain TCP, and keeps to none of its rules beyond the handshake.
pub(crate) struct Rogue(pub(crate) TcpStream);

impl Rogue {
    /// Connects to a bound endpoint as a socket of this kind: `PUB`, `PUSH`.
    pub(crate) fn connect(endpoint: &str, kind: &str) -> Self {
        let stream = TcpStream::connect(endpoint.trim_start_matches("tcp://")).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut rogue = Self(stream);
        let mut greeting = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3, 0];
        greeting.extend(b"NULL");
        greeting.resize(64, 0);
        rogue.0.write_all(&greeting).unwrap();
        rogue.0.read_exact(&mut [0; 64]).unwrap();
        let mut ready = b"\x05READY\x0BSocket-Type".to_vec();
        ready.extend(u32::try_from(kind.len()).unwrap().to_be_bytes());
        ready.extend(kind.as_bytes());
        rogue.frame(0x04, &ready);
        let mut header = [0; 2];
        rogue.0.read_exact(&mut header).unwrap();
        assert_eq!(header[0], 0x04, "a command");
        let mut answer = vec![0; header[1].into()];
        rogue.0.read_exact(&mut answer).unwrap();
        assert!(answer.starts_with(b"\x05READY"), "{answer:?}");
        rogue
    }

    pub(crate) fn send(&mut self, frames: &[&[u8]]) {
        assert!(self.try_send(frames));
    }

    /// Sends it whole, or tells that it was not taken within the stream's limit.
    pub(crate) fn try_send(&mut self, frames: &[&[u8]]) -> bool {
        let mut frames = frames.iter().enumerate().map(|(number, frame)| {
            let more = number + 1 < frames.len();
            self.try_frame(u8::from(more), frame)
        });
        frames.all(|taken| taken)
    }

    /// Returns when everything that was sent before has arrived in the peer's socket.
    pub(crate) fn settle(&mut self) {
        self.frame(0x04, b"\x04PING\0\0");
        let mut pong = [0; 7];
        self.0.read_exact(&mut pong).unwrap();
        assert_eq!(pong, *b"\x04\x05\x04PONG");
    }

    fn frame(&mut self, flags: u8, body: &[u8]) {
        assert!(self.try_frame(flags, body));
    }

    fn try_frame(&mut self, flags: u8, body: &[u8]) -> bool {
        let mut bytes = if let Ok(len) = u8::try_from(body.len()) {
            vec![flags, len]
        } else {
            let mut long = vec![flags | 0x02];
            long.extend((body.len() as u64).to_be_bytes());
            long
        };
        bytes.extend(body);
        match self.0.write_all(&bytes) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(error) => panic!("{error}"),
        }
    }
}
