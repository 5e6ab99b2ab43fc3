//! Deliveries that come again, that are forged, and that never end.

use std::time::Duration;

use zmqrpc::proxy::{Backoff, BufferedHandle, BufferedProxy, Queue, Rep, Req};
use zmqrpc::{Client, ServerHandle};

use crate::buffered::{log_client, roomy, store};
use crate::log::{BEGUN, ENDED, File, LogClient, Taken, log, log_with};
use crate::support::{Peer, head, key, reply, text, varint, within};
use crate::{ANYWHERE, LIMIT, eventually};

const TRY: Duration = Duration::from_millis(100);

/// One that does not wait long for an answer, and has time for so many tries.
fn hasty<Q: Queue>(server: &ServerHandle, queue: Q, attempts: u32) -> BufferedHandle {
    let back = Req::new()
        .connect(&server.endpoints()[0])
        .attempts(attempts);
    BufferedProxy::new(Rep::new().bind(ANYWHERE), back, queue)
        .attempt_timeout(TRY)
        .start()
        .unwrap()
}

/// What lingering methods have begun and ended.
fn lingered(taken: &Taken) -> (Vec<u64>, Vec<u64>) {
    let mut all = taken.by_client();
    let mut of = |client| all.remove(&client).unwrap_or_default();
    (of(BEGUN), of(ENDED))
}

#[test]
fn a_method_slower_than_a_try_is_executed_once_and_what_is_behind_it_follows() {
    within(LIMIT, || {
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        let proxy = hasty(&server, roomy(), 1000);
        let client = log_client(&proxy);
        client.linger(1).unwrap();
        client.take(2, 2).unwrap();
        eventually("further tries", || proxy.stats().retried >= 3);
        assert_eq!(lingered(&taken), (vec![1], vec![]));
        taken.gate.open();
        eventually("all", || proxy.stats().delivered == 2);
        assert_eq!(lingered(&taken), (vec![1], vec![1]));
        assert_eq!(taken.by_client()[&2], [2]);
        assert_eq!(proxy.stats().given_up, 0);
        // A plain method is no different.
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        let proxy = hasty(&server, roomy(), 1000);
        let client = log_client(&proxy);
        client.wait(1).unwrap();
        client.take(2, 2).unwrap();
        eventually("further tries", || proxy.stats().retried >= 3);
        taken.gate.open();
        eventually("all", || proxy.stats().delivered == 2);
        assert_eq!(taken.by_client(), [(0, vec![1]), (2, vec![2])].into());
    });
}

#[test]
fn a_repeat_over_a_new_connection_does_not_begin_again() {
    within(LIMIT, || {
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        let file = File::new("joins");
        for round in 0..3 {
            let proxy = hasty(&server, file.open(), 1000);
            if round == 0 {
                log_client(&proxy).linger(1).unwrap();
            }
            let begun = proxy.stats().forwarded;
            eventually("a try", || proxy.stats().forwarded > begun);
            taken.gate.await_arrivals(1);
            // It tells the server that nobody waits, and goes.
            proxy.shutdown(Duration::ZERO).unwrap();
        }
        assert_eq!(lingered(&taken), (vec![1], vec![]));
        let proxy = hasty(&server, file.open(), 1000);
        assert_eq!(proxy.stats().held, 1);
        taken.gate.open();
        eventually("the end", || proxy.stats().held == 0);
        assert_eq!(lingered(&taken), (vec![1], vec![1]));
        eventually("the count", || proxy.stats().delivered == 1);
    });
}

/// A call of the method that lingers, which has so many milliseconds; as a delivery if it is `named`.
fn linger(id: u64, named: bool, number: u8, remaining: u64) -> Vec<u8> {
    let mut frame = head(0x01, id);
    frame.extend([0, 0]);
    frame.extend(key("Log.linger", "u64,->unit", 1).to_le_bytes());
    frame.extend(varint(remaining));
    frame.push(u8::from(named));
    if named {
        frame.extend(text("zmqrpc-delivery"));
        frame.extend(text("00000000000000ab-1"));
    }
    frame.push(number);
    frame
}

#[test]
fn who_waits_for_a_delivery_that_is_broken_off_is_told_at_once() {
    within(LIMIT, || {
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        let peer = Peer::connect(&server.endpoints()[0]);
        peer.send(linger(1, true, 1, 800));
        taken.gate.await_arrivals(1);
        // It has no limit of its own: nothing but the end of the first can end it.
        peer.send(linger(2, true, 1, 0));
        let expired = |id: u64, status: u8| [&head(0x81, id)[..], &[status]].concat();
        assert_eq!(peer.answer()[..12], expired(1, 11));
        let answer = peer.receive(LIMIT / 10).expect("it is told at once");
        assert_eq!(answer[0][..12], expired(2, 7));
        taken.gate.open();
    });
}

#[test]
fn a_delivery_whose_sender_has_gone_is_not_broken_off() {
    within(LIMIT, || {
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        let deliver = |id| linger(id, true, 1, 0);
        let first = Peer::connect(&server.endpoints()[0]);
        first.send(deliver(1));
        first.send(linger(2, false, 2, 0));
        taken.gate.await_arrivals(2);
        drop(first);
        // It finds that out when it tells of the methods that they still run.
        eventually("the end of the other", || server.stats().cancelled == 1);
        let second = Peer::connect(&server.endpoints()[0]);
        second.send(deliver(7));
        second.send(deliver(8));
        // One repeat waits at a time.
        assert_eq!(second.answer()[..12], [&head(0x81, 7)[..], &[7]].concat());
        taken.gate.open();
        assert_eq!(second.answer(), reply(8, 0, 0, &[]));
        let (mut begun, ended) = lingered(&taken);
        begun.sort_unstable();
        assert_eq!((begun, ended), (vec![1, 2], vec![1]));
    });
}

