use super::*;
use crate::connection::call::NewCall;
use crate::dialect::{CallFailure, CallId, NO_ID, Outbound, Reply, ReplyTo};
use crate::options::Ping;
use crate::socket::ConnectionEvent;
use crate::wire::{Executed, Metadata, Status};

const SECOND: Duration = Duration::from_secs(1);

/// Sockets that keep what is sent, each with room for so many frames.
#[derive(Default)]
struct Sockets(Vec<(usize, Vec<Frame>)>);

impl Transmit for Sockets {
    fn send(&mut self, link: usize, frame: &mut Frame) -> bool {
        let (room, sent) = &mut self.0[link];
        let has_room = sent.len() < *room;
        if has_room {
            sent.push(std::mem::take(frame));
        }
        has_room
    }
}

/// The calls that have ended, with their results.
#[derive(Default)]
struct Ends {
    ended: Vec<(u64, CallResult)>,
    unexpected: usize,
}

impl Outcomes<()> for Ends {
    fn sent(&mut self, (): &mut ()) {}

    fn ended(&mut self, id: u64, (): &mut (), result: CallResult) -> bool {
        self.ended.push((id, result));
        // Kept, so that a second end would be seen.
        true
    }

    fn unexpected(&mut self) {
        self.unexpected += 1;
    }
}

struct Scene {
    calls: Multiplexer<()>,
    sockets: Sockets,
    ends: Ends,
    now: Instant,
}

impl Scene {
    /// So many links, which are up.
    fn new(links: usize) -> Self {
        let settings = CallSettings {
            max_calls: 10,
            max_queued_bytes: 1_000,
            connect_timeout: Some(SECOND),
            shortens_remaining: false,
            cancels_expired: false,
        };
        let ping = Ping {
            interval: SECOND,
            timeout: 3 * SECOND,
        };
        let now = Instant::now();
        let mut scene = Self {
            calls: Multiplexer::new(links, Liveness::new(ping, now), settings),
            sockets: Sockets((0..links).map(|_| (10, Vec::new())).collect()),
            ends: Ends::default(),
            now,
        };
        (0..links).for_each(|link| drop(scene.arrive(link, ConnectionEvent::Up)));
        scene
    }

    fn begin(&mut self, kind: CallKind, movable: bool) -> Submitted {
        let call = NewCall {
            kind,
            hops: 0,
            deadline: None,
            movable,
        };
        let mut request = DIALECT.ping(NO_ID);
        self.calls
            .begin(
                &mut request,
                call,
                self.now,
                &mut self.sockets,
                &mut self.ends,
            )
            .unwrap()
    }

    fn call(&mut self) -> u64 {
        self.begin(CallKind::Call, false).id
    }

    fn arrive(&mut self, link: usize, event: ConnectionEvent) -> Option<NoReply> {
        let mut arrivals = Arrivals::default();
        self.calls
            .handle_event(link, event, &mut arrivals, &mut self.ends);
        let (sockets, ends) = (&mut self.sockets, &mut self.ends);
        self.calls.settle(link, arrivals, self.now, sockets, ends)
    }

    fn answer(
        &mut self,
        link: usize,
        id: u64,
        answer: impl Into<Outbound<'static>>,
    ) -> Option<NoReply> {
        let reply = ReplyTo::new(DIALECT, CallId::from(id)).encode(answer);
        self.arrive(link, ConnectionEvent::Received(reply))
    }

    fn reply(&mut self, link: usize, id: u64) {
        let value = Reply::Value {
            codec: 0,
            metadata: Metadata::EMPTY,
            body: b"",
        };
        self.answer(link, id, value);
    }

    fn reject(&mut self, link: usize, id: u64) {
        let failure = CallFailure::new(Status::Overloaded, "").with_executed(Executed::No);
        let reply = ReplyTo::new(DIALECT, CallId::from(id)).fail(&failure);
        self.arrive(link, ConnectionEvent::Received(reply));
    }

