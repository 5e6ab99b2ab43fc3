//! What is not wanted any more.

use super::*;

#[test]
fn a_request_that_waits_is_not_given_out() {
    let mut scene = Scene::spacious(1);
    scene.ask(&ann(), 1, CALL);
    scene.ask(&ann(), 2, CALL);
    assert!(scene.scheduler.cancel(&ann(), 1));
    assert!(!scene.scheduler.cancel(&ann(), 1), "only once");
    assert_eq!(scene.assign(), Some((0, 2)));
}

#[test]
fn another_peer_has_other_ids() {
    let mut scene = Scene::spacious(1);
    let behind_a_device = Route::made_up("ann", &["device"]);
    scene.ask(&ann(), 1, CALL);
    let (_, bell) = {
        // The place is free for a task of the same id.
        let place = scene.assign().unwrap().0;
        let task = scene.scheduler.detach(place, None).unwrap();
        let bell = Bell::default();
        scene.scheduler.attach(task, Box::new(bell.clone()));
        (task, bell)
    };
    scene.ask(&ann(), 2, CALL);
    for (route, id) in [(&bob(), 1), (&bob(), 2), (&behind_a_device, 1), (&ann(), 3)] {
        assert!(!scene.scheduler.cancel(route, id));
    }
    assert_eq!(bell.rung(), 0);
    assert!(scene.scheduler.cancel(&ann(), 1) && scene.scheduler.cancel(&ann(), 2));
    assert_eq!(bell.rung(), 1);
    assert!(scene.scheduler.is_done());
}

#[test]
fn a_plain_method_that_runs_goes_on() {
    let mut scene = Scene::spacious(1);
    scene.ask(&ann(), 1, CALL);
    let (place, _) = scene.assign().unwrap();
    assert!(!scene.scheduler.cancel(&ann(), 1));
    assert!(!scene.scheduler.is_done());
    scene.finish(place, Some(Message::copy_of(&[7])));
    assert_eq!(scene.sent(), [("ann".into(), 0, Sent::Frame(vec![7]))]);
}

#[test]
fn an_async_method_ends_and_its_reply_is_not_wanted() {
    let mut scene = Scene::spacious(1);
    let (task, bell) = scene.start_task(&ann(), 1, Some(SECOND));
    assert!(scene.scheduler.cancel(&ann(), 1));
    assert_eq!(bell.rung(), 1);
    // It had just ended on its own.
    scene.finish_task(task, Some(Message::copy_of(&[7])));
    assert_eq!(scene.pass(2 * SECOND), 0);
    assert!(scene.sent().is_empty() && scene.scheduler.is_done());
}

#[test]
fn an_async_method_ends_although_its_handle_comes_late() {
    let mut scene = Scene::spacious(1);
    scene.ask(&ann(), 1, CALL);
    let (place, _) = scene.assign().unwrap();
    let task = scene.scheduler.detach(place, None).unwrap();
    assert!(scene.scheduler.cancel(&ann(), 1));
    let bell = Bell::default();
    scene.scheduler.attach(task, Box::new(bell.clone()));
    assert_eq!(bell.rung(), 1);
}

#[test]
fn an_async_method_that_is_given_up_in_its_first_poll_does_not_go_on() {
    let mut scene = Scene::spacious(2);
    scene.ask(&ann(), 1, CALL);
    scene.ask(&bob(), 1, CALL);
    let places = [scene.assign().unwrap().0, scene.assign().unwrap().0];
    assert!(
        !scene.scheduler.cancel(&ann(), 1),
        "it is not known to be one yet"
    );
    scene.scheduler.forget_peer(&bob());
    for place in places {
        assert_eq!(scene.scheduler.detach(place, None), None);
    }
    assert!(scene.scheduler.is_done());
    assert_eq!(scene.pass(2 * SECOND), 0);
    assert!(scene.sent().is_empty());
}

#[test]
fn a_place_is_given_back_once() {
    let mut scene = Scene::spacious(1);
    let (_, bell) = scene.start_task(&ann(), 1, None);
    scene.ask(&bob(), 2, CALL);
    assert_eq!(scene.assign(), Some((0, 2)), "the task holds no place");
    scene.finish(0, None);
    scene.finish(0, Some(Message::copy_of(&[7])));
    assert_eq!(scene.scheduler.detach(0, None), None);
    assert!(scene.sent().is_empty());
    assert_eq!(bell.rung(), 0);
}

#[test]
fn a_peer_that_has_gone_takes_along_what_it_asked_for_and_nothing_else() {
    let mut scene = Scene::spacious(1);
    let (_, anns) = scene.start_task(&ann(), 1, None);
    let (_, bobs) = scene.start_task(&bob(), 1, None);
    // Whatever came over the same connection, devices or not.
    let device = Route::made_up("ann", &["device"]);
    for (route, id) in [(&ann(), 2), (&bob(), 2), (&device, 2), (&bob(), 3)] {
        scene.ask(route, id, CALL);
    }
    assert_eq!(scene.scheduler.forget_peer(&ann()), 3);
    assert_eq!((anns.rung(), bobs.rung()), (1, 0));
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
    let (_, bell) = scene.start_task(&ann(), 1, None);
    scene.ask(&ann(), 2, CALL);
    scene.assign();
    scene.ask(&ann(), 3, CALL);
    scene.scheduler.abandon();
    assert_eq!(bell.rung(), 1);
    assert!(!scene.scheduler.is_done(), "one runs");
    scene.finish(0, None);
    assert!(scene.scheduler.is_done() && scene.scheduler.next_tick().is_none());
}
