//! What a queue does without room, and without its file.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use zmqrpc::proxy::{BufferedHandle, MemoryQueue, Queue};
use zmqrpc::{Client, Error, Executed};

use crate::buffered::{log_client, store};
use crate::crashes::Store;
use crate::log::{File, Taken, log};
use crate::support::within;
use crate::{ANYWHERE, LIMIT, eventually};

const LONG: Duration = Duration::from_secs(60);

/// Calls a method that there is not, with a body of so many bytes.
fn send_unknown(proxy: &BufferedHandle, count: u64, bytes: usize) {
    let client = Client::connect(&proxy.endpoints()[0]).unwrap();
    for number in 0..count {
        let body = vec![7_u8; bytes];
        let sent: Result<(), Error> = client.invoke("Log.forget", &(number, body));
        sent.unwrap();
    }
}

/// Sends letters of 25 kB and more to a queue of 1 MiB.
fn letters_are_bounded_by_their_bytes<Q: Queue>(queue: Q) {
    let server = log(ANYWHERE, &Taken::default());
    let proxy = store(&server.endpoints()[0], queue);
    send_unknown(&proxy, 40, 25_000);
    eventually("all ends", || proxy.stats().given_up == 40);
    let letters: Vec<_> = proxy.dead_letters().unwrap().collect();
    assert!(letters.len() >= 3, "{}", letters.len());
    let bytes: usize = letters.iter().map(|letter| letter.body().len()).sum();
    assert!(bytes <= 1 << 18, "{bytes}");
    // The last ones are there, in their order.
    let numbers: Vec<_> = letters
        .iter()
        .map(zmqrpc::proxy::DeadLetter::number)
        .collect();
    let first = 40 - letters.len() as u64;
    assert_eq!(numbers, (first..40).collect::<Vec<_>>());
    assert_eq!(proxy.stats().dead_letters_dropped, first);
    // One that is larger than what all of them may take up pushes out none.
    send_unknown(&proxy, 1, 300_000);
    eventually("its end", || proxy.stats().given_up == 41);
    assert_eq!(proxy.dead_letters().unwrap().count(), letters.len());
    assert_eq!(proxy.stats().dead_letters_dropped, first + 1);
}

#[test]
fn dead_letters_take_up_no_more_than_their_share() {
    within(LONG, || {
        letters_are_bounded_by_their_bytes(MemoryQueue::new(1000, 1 << 20));
        let file = File::new("letters-share");
        letters_are_bounded_by_their_bytes(file.open().max_bytes(1 << 20));
        let kept = file.open().dead_letters().unwrap().count();
        // And goes on with what is there.
        letters_go_on(&file, kept);
    });
}

fn letters_go_on(file: &File, kept: usize) {
    let server = log(ANYWHERE, &Taken::default());
    let proxy = store(&server.endpoints()[0], file.open().max_bytes(1 << 20));
    send_unknown(&proxy, 1, 25_000);
    eventually("its end", || proxy.stats().given_up == 1);
    assert_eq!(proxy.dead_letters().unwrap().count(), kept);
    assert_eq!(proxy.stats().dead_letters_dropped, 1);
}

#[test]
fn requests_that_are_held_push_dead_letters_out() {
    within(LONG, || {
        let place = crate::support::ipc("letters-held");
        let server = log(&place, &Taken::default());
        let proxy = store(&place, MemoryQueue::new(1000, 1 << 20));
        send_unknown(&proxy, 4, 25_000);
        eventually("all ends", || proxy.stats().given_up == 4);
        drop(server);
        eventually("the target's end", || {
            send_unknown(&proxy, 1, 1000);
            proxy.stats().held > 10
        });
        assert!(!proxy.dead_letters().unwrap().is_empty());
        let client = Client::connect(&proxy.endpoints()[0]).unwrap();
        let refused = loop {
            let sent: Result<(), Error> = client.invoke("Log.forget", &(vec![7_u8; 10_000],));
            if let Err(error) = sent {
                break error;
            }
        };
        assert!(matches!(refused, Error::Overloaded { .. }), "{refused}");
        let held = usize::try_from(proxy.stats().held_bytes).unwrap();
        let left: usize = proxy
            .dead_letters()
            .unwrap()
            .map(|letter| letter.body().len())
            .sum();
        assert!(held > 1_000_000 && held + left <= 1 << 20, "{held}, {left}");
    });
}

