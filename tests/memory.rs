//! How much memory a server comes to hold, in a process of its own: measured against what its bounds add up to.

mod support;

use std::time::Duration;

use support::{
    Peer, TargetClient, TargetHold, TargetProcess, alone, await_state, call_by_name, head, pong,
    serve_target,
};
use zmqrpc::Client;

const LIMIT: Duration = Duration::from_secs(90);
const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
const WORKERS: usize = 4;
const PING: u8 = 0x05;

/// What waits for one peer, and for the workers.
const OUTBOX: usize = 64 * MIB;
const QUEUE: usize = 64 * MIB;
/// Replies that libzmq takes for one peer.
const HANDED_OVER: usize = 500;
/// Replies that are sent together.
const BATCH: usize = MIB;
/// What each request or reply takes beside its bytes, and how many may wait.
const PLACE: usize = 640;
const PLACES: usize = 65_536;

/// No test, but the process of a server that tests start.
#[test]
fn target_process() {
    serve_target();
}

/// A server that has worked already, and a client that goes on to use it.
struct Subject {
    target: TargetProcess,
    client: TargetClient<Client>,
    before: usize,
}

impl Subject {
    fn start() -> Self {
        let target = TargetProcess::start(WORKERS);
        let client = TargetClient::connect(&target.endpoint).unwrap();
        for _ in 0..1_000 {
            client.add(2, 3).unwrap();
        }
        let before = target.process.memory_peak();
        Self {
            target,
            client,
            before,
        }
    }

    /// No more was ever in use than so many bytes and a fifth.
    fn assert_peak(&self, what: &str, bound: usize) {
        let grown = self.target.process.memory_peak() - self.before;
        eprintln!("{what}: {} KiB of {}", grown / KIB, bound / KIB);
        assert!(grown <= bound + bound / 5, "{what}: {grown} of {bound}");
    }

    /// Hardly more is in use than before.
    fn assert_given_back(&self) {
        await_state("memory is given back", || {
            self.target.process.memory() < self.before + 8 * MIB
        });
    }
}

fn number(number: usize) -> Vec<u8> {
    let number = u32::try_from(number).unwrap().to_be_bytes();
    [&[0x91, 0xCE], &number[..]].concat()
}

#[test]
fn idle_clients_cost_little() {
    alone(LIMIT, || {
        let subject = Subject::start();
        let clients: Vec<_> = (0..100)
            .map(|_| TargetClient::connect(&subject.target.endpoint).unwrap())
            .collect();
        for client in &clients {
            assert_eq!(client.add(2, 3), Ok(5));
        }
        subject.assert_peak("a hundred idle clients", 100 * 64 * KIB);
        drop(clients);
    });
}

/// A peer asks for more than anything may hold, and takes nothing.
fn stalled_reader(method: &'static str, argument: usize, reply: usize) {
    alone(LIMIT, move || {
        let subject = Subject::start();
        let client = &subject.client;
        let requests = (OUTBOX + HANDED_OVER * reply + 100 * MIB) / reply;
        let asked = client.counts().unwrap().requests + requests as u64;
        let peer = Peer::deaf(&subject.target.endpoint);
        for id in 0..requests {
            peer.send(call_by_name(id as u64, method, 0, &number(argument)));
            if id % 100 == 0 {
                assert_eq!(client.add(2, 3), Ok(5), "others are served meanwhile");
            }
        }
        // Everything was executed when no more is left than may wait, and the question itself.
        await_state("the rest was dropped", || {
            let counts = client.counts().unwrap();
            let left = counts.requests - counts.replies - counts.dropped;
            counts.requests >= asked && left <= (OUTBOX / reply + 1) as u64
        });
        let waiting = OUTBOX + OUTBOX / reply * PLACE;
        let passing = HANDED_OVER * reply + BATCH + (WORKERS + 2) * 2 * reply;
        subject.assert_peak(method, waiting + passing);
        let counts = client.counts().unwrap();
        assert!(counts.dropped > 0, "{counts:?}");
        assert_eq!(counts.overloaded, 0, "{counts:?}");
        drop(peer);
        await_state("what waited for the peer went with it", || {
            let counts = client.counts().unwrap();
            let ended = counts.replies + counts.dropped + counts.unreachable;
            counts.unreachable > 0 && counts.requests == ended + 1
        });
        subject.assert_given_back();
    });
}

#[test]
fn a_peer_that_does_not_read_is_kept_no_more_than_its_outbox() {
    stalled_reader("Target.bytes", 64 * KIB, 64 * KIB);
}

#[test]
fn replies_that_grew_bit_by_bit_take_no_more_room() {
    stalled_reader("Target.numbers", 70 * KIB / 9, 70 * KIB);
}

#[test]
fn large_replies_are_not_collected() {
    stalled_reader("Target.bytes", 256 * KIB, 256 * KIB);
}

#[test]
fn requests_that_wait_for_a_worker_take_no_more_than_the_queue() {
    alone(LIMIT, || {
        let subject = Subject::start();
        let client = subject.client.transport();
        let held = [0; WORKERS].map(|gate| client.begin(&TargetHold { gate }).unwrap());
        for _ in &held {
            subject.target.await_hold(0);
        }
        let peer = Peer::connect(&subject.target.endpoint);
        let arguments = [&[0x91, 0xC6, 0, 0x10, 0, 0][..], &vec![7; MIB]].concat();
        for id in 0..300 {
            peer.send(call_by_name(id, "Target.len", 0, &arguments));
        }
        for _ in 0..300 - 63 {
            let refusal = peer.answer();
            assert_eq!((refusal[2], refusal[11]), (0x81, 7), "overloaded");
        }
        subject.target.open(0);
        for call in held {
            call.wait().unwrap();
        }
        for _ in 0..63 {
            let reply = peer.answer();
            assert_eq!((reply[2], reply[11]), (0x81, 0), "executed");
        }
        // What has not been looked at yet stands in for the little that libzmq holds.
        subject.assert_peak("a full queue", QUEUE + 16 * MIB);
        assert_eq!(subject.client.counts().unwrap().overloaded, 300 - 63);
        subject.assert_given_back();
    });
}

#[test]
fn small_requests_take_no_more_than_their_places() {
    alone(LIMIT, || {
        let subject = Subject::start();
        let client = subject.client.transport();
        let held = [0; WORKERS].map(|gate| client.begin(&TargetHold { gate }).unwrap());
        for _ in &held {
            subject.target.await_hold(0);
        }
        let peer = Peer::connect(&subject.target.endpoint);
        // Keeps every request apart from the next one, as time does where they come from many peers: libzmq must not
        // hold a whole buffer for each of them.
        let filler = [0; 8_000];
        let arguments = [&[0x91, 0xC4, 40][..], &[7; 40]].concat();
        let mut overloaded = 0;
        for id in 1..=70_000 {
            peer.send(call_by_name(id, "Target.len", 0, &arguments));
            peer.send(filler);
            if id % 500 == 0 {
                // What has not been taken in yet libzmq holds, which is another matter.
                peer.send(head(PING, id));
                let answers = std::iter::repeat_with(|| peer.answer());
                let answers = answers.take_while(|answer| *answer != pong(id));
                overloaded += answers.filter(|answer| answer[11] == 7).count();
            }
        }
        assert_eq!(overloaded, 70_000 - PLACES);
        subject.assert_peak("a full queue of small requests", PLACES * PLACE);
        subject.target.open(0);
        for call in held {
            call.wait().unwrap();
        }
        assert_eq!(subject.client.add(2, 3), Ok(5));
    });
}
