//! What one peer has waiting, and what that costs the others.

use std::collections::HashMap;

use super::*;

fn nobodys(scene: &mut Scene, id: u64) {
    let job = scene.job(id, NOTIFY);
    scene.scheduler.take_on(Route::nowhere(), job);
}

/// Who is served in which order: one worker, and each method ends at once.
fn served(scene: &mut Scene, count: usize) -> Vec<u64> {
    let mut served = Vec::new();
    while served.len() < count
        && let Some((place, id)) = scene.assign()
    {
        served.push(id);
        scene.finish(place, None);
    }
    served
}

#[test]
fn peers_take_turns_and_each_keeps_its_order() {
    let mut scene = Scene::spacious(1);
    for id in 1..=5 {
        scene.ask(&ann(), id, NOTIFY);
    }
    for id in 11..=12 {
        scene.ask(&bob(), id, CALL);
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
            scene.ask(&route, 10 * peer + id, CALL);
        }
    }
    for id in 100..103 {
        nobodys(&mut scene, id);
    }
    assert_eq!(served(&mut scene, 9), [0, 100, 10, 101, 20, 102, 1, 11, 21]);
}

#[test]
fn who_fills_the_queue_gives_way_to_who_has_less() {
    let mut scene = Scene::new(6, 1 << 20, 1);
    for id in 1..=7 {
        assert!(scene.ask(&ann(), id, CALL));
    }
    assert!(!scene.ask(&ann(), 8, CALL));
    let mut displaced = Vec::new();
    for id in 11..=20 {
        let job = scene.job(id, CALL);
        assert!(scene.scheduler.refusal(&job).is_some());
        let Some((route, last)) = scene.scheduler.displace(&bob(), &job) else {
            break;
        };
        assert!(route.is_same(&ann()));
        displaced.push(last.id());
        assert!(scene.scheduler.refusal(&job).is_none());
        scene.scheduler.take_on(bob(), job);
    }
    // The last come first, until both have as much.
    assert_eq!(displaced, [7, 6, 5]);
    assert_eq!(served(&mut scene, 10), [1, 11, 2, 12, 3, 13, 4]);
}

/// Fills a queue of 7: bob has 3, others 1 each.
fn where_bob_has_most(before: impl FnOnce(&mut Scene)) -> Scene {
    let mut scene = Scene::new(6, 1 << 20, 1);
    for id in 1..=3 {
        assert!(scene.ask(&bob(), id, CALL));
    }
    before(&mut scene);
    for id in 21.. {
        if !scene.ask(&Route::made_up(&format!("peer {id}"), &[]), id, CALL) {
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
            assert!(scene.scheduler.cancel(&ann(), id));
        }
    };
    for how in [gone, withdrawn] {
        let mut scene = where_bob_has_most(|scene| {
            for id in 11..=14 {
                assert!(scene.ask(&ann(), id, CALL));
            }
            how(scene);
        });
        // Ann may be the one who had more.
        for route in [Route::made_up("new", &[]), ann()] {
            let job = scene.job(31, CALL);
            assert!(scene.scheduler.refusal(&job).is_some());
            let (displaced, _) = scene.scheduler.displace(&route, &job).unwrap();
            assert!(displaced.is_same(&bob()));
            scene.ask(&route, 31, CALL);
            scene.scheduler.cancel(&route, 31);
            scene.ask(&bob(), 32, CALL);
        }
    }
}

#[test]
fn who_has_most_is_found_again_when_room_was_plenty_meanwhile() {
    let mut scene = where_bob_has_most(|_| {});
    for round in 0..3 {
        let new = Route::made_up("new", &[]);
        let job = scene.job(40, CALL);
        let (displaced, last) = scene.scheduler.displace(&new, &job).unwrap();
        let most = if round % 2 == 0 { bob() } else { ann() };
        assert!(displaced.is_same(&most), "round {round}");
        assert!(last.id() > 1);
        served(&mut scene, 10);
        assert_eq!(scene.scheduler.waiting.calls(), RequestSize::default());
        let (few, many) = if round % 2 == 0 {
            (bob(), ann())
        } else {
            (ann(), bob())
        };
        for (route, count) in [(few, 2), (many, 5)] {
            for id in 1..=count {
                assert!(scene.ask(&route, id, CALL));
            }
        }
    }
}

#[test]
fn bytes_are_a_share_too() {
    let large = Sketch { body: 900, ..CALL };
    let mut scene = Scene::new(1_000, 2_500, 1);
    assert!(scene.ask(&ann(), 1, large) && scene.ask(&ann(), 2, large));
    let job = scene.job(3, large);
    assert!(scene.scheduler.refusal(&job).is_some());
    let (_, last) = scene.scheduler.displace(&bob(), &job).unwrap();
    assert_eq!(last.id(), 2);
    scene.scheduler.take_on(bob(), job);
    let job = scene.job(4, large);
    assert!(
        scene.scheduler.displace(&bob(), &job).is_none(),
        "it has as much"
    );
    assert_eq!(served(&mut scene, 10), [1, 3]);
    assert_eq!(scene.scheduler.waiting.calls(), RequestSize::default());
}

