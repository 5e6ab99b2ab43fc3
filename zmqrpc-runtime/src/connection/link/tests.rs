//! Any sequence of what can happen to a connection, in simulated time.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::options::Ping;

const SECOND: Duration = Duration::from_secs(1);
const PING: Ping = Ping {
    interval: SECOND,
    timeout: Duration::from_secs(3),
};

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Up,
    Down,
    Frame(FrameKind),
    /// The driver sends what the link owes.
    Flush,
    /// Nothing, for so many milliseconds; the driver looks when it is due.
    Wait(u64),
    /// Nothing, and the driver looks at the end only: its process stood still.
    Stall(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let frame = prop_oneof![
        Just(FrameKind::Reply(1)),
        (1..3_u64).prop_map(FrameKind::Draining),
        (0..3_u64).prop_map(FrameKind::Pong),
        Just(FrameKind::Interim(1)),
    ];
    prop_oneof![
        2 => Just(Step::Up),
        1 => Just(Step::Down),
        4 => frame.prop_map(Step::Frame),
        2 => Just(Step::Flush),
        4 => (0..2_500_u64).prop_map(Step::Wait),
        1 => (0..20_000_u64).prop_map(Step::Stall),
    ]
}

/// A link, and what its driver knows of it.
struct Scene {
    link: Link,
    now: Instant,
    heard: Instant,
    /// Pings that the link asked for since something was heard.
    asked: u32,
    /// The notice of the end that is not answered yet.
    notice: Option<u64>,
    drains: bool,
    calls_wait: bool,
}

impl Scene {
    fn new(calls_wait: bool) -> Self {
        let now = Instant::now();
        let mut link = Link::new(Liveness::new(PING, now));
        link.hear(now);
        Self {
            link,
            now,
            heard: now,
            asked: 0,
            notice: None,
            drains: false,
            calls_wait,
        }
    }

    fn hear(&mut self) {
        self.link.hear(self.now);
        (self.heard, self.asked) = (self.now, 0);
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Up => {
                self.link.handle_up();
                (self.notice, self.drains) = (None, false);
                self.hear();
            }
            Step::Down => {
                self.link.handle_down();
                (self.notice, self.drains) = (None, false);
            }
            Step::Frame(kind) if self.link.is_up() => {
                let news = self.link.handle_frame(kind);
                if let FrameKind::Draining(id) = kind {
                    let is_new = !std::mem::replace(&mut self.drains, true);
                    prop_assert_eq!(news == LinkNews::Draining, is_new);
                    self.notice = Some(id);
                }
                self.hear();
            }
            Step::Frame(_) => {}
            Step::Flush => {
                let owed = self.link.owed_ping();
                prop_assert_eq!(owed, self.notice);
                if let Some(id) = owed {
                    self.link.handle_ping_sent();
                    self.notice = None;
                    // The peer answers it, over the same connection.
                    let news = self.link.handle_frame(FrameKind::Pong(id));
                    prop_assert_eq!(news, LinkNews::Acknowledged);
                    self.hear();
                }
            }
            Step::Wait(milliseconds) => self.wait(Duration::from_millis(milliseconds))?,
            Step::Stall(milliseconds) => {
                self.now += Duration::from_millis(milliseconds);
                self.look()?;
            }
        }
        let takes_calls = self.link.is_up() && !self.drains;
        prop_assert_eq!(self.link.takes_calls(), takes_calls);
        prop_assert!(self.link.is_up() || self.link.owed_ping().is_none());
        Ok(())
    }

    /// Lets time pass as a driver does that sleeps until the link is due.
    fn wait(&mut self, time: Duration) -> Result<(), TestCaseError> {
        let until = self.now + time;
        for _ in 0..100 {
            match self.link.poll_timeout(self.now, self.calls_wait) {
                Some(due) if due <= until => {
                    self.now = due.max(self.now);
                    self.look()?;
                }
                _ => {
                    self.now = until;
                    return Ok(());
                }
            }
        }
        Err(TestCaseError::fail("the link is due again and again"))
    }

    fn look(&mut self) -> Result<(), TestCaseError> {
        let silence = self.now - self.heard;
        let action = self.link.handle_timeout(self.now, self.calls_wait);
        let matters = self.link.is_up() && (self.calls_wait || self.drains);
        prop_assert_eq!(action.is_some(), matters);
        match action {
            None => {}
            Some(LivenessAction::Wait(until)) => prop_assert!(until > self.now),
            Some(LivenessAction::Ask) => {
                prop_assert!(!self.drains && silence >= PING.interval);
                self.asked += 1;
            }
            Some(LivenessAction::Dead(limit)) => {
                prop_assert!(silence >= limit && limit >= PING.timeout);
                prop_assert!(self.drains || self.asked > 0, "it was never asked");
                // The driver makes another connection.
                self.link.handle_down();
                (self.notice, self.drains) = (None, false);
                self.hear();
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_link_takes_calls_and_asks_and_dies_only_when_it_may(
        calls_wait: bool,
        steps in vec(step(), 0..60),
    ) {
        let mut scene = Scene::new(calls_wait);
        for step in steps {
            scene.take(step)?;
        }
    }

    #[test]
    fn a_peer_that_is_silent_while_calls_wait_is_dead_in_the_time_that_it_has(
        steps in vec(step(), 0..30),
    ) {
        let mut scene = Scene::new(true);
        for step in steps {
            scene.take(step)?;
        }
        scene.take(Step::Up)?;
        scene.wait(PING.timeout + PING.interval)?;
        prop_assert!(!scene.link.is_up(), "it is still taken for alive");
    }
}
