//! What a flush of notifications shows, and what it does not.

use std::pin::Pin;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use zmqrpc::pubsub::Publisher;
use zmqrpc::push::Pusher;
use zmqrpc::{AsyncClient, Client, Error, Executed, zmq_service};

use crate::fixture::LIMIT;
use crate::support::{
    Fake, Peer, ProbeClient, ProbeHold, Process, Role, anywhere, head, pong, serve, within,
};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(100);
const NOTIFY: u8 = 0x02;
const PING: u8 = 0x05;
const DRAINING: u8 = 0x89;

/// A server that reads and answers when the test wants.
struct Desk {
    router: Peer,
    endpoint: String,
}

impl Desk {
    fn open() -> Self {
        Self::at("tcp://127.0.0.1:*")
    }

    fn at(endpoint: &str) -> Self {
        let (router, endpoint) = Peer::bound(zmq::ROUTER, endpoint);
        Self { router, endpoint }
    }

    /// Another one in its place: what it has not read is lost.
    fn replace(self) -> Self {
        let endpoint = self.endpoint.clone();
        drop(self);
        Self::at(&endpoint)
    }

    /// The next frame of this kind: the way back and its id.
    #[track_caller]
    fn await_frame(&self, kind: u8) -> (Vec<u8>, u64) {
        loop {
            let frames = self.router.receive(LONG).expect("a frame");
            if frames[1][2] == kind {
                return (frames[0].clone(), id_of(&frames[1]));
            }
        }
    }

    fn answer(&self, (way, id): (Vec<u8>, u64)) {
        self.router.send_all(&[way, pong(id)]);
    }

    /// Says that it ends, once something was handed over. Answers the ping that it gets for that, the last one.
    #[track_caller]
    fn tell_of_the_end(&self) -> (Vec<u8>, u64) {
        let (way, _) = self.await_frame(NOTIFY);
        self.router.send_all(&[way, head(DRAINING, 7)]);
        let last = self.await_frame(PING);
        assert_eq!(last.1, 7);
        last
    }
}

fn id_of(frame: &[u8]) -> u64 {
    u64::from_le_bytes(frame[3..11].try_into().unwrap())
}

/// A future that has been polled once.
#[track_caller]
fn begun<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    future
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

#[track_caller]
fn assert_late(flushed: Result<(), Error>) {
    let error = flushed.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert_eq!(error.executed(), Executed::Maybe);
}

#[track_caller]
fn assert_lost(flushed: Result<(), Error>) {
    let error = flushed.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");
    assert!(
        error.to_string().contains("the connection broke"),
        "{error}"
    );
    assert_eq!(error.executed(), Executed::Maybe);
}

#[test]
fn a_flush_costs_nothing_where_nothing_was_sent_and_ends_in_time_where_nobody_answers() {
    within(LIMIT, || {
        let nobody = Client::connect("tcp://127.0.0.1:9").unwrap();
        nobody.flush(Duration::ZERO).unwrap();
        let mute = Desk::open();
        let client = Client::connect(&mute.endpoint).unwrap();
        ProbeClient::new(client.clone()).note(1).unwrap();
        for _ in 0..2 {
            assert_late(client.flush(SHORT));
        }
        Pusher::connect("tcp://127.0.0.1:9")
            .unwrap()
            .flush(SHORT)
            .unwrap();
        Publisher::connect("tcp://127.0.0.1:9")
            .unwrap()
            .flush(SHORT)
            .unwrap();
    });
}

/// Pushes one job as soon as somebody is there, and ends as a program does that drops nothing.
#[test]
fn pushing_process() {
    if let Some(role) = Role::of("flushes::pushing_process") {
        let pusher = Pusher::connect(&role.argument).unwrap();
        LogClient::new(pusher.clone())
            .note(b"the only one")
            .unwrap();
        pusher.flush(LONG).unwrap();
        // Runs no destructor.
        std::process::exit(0);
    }
}

#[test]
fn a_single_job_that_was_flushed_arrives_although_the_program_ends_at_once() {
    within(LIMIT, || {
        let (puller, endpoint) = Peer::bound(zmq::PULL, "tcp://127.0.0.1:*");
        for _ in 0..50 {
            Process::start("flushes::pushing_process", &endpoint).wait();
            while puller.receive(LONG).expect("the job")[0][2] != NOTIFY {}
        }
    });
}

#[test]
fn a_flush_that_is_given_up_shows_nothing() {
    within(LIMIT, || {
        let desk = Desk::open();
        let client = Client::connect(&desk.endpoint).unwrap();
        ProbeClient::new(client.clone()).note(1).unwrap();
        let tasks = AsyncClient::from(client.clone());
        drop(begun(tasks.flush(LONG)));
        assert_late(client.flush(SHORT));
    });
}

