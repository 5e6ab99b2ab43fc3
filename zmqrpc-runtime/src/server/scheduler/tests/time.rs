//! What is due when.

use super::*;

fn working(peer: &str, id: u64) -> (String, u64, Sent) {
    (peer.into(), id, Sent::Working)
}

#[test]
fn nothing_is_due_where_nothing_runs() {
    let mut scene = Scene::spacious(1);
    scene.enqueue(&ann(), 1, CALL);
    assert_eq!(scene.scheduler.next_tick(), None);
    assert_eq!(scene.pass(100 * SECOND), 0);
    assert!(scene.sent().is_empty());
}

#[test]
fn a_caller_is_told_each_second_that_its_call_runs() {
    let mut scene = Scene::spacious(2);
    let start = scene.now;
    scene.enqueue(&ann(), 1, CALL);
    scene.assign();
    scene.start_task(&bob(), 2, None);
    assert_eq!(scene.scheduler.next_tick(), Some(start + SECOND));
    scene.pass(Duration::from_nanos(999_999_999));
    assert!(scene.sent().is_empty());
    for second in 1..=3 {
        scene.now = start + second * SECOND;
        scene.tick();
        let mut sent = scene.sent();
        sent.sort_by_key(|(_, id, _)| *id);
        assert_eq!(sent, [working("ann", 1), working("bob", 2)]);
        scene.tick();
        assert!(scene.sent().is_empty(), "once each second");
        assert_eq!(
            scene.scheduler.next_tick(),
            Some(start + (second + 1) * SECOND)
        );
    }
    scene.finish(0, None);
    assert!(scene.cancel(&bob(), 2));
    assert_eq!(scene.scheduler.next_tick(), None);
}

#[test]
fn signs_go_to_those_alone_who_understand_them() {
    let mut scene = Scene::spacious(3);
    // A REQ socket would take the frame for its reply; a notification has no caller.
    scene.enqueue(&Route::made_up("req", &["device", ""]), 1, CALL);
    scene.enqueue(&ann(), 2, NOTIFY);
    scene.enqueue(&Route::made_up("dealer", &["", "device"]), 3, CALL);
    for _ in 0..3 {
        scene.assign();
    }
    scene.pass(SECOND);
    assert_eq!(scene.sent(), [working("dealer", 3)]);
    assert_eq!(scene.scheduler.next_tick(), Some(scene.now + SECOND));
}

#[test]
fn an_async_method_is_cancelled_at_its_deadline() {
    let mut scene = Scene::spacious(1);
    let time = Duration::from_nanos(500);
    let (task, cancels) = scene.start_task(&ann(), 1, Some(time));
    assert_eq!(scene.scheduler.next_tick(), Some(scene.now + time));
    assert_eq!(scene.pass(Duration::from_nanos(499)), 0);
    assert_eq!(cancels.count(), 0);
    assert_eq!(scene.pass(Duration::from_nanos(1)), 1);
    assert_eq!(cancels.count(), 1);
    let expired = Sent::Failure(Status::Expired, Executed::Maybe);
    assert_eq!(scene.sent(), [("ann".into(), 1, expired)]);
    scene.finish_task(task, Some(Frame::copy_of(&[7])));
    assert_eq!(scene.pass(10 * SECOND), 0);
    assert!(scene.sent().is_empty() && scene.scheduler.is_done());
}

#[test]
fn a_notification_that_expires_gets_no_reply() {
    let mut scene = Scene::spacious(1);
    scene.enqueue(&ann(), 1, NOTIFY);
    let (slot, _) = scene.assign().unwrap();
    scene
        .scheduler
        .detach(slot, Some(scene.now + SECOND))
        .unwrap();
    assert_eq!(scene.pass(SECOND), 1);
    assert!(scene.sent().is_empty() && scene.scheduler.is_done());
}

#[test]
fn the_next_tick_is_the_nearest_of_all() {
    let mut scene = Scene::spacious(2);
    let start = scene.now;
    scene.start_task(&ann(), 1, Some(5 * SECOND));
    assert_eq!(
        scene.scheduler.next_tick(),
        Some(start + SECOND),
        "its `Working` frame"
    );
    scene.now += SECOND / 4;
    scene.start_task(&ann(), 2, Some(SECOND / 4));
    assert_eq!(
        scene.scheduler.next_tick(),
        Some(start + SECOND / 2),
        "its deadline"
    );
    scene.now = start + SECOND / 2;
    assert_eq!(scene.tick(), 1);
    assert_eq!(scene.scheduler.next_tick(), Some(start + SECOND));
    // The last `Working` frame is due with the fourth second, the end with the fifth.
    for second in 1..=4 {
        scene.now = start + second * SECOND;
        assert_eq!(scene.tick(), 0);
    }
    assert_eq!(scene.pass(SECOND), 1);
    assert_eq!(scene.scheduler.next_tick(), None);
}

#[test]
fn a_late_tick_cancels_all_tasks_past_their_deadlines() {
    let mut scene = Scene::spacious(1);
    let counters: Vec<_> = (1..=20)
        .map(|id| {
            let time = Duration::from_millis(id * 10);
            scene.start_task(&ann(), id, Some(time)).1
        })
        .collect();
    let (_, patient) = scene.start_task(&ann(), 21, None);
    assert_eq!(scene.pass(SECOND / 2), 20);
    assert!(counters.iter().all(|cancels| cancels.count() == 1));
    assert_eq!(patient.count(), 0);
    let ids: Vec<_> = scene.sent().into_iter().map(|(_, id, _)| id).collect();
    assert_eq!(
        ids,
        (1..=20).collect::<Vec<_>>(),
        "in the order of their ends"
    );
}

#[test]
fn a_notification_that_states_no_time_does_not_wait_for_ever() {
    let mut scene = Scene::spacious(1);
    scene.enqueue(&ann(), 1, CALL);
    scene.assign();
    scene.enqueue(&ann(), 2, NOTIFY);
    scene.enqueue(&ann(), 3, CALL);
    let event = scene.call(4, NOTIFY);
    scene.scheduler.enqueue(Route::nowhere(), event);
    scene.pass(SECOND);
    scene.enqueue(&ann(), 5, NOTIFY);
    scene.pass(60 * SECOND);
    scene.finish(0, None);
    // That limit holds neither for calls nor for events and jobs.
    let mut ids = Vec::new();
    while let Some((slot, id)) = scene.assign() {
        ids.push(id);
        scene.finish(slot, None);
    }
    ids.sort_unstable();
    assert_eq!(ids, [3, 4, 5]);
    assert_eq!(scene.tick(), 1);
}