    /// Returns the results since the last time, without the frames of replies.
    fn ended(&mut self) -> Vec<(u64, Result<bool, NoReply>)> {
        let ended = std::mem::take(&mut self.ends.ended).into_iter();
        ended
            .map(|(id, result)| (id, result.map(|reply| reply.is_some())))
            .collect()
    }

    fn sent_over(&self, link: usize) -> usize {
        self.sockets.0[link].1.len()
    }
}

#[test]
fn a_call_ends_once() {
    let mut scene = Scene::new(1);
    let id = scene.call();
    scene.reply(0, id);
    scene.reply(0, id);
    scene.arrive(0, ConnectionEvent::Down);
    assert_eq!(scene.ended(), [(id, Ok(true))]);
    assert_eq!(scene.ends.unexpected, 1);
    assert!(scene.calls.take_ended(id, |()| Some(())).is_some());
    assert!(scene.calls.take_ended(id, |()| Some(())).is_none());
    scene.reply(0, id);
    assert_eq!((scene.ended(), scene.ends.unexpected), (vec![], 2));
}

#[test]
fn a_peer_answers_what_was_sent_to_it_and_nothing_else() {
    let mut scene = Scene::new(2);
    let (first, second) = (scene.call(), scene.call());
    assert_eq!((scene.sent_over(0), scene.sent_over(1)), (1, 1));
    scene.reply(1, first);
    scene.reply(0, second);
    assert_eq!((scene.ended(), scene.ends.unexpected), (vec![], 2));
    scene.reply(0, first);
    assert_eq!(scene.ended(), [(first, Ok(true))]);
}

#[test]
fn what_waits_is_no_call_that_a_peer_can_answer() {
    let mut scene = Scene::new(1);
    scene.sockets.0[0].0 = 0;
    let waiting = scene.begin(CallKind::Call, false);
    assert!(!waiting.written && scene.calls.lacks_room());
    scene.reply(0, waiting.id);
    assert_eq!((scene.ended(), scene.ends.unexpected), (vec![], 1));
}

#[test]
fn only_what_was_sent_is_lost_with_the_connection() {
    let mut scene = Scene::new(1);
    scene.sockets.0[0].0 = 1;
    let (sent, waiting) = (scene.call(), scene.call());
    scene.arrive(0, ConnectionEvent::Down);
    assert_eq!(scene.ended(), [(sent, Err(NoReply::Disconnected))]);
    scene.sockets.0[0].0 = 2;
    scene.arrive(0, ConnectionEvent::Up);
    let (sockets, ends) = (&mut scene.sockets, &mut scene.ends);
    assert!(scene.calls.send_waiting(scene.now, sockets, ends));
    scene.reply(0, waiting);
    assert_eq!(scene.ended(), [(waiting, Ok(true))]);
}

#[test]
fn a_rejection_ends_a_call_when_each_peer_has_rejected_it() {
    let mut scene = Scene::new(2);
    let id = scene.call();
    scene.reject(0, id);
    assert_eq!((scene.ended(), scene.sent_over(1)), (vec![], 1));
    // It is the other peer's now.
    scene.reply(0, id);
    assert_eq!(scene.ends.unexpected, 1);
    scene.reject(1, id);
    assert_eq!(scene.ended(), [(id, Ok(true))]);
    assert_eq!((scene.sent_over(0), scene.sent_over(1)), (1, 1));
}

#[test]
fn what_a_draining_peer_leaves_waits_for_another_or_moves() {
    let mut scene = Scene::new(1);
    scene.sockets.0[0].0 = 1;
    let sent = scene.call();
    let (stays, moves) = (scene.call(), scene.begin(CallKind::Call, true).id);
    scene.answer(0, 77, Outbound::Draining);
    assert_eq!(scene.ended(), [(moves, Err(NoReply::Drained))]);
    // What is under way is still answered, and nothing is sent but the acknowledgement.
    scene.reply(0, sent);
    assert_eq!(scene.ended(), [(sent, Ok(true))]);
    scene.sockets.0[0].0 = 9;
    assert_eq!(
        scene.calls.acknowledge_draining(0, &mut scene.sockets),
        Some(true)
    );
    let (sockets, ends) = (&mut scene.sockets, &mut scene.ends);
    assert!(!scene.calls.send_waiting(scene.now, sockets, ends));
    assert!(!scene.begin(CallKind::Call, false).written);
    let until = scene.now + SECOND;
    assert_eq!(scene.calls.next_expiry(), Some(until));
    let (sockets, ends) = (&mut scene.sockets, &mut scene.ends);
    scene.calls.expire(until, sockets, ends);
    assert!(scene.ended().contains(&(stays, Err(NoReply::NotConnected))));
}

