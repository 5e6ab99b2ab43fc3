//! Proxies with a queue: what they accept, deliver, refuse and give up.

use std::thread;
use std::time::Duration;

use zmqrpc::proxy::{Backoff, BufferedHandle, BufferedProxy, MemoryQueue, Queue, Rep, Req};
use zmqrpc::{Client, Error, Executed};

use crate::log::{File, LogClient, Taken, log};
use crate::support::{Peer, call_by_key, head, within};
use crate::{ANYWHERE, LIMIT, eventually};

pub(crate) fn store<Q: Queue>(target: &str, queue: Q) -> BufferedHandle {
    BufferedProxy::new(Rep::new().bind(ANYWHERE), Req::new().connect(target), queue)
        .start()
        .unwrap()
}

pub(crate) fn roomy() -> MemoryQueue {
    MemoryQueue::new(100_000, 64 << 20)
}

pub(crate) fn log_client(proxy: &BufferedHandle) -> LogClient {
    LogClient::connect(&proxy.endpoints()[0]).unwrap()
}

fn accepts_and_delivers<Q: Queue>(name: &str, queue: Q) {
    let place = crate::support::ipc(name);
    let proxy = store(&place, queue);
    let client = log_client(&proxy);
    for number in 0..100 {
        client.take(1, number).unwrap();
    }
    crate::await_stats(&proxy, "the answers", |stats| stats.answered == 100);
    let stats = proxy.stats();
    assert_eq!((stats.held, stats.delivered), (100, 0));
    assert!(stats.held_bytes > 1000);
    let taken = Taken::default();
    let server = log(&place, &taken);
    eventually("delivery", || proxy.stats().delivered == 100);
    assert_eq!(taken.by_client(), [(1, (0..100).collect())].into());
    let stats = proxy.stats();
    assert_eq!((stats.held, stats.held_bytes, stats.given_up), (0, 0, 0));
    // And from now on at once.
    client.take(1, 100).unwrap();
    eventually("the next one", || taken.count() == 101);
    assert_eq!(proxy.dead_letters().unwrap().collect::<Vec<_>>(), []);
    drop(server);
}

#[test]
fn memory_accepts_while_the_target_is_down_and_delivers_when_it_comes() {
    within(LIMIT, || accepts_and_delivers("memory-accepts", roomy()));
}

#[test]
fn disk_accepts_while_the_target_is_down_and_delivers_when_it_comes() {
    within(LIMIT, || {
        let file = File::new("accepts");
        accepts_and_delivers("disk-accepts", file.open());
    });
}

fn full_is_refused<Q: Queue>(queue: Q, room: usize) {
    let proxy = store("tcp://127.0.0.1:1", queue);
    let client = log_client(&proxy);
    for number in 0..room as u64 {
        client.take(1, number).unwrap();
    }
    let error = client.take(1, 0).unwrap_err();
    assert!(
        matches!(&error, Error::Overloaded { cause: reason, .. } if reason.to_string().contains("queue is full")),
        "{error}"
    );
    assert_eq!(error.executed(), Executed::No);
    let stats = proxy.stats();
    assert_eq!((stats.held, stats.overloaded), (room as u64, 1));
    let took = proxy.shutdown(Duration::from_secs(5));
    assert_eq!(took, Ok(()));
}

#[test]
fn what_the_queue_has_no_room_for_is_refused() {
    within(LIMIT, || {
        full_is_refused(MemoryQueue::new(10, 1 << 20), 10);
        let file = File::new("full");
        full_is_refused(file.open().max_requests(10), 10);
        // The same in bytes: 24 of head, 2 of arguments, and what the time takes.
        let request = call_by_key(1, 7, 30_000, &[1, 0]).len();
        full_is_refused(MemoryQueue::new(1000, 10 * request + 5), 10);
        let file = File::new("full-bytes");
        full_is_refused(file.open().max_bytes(10 * request + 5), 10);
    });
}

