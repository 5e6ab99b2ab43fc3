//! Raw ZeroMQ sockets beside the library: clients, servers and devices of its users.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Event, pong};

/// A raw client, subscriber or puller.
pub(crate) struct Peer(pub(crate) zmq::Socket);

impl Peer {
    pub(crate) fn connect(endpoint: &str) -> Self {
        Self::of(zmq::DEALER, endpoint)
    }

    /// A client that takes hardly anything in unless it is asked to.
    pub(crate) fn deaf(endpoint: &str) -> Self {
        let socket = zmq::Context::new().socket(zmq::DEALER).unwrap();
        socket.set_rcvhwm(1).unwrap();
        Self::with(socket, endpoint)
    }

    pub(crate) fn of(kind: zmq::SocketType, endpoint: &str) -> Self {
        let socket = zmq::Context::new().socket(kind).unwrap();
        Self::with(socket, endpoint)
    }

    fn with(socket: zmq::Socket, endpoint: &str) -> Self {
        socket.set_linger(0).unwrap();
        socket.set_sndtimeo(10_000).unwrap();
        socket.set_ipv6(endpoint.contains('[')).unwrap();
        socket.connect(endpoint).unwrap();
        Self(socket)
    }

    /// A subscriber of these topics, and of heartbeats.
    pub(crate) fn subscribed(endpoint: &str, topics: &[&str]) -> Self {
        let peer = Self::of(zmq::SUB, endpoint);
        peer.subscribe(topics);
        peer
    }

    /// What nobody connects to yet. Answers where it is bound, too.
    pub(crate) fn bound(kind: zmq::SocketType, endpoint: &str) -> (Self, String) {
        let socket = zmq::Context::new().socket(kind).unwrap();
        socket.set_linger(0).unwrap();
        socket.bind(endpoint).unwrap();
        let endpoint = socket.get_last_endpoint().unwrap().unwrap();
        (Self(socket), endpoint)
    }

    /// Subscribes topics, and last what tells a publisher that they are in place.
    pub(crate) fn subscribe(&self, topics: &[&str]) {
        for topic in topics {
            self.0.set_subscribe(topic.as_bytes()).unwrap();
        }
        self.0.set_subscribe(&[0xFF]).unwrap();
    }

    /// The next message that is no heartbeat: its topic and what it is.
    pub(crate) fn event(&self) -> (String, Event) {
        loop {
            let frames = self.receive(Duration::from_secs(10)).expect("an event");
            assert_eq!(frames.len(), 2, "{frames:x?}");
            if frames[0] != [0xFF] {
                let topic = String::from_utf8(frames[0].clone()).unwrap();
                return (topic, Event::read(&frames[1]));
            }
        }
    }

    /// Nothing has come, nor does it within a moment.
    pub(crate) fn is_silent(&self) -> bool {
        self.receive(Duration::from_millis(100)).is_none()
    }

    pub(crate) fn send(&self, frame: impl AsRef<[u8]>) {
        self.0.send(frame.as_ref(), 0).unwrap();
    }

    pub(crate) fn send_all(&self, frames: &[Vec<u8>]) {
        self.0.send_multipart(frames, 0).unwrap();
    }

    /// The next message, or nothing when none comes in time.
    pub(crate) fn receive(&self, limit: Duration) -> Option<Vec<Vec<u8>>> {
        self.0
            .set_rcvtimeo(limit.as_millis().try_into().unwrap())
            .unwrap();
        self.0.recv_multipart(0).ok()
    }

    /// The next message's last frame, unless that says that the server ends, or asks whether the peer is there.
    pub(crate) fn answer(&self) -> Vec<u8> {
        self.wait_for(|frame| *frame != pong(0) && !frame.starts_with(&[0xC1, 1, 0x89]))
    }

