//! What one peer's waiting calls cost the others.

use std::collections::HashMap;

use super::*;

fn push_event(scene: &mut Scene, id: u64) {
    let call = scene.call(id, NOTIFY);
    scene.scheduler.enqueue(Route::nowhere(), call);
}

/// The order in which calls run with one worker if each method ends at once.
fn served(scene: &mut Scene, count: usize) -> Vec<u64> {
    let mut served = Vec::new();
    while served.len() < count
        && let Some((slot, id)) = scene.assign()
    {
        served.push(id);
        scene.finish(slot, None);
    }
    served
}

#[test]
fn peers_take_turns_and_each_keeps_its_order() {
    let mut scene = Scene::spacious(1);
    for id in 1..=5 {
        scene.enqueue(&ann(), id, NOTIFY);
    }
    for id in 11..=12 {
        scene.enqueue(&bob(), id, CALL);
    }
    assert_eq!(served(&mut scene, 10), [1, 11, 2, 12, 3, 4, 5]);
    assert!(scene.scheduler.is_done());
}

#[test]
fn what_nobody_waits_for_has_every_other_turn_however_many_peers_there_are() {
    let mut scene = Scene::spacious(1);
    for peer in 0..3 {
        let route = Route::made_up(&format!("peer {peer}"), &[]);
        for id in 0..2 {
            scene.enqueue(&route, 10 * peer + id, CALL);
        }
    }
    for id in 100..103 {
        push_event(&mut scene, id);
    }
    assert_eq!(served(&mut scene, 9), [0, 100, 10, 101, 20, 102, 1, 11, 21]);
}

#[test]
fn who_fills_the_queue_gives_way_to_who_has_less() {
    let mut scene = Scene::new(6, 1 << 20, 1);
    for id in 1..=7 {
        assert!(scene.enqueue(&ann(), id, CALL));
    }
    assert!(!scene.enqueue(&ann(), 8, CALL));
    let mut displaced = Vec::new();
    for id in 11..=20 {
        let call = scene.call(id, CALL);
        assert!(scene.scheduler.admission_failure(&call).is_some());
        let Some((route, last)) = scene.scheduler.displace(&bob(), &call) else {
            break;
        };
        assert!(route.is_same(&ann()));
        displaced.push(last.id().number());
        assert!(scene.scheduler.admission_failure(&call).is_none());
        scene.scheduler.enqueue(bob(), call);
    }
    // The last calls are displaced first, until both peers have as much.
    assert_eq!(displaced, [7, 6, 5]);
    assert_eq!(served(&mut scene, 10), [1, 11, 2, 12, 3, 13, 4]);
}

/// Fills a queue of 7: bob has 3 calls, other peers 1 each.
fn where_bob_has_most(before: impl FnOnce(&mut Scene)) -> Scene {
    let mut scene = Scene::new(6, 1 << 20, 1);
    for id in 1..=3 {
        assert!(scene.enqueue(&bob(), id, CALL));
    }
    before(&mut scene);
    for id in 21.. {
        if !scene.enqueue(&Route::made_up(&format!("peer {id}"), &[]), id, CALL) {
            break;
        }
    }
    scene
}

#[test]
fn who_has_most_gives_way_although_somebody_had_more() {
    let gone: fn(&mut Scene) = |scene| assert_eq!(scene.scheduler.forget_peer(&ann()), 4);
    let withdrawn: fn(&mut Scene) = |scene| {
        for id in 12..=14 {
            assert!(scene.cancel(&ann(), id));
        }
    };
    for how in [gone, withdrawn] {
        let mut scene = where_bob_has_most(|scene| {
            for id in 11..=14 {
                assert!(scene.enqueue(&ann(), id, CALL));
            }
            how(scene);
        });
        // Ann may be the one who had more.
        for route in [Route::made_up("new", &[]), ann()] {
            let call = scene.call(31, CALL);
            assert!(scene.scheduler.admission_failure(&call).is_some());
            let (displaced, _) = scene.scheduler.displace(&route, &call).unwrap();
            assert!(displaced.is_same(&bob()));
            scene.enqueue(&route, 31, CALL);
            scene.cancel(&route, 31);
            scene.enqueue(&bob(), 32, CALL);
        }
    }
}