fn dead_letters_can_be_read<Q: Queue>(queue: Q) {
    let taken = Taken::default();
    let server = log(ANYWHERE, &taken);
    let proxy = store(&server.endpoints()[0], queue);
    let client = log_client(&proxy);
    client.take(1, 1).unwrap();
    client.panic().unwrap();
    let typed = client.refuse(2);
    assert_eq!(typed, Ok(()));
    let named = Client::connect(&proxy.endpoints()[0])
        .unwrap()
        .with_metadata("trace", "4711");
    let unknown: Result<(), Error> = named.invoke("Log.forget", &(7_u8,));
    unknown.unwrap();
    let wrong: Result<(), Error> = named.invoke("Log.take", &("no number",));
    wrong.unwrap();
    client.take(1, 2).unwrap();
    eventually("all ends", || {
        let stats = proxy.stats();
        (stats.given_up, stats.delivered, stats.held) == (4, 2, 0)
    });
    let letters: Vec<_> = proxy.dead_letters().unwrap().collect();
    let reasons: Vec<_> = letters
        .iter()
        .map(|letter| letter.reason().to_owned())
        .collect();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    assert!(reasons[0].starts_with("Panicked"), "{reasons:?}");
    assert!(
        reasons[1].contains("the service answered with an error"),
        "{reasons:?}"
    );
    assert!(reasons[2].starts_with("UnknownMethod"), "{reasons:?}");
    assert!(reasons[3].starts_with("Decode"), "{reasons:?}");
    let unknown = &letters[2];
    assert_eq!(unknown.method(), "Log.forget");
    assert_eq!((unknown.codec(), unknown.body()), (2, &[0x91, 7][..]));
    assert_eq!(unknown.metadata("trace"), Some("4711"));
    assert!(unknown.accepted() <= unknown.given_up());
    assert!(
        unknown
            .delivery()
            .ends_with(&format!("-{}", unknown.number()))
    );
    assert_eq!(proxy.discard_dead_letter(unknown.number()), Ok(true));
    assert_eq!(proxy.discard_dead_letter(unknown.number()), Ok(false));
    assert_eq!(proxy.dead_letters().unwrap().count(), 3);
    assert_eq!(taken.by_client()[&1], [1, 2]);
}

#[test]
fn what_cannot_be_delivered_becomes_a_dead_letter() {
    within(LIMIT, || {
        dead_letters_can_be_read(roomy());
        let file = File::new("letters");
        dead_letters_can_be_read(file.open());
        // They are still there when the file is opened again.
        assert_eq!(file.open().dead_letters().unwrap().count(), 3);
    });
}

#[test]
fn what_is_too_old_becomes_a_dead_letter() {
    within(LIMIT, || {
        let back = Req::new().connect("tcp://127.0.0.1:1");
        let proxy = BufferedProxy::new(Rep::new().bind(ANYWHERE), back, roomy())
            .time_to_live(Duration::from_millis(200))
            .start()
            .unwrap();
        let client = log_client(&proxy);
        for number in 0..10 {
            client.take(1, number).unwrap();
        }
        eventually("old age", || proxy.stats().given_up == 10);
        let stats = proxy.stats();
        assert_eq!((stats.expired, stats.held, stats.held_bytes), (10, 0, 0));
        for letter in proxy.dead_letters().unwrap() {
            assert_eq!(letter.reason(), "it could not be delivered in time");
        }
    });
}

#[test]
fn bad_input_is_refused_and_not_held() {
    within(LIMIT, || {
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        let proxy = store(&server.endpoints()[0], roomy());
        let peer = Peer::connect(&proxy.endpoints()[0]);
        let mut random = crate::support::Random(5);
        for _ in 0..100 {
            let mut noise = random.bytes(50);
            noise[0] = 0;
            assert_eq!(peer.ask(&noise)[11], 12);
        }
        peer.send_all(&vec![b"hop".to_vec(); 100]);
        assert_eq!(peer.ask(head(0x05, 1)), head(0x85, 1));
        // Metadata that leaves no room for the delivery's name.
        let crowded = (0..64).fold(
            Client::connect(&proxy.endpoints()[0]).unwrap(),
            |client, n| client.with_metadata(format!("key {n}"), ""),
        );
        let error = LogClient::new(crowded).take(1, 1).unwrap_err();
        assert!(matches!(error, Error::Decode { .. }), "{error}");
        assert_eq!(error.executed(), Executed::No);
        let stats = proxy.stats();
        assert_eq!((stats.held, stats.malformed), (0, 101));
        log_client(&proxy).take(1, 1).unwrap();
        eventually("the good one", || taken.count() == 1);
    });
}

