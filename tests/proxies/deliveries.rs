//! How proxies with a queue deliver: in order, again, once.

use std::thread;
use std::time::Duration;

use zmqrpc::proxy::{Backoff, BufferedProxy, Rep, Req};

use crate::buffered::{log_client, roomy, store};
use crate::log::{Taken, log, log_with};
use crate::support::{Peer, failure, head, key, text, varint, within};
use crate::{ANYWHERE, LIMIT, eventually};

#[test]
fn passing_failures_are_tried_again_in_order() {
    within(LIMIT, || {
        let (seen, see) = std::sync::mpsc::channel();
        let mut tries = 0;
        let target = crate::support::Fake::start(move |frame| {
            let id = u64::from_le_bytes(frame[3..11].try_into().unwrap());
            seen.send(frame.to_vec()).unwrap();
            tries += 1;
            vec![match tries {
                1 => failure(id, 7, 0, "later"),
                2 => failure(id, 9, 0, ""),
                3 => failure(id, 17, 1, "behind another proxy"),
                _ => crate::support::reply(id, 0, 0, &[]),
            }]
        });
        let rest = Duration::from_millis(5);
        let back = Req::new().connect(&target.endpoint);
        let proxy = BufferedProxy::new(Rep::new().bind(ANYWHERE), back, roomy())
            .backoff(Backoff {
                first: rest,
                longest: 4 * rest,
            })
            .start()
            .unwrap();
        let client = log_client(&proxy);
        for number in 0..3 {
            client.take(1, number).unwrap();
        }
        eventually("delivery", || proxy.stats().delivered == 3);
        assert_eq!(proxy.stats().retried, 3);
        let arrived: Vec<Vec<u8>> = see.try_iter().collect();
        // The first came four times, with the same name, as a call, and with the time that the tries that are left take.
        let number = |frame: &[u8]| *frame.last().unwrap();
        let numbers: Vec<u8> = arrived.iter().map(|frame| number(frame)).collect();
        assert_eq!(numbers, [0, 0, 0, 0, 1, 2]);
        let name = b"zmqrpc-delivery";
        let name_of = |frame: &[u8]| {
            let at = frame
                .windows(name.len())
                .position(|bytes| bytes == name)
                .unwrap();
            frame[at..at + name.len() + 19].to_vec()
        };
        assert!(
            arrived[..4]
                .iter()
                .all(|frame| name_of(frame) == name_of(&arrived[0]))
        );
        assert_ne!(name_of(&arrived[0]), name_of(&arrived[4]));
        // The third try may have been executed, and counts.
        let ten = [0xE0, 0xA7, 0x12];
        let nine = [0xB0, 0xBD, 0x10];
        for (frame, time) in arrived.iter().zip([ten, ten, ten, nine, ten, ten]) {
            assert!(frame[2] == 0x01 && frame[21..24] == time, "{frame:?}");
        }
    });
}

#[test]
fn a_server_executes_no_delivery_twice() {
    within(LIMIT, || {
        let taken = Taken::default();
        let server = log_with(ANYWHERE, &taken, |builder| builder.remember_deliveries(2));
        let peer = Peer::connect(&server.endpoints()[0]);
        let key = key("Log.take", "u32,u64,->unit", 1);
        let deliver = |id: u64, number: u64| {
            let mut frame = head(0x01, id);
            frame.extend([0, 0]);
            frame.extend(key.to_le_bytes());
            frame.extend(varint(0));
            frame.push(1);
            frame.extend(text("zmqrpc-delivery"));
            frame.extend(text(&format!("00000000000000ab-{number}")));
            frame.extend([1, u8::try_from(number).unwrap()]);
            assert_eq!(peer.ask(frame), crate::support::reply(id, 0, 0, &[]));
        };
        for id in 1..10 {
            deliver(id, 1);
        }
        assert_eq!(taken.count(), 1);
        assert_eq!(server.stats().repeated, 8);
        // Only so many are remembered.
        for number in [2, 3, 1] {
            deliver(10 + number, number);
        }
        assert_eq!(taken.by_client()[&1], [1, 2, 3, 1]);
    });
}

