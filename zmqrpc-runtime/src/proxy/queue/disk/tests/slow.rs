//! A disk that takes its time: callers are answered and refused meanwhile, and at the end.

use std::collections::{BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::{Disk, DiskQueue, Place, QueueFile};
use crate::dialect::{CallId, FrameKind, MethodRef, Reply, Request, RequestKind};
use crate::proxy::DIALECT;
use crate::proxy::queue::{Capacity, Store};
use crate::proxy::{BufferedProxy, Rep, Req};
use crate::socket::{
    ConnectionEvent, DealerSocket, Direction, Endpoint, Frame, Keepalive, RETRY_INTERVAL,
    Requester, Security, SocketOptions,
};
use crate::wire::{Limits, Metadata, Status};

const LIMIT: Duration = Duration::from_secs(20);

/// One that syncs when it is let.
#[derive(Debug, Default)]
pub(super) struct SlowDisk(Option<(Sender<()>, Mutex<Receiver<()>>)>);

impl SlowDisk {
    pub(super) fn sync(&self) {
        if let Some((begun, may_end)) = &self.0 {
            let _ = begun.send(());
            // Nobody holds it back any more.
            let _ = may_end.lock().unwrap().recv();
        }
    }
}

/// A caller that looks at each reply.
struct Caller {
    dealer: DealerSocket,
    came: VecDeque<Frame>,
}

impl Caller {
    fn connect(endpoint: &str) -> Self {
        let endpoint = Endpoint::parse(endpoint, Direction::Connect).unwrap();
        let options = SocketOptions {
            max_frame: 1 << 20,
            linger: Duration::ZERO,
            send_high_water: 1000,
            receive_high_water: 1000,
            ipv6: false,
            security: Security::Open,
            handshake_timeout: Duration::from_secs(10),
            keepalive: Keepalive::default(),
        };
        Self {
            dealer: DealerSocket::connect(&endpoint, &options).unwrap(),
            came: VecDeque::new(),
        }
    }

    /// Waits until something happens, but not beyond `until`.
    fn look(&mut self, until: Instant) {
        let came = &mut self.came;
        let drained = self.dealer.drain(|event| {
            if let ConnectionEvent::Received(message) = event {
                came.push_back(message);
            }
        });
        if drained.unwrap() && self.came.is_empty() {
            let soon = Instant::now() + RETRY_INTERVAL;
            let waited = self.dealer.poller().wait(Some(until.min(soon)));
            waited.unwrap();
        }
    }

    fn ask(&mut self, id: u64, bytes: usize) {
        let body = vec![7; bytes];
        let request = Request {
            kind: RequestKind::Call,
            id: CallId::from(id),
            codec: 0,
            method: MethodRef::Name("Desk.log"),
            remaining: None,
            metadata: Metadata::EMPTY,
            body: &body,
        };
        let built = DIALECT.encode_request(&request, &Limits::NONE, |_| Ok(()));
        let (mut message, until) = (built.ok().unwrap(), Instant::now() + LIMIT);
        while !self.dealer.send(&mut message) {
            assert!(Instant::now() < until, "no room for {id}");
            self.look(until);
        }
    }

    /// The next answer: to what, and whether it was accepted.
    fn answer(&mut self) -> (u64, bool) {
        let until = Instant::now() + LIMIT;
        loop {
            let Some(frame) = self.came.pop_front() else {
                assert!(Instant::now() < until, "no answer");
                self.look(until);
                continue;
            };
            let FrameKind::Reply(id) = DIALECT.classify(&frame) else {
                // It ends.
                continue;
            };
            match DIALECT.decode_reply(&frame, &Limits::NONE).unwrap() {
                Reply::Value { .. } => return (id, true),
                Reply::Failure { status, .. } => {
                    assert_eq!(status, Status::Overloaded);
                    return (id, false);
                }
                other @ Reply::ServiceError { .. } => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn callers_are_refused_while_a_disk_is_slow_and_told_what_it_has_at_the_end() {
    let place = Place::new("slow");
    let file = QueueFile::open(&place.0).unwrap();
    let observer = Arc::clone(&file.observer);
    let queue = DiskQueue {
        disk: Disk::open(file).unwrap(),
        capacity: Capacity {
            requests: 1000,
            bytes: 1 << 30,
        },
    };
    let ((sync, begun), (let_go, may_end)) = (channel(), channel::<()>());
    observer.lock().unwrap().disk = SlowDisk(Some((sync, Mutex::new(may_end))));
    let (from, to) = (
        Rep::new().bind("tcp://127.0.0.1:*"),
        Req::new().connect("tcp://127.0.0.1:1"),
    );
    let proxy = BufferedProxy::new(from, to, queue).start().unwrap();
    let mut caller = Caller::connect(&proxy.endpoints()[0]);
    caller.ask(1, 10);
    begun.recv_timeout(LIMIT).expect("it is being written");
    let last = 80;
    for id in 2..=last {
        caller.ask(id, 1_000_000);
    }
    let mut refused = BTreeSet::new();
    while !refused.contains(&last) {
        let (id, accepted) = caller.answer();
        assert!(!accepted, "{id} is not on the disk yet");
        refused.insert(id);
    }
    let end = thread::spawn(move || proxy.shutdown(LIMIT));
    // Longer than the last deliveries may take: what is left is given up, but for what is being written.
    thread::sleep(Duration::from_secs(1));
    drop(let_go);
    let mut accepted = BTreeSet::new();
    while accepted.len() + refused.len() < 80 {
        let (id, is_accepted) = caller.answer();
        assert!(is_accepted, "{id} was not refused before");
        accepted.insert(id);
    }
    assert!(accepted.is_disjoint(&refused));
    end.join().unwrap().unwrap();
    let held = DiskQueue::open(&place.0).unwrap().contents().unwrap();
    assert_eq!(held.len(), accepted.len());
}
