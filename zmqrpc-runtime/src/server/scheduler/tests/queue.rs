//! Which calls wait, and which are taken on.

use super::*;

#[test]
fn calls_that_can_run_at_once_do_not_count_as_waiting() {
    let mut scene = Scene::new(3, 1 << 20, 2);
    for id in 1..=5 {
        assert!(scene.enqueue(&ann(), id, CALL), "{id}");
    }
    assert!(!scene.enqueue(&ann(), 6, CALL));
    assert_eq!(
        (scene.assign(), scene.assign()),
        (Some((0, 1)), Some((1, 2)))
    );
    assert_eq!(scene.assign(), None);
    assert!(!scene.enqueue(&ann(), 6, CALL), "three wait");
    scene.finish(0, None);
    assert!(scene.enqueue(&ann(), 6, CALL));
}

#[test]
fn a_rejection_says_that_nothing_was_executed() {
    let mut scene = Scene::new(1, 1 << 20, 1);
    assert!(scene.enqueue(&ann(), 1, CALL) && scene.enqueue(&ann(), 2, CALL));
    let failure = scene
        .scheduler
        .admission_failure(&scene.call(3, CALL))
        .unwrap();
    assert_eq!(
        (failure.status, failure.executed),
        (Status::Overloaded, Executed::No)
    );
}

#[test]
fn bytes_are_given_back_when_a_request_leaves_the_queue() {
    let large = RequestSpec { body: 900, ..CALL };
    let mut scene = Scene::new(1_000, 2_000, 1);
    let gone: [fn(&mut Scene); 4] = [
        |scene| assert!(scene.assign().is_some()),
        |scene| assert!(scene.cancel(&ann(), 1)),
        |scene| assert_eq!(scene.scheduler.forget_peer(&ann()), 1),
        |scene| scene.scheduler.cancel_all(),
    ];
    for leave in gone {
        assert!(scene.enqueue(&ann(), 1, large) && scene.enqueue(&bob(), 2, large));
        assert!(!scene.enqueue(&bob(), 3, large), "bytes are the bound");
        assert!(scene.enqueue(&bob(), 4, CALL), "a small one has room");
        leave(&mut scene);
        if scene.scheduler.waiting.is_empty() {
            assert_eq!(scene.scheduler.waiting.peer_calls(), RequestSize::default());
        } else {
            assert!(scene.enqueue(&bob(), 3, large));
        }
        scene.scheduler.cancel_all();
        scene.finish(0, None);
    }
}

#[test]
fn async_methods_that_run_count_as_waiting() {
    let mut scene = Scene::new(2, 1 << 20, 1);
    let (task, _) = scene.start_task(&ann(), 1, None);
    assert!(scene.enqueue(&ann(), 2, CALL) && scene.enqueue(&ann(), 3, CALL));
    assert!(!scene.enqueue(&ann(), 4, CALL));
    scene.finish_task(task, None);
    assert!(scene.enqueue(&ann(), 4, CALL));
}

#[test]
fn requests_run_in_their_order() {
    let mut scene = Scene::spacious(1);
    for id in 1..=3 {
        scene.enqueue(&ann(), id, CALL);
    }
    for id in 1..=3 {
        assert!(scene.scheduler.has_assignable());
        assert_eq!(scene.assign(), Some((0, id)));
        assert!(!scene.scheduler.has_assignable());
        scene.finish(0, Some(Frame::copy_of(&[7])));
    }
    let frame = || Sent::Frame(vec![7]);
    let sent = [1, 2, 3].map(|id| ("ann".into(), id, frame()));
    assert_eq!(scene.sent(), sent);
    assert!(scene.scheduler.is_done());
}

#[test]
fn a_request_is_overdue_when_a_worker_could_have_taken_it() {
    let mut scene = Scene::spacious(1);
    let start = scene.now;
    assert!(!scene.scheduler.is_overdue(start), "nothing waits");
    scene.enqueue(&ann(), 1, CALL);
    scene.now += SECOND;
    scene.enqueue(&ann(), 2, CALL);
    let before = start.checked_sub(SECOND).unwrap();
    assert!(!scene.scheduler.is_overdue(before) && scene.scheduler.is_overdue(start));
    scene.assign();
    assert!(!scene.scheduler.is_overdue(scene.now), "no worker is free");
    scene.finish(0, None);
    assert!(!scene.scheduler.is_overdue(start) && scene.scheduler.is_overdue(scene.now));
}

#[test]
fn a_request_is_assigned_at_once_while_nothing_waits_and_a_worker_is_free() {
    let mut scene = Scene::spacious(1);
    assert!(scene.scheduler.can_run_at_once());
    let call = scene.call(1, CALL);
    let slot = scene.scheduler.assign_call(ann(), call, scene.now).slot;
    assert!(!scene.scheduler.can_run_at_once(), "no worker is free");
    assert!(scene.enqueue(&ann(), 2, CALL));
    scene.finish(slot, None);
    assert!(
        !scene.scheduler.can_run_at_once(),
        "one waits and is the next"
    );
    assert_eq!(scene.assign(), Some((0, 2)));
}

#[test]
fn only_events_and_jobs_share_a_slot() {
    let mut scene = Scene::spacious(2);
    let event = |scene: &mut Scene, id| {
        let call = scene.call(id, NOTIFY);
        scene.scheduler.enqueue(Route::nowhere(), call);
    };
    // A peer's notification ends with its peer: no event may end with it.
    assert!(scene.enqueue(&ann(), 1, NOTIFY));
    event(&mut scene, 2);
    let (peers, _) = scene.assign().unwrap();
    assert!(scene.scheduler.next_source_call(peers).is_none());
    let (slot, _) = scene.assign().unwrap();
    for id in [3, 4] {
        event(&mut scene, id);
    }
    assert!(scene.enqueue(&ann(), 5, CALL));
    let source_calls: Vec<ReadyCall> =
        std::iter::from_fn(|| scene.scheduler.next_source_call(slot)).collect();
    assert!(
        source_calls
            .iter()
            .map(|call| call.id().number())
            .eq([3, 4])
    );
    // A call that is put back is the first again.
    for call in source_calls.into_iter().rev() {
        scene.scheduler.put_back(call);
    }
    scene.finish(slot, None);
    assert_eq!(scene.assign(), Some((slot, 3)));
    assert!(scene.scheduler.next_source_call(7).is_none());
}

#[test]
fn commands_that_nobody_waits_for_keep_no_calls_out() {
    let mut scene = Scene::new(4, 1 << 20, 1);
    for id in 1..=5 {
        assert!(scene.scheduler.has_room(), "{id}");
        let call = scene.call(id, NOTIFY);
        scene.scheduler.enqueue(Route::nowhere(), call);
    }
    assert!(!scene.scheduler.has_room(), "four wait, one can run");
    for id in 1..=5 {
        assert!(scene.enqueue(&ann(), id, CALL), "{id}");
    }
    assert!(!scene.enqueue(&ann(), 6, CALL));
    for _ in 0..5 {
        assert!(scene.assign().is_some());
        scene.finish(0, None);
    }
    assert!(scene.scheduler.has_room());
    scene.scheduler.cancel_all();
    assert!(scene.scheduler.is_done() && scene.scheduler.tasks.source_calls() == 0);
}