#[test]
fn peers_of_whom_something_waits_for_long_are_asked_whether_they_are_there() {
    let mut scene = Scene::spacious(1);
    let mut asked = Vec::new();
    let req = Route::made_up("req", &[""]);
    for route in [ann(), bob(), req.clone()] {
        for id in 0..3 {
            scene.ask(&route, id, NOTIFY);
        }
    }
    nobodys(&mut scene, 9);
    scene.assign();
    scene.scheduler.search(scene.now, &mut asked);
    assert!(asked.is_empty(), "nothing has been waiting for long");
    scene.now = scene.scheduler.next_tick().unwrap();
    scene.scheduler.search(scene.now, &mut asked);
    // Not the REQ socket: it would take that for its reply.
    let mut peers: Vec<_> = asked.drain(..).map(|route| route.peer().to_vec()).collect();
    peers.sort();
    assert_eq!(peers, [b"ann", b"bob"]);
    scene.scheduler.search(scene.now, &mut asked);
    assert!(asked.is_empty(), "once");
    scene.pass(SECOND);
    scene.scheduler.forget_peer(&ann());
    scene.scheduler.search(scene.now, &mut asked);
    assert!(asked.len() == 1 && asked[0].is_same(&bob()));
}

#[test]
fn many_peers_are_asked_a_few_at_a_time() {
    let mut scene = Scene::spacious(1);
    for peer in 0..200 {
        scene.ask(&Route::made_up(&format!("{peer}"), &[]), 1, NOTIFY);
    }
    scene.now += SECOND;
    let mut counts = Vec::new();
    for _ in 0..5 {
        let mut asked = Vec::new();
        scene.scheduler.search(scene.now, &mut asked);
        counts.push(asked.len());
    }
    assert_eq!(counts.iter().sum::<usize>(), 200);
    assert!(counts.iter().all(|count| *count <= 64), "{counts:?}");
}

/// How long it takes to give up 20,000 calls that nobody made, while so many wait and run.
fn of_cancels(waiting: u64, tasks: u64) -> Duration {
    let mut scene = Scene::new(1 << 20, 1 << 30, 1);
    for id in 0..tasks {
        scene.start_task(&ann(), id, None);
    }
    for id in 0..waiting {
        scene.ask(&ann(), tasks + id, CALL);
    }
    let begin = Instant::now();
    for id in 0..20_000 {
        assert!(!scene.scheduler.cancel(&ann(), (1 << 40) + id));
        scene.scheduler.forget_peer(&bob());
    }
    begin.elapsed()
}

#[test]
fn to_give_up_calls_costs_the_same_however_many_wait_and_run() {
    let few = (0..3).map(|_| of_cancels(10, 10)).min().unwrap();
    let many = (0..3).map(|_| of_cancels(30_000, 10_000)).min().unwrap();
    // A look at all of them takes some thousand times as long.
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
                let job = scene.job(next, CALL);
                if scene.scheduler.refusal(&job).is_some() {
                    let Some((route, last)) = scene.scheduler.displace(&routes[at], &job) else {
                        continue;
                    };
                    let from = routes
                        .iter()
                        .position(|other| other.is_same(&route))
                        .unwrap();
                    assert_eq!(expected.get_mut(&from).unwrap().pop(), Some(last.id()));
                    assert_ne!(from, at);
                }
                scene.scheduler.take_on(routes[at].clone(), job);
                expected.get_mut(&at).unwrap().push(next);
                next += 1;
            }
            5..7 => {
                let Some(assigned) = scene.scheduler.assign(scene.now) else {
                    assert!(expected.values().all(Vec::is_empty));
                    continue;
                };
                let route = scene.scheduler.running[assigned.place]
                    .as_ref()
                    .unwrap()
                    .route
                    .clone();
                scene.finish(assigned.place, None);
                let from = routes
                    .iter()
                    .position(|other| other.is_same(&route))
                    .unwrap();
                assert_eq!(
                    expected.get_mut(&from).unwrap().remove(0),
                    assigned.job.id()
                );
            }
            7..9 => {
                let id = random(next + 1);
                let found = waiting.iter().position(|waiting| *waiting == id);
                assert_eq!(scene.scheduler.cancel(&routes[at], id), found.is_some());
                found.map(|found| waiting.remove(found));
                if let Some(last) = waiting.pop() {
                    assert!(scene.scheduler.cancel(&routes[at], last));
                }
            }
            _ => {
                let gone = scene.scheduler.forget_peer(&routes[at]);
                assert_eq!(gone, std::mem::take(waiting).len() as u64);
            }
        }
        let count: usize = expected.values().map(Vec::len).sum();
        let size = scene.scheduler.waiting.calls();
        assert_eq!(
            (size.count, scene.scheduler.waiting.is_empty()),
            (count, count == 0)
        );
        assert_eq!(size.bytes > 0, count > 0);
    }
}
