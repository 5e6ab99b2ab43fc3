//! Calls that are cancelled, and peers that have gone.

use super::*;

#[test]
fn a_request_that_waits_is_not_given_out() {
    let mut scene = Scene::spacious(1);
    scene.enqueue(&ann(), 1, CALL);
    scene.enqueue(&ann(), 2, CALL);
    assert!(scene.cancel(&ann(), 1));
    assert!(!scene.cancel(&ann(), 1), "only once");
    assert_eq!(scene.assign(), Some((0, 2)));
}

#[test]
fn another_peer_has_other_ids() {
    let mut scene = Scene::spacious(1);
    let behind_a_device = Route::made_up("ann", &["device"]);
    scene.enqueue(&ann(), 1, CALL);
    let (_, cancels) = {
        // The slot is free for a task of the same id.
        let slot = scene.assign().unwrap().0;
        let task = scene.scheduler.detach(slot, None).unwrap();
        let cancels = CancelCounter::default();
        scene.scheduler.attach(task, Box::new(cancels.clone()));
        (task, cancels)
    };
    scene.enqueue(&ann(), 2, CALL);
    for (route, id) in [(&bob(), 1), (&bob(), 2), (&behind_a_device, 1), (&ann(), 3)] {
        assert!(!scene.cancel(route, id));
    }
    assert_eq!(cancels.count(), 0);
    assert!(scene.cancel(&ann(), 1) && scene.cancel(&ann(), 2));
    assert_eq!(cancels.count(), 1);
    assert!(scene.scheduler.is_done());
}

#[test]
fn a_plain_method_that_runs_goes_on() {
    let mut scene = Scene::spacious(1);
    scene.enqueue(&ann(), 1, CALL);
    let (slot, _) = scene.assign().unwrap();
    assert!(!scene.cancel(&ann(), 1));
    assert!(!scene.scheduler.is_done());
    scene.finish(slot, Some(Frame::copy_of(&[7])));
    assert_eq!(scene.sent(), [("ann".into(), 1, Sent::Frame(vec![7]))]);
}

#[test]
fn an_async_method_ends_and_its_reply_is_not_wanted() {
    let mut scene = Scene::spacious(1);
    let (task, cancels) = scene.start_task(&ann(), 1, Some(SECOND));
    assert!(scene.cancel(&ann(), 1));
    assert_eq!(cancels.count(), 1);
    // The method had just ended by itself.
    scene.finish_task(task, Some(Frame::copy_of(&[7])));
    assert_eq!(scene.pass(2 * SECOND), 0);
    assert!(scene.sent().is_empty() && scene.scheduler.is_done());
}

#[test]
fn an_async_method_ends_although_its_handle_comes_late() {
    let mut scene = Scene::spacious(1);
    scene.enqueue(&ann(), 1, CALL);
    let (slot, _) = scene.assign().unwrap();
    let task = scene.scheduler.detach(slot, None).unwrap();
    assert!(scene.cancel(&ann(), 1));
    let cancels = CancelCounter::default();
    scene.scheduler.attach(task, Box::new(cancels.clone()));
    assert_eq!(cancels.count(), 1);
}

#[test]
fn an_async_method_that_is_given_up_in_its_first_poll_does_not_go_on() {
    let mut scene = Scene::spacious(2);
    scene.enqueue(&ann(), 1, CALL);
    scene.enqueue(&bob(), 1, CALL);
    let slots = [scene.assign().unwrap().0, scene.assign().unwrap().0];
    assert!(
        !scene.cancel(&ann(), 1),
        "it is not known to be an async method yet"
    );
    scene.scheduler.forget_peer(&bob());
    for slot in slots {
        assert_eq!(scene.scheduler.detach(slot, None), None);
    }
    assert!(scene.scheduler.is_done());
    assert_eq!(scene.pass(2 * SECOND), 0);
    assert!(scene.sent().is_empty());
}

#[test]
fn a_slot_is_freed_once() {
    let mut scene = Scene::spacious(1);
    let (_, cancels) = scene.start_task(&ann(), 1, None);
    scene.enqueue(&bob(), 2, CALL);
    assert_eq!(scene.assign(), Some((0, 2)), "the task holds no slot");
    scene.finish(0, None);
    scene.finish(0, Some(Frame::copy_of(&[7])));
    assert_eq!(scene.scheduler.detach(0, None), None);
    assert!(scene.sent().is_empty());
    assert_eq!(cancels.count(), 0);
}

#[test]
fn a_peer_that_has_gone_takes_along_what_it_asked_for_and_nothing_else() {
    let mut scene = Scene::spacious(1);
    let (_, anns) = scene.start_task(&ann(), 1, None);
    let (_, bobs) = scene.start_task(&bob(), 1, None);
    // All that came over the same connection, from behind devices or not.
    let device = Route::made_up("ann", &["device"]);
    for (route, id) in [(&ann(), 2), (&bob(), 2), (&device, 2), (&bob(), 3)] {
        scene.enqueue(route, id, CALL);
    }
    assert_eq!(scene.scheduler.forget_peer(&ann()), 3);
    assert_eq!((anns.count(), bobs.count()), (1, 0));
    assert_eq!(scene.scheduler.forget_peer(&ann()), 0);
    assert_eq!(scene.assign(), Some((0, 2)));
    scene.finish(0, None);
    assert_eq!(scene.assign(), Some((0, 3)));
    scene.pass(SECOND);
    let to: Vec<_> = scene.sent().into_iter().map(|(peer, ..)| peer).collect();
    assert_eq!(to, ["bob", "bob"]);
}

#[test]
fn everything_but_running_methods_can_be_abandoned() {
    let mut scene = Scene::spacious(1);
    let (_, cancels) = scene.start_task(&ann(), 1, None);
    scene.enqueue(&ann(), 2, CALL);
    scene.assign();
    scene.enqueue(&ann(), 3, CALL);
    scene.scheduler.cancel_all();
    assert_eq!(cancels.count(), 1);
    assert!(!scene.scheduler.is_done(), "one runs");
    scene.finish(0, None);
    assert!(scene.scheduler.is_done() && scene.scheduler.next_tick().is_none());
}