#[test]
fn the_peer_with_most_is_found_again_when_room_was_plenty_meanwhile() {
    let mut scene = where_bob_has_most(|_| {});
    for round in 0..3 {
        let new = Route::made_up("new", &[]);
        let call = scene.call(40, CALL);
        let (displaced, last) = scene.scheduler.displace(&new, &call).unwrap();
        let most = if round % 2 == 0 { bob() } else { ann() };
        assert!(displaced.is_same(&most), "round {round}");
        assert!(last.id().number() > 1);
        served(&mut scene, 10);
        assert_eq!(scene.scheduler.waiting.peer_calls(), RequestSize::default());
        let (few, many) = if round % 2 == 0 {
            (bob(), ann())
        } else {
            (ann(), bob())
        };
        for (route, count) in [(few, 2), (many, 5)] {
            for id in 1..=count {
                assert!(scene.enqueue(&route, id, CALL));
            }
        }
    }
}

#[test]
fn bytes_are_a_share_too() {
    let large = RequestSpec { body: 900, ..CALL };
    let mut scene = Scene::new(1_000, 2_500, 1);
    assert!(scene.enqueue(&ann(), 1, large) && scene.enqueue(&ann(), 2, large));
    let call = scene.call(3, large);
    assert!(scene.scheduler.admission_failure(&call).is_some());
    let (_, last) = scene.scheduler.displace(&bob(), &call).unwrap();
    assert_eq!(last.id().number(), 2);
    scene.scheduler.enqueue(bob(), call);
    let call = scene.call(4, large);
    assert!(
        scene.scheduler.displace(&bob(), &call).is_none(),
        "it has as much"
    );
    assert_eq!(served(&mut scene, 10), [1, 3]);
    assert_eq!(scene.scheduler.waiting.peer_calls(), RequestSize::default());
}

#[test]
fn peers_whose_calls_wait_for_long_are_probed() {
    let mut scene = Scene::spacious(1);
    let mut probes = Vec::new();
    let req = Route::made_up("req", &[""]);
    for route in [ann(), bob(), req.clone()] {
        for id in 0..3 {
            scene.enqueue(&route, id, NOTIFY);
        }
    }
    push_event(&mut scene, 9);
    scene.assign();
    scene.scheduler.take_probes(scene.now, &mut probes);
    assert!(probes.is_empty(), "nothing has been waiting for long");
    scene.now = scene.scheduler.next_tick().unwrap();
    scene.scheduler.take_probes(scene.now, &mut probes);
    // Without the REQ socket, which would take a probe for its reply.
    let mut peers: Vec<_> = probes
        .drain(..)
        .map(|route| route.peer().to_vec())
        .collect();
    peers.sort();
    assert_eq!(peers, [b"ann", b"bob"]);
    scene.scheduler.take_probes(scene.now, &mut probes);
    assert!(probes.is_empty(), "once");
    scene.pass(SECOND);
    scene.scheduler.forget_peer(&ann());
    scene.scheduler.take_probes(scene.now, &mut probes);
    assert!(probes.len() == 1 && probes[0].is_same(&bob()));
}

#[test]
fn many_peers_are_probed_a_few_at_a_time() {
    let mut scene = Scene::spacious(1);
    for peer in 0..200 {
        scene.enqueue(&Route::made_up(&format!("{peer}"), &[]), 1, NOTIFY);
    }
    scene.now += SECOND;
    let mut counts = Vec::new();
    for _ in 0..5 {
        let mut probes = Vec::new();
        scene.scheduler.take_probes(scene.now, &mut probes);
        counts.push(probes.len());
    }
    assert_eq!(counts.iter().sum::<usize>(), 200);
    assert!(counts.iter().all(|count| *count <= 64), "{counts:?}");
}