#[test]
fn a_file_that_cannot_grow_refuses_loses_nothing_and_goes_on_when_it_can() {
    within(LONG, || {
        let (front, back) = (
            crate::support::ipc("room-front"),
            crate::support::ipc("room-back"),
        );
        let file = File::new("room");
        let mut proxy = Store::start(&front, &back, &file);
        proxy.limit_files("3000000");
        let client = Client::connect(&front).unwrap();
        let mut accepted = Vec::new();
        let take = |number: u64, accepted: &mut Vec<u64>| {
            let filler = vec![0_u8; 20_000];
            let call: Result<(), Error> = client.invoke("Log.fill", &(number, filler));
            call.map(|()| accepted.push(number))
        };
        let mut number = 0;
        let mut refused = 0;
        while refused < 3 {
            number += 1;
            if let Err(error) = take(number, &mut accepted) {
                assert!(
                    matches!(&error, Error::Overloaded { cause: reason, .. } if reason.to_string().contains("cannot be written")),
                    "{error}"
                );
                assert_eq!(error.executed(), Executed::No);
                refused += 1;
            }
            assert!(number < 1000, "there was always room");
        }
        assert!(accepted.len() > 10);
        assert_eq!(proxy.held(), accepted.len() as u64);
        // What was accepted is delivered nevertheless.
        let taken = Taken::default();
        let server = log(&back, &taken);
        eventually("half of it", || taken.filled().len() >= accepted.len() / 2);
        proxy.limit_files("infinity");
        eventually("room", || {
            number += 1;
            take(number, &mut accepted).is_ok()
        });
        eventually("all of it", || proxy.held() == 0);
        assert_eq!(taken.filled(), counts(&accepted));
        // Nothing is left that was refused; what was delivered last may come again, and is known.
        proxy.replace();
        eventually("nothing", || proxy.held() == 0);
        number += 1;
        take(number, &mut accepted).unwrap();
        eventually("the last", || proxy.held() == 0);
        assert_eq!(taken.filled(), counts(&accepted));
        drop(server);
        let _ = fs::remove_file(front.trim_start_matches("ipc://"));
    });
}

/// Once each.
fn counts(numbers: &[u64]) -> BTreeMap<u64, usize> {
    numbers.iter().map(|number| (*number, 1)).collect()
}

#[test]
fn a_queue_whose_file_is_gone_accepts_nothing_that_it_would_lose() {
    within(LIMIT, || {
        let place = crate::support::ipc("gone");
        let file = File::new("gone");
        let away = file.0.with_extension("away");
        let proxy = store(&place, file.open());
        let client = log_client(&proxy);
        client.take(1, 1).unwrap();
        let refused = || {
            let error = client.take(1, 99).unwrap_err();
            assert!(
                matches!(&error, Error::Overloaded { cause: reason, .. } if reason.to_string().contains("deleted or replaced")),
                "{error}"
            );
            assert_eq!(error.executed(), Executed::No);
        };
        fs::rename(&file.0, &away).unwrap();
        refused();
        fs::write(&file.0, b"another one").unwrap();
        refused();
        fs::rename(&away, &file.0).unwrap();
        eventually("its return", || client.take(1, 2).is_ok());
        fs::remove_file(&file.0).unwrap();
        refused();
        refused();
        // What was accepted before is delivered nevertheless.
        assert_eq!(proxy.stats().held, 2);
        let taken = Taken::default();
        let _server = log(&place, &taken);
        eventually("delivery", || proxy.stats().delivered == 2);
        assert_eq!(taken.by_client(), [(1, vec![1, 2])].into());
    });
}