#[test]
fn flushes_at_the_same_time_wait_for_the_same() {
    within(LIMIT, || {
        let desk = Desk::open();
        let client = Client::connect(&desk.endpoint).unwrap();
        ProbeClient::new(client.clone()).note(1).unwrap();
        let clone = client.clone();
        let first = thread::spawn(move || clone.flush(LONG));
        let ping = desk.await_frame(PING);
        assert_late(client.flush(SHORT));
        desk.answer(ping);
        first.join().unwrap().unwrap();
        // It has shown that to everybody.
        client.flush(Duration::ZERO).unwrap();
    });
}

#[zmq_service]
trait Log {
    #[zmq(oneway)]
    fn note(&self, text: &[u8]);
}

#[test]
fn a_flush_that_finds_no_room_for_its_ping_shows_nothing() {
    within(LIMIT, || {
        let desk = Desk::open();
        let client = Client::connect(&desk.endpoint).unwrap();
        let log = LogClient::new(client.with_timeout(SHORT));
        while log.note(&[7; 10_000]).is_ok() {}
        for _ in 0..2 {
            assert_late(client.flush(SHORT));
        }
    });
}

#[test]
fn a_flush_that_may_not_ask_shows_nothing() {
    within(LIMIT, || {
        let desk = Desk::open();
        let client = Client::builder().connect(&desk.endpoint).max_calls(1);
        let client = client.build().unwrap();
        ProbeClient::new(client.clone()).note(1).unwrap();
        let call = client.begin(&ProbeHold {}).unwrap();
        for _ in 0..2 {
            let error = client.flush(SHORT).unwrap_err();
            assert!(error.to_string().contains("max_calls"), "{error}");
            assert_eq!(error.executed(), Executed::Maybe);
        }
        drop(call);
        assert_late(client.flush(SHORT));
    });
}

#[test]
fn a_flush_tells_once_of_notifications_whose_connection_broke() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        ProbeClient::new(client.clone()).note(1).unwrap();
        client.flush(LONG).unwrap();
        drop(server);
        client.flush(LONG).unwrap();

        let desk = Desk::open();
        let client = Client::connect(&desk.endpoint).unwrap();
        ProbeClient::new(client.clone()).note(1).unwrap();
        desk.await_frame(NOTIFY);
        let clone = client.clone();
        let beside = thread::spawn(move || clone.flush(LONG));
        desk.await_frame(PING);
        drop(desk);
        assert_lost(beside.join().unwrap());
        client.flush(LONG).unwrap();
    });
}

#[test]
fn the_next_server_shows_nothing_of_what_the_last_one_got() {
    within(LIMIT, || {
        let desk = Desk::open();
        let client = Client::connect(&desk.endpoint).unwrap();
        ProbeClient::new(client.clone()).note(1).unwrap();
        desk.tell_of_the_end();
        // Its ping waits for the next connection.
        let tasks = AsyncClient::from(client.clone());
        let flush = begun(tasks.flush(LONG));
        let endpoint = desk.endpoint.clone();
        drop(desk);
        let _next = Fake::start_at(&endpoint, |frame| match frame[2] {
            PING => vec![pong(id_of(frame))],
            _ => Vec::new(),
        });
        ProbeClient::new(client.clone()).note(2).unwrap();
        assert_lost(runtime().block_on(flush));
        client.flush(LONG).unwrap();
    });
}

#[test]
fn what_was_lost_hides_nothing_of_what_came_behind_it() {
    within(LIMIT, || {
        let desk = Desk::open();
        let client = Client::connect(&desk.endpoint).unwrap();
        let probe = ProbeClient::new(client.clone());
        probe.note(1).unwrap();
        desk.await_frame(NOTIFY);
        let next = desk.replace();
        // Handed over to the next one, whenever that is connected.
        while next.router.receive(Duration::ZERO).is_none() {
            probe.note(2).unwrap();
        }
        assert_lost(client.flush(SHORT));
        assert_late(client.flush(SHORT));
    });
}

#[test]
fn a_server_that_ends_is_asked_by_the_last_ping_that_it_gets() {
    within(LIMIT, || {
        let desk = Desk::open();
        let client = Client::connect(&desk.endpoint).unwrap();
        ProbeClient::new(client.clone()).note(1).unwrap();
        let last = desk.tell_of_the_end();
        let tasks = AsyncClient::from(client);
        let flush = begun(tasks.flush(LONG));
        desk.answer(last);
        runtime().block_on(flush).unwrap();
    });
}