    /// The next message's last frame, unless a server finds out by it whether the peer is there, or tells that a call runs.
    pub(crate) fn next(&self) -> Vec<u8> {
        self.wait_for(|frame| *frame != pong(0) && !frame.starts_with(&[0xC1, 1, 0x86]))
    }

    /// What answers this frame, or comes before that; of a ping it is a pong, whatever its id.
    pub(crate) fn ask(&self, frame: impl AsRef<[u8]>) -> Vec<u8> {
        let frame = frame.as_ref();
        self.send(frame);
        if frame.starts_with(&[0xC1, 1, 5]) {
            self.wait_for(|frame| !frame.starts_with(&[0xC1, 1, 0x89]))
        } else {
            self.answer()
        }
    }

    /// The first message's last frame that is one of these.
    fn wait_for(&self, wanted: impl Fn(&Vec<u8>) -> bool) -> Vec<u8> {
        loop {
            let mut frames = self.receive(Duration::from_secs(10)).expect("a frame");
            let frame = frames.pop().unwrap();
            if wanted(&frame) {
                return frame;
            }
        }
    }
}

/// A raw server that answers as the test wants.
pub(crate) struct Fake {
    pub(crate) endpoint: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    /// `answer` gets each request frame and says what to send back.
    pub(crate) fn start(answer: impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        Self::start_at("tcp://127.0.0.1:*", answer)
    }

    pub(crate) fn start_at(
        place: &str,
        mut answer: impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send + 'static,
    ) -> Self {
        let router = zmq::Context::new().socket(zmq::ROUTER).unwrap();
        router.set_linger(0).unwrap();
        router.set_sndhwm(0).unwrap();
        router.bind(place).unwrap();
        let endpoint = router.get_last_endpoint().unwrap().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                if router.poll(zmq::POLLIN, 10).unwrap() == 0 {
                    continue;
                }
                let mut frames = router.recv_multipart(0).unwrap();
                // Before it is the way back, which has more than one step where there is a hub in between.
                let request = frames.pop().unwrap();
                for reply in answer(&request) {
                    let _ = router.send_multipart(frames.iter().chain([&reply]), 0);
                }
            }
        });
        Self {
            endpoint,
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// libzmq's own device between callers and workers.
pub(crate) struct Hub {
    /// Where callers connect.
    pub(crate) front: String,
    /// Where workers connect; empty if it connects to servers.
    pub(crate) back: String,
    control: zmq::Socket,
    thread: Option<JoinHandle<()>>,
}

impl Hub {
    pub(crate) fn start() -> Self {
        Self::open(|dealer| {
            dealer.bind("tcp://127.0.0.1:*").unwrap();
            dealer.get_last_endpoint().unwrap().unwrap()
        })
    }

    /// The same, but it connects to these servers.
    pub(crate) fn to(servers: &[&str]) -> Self {
        Self::open(|dealer| {
            for server in servers {
                dealer.connect(server).unwrap();
            }
            String::new()
        })
    }

    fn open(open_back: impl FnOnce(&zmq::Socket) -> String) -> Self {
        let context = zmq::Context::new();
        let socket = |kind| {
            let socket = context.socket(kind).unwrap();
            socket.set_linger(0).unwrap();
            socket
        };
        let mut router = socket(zmq::ROUTER);
        router.bind("tcp://127.0.0.1:*").unwrap();
        let front = router.get_last_endpoint().unwrap().unwrap();
        let mut dealer = socket(zmq::DEALER);
        let back = open_back(&dealer);
        let control = context.socket(zmq::PAIR).unwrap();
        control.bind("inproc://control").unwrap();
        let mut orders = context.socket(zmq::PAIR).unwrap();
        orders.connect("inproc://control").unwrap();
        let thread = thread::spawn(move || {
            let _ = zmq::proxy_steerable(&mut router, &mut dealer, &mut orders);
        });
        Self {
            front,
            back,
            control,
            thread: Some(thread),
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.control.send("TERMINATE", 0);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
