//! What waits, and what is taken on.

use super::*;

#[test]
fn what_can_run_at_once_does_not_count_as_waiting() {
    let mut scene = Scene::new(3, 1 << 20, 2);
    for id in 1..=5 {
        assert!(scene.ask(&ann(), id, CALL), "{id}");
    }
    assert!(!scene.ask(&ann(), 6, CALL));
    assert_eq!(
        (scene.assign(), scene.assign()),
        (Some((0, 1)), Some((1, 2)))
    );
    assert_eq!(scene.assign(), None);
    assert!(!scene.ask(&ann(), 6, CALL), "three wait");
    scene.finish(0, None);
    assert!(scene.ask(&ann(), 6, CALL));
}

#[test]
fn a_refusal_says_that_nothing_was_executed() {
    let mut scene = Scene::new(1, 1 << 20, 1);
    assert!(scene.ask(&ann(), 1, CALL) && scene.ask(&ann(), 2, CALL));
    let refusal = scene.scheduler.refusal(&scene.job(3, CALL)).unwrap();
    assert_eq!(
        (refusal.status, refusal.executed),
        (Status::Overloaded, Executed::No)
    );
}

#[test]
fn bytes_are_given_back_when_a_request_leaves_the_queue() {
    let large = Sketch { body: 900, ..CALL };
    let mut scene = Scene::new(1_000, 2_000, 1);
    let gone: [fn(&mut Scene); 4] = [
        |scene| assert!(scene.assign().is_some()),
        |scene| assert!(scene.scheduler.cancel(&ann(), 1)),
        |scene| assert_eq!(scene.scheduler.forget_peer(&ann()), 1),
        |scene| scene.scheduler.abandon(),
    ];
    for leave in gone {
        assert!(scene.ask(&ann(), 1, large) && scene.ask(&bob(), 2, large));
        assert!(!scene.ask(&bob(), 3, large), "bytes are the bound");
        assert!(scene.ask(&bob(), 4, CALL), "a small one has room");
        leave(&mut scene);
        if scene.scheduler.waiting.is_empty() {
            assert_eq!(scene.scheduler.waiting.calls(), RequestSize::default());
        } else {
            assert!(scene.ask(&bob(), 3, large));
        }
        scene.scheduler.abandon();
        scene.finish(0, None);
    }
}

#[test]
fn async_methods_that_run_count_as_waiting() {
    let mut scene = Scene::new(2, 1 << 20, 1);
    let (task, _) = scene.start_task(&ann(), 1, None);
    assert!(scene.ask(&ann(), 2, CALL) && scene.ask(&ann(), 3, CALL));
    assert!(!scene.ask(&ann(), 4, CALL));
    scene.finish_task(task, None);
    assert!(scene.ask(&ann(), 4, CALL));
}

#[test]
fn requests_run_in_their_order() {
    let mut scene = Scene::spacious(1);
    for id in 1..=3 {
        scene.ask(&ann(), id, CALL);
    }
    for id in 1..=3 {
        assert!(scene.scheduler.has_assignable());
        assert_eq!(scene.assign(), Some((0, id)));
        assert!(!scene.scheduler.has_assignable());
        scene.finish(0, Some(Message::copy_of(&[7])));
    }
    let frame = || Sent::Frame(vec![7]);
    let sent = [0; 3].map(|_| ("ann".into(), 0, frame()));
    assert_eq!(scene.sent(), sent);
    assert!(scene.scheduler.is_done());
}

#[test]
fn a_request_is_overdue_when_a_worker_could_have_taken_it() {
    let mut scene = Scene::spacious(1);
    let start = scene.now;
    assert!(!scene.scheduler.is_overdue(start), "nothing waits");
    scene.ask(&ann(), 1, CALL);
    scene.now += SECOND;
    scene.ask(&ann(), 2, CALL);
    let before = start.checked_sub(SECOND).unwrap();
    assert!(!scene.scheduler.is_overdue(before) && scene.scheduler.is_overdue(start));
    scene.assign();
    assert!(!scene.scheduler.is_overdue(scene.now), "no worker is free");
    scene.finish(0, None);
    assert!(!scene.scheduler.is_overdue(start) && scene.scheduler.is_overdue(scene.now));
}

#[test]
fn a_request_is_given_out_at_once_while_nothing_waits_and_a_worker_is_free() {
    let mut scene = Scene::spacious(1);
    assert!(scene.scheduler.is_eager());
    let job = scene.job(1, CALL);
    let place = scene.scheduler.give_out(ann(), job, scene.now).place;
    assert!(!scene.scheduler.is_eager(), "no worker is free");
    assert!(scene.ask(&ann(), 2, CALL));
    scene.finish(place, None);
    assert!(!scene.scheduler.is_eager(), "one waits and is the next");
    assert_eq!(scene.assign(), Some((0, 2)));
}

#[test]
fn only_what_nobody_waits_for_shares_a_place() {
    let mut scene = Scene::spacious(2);
    let event = |scene: &mut Scene, id| {
        let job = scene.job(id, NOTIFY);
        scene.scheduler.take_on(Route::nowhere(), job);
    };
    // A peer's notification ends with the peer: nothing else must end with it.
    assert!(scene.ask(&ann(), 1, NOTIFY));
    event(&mut scene, 2);
    let (peers, _) = scene.assign().unwrap();
    assert!(scene.scheduler.next_behind(peers).is_none());
    let (place, _) = scene.assign().unwrap();
    for id in [3, 4] {
        event(&mut scene, id);
    }
    assert!(scene.ask(&ann(), 5, CALL));
    let behind: Vec<ReadyCall> =
        std::iter::from_fn(|| scene.scheduler.next_behind(place)).collect();
    assert!(behind.iter().map(ReadyCall::id).eq([3, 4]));
    // What is put back is the first again.
    for job in behind.into_iter().rev() {
        scene.scheduler.put_back(job);
    }
    scene.finish(place, None);
    assert_eq!(scene.assign(), Some((place, 3)));
    assert!(scene.scheduler.next_behind(7).is_none());
}

#[test]
fn commands_that_nobody_waits_for_keep_no_calls_out() {
    let mut scene = Scene::new(4, 1 << 20, 1);
    for id in 1..=5 {
        assert!(scene.scheduler.has_room(), "{id}");
        let job = scene.job(id, NOTIFY);
        scene.scheduler.take_on(Route::nowhere(), job);
    }
    assert!(!scene.scheduler.has_room(), "four wait, one can run");
    for id in 1..=5 {
        assert!(scene.ask(&ann(), id, CALL), "{id}");
    }
    assert!(!scene.ask(&ann(), 6, CALL));
    for _ in 0..5 {
        assert!(scene.assign().is_some());
        scene.finish(0, None);
    }
    assert!(scene.scheduler.has_room());
    scene.scheduler.abandon();
    assert!(scene.scheduler.is_done() && scene.scheduler.tasks.one_way() == 0);
}
