//! A disk that takes its time: callers are answered and refused meanwhile, and at the end.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::{Disk, DiskQueue, Place, QueueFile};
use crate::proxy::queue::{Capacity, Store};
use crate::wire::{Kind, Limits, Metadata, MethodRef, Reply, ReplyBody, Request, Status};
use crate::{BufferedProxy, Rep, Req};

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

fn request(id: u64, bytes: usize) -> Vec<u8> {
    let body = vec![7; bytes];
    let request = Request {
        kind: Kind::Call,
        id,
        codec: 0,
        method: MethodRef::Name("Desk.log"),
        remaining: None,
        metadata: Metadata::EMPTY,
        body: &body,
    };
    let mut frame = Vec::new();
    request.encode(&mut frame, &Limits::NONE).unwrap();
    frame
}

/// The next answer: to what, and whether it was accepted. `None` if there is none for so long.
fn answer(peer: &zmq::Socket, limit: Duration) -> Option<(u64, bool)> {
    let until = Instant::now() + limit;
    loop {
        let rest = until.saturating_duration_since(Instant::now());
        let rest = i64::try_from(rest.as_millis()).unwrap();
        if peer.poll(zmq::POLLIN, rest).unwrap() == 0 {
            return None;
        }
        let frame = peer.recv_bytes(0).unwrap();
        let Reply { id, body } = Reply::decode(&frame, &Limits::NONE).unwrap();
        match body {
            ReplyBody::Ok { .. } => return Some((id, true)),
            ReplyBody::Failure { status, .. } => {
                assert_eq!(status, Status::Overloaded);
                return Some((id, false));
            }
            // It ends.
            ReplyBody::Draining | ReplyBody::Pong => {}
            other => panic!("{other:?}"),
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
        Rep::bind("tcp://127.0.0.1:*"),
        Req::connect("tcp://127.0.0.1:1"),
    );
    let proxy = BufferedProxy::new(from, to, queue).start().unwrap();
    let peer = zmq::Context::new().socket(zmq::DEALER).unwrap();
    peer.set_linger(0).unwrap();
    peer.connect(&proxy.endpoints()[0]).unwrap();
    peer.send(request(1, 10), 0).unwrap();
    begun.recv_timeout(LIMIT).expect("it is being written");
    let last = 80;
    for id in 2..=last {
        peer.send(request(id, 1 << 20), 0).unwrap();
    }
    let mut refused = BTreeSet::new();
    while !refused.contains(&last) {
        let (id, accepted) = answer(&peer, LIMIT).expect("nobody waits for the disk");
        assert!(!accepted, "{id} is not on the disk yet");
        refused.insert(id);
    }
    let end = thread::spawn(move || proxy.shutdown(LIMIT));
    // Longer than the last deliveries may take: what is left is given up, but for what is being written.
    thread::sleep(Duration::from_secs(1));
    drop(let_go);
    let mut accepted = BTreeSet::new();
    while accepted.len() + refused.len() < 80 {
        let answer = answer(&peer, LIMIT).expect("whose request is on the disk learns of it");
        assert!(answer.1, "{} was not refused before", answer.0);
        accepted.insert(answer.0);
    }
    assert!(accepted.is_disjoint(&refused));
    end.join().unwrap().unwrap();
    let held = DiskQueue::open(&place.0).unwrap().contents().unwrap();
    assert_eq!(held.len(), accepted.len());
}