#[test]
fn a_notification_ends_when_it_is_sent_and_a_ping_tells_what_has_arrived() {
    let mut scene = Scene::new(1);
    let notification = scene.begin(CallKind::Notification, false).id;
    assert_eq!(scene.ended(), [(notification, Ok(false))]);
    let check = scene.calls.notifications(0).start_check();
    let is_open = scene.calls.notifications(0).is_open(check);
    assert!(is_open);
    let ping = scene.begin(CallKind::Ping, false).id;
    scene.begin(CallKind::Notification, false);
    scene.ended();
    scene.answer(0, ping, Outbound::Pong);
    assert_eq!(scene.ended(), [(ping, Ok(false))]);
    let outcome = scene.calls.notifications(0).outcome(check);
    assert_eq!(outcome, crate::connection::DeliveryOutcome::Arrived);
    let notifications = scene.calls.notifications(0);
    let check_of_both = notifications.start_check();
    assert!(
        notifications.is_open(check_of_both),
        "the second one is open"
    );
}

#[test]
fn who_sends_requests_is_no_server() {
    let mut scene = Scene::new(1);
    let (returned, lost) = (scene.call(), scene.call());
    let request = scene.sockets.0[0].1.remove(0);
    let reason = scene.arrive(0, ConnectionEvent::Received(request));
    let not_executed = NoReply::NoServer { returned: true };
    assert_eq!(scene.ended(), [(returned, Err(not_executed))]);
    let reason = reason.expect("the connection is replaced");
    let (now, ends) = (scene.now, &mut scene.ends);
    scene.calls.handle_replaced(0, &reason, now, ends);
    assert_eq!(scene.ended(), [(lost, Err(reason))]);
}

#[test]
fn what_waits_fails_when_no_peer_can_be_used() {
    let mut scene = Scene::new(2);
    (0..2).for_each(|link| drop(scene.arrive(link, ConnectionEvent::Down)));
    let id = scene.call();
    scene.arrive(0, ConnectionEvent::NotZmtp);
    assert_eq!(scene.ended(), []);
    scene.arrive(1, ConnectionEvent::NotZmtp);
    assert_eq!(scene.ended(), [(id, Err(NoReply::Foreign))]);
}

#[test]
fn what_exceeds_a_limit_is_rejected_and_leaves_nothing() {
    let mut scene = Scene::new(1);
    scene.sockets.0[0].0 = 0;
    let call = NewCall {
        kind: CallKind::Call,
        hops: 0,
        deadline: None,
        movable: false,
    };
    let begin = |scene: &mut Scene, bytes: usize| {
        let mut request = Frame::copy_of(&vec![0; bytes]);
        let (sockets, ends) = (&mut scene.sockets, &mut scene.ends);
        let begun = scene
            .calls
            .begin(&mut request, call, scene.now, sockets, ends);
        begun.map(|begun| begun.id)
    };
    assert!(begin(&mut scene, 600).is_ok());
    assert_eq!(
        begin(&mut scene, 600),
        Err(LimitExceeded::QueuedBytes(1_000))
    );
    for _ in 1..10 {
        assert!(begin(&mut scene, 20).is_ok());
    }
    assert_eq!(begin(&mut scene, 20), Err(LimitExceeded::Calls(10)));
    assert_eq!((scene.calls.len(), scene.calls.waiting_bytes()), (10, 780));
}