#[test]
fn it_ends_within_a_second_in_every_state() {
    within(LIMIT, || {
        let second = Duration::from_secs(1);
        let ended = |proxy: BufferedHandle| {
            let start = std::time::Instant::now();
            drop(proxy);
            let took = start.elapsed();
            assert!(took < second, "{took:?}");
        };
        // Idle, with a target and without.
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        ended(store(&server.endpoints()[0], roomy()));
        ended(store("tcp://127.0.0.1:1", roomy()));
        // Full, with a dead target.
        let full = store("tcp://127.0.0.1:1", MemoryQueue::new(5, 1 << 20));
        let client = log_client(&full);
        while client.take(1, 1).is_ok() {}
        ended(full);
        // In the middle of deliveries, one of which does not end.
        let file = File::new("ends");
        let busy = store(&server.endpoints()[0], file.open());
        let client = log_client(&busy);
        client.wait(1).unwrap();
        for number in 0..500 {
            client.take(1, number).unwrap();
        }
        taken.gate.await_arrivals(1);
        ended(busy);
        // Nothing is lost by that.
        let again = store(&server.endpoints()[0], file.open());
        assert_eq!(again.stats().held, 501);
        taken.gate.open();
        eventually("delivery", || again.stats().held == 0);
        assert_eq!(taken.by_client()[&1], (0..500).collect::<Vec<_>>());
        // Under load.
        let client = log_client(&again);
        let load = thread::spawn(move || while client.take(9, 9).is_ok() {});
        eventually("load", || again.stats().delivered > 600);
        ended(again);
        load.join().unwrap();
    });
}

#[test]
fn a_delivery_that_is_not_answered_does_not_hold_up_the_end_and_is_made_again() {
    within(LIMIT, || {
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        let file = File::new("unanswered");
        let proxy = store(&server.endpoints()[0], file.open());
        log_client(&proxy).wait(1).unwrap();
        taken.gate.await_arrivals(1);
        let start = std::time::Instant::now();
        assert_eq!(proxy.shutdown(Duration::from_secs(20)), Ok(()));
        let took = start.elapsed();
        assert!(took < Duration::from_secs(1), "{took:?}");
        drop(proxy);
        let again = store(&server.endpoints()[0], file.open());
        assert_eq!(again.stats().held, 1);
        taken.gate.open();
        eventually("delivery", || again.stats().held == 0);
        assert_eq!(taken.by_client()[&0], [1]);
    });
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let proxy = || {
        let back = Req::new().connect("tcp://127.0.0.1:1");
        BufferedProxy::new(Rep::new().bind(ANYWHERE), back, roomy())
    };
    let setting = |proxy: BufferedProxy<MemoryQueue>| match proxy.start().unwrap_err() {
        Error::Config { setting, .. } => setting,
        other => panic!("{other}"),
    };
    assert_eq!(
        setting(proxy().attempt_timeout(Duration::ZERO)),
        "attempt_timeout"
    );
    let (short, long) = (Duration::from_secs(1), Duration::from_secs(2));
    assert_eq!(
        setting(proxy().backoff(Backoff {
            first: long,
            longest: short
        })),
        "backoff"
    );
    assert_eq!(setting(proxy().max_message(1)), "max_message");
}

#[test]
fn a_method_with_a_result_is_told_that_it_was_only_accepted() {
    within(LIMIT, || {
        let proxy = store("tcp://127.0.0.1:1", roomy());
        let client = Client::connect(&proxy.endpoints()[0]).unwrap();
        let stub = crate::support::ProbeClient::new(client.clone());
        let by_name: Result<i64, Error> = client.invoke("Probe.add", &(2_i64, 3_i64));
        for error in [stub.add(2, 3).unwrap_err(), by_name.unwrap_err()] {
            assert!(matches!(error, Error::Accepted { .. }), "{error:?}");
            assert_eq!(error.executed(), Executed::Maybe);
            let text = error.to_string();
            assert!(text.starts_with("Probe.add at tcp://"), "{text}");
            assert!(text.contains("accepted the request"), "{text}");
        }
        // What returns nothing, or an error at most, is answered as by a service.
        log_client(&proxy).take(1, 1).unwrap();
        log_client(&proxy).refuse(1).unwrap();
        assert_eq!(proxy.stats().held, 4);
    });
}