#[test]
fn the_order_of_each_client_is_kept_and_none_waits_for_another() {
    within(LIMIT, || {
        let place = crate::support::ipc("order");
        let proxy = store(&place, roomy());
        thread::scope(|scope| {
            for client in 0..8 {
                let stub = log_client(&proxy);
                scope.spawn(move || {
                    for number in 0..250 {
                        stub.take(client, number).unwrap();
                    }
                });
            }
        });
        let taken = Taken::default();
        let _server = log_with(&place, &taken, |builder| builder.worker_threads(8));
        eventually("delivery", || proxy.stats().delivered == 2000);
        for (client, numbers) in taken.by_client() {
            assert_eq!(numbers, (0..250).collect::<Vec<_>>(), "client {client}");
        }
    });
}

#[test]
fn a_slow_delivery_holds_up_no_other_connection() {
    within(LIMIT, || {
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        let proxy = store(&server.endpoints()[0], roomy());
        let (slow, quick) = (log_client(&proxy), log_client(&proxy));
        quick.take(1, 0).unwrap();
        slow.take(2, 0).unwrap();
        eventually("both", || proxy.stats().delivered == 2);
        slow.wait(7).unwrap();
        taken.gate.await_arrivals(1);
        for number in 1..50 {
            quick.take(1, number).unwrap();
        }
        eventually("the quick one", || proxy.stats().delivered == 51);
        assert_eq!(proxy.stats().held, 1);
        taken.gate.open();
        eventually("the slow one", || proxy.stats().held == 0);
    });
}

#[test]
fn a_hostile_target_loses_nothing() {
    within(LIMIT, || {
        let mut turn = 0_u8;
        let target = crate::support::Fake::start(move |frame| {
            turn = turn.wrapping_add(1);
            let id = u64::from_le_bytes(frame[3..11].try_into().unwrap());
            match turn % 3 {
                0 => vec![
                    b"noise".to_vec(),
                    crate::support::reply(id, 0, 9, b"any body"),
                ],
                1 => vec![
                    crate::support::reply(id + 1, 0, 0, &[]),
                    failure(id, 7, 0, ""),
                ],
                _ => vec![head(0x86, id), failure(id, 200, 0, "who knows")],
            }
        });
        let rest = Duration::from_millis(1);
        let back = Req::new().connect(&target.endpoint);
        let proxy = BufferedProxy::new(Rep::new().bind(ANYWHERE), back, roomy())
            .backoff(Backoff {
                first: rest,
                longest: rest,
            })
            .start()
            .unwrap();
        let client = log_client(&proxy);
        for number in 0..50 {
            client.take(1, number).unwrap();
        }
        eventually("delivery", || proxy.stats().delivered == 50);
        assert_eq!((proxy.stats().held, proxy.stats().given_up), (0, 0));
    });
}

#[test]
fn large_deliveries_are_under_way_a_few_at_a_time() {
    within(LIMIT, || {
        let target = crate::support::Fake::start(|frame| {
            let id = u64::from_le_bytes(frame[3..11].try_into().unwrap());
            let is_small = frame.len() < 1000;
            let answer = is_small.then(|| crate::support::reply(id, 0, 0, &[]));
            answer.into_iter().collect()
        });
        let proxy = store(
            &target.endpoint,
            zmqrpc::proxy::MemoryQueue::new(10, 1 << 30),
        );
        let peers: Vec<_> = (0..5)
            .map(|_| Peer::connect(&proxy.endpoints()[0]))
            .collect();
        let ask = |peer: &Peer, bytes: usize| {
            let request = crate::support::call_by_key(1, 7, 0, &vec![0; bytes]);
            assert_eq!(peer.ask(request)[11], 0, "it is accepted");
        };
        // Connections of one address go on beside each other once each has had its turn.
        for peer in &peers {
            ask(peer, 0);
        }
        eventually("the small ones", || proxy.stats().delivered == 5);
        for peer in &peers {
            ask(peer, 12 << 20);
        }
        // Whoever hears this, the proxy has begun what it begins.
        assert_eq!(peers[0].ask(head(0x05, 9)), head(0x85, 9));
        let stats = proxy.stats();
        assert_eq!((stats.forwarded, stats.held), (5 + 3, 5));
    });
}

#[test]
fn two_queues_in_a_row_deliver_once() {
    within(LIMIT, || {
        let taken = Taken::default();
        let server = log(ANYWHERE, &taken);
        let second = store(&server.endpoints()[0], roomy());
        let first = store(&second.endpoints()[0], roomy());
        let client = log_client(&first);
        for number in 0..100 {
            client.take(1, number).unwrap();
        }
        eventually("delivery", || second.stats().delivered == 100);
        assert_eq!(taken.by_client(), [(1, (0..100).collect())].into());
        eventually("word of all", || first.stats().delivered == 100);
    });
}