/// Measures how long 20,000 cancellations of unknown calls take while this many calls wait and run.
fn time_of_cancels(waiting: u64, tasks: u64) -> Duration {
    let mut scene = Scene::new(1 << 20, 1 << 30, 1);
    for id in 0..tasks {
        scene.start_task(&ann(), id, None);
    }
    for id in 0..waiting {
        scene.enqueue(&ann(), tasks + id, CALL);
    }
    let begin = Instant::now();
    for id in 0..20_000 {
        assert!(!scene.cancel(&ann(), (1 << 40) + id));
        scene.scheduler.forget_peer(&bob());
    }
    begin.elapsed()
}

#[test]
fn to_give_up_calls_costs_the_same_however_many_wait_and_run() {
    let few = (0..3).map(|_| time_of_cancels(10, 10)).min().unwrap();
    let many = (0..3)
        .map(|_| time_of_cancels(30_000, 10_000))
        .min()
        .unwrap();
    // A search through all of them takes some thousand times as long.
    assert!(many < 50 * few, "{few:?}, {many:?}");
}

#[test]
fn whatever_happens_to_the_queue_nothing_is_lost_and_no_peer_loses_its_order() {
    let mut seed = 7_u64;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    let mut scene = Scene::new(50, 1 << 20, 1);
    let routes: Vec<_> = (0..90)
        .map(|peer| match peer % 3 {
            0 => Route::made_up(&format!("{peer}"), &["device"]),
            _ => Route::made_up(&format!("{peer}"), &[]),
        })
        .collect();
    let mut expected: HashMap<usize, Vec<u64>> = HashMap::new();
    let mut next = 0;
    for round in 0..20_000 {
        let peers = [3, 90][round / 1_000 % 2];
        let at = usize::try_from(random(peers)).unwrap();
        let waiting = expected.entry(at).or_default();
        match random(10) {
            0..5 => {
                let call = scene.call(next, CALL);
                if scene.scheduler.admission_failure(&call).is_some() {
                    let Some((route, last)) = scene.scheduler.displace(&routes[at], &call) else {
                        continue;
                    };
                    let from = routes
                        .iter()
                        .position(|other| other.is_same(&route))
                        .unwrap();
                    assert_eq!(
                        expected.get_mut(&from).unwrap().pop(),
                        Some(last.id().number())
                    );
                    assert_ne!(from, at);
                }
                scene.scheduler.enqueue(routes[at].clone(), call);
                expected.get_mut(&at).unwrap().push(next);
                next += 1;
            }
            5..7 => {
                let Some(assigned) = scene.scheduler.assign(scene.now) else {
                    assert!(expected.values().all(Vec::is_empty));
                    continue;
                };
                let route = scene.scheduler.running[assigned.slot]
                    .as_ref()
                    .unwrap()
                    .route
                    .clone();
                scene.finish(assigned.slot, None);
                let from = routes
                    .iter()
                    .position(|other| other.is_same(&route))
                    .unwrap();
                assert_eq!(
                    expected.get_mut(&from).unwrap().remove(0),
                    assigned.call.id().number()
                );
            }
            7..9 => {
                let id = random(next + 1);
                let found = waiting.iter().position(|waiting| *waiting == id);
                assert_eq!(scene.cancel(&routes[at], id), found.is_some());
                found.map(|found| waiting.remove(found));
                if let Some(last) = waiting.pop() {
                    assert!(scene.cancel(&routes[at], last));
                }
            }
            _ => {
                let gone = scene.scheduler.forget_peer(&routes[at]);
                assert_eq!(gone, std::mem::take(waiting).len() as u64);
            }
        }
        let count: usize = expected.values().map(Vec::len).sum();
        let size = scene.scheduler.waiting.peer_calls();
        assert_eq!(
            (size.count, scene.scheduler.waiting.is_empty()),
            (count, count == 0)
        );
        assert_eq!(size.bytes > 0, count > 0);
    }
}