#[test]
fn what_never_ends_becomes_a_dead_letter_and_holds_nobody_up_for_ever() {
    within(LIMIT, || {
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        let proxy = hasty(&server, roomy(), 3);
        let (poison, behind) = (log_client(&proxy), log_client(&proxy));
        poison.linger(1).unwrap();
        taken.gate.await_arrivals(1);
        poison.take(1, 2).unwrap();
        // Another connection of the same address.
        behind.take(2, 3).unwrap();
        eventually("the others", || proxy.stats().delivered == 2);
        let letters: Vec<_> = proxy.dead_letters().unwrap().collect();
        assert_eq!(letters.len(), 1);
        let reason = letters[0].reason();
        assert!(reason.starts_with("tried 3 times: "), "{reason}");
        assert_eq!(lingered(&taken).0, [1]);
        taken.gate.open();
    });
}

#[test]
fn a_target_that_is_away_or_has_no_room_costs_no_attempt() {
    within(LIMIT, || {
        // It refuses for a while, and goes.
        let refusing = |place: &str| {
            let mut turn = 0;
            crate::support::Fake::start_at(place, move |frame| {
                let id = u64::from_le_bytes(frame[3..11].try_into().unwrap());
                turn += 1;
                let status = [7, 9, 17][turn % 3];
                vec![crate::support::failure(id, status, 0, "not now")]
            })
        };
        let mut target = refusing(ANYWHERE);
        let place = target.endpoint.clone();
        let rest = Duration::from_millis(1);
        // Each time that it goes it may have been executing it.
        let back = Req::new().connect(&place).attempts(5);
        let proxy = BufferedProxy::new(Rep::new().bind(ANYWHERE), back, roomy())
            .backoff(Backoff {
                first: rest,
                longest: rest,
            })
            .start()
            .unwrap();
        let client = log_client(&proxy);
        client.take(1, 1).unwrap();
        for _ in 0..3 {
            let before = proxy.stats().retried;
            eventually("refusals", || proxy.stats().retried > before + 5);
            drop(target);
            target = refusing(&place);
        }
        drop(target);
        let taken = Taken::default();
        let _server = log(&place, &taken);
        eventually("delivery", || proxy.stats().delivered == 1);
        assert_eq!(taken.by_client(), [(1, vec![1])].into());
        assert_eq!(proxy.stats().given_up, 0);
    });
}

#[test]
fn what_is_not_allowed_becomes_a_dead_letter() {
    within(LIMIT, || {
        let taken = Taken::default();
        let server = log_with(ANYWHERE, &taken, |builder| {
            builder.authorize(|cx| match cx.method().name() {
                "wait" => Err("nobody waits here"),
                _ => Ok(()),
            })
        });
        let rest = Duration::from_millis(1);
        let back = Req::new().connect(&server.endpoints()[0]);
        let proxy = BufferedProxy::new(Rep::new().bind(ANYWHERE), back, roomy())
            .backoff(Backoff {
                first: rest,
                longest: rest,
            })
            .start()
            .unwrap();
        let client = log_client(&proxy);
        client.wait(1).unwrap();
        client.take(1, 2).unwrap();
        eventually("the next one", || proxy.stats().delivered == 1);
        let letters: Vec<_> = proxy.dead_letters().unwrap().collect();
        assert_eq!(letters.len(), 1);
        let reason = letters[0].reason();
        assert!(
            reason.contains("10 times") && reason.contains("nobody waits here"),
            "{reason}"
        );
    });
}

#[test]
fn who_forges_names_keeps_no_request_from_being_executed() {
    within(LIMIT, || {
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        // Somebody who knows the queue's number uses the names that it gives next.
        let spy = crate::support::Fake::start(|frame| {
            let id = u64::from_le_bytes(frame[3..11].try_into().unwrap());
            vec![crate::support::failure(id, 2, 0, "no such thing")]
        });
        let file = File::new("forged");
        let first = store(&spy.endpoint, file.open());
        log_client(&first).take(9, 9).unwrap();
        eventually("the first", || first.stats().given_up == 1);
        let name = first.dead_letters().unwrap().next().unwrap().delivery();
        drop(first);
        let queue = name.split('-').next().unwrap();
        for number in 0..20 {
            let client = Client::connect(&server.endpoints()[0]).unwrap();
            let forged = client.with_metadata("zmqrpc-delivery", format!("{queue}-{number}"));
            LogClient::new(forged.clone()).take(6, number).unwrap();
            // The same once more is a repeat.
            LogClient::new(forged).take(6, number).unwrap();
        }
        let proxy = store(&server.endpoints()[0], file.open());
        let client = log_client(&proxy);
        for number in 0..10 {
            client.take(1, number).unwrap();
        }
        eventually("delivery", || proxy.stats().delivered == 10);
        assert_eq!(taken.by_client()[&1], (0..10).collect::<Vec<_>>());
        assert_eq!(taken.by_client()[&6], (0..20).collect::<Vec<_>>());
        assert_eq!(server.stats().repeated, 20);
    });
}
