//! Replies that answer nothing, or come late.

use std::time::Duration;

use zmqrpc::Client;

use super::expectation::LIMIT;
use super::support::{Fake, ProbeAdd, ProbeHold, Random, Request, head, pong, reply, within};

#[test]
fn frames_that_answer_nothing_are_dropped_and_counted() {
    within(LIMIT, || {
        let fake = Fake::start(|frame| {
            let request = Request::read(frame);
            let id = request.id;
            vec![
                vec![],
                b"hello".to_vec(),
                pong(id),
                head(0x86, id),
                head(0x99, id),
                reply(0, 0, 0, &[2]),
                reply(id ^ 1, 0, 0, &[4]),
                reply(id ^ 1 << 32, 0, 0, &[6]),
                reply(u64::MAX, 0, 0, &[8]),
                head(0x81, id)[..10].to_vec(),
                reply(id, 0, 0, &[10]),
                reply(id, 0, 0, &[12]),
            ]
        });
        let client = Client::connect(&fake.endpoint).unwrap();
        assert_eq!(client.call(&ProbeAdd { a: 2, b: 3 }), Ok(5));
        assert_eq!(client.call(&ProbeAdd { a: 2, b: 3 }), Ok(5));
        // The second reply to the second call may still be on its way.
        assert!(client.stats().late_replies >= 17);
        assert_eq!(client.stats().in_flight, 0);
    });
}

/// What a server that answers late, twice and in any order does with the requests that it has seen.
fn shuffle(random: &mut Random, seen: &mut Vec<Request>) -> Vec<Vec<u8>> {
    let mut replies = Vec::new();
    for _ in 0..random.below(4) {
        if seen.is_empty() {
            break;
        }
        let at = random.below(seen.len());
        let again = random.below(4) == 0;
        let request = if again {
            seen[at].clone()
        } else {
            seen.swap_remove(at)
        };
        // `add(value, 0)`: the value is the sum, and both are encoded alike.
        let value = &request.body[..request.body.len() - 1];
        replies.push(reply(request.id, 0, 0, value));
        // Its neighbours in time and place, which nobody may take for theirs.
        match random.below(8) {
            0 => replies.push(reply(request.id.wrapping_sub(1 << 32), 0, 0, &[99])),
            1 => replies.push(reply(request.id | 0xFFFF, 0, 0, &[99])),
            _ => {}
        }
    }
    replies
}

#[test]
fn a_late_reply_is_never_handed_to_another_call() {
    within(Duration::from_secs(40), || {
        let mut chance = Random(7);
        let mut seen = Vec::new();
        let fake = Fake::start(move |frame| {
            let request = Request::read(frame);
            match request.kind {
                1 if request.body.is_empty() => {
                    // `hold`: the end of a round. Everything that is still open is answered, in any order.
                    let mut replies = Vec::new();
                    while !seen.is_empty() {
                        replies.extend(shuffle(&mut chance, &mut seen));
                    }
                    replies.push(reply(request.id, 0, 0, &[]));
                    replies
                }
                1 => {
                    seen.push(request);
                    shuffle(&mut chance, &mut seen)
                }
                _ => vec![],
            }
        });
        let client = Client::builder()
            .connect(&fake.endpoint)
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        let mut random = Random(11);
        let mut answered = 0;
        for round in 0_i64..2_000 {
            let mut calls = Vec::new();
            for nth in 0..=random.below(8) {
                let a = round * 16 + i64::try_from(nth).unwrap();
                let add = ProbeAdd { a, b: 0 };
                match random.below(4) {
                    0 => drop(client.begin(&add).unwrap()),
                    1 => {
                        let hasty = client.with_timeout(Duration::from_micros(50)).call(&add);
                        assert!(hasty.is_err() || hasty == Ok(a));
                    }
                    _ => calls.push((a, client.begin(&add).unwrap())),
                }
            }
            client.call(&ProbeHold).unwrap();
            while !calls.is_empty() {
                let (a, call) = calls.swap_remove(random.below(calls.len()));
                assert_eq!(call.wait(), Ok(a));
                answered += 1;
            }
        }
        assert!(answered > 3_000);
        assert!(client.stats().late_replies > 1_000);
        assert_eq!(client.stats().in_flight, 0);
    });
}
