//! How a server comes to its end without a call being lost: a state machine without I/O, which is told the time.
//!
//! Who has called lately is told first, and goes on being served until it has answered that nothing more will come from
//! it. Only then, or when it takes too long, what is new is refused.
//!
//! Who was told does not ask any more whether the server lives, as it sends nothing. So it gets signs of life unasked.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use super::active_peers::{ActivePeers, MAX};
use crate::command::reply_frame;
use crate::socket::{PeerId, Route, RoutedMessage};
use crate::wire::ReplyBody;

/// How long an answer is waited for. An idle client takes the time of a way there and back, and some 25 ms until somebody
/// looks at its socket; whoever does not know the question, or never stops asking for something, must not hold up the end.
const PATIENCE: Duration = Duration::from_millis(500);

/// Who has sent so many messages since it was told is not waited for any more: as many as a client has calls under way, so
/// that it goes on sending whatever it is told. What still comes from it is refused, and not executed.
const MANY: u32 = 65_536;

/// When those who have not answered are first looked for: who has gone together with the server never answers.
const FIRST_LOOK: Duration = Duration::from_millis(5);

/// How often those who were told get a sign of life. Three that are missing are a death.
const SIGN: Duration = Duration::from_secs(1);

pub(crate) struct Draining {
    active_peers: ActivePeers,
    /// The number of the question, which nobody knows before it is asked.
    id: u64,
    stage: Stage,
    /// Who has been asked, and has not gone.
    told: HashSet<PeerId>,
    /// When those get a sign of life; before the end was asked for, never.
    sign_at: Option<Instant>,
}

enum Stage {
    /// The end was not asked for.
    Serving,
    /// Everybody is asked and waited for.
    Asking {
        until: Instant,
        /// And how many messages of theirs have come since they were asked.
        waited_for: HashMap<PeerId, u32>,
        /// When they are looked for, and how long after that again.
        look_at: Instant,
        pause: Duration,
    },
    /// What is new is refused.
    Refusing { since: Instant },
}

impl Draining {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            active_peers: ActivePeers::new(now),
            // 0 is the number of no question.
            id: RandomState::new().hash_one(0).max(1),
            stage: Stage::Serving,
            told: HashSet::new(),
            sign_at: None,
        }
    }

    /// A message came over this way. Answers what is to be sent back: who comes late is told, too.
    #[inline]
    pub(crate) fn hear(&mut self, route: &Route, now: Instant) -> Option<RoutedMessage> {
        if matches!(self.stage, Stage::Serving) {
            self.active_peers.hear(route, now);
            return None;
        }
        self.tell_late(route)
    }

    #[cold]
    fn tell_late(&mut self, route: &Route) -> Option<RoutedMessage> {
        let peer = route.direct_peer()?;
        let is_known = self.told.contains(peer) || self.told.len() >= MAX;
        if !is_known {
            self.told.insert(peer.clone());
        }
        if let Stage::Asking { waited_for, .. } = &mut self.stage {
            if !is_known {
                waited_for.insert(peer.clone(), 0);
            } else if let Some(heard) = waited_for.get_mut(peer) {
                *heard += 1;
                if *heard >= MANY {
                    waited_for.remove(peer);
                }
            }
        }
        (!is_known).then(|| self.question(peer.clone()))
    }

    /// The end is asked for, within so long. Answers what is to be sent.
    pub(crate) fn start(&mut self, limit: Duration, now: Instant) -> Vec<RoutedMessage> {
        if !matches!(self.stage, Stage::Serving) {
            return Vec::new();
        }
        self.told.extend(self.active_peers.take(now));
        self.sign_at = Some(now + SIGN);
        self.stage = Stage::Asking {
            until: now + PATIENCE.min(limit / 2),
            waited_for: self.told.iter().map(|peer| (peer.clone(), 0)).collect(),
            look_at: now + FIRST_LOOK,
            pause: FIRST_LOOK,
        };
        let told = self.told.iter().cloned();
        told.map(|peer| self.question(peer)).collect()
    }

    fn question(&self, peer: PeerId) -> RoutedMessage {
        RoutedMessage {
            route: Route::to(peer),
            message: reply_frame(self.id, ReplyBody::Draining),
        }
    }

    /// A ping with this id came over this way.
    pub(crate) fn answer(&mut self, route: &Route, id: u64) {
        if id == self.id {
            self.wait_no_longer(route);
        }
    }

    /// The caller at the end of this way has gone.
    pub(crate) fn forget(&mut self, route: &Route) {
        if !self.told.is_empty() {
            self.told.remove(route.peer());
            self.wait_no_longer(route);
        }
    }

    fn wait_no_longer(&mut self, route: &Route) {
        if let Stage::Asking { waited_for, .. } = &mut self.stage {
            waited_for.remove(route.peer());
        }
    }

    /// Adds those who are to get a sign of life at `now`. From time to time all who were told; and those who have not
    /// answered, as a message to somebody who has gone tells: less and less often, as they may be many.
    pub(crate) fn remind(&mut self, now: Instant, to: &mut Vec<Route>) {
        if self.sign_at.is_some_and(|due| now >= due) {
            self.sign_at = Some(now + SIGN);
            to.extend(self.told.iter().cloned().map(Route::to));
        }
        if let Stage::Asking {
            waited_for,
            look_at,
            pause,
            ..
        } = &mut self.stage
            && now >= *look_at
        {
            to.extend(waited_for.keys().cloned().map(Route::to));
            *look_at = now + *pause;
            *pause *= 2;
        }
    }

    /// Whether what is new is refused at `now`.
    pub(crate) fn is_over(&mut self, now: Instant) -> bool {
        if let Stage::Asking {
            until, waited_for, ..
        } = &self.stage
            && (waited_for.is_empty() || now >= *until)
        {
            self.stage = Stage::Refusing { since: now };
        }
        matches!(self.stage, Stage::Refusing { .. })
    }

    /// Since when what is new is refused.
    pub(crate) fn over_since(&self) -> Option<Instant> {
        match self.stage {
            Stage::Refusing { since } => Some(since),
            Stage::Serving | Stage::Asking { .. } => None,
        }
    }

    /// When there is something to do, whatever comes: to [`remind`](Self::remind), or to refuse what is new.
    pub(crate) fn due(&self) -> Option<Instant> {
        let sign_at = self.sign_at.filter(|_| !self.told.is_empty());
        match self.stage {
            Stage::Asking { until, look_at, .. } => {
                let next = until.min(look_at);
                Some(sign_at.map_or(next, |at| at.min(next)))
            }
            Stage::Serving | Stage::Refusing { .. } => sign_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Limits, Reply};

    const SECOND: Duration = Duration::from_secs(1);

    fn way(name: &str) -> Route {
        Route::made_up(name, &[])
    }

    fn id(delivery: &RoutedMessage) -> u64 {
        let reply = Reply::decode(&delivery.message, &Limits::NONE).unwrap();
        assert_eq!(reply.body, ReplyBody::Draining);
        reply.id
    }

    /// Two callers have been heard of, and told.
    fn asking(limit: Duration) -> (Draining, Vec<RoutedMessage>, Instant) {
        let now = Instant::now();
        let mut draining = Draining::new(now);
        for name in ["one", "two", "one"] {
            assert!(draining.hear(&way(name), now).is_none());
        }
        assert!(!draining.is_over(now) && draining.due().is_none());
        let told = draining.start(limit, now);
        assert_eq!(told.len(), 2);
        (draining, told, now)
    }

    #[test]
    fn a_server_without_callers_drains_at_once() {
        let now = Instant::now();
        let mut draining = Draining::new(now);
        assert!(draining.start(SECOND, now).is_empty());
        assert!(draining.is_over(now));
        assert_eq!(draining.over_since(), Some(now));
    }

    #[test]
    fn what_comes_is_taken_until_everybody_has_answered() {
        let (mut draining, told, now) = asking(10 * SECOND);
        assert_ne!(id(&told[0]), 0);
        assert_eq!(id(&told[0]), id(&told[1]));
        assert!(draining.hear(&way("one"), now).is_none(), "told already");
        draining.answer(&told[0].route, id(&told[0]));
        assert!(!draining.is_over(now));
        draining.answer(&told[1].route, id(&told[1]));
        assert!(draining.is_over(now));
        assert_eq!(draining.due(), Some(now + SIGN));
    }

    #[test]
    fn other_pings_and_those_of_others_are_no_answers() {
        let (mut draining, told, now) = asking(10 * SECOND);
        let number = id(&told[0]);
        for route in [&told[0].route, &told[1].route] {
            draining.answer(route, 0);
            draining.answer(route, number ^ 1);
        }
        draining.answer(&way("three"), number);
        assert!(!draining.is_over(now));
    }

    #[test]
    fn who_does_not_answer_is_not_waited_for_longer_than_half_the_limit() {
        let (mut draining, _, now) = asking(SECOND / 5);
        let just_before = now + SECOND * 99 / 1000;
        while let Some(due) = draining.due().filter(|due| *due < just_before) {
            draining.remind(due, &mut Vec::new());
        }
        assert!(!draining.is_over(just_before));
        assert_eq!(draining.due(), Some(now + SECOND / 10));
        assert!(draining.is_over(now + SECOND / 10));
        let (mut draining, _, now) = asking(Duration::MAX);
        assert!(draining.is_over(now + PATIENCE));
    }

    #[test]
    fn who_never_stops_sending_is_not_waited_for() {
        let (mut draining, told, now) = asking(10 * SECOND);
        draining.answer(&told[0].route, id(&told[0]));
        for _ in 1..MANY {
            assert!(draining.hear(&told[1].route, now).is_none());
        }
        assert!(!draining.is_over(now), "that much may have been on its way");
        assert!(draining.hear(&told[1].route, now).is_none());
        assert!(draining.is_over(now));
    }

    #[test]
    fn who_has_gone_is_not_waited_for() {
        let (mut draining, told, now) = asking(10 * SECOND);
        for delivery in told {
            draining.forget(&delivery.route);
        }
        assert!(draining.is_over(now));
        assert!(draining.due().is_none(), "there is nobody to be told");
    }

    #[test]
    fn who_was_told_gets_signs_of_life_until_the_end() {
        let (mut draining, told, now) = asking(10 * SECOND);
        for told in &told {
            draining.answer(&told.route, id(told));
        }
        assert!(draining.is_over(now));
        let (mut to, mut at) = (Vec::new(), now);
        for signs in 1..=5_u32 {
            draining.remind(at, &mut to);
            at = draining.due().unwrap();
            assert_eq!(at, now + SIGN * signs);
            draining.remind(at, &mut to);
            assert_eq!(to.drain(..).count(), 2);
        }
        draining.forget(&told[0].route);
        draining.remind(at + SIGN, &mut to);
        let ways: Vec<_> = to.iter().map(Route::peer).collect();
        assert_eq!(ways, [told[1].route.peer()]);
    }

    #[test]
    fn who_does_not_answer_is_looked_for_less_and_less_often() {
        let (mut draining, told, mut now) = asking(10 * SECOND);
        let answered = &told[0];
        draining.answer(&answered.route, id(answered));
        let (mut missed, mut looks) = (Vec::new(), 0);
        while !draining.is_over(now) {
            draining.remind(now, &mut missed);
            looks += missed.len();
            for route in missed.drain(..) {
                assert_eq!(route.peer(), told[1].route.peer());
            }
            now = draining.due().unwrap();
        }
        assert_eq!(looks, 7, "after 5, 10, 20, 40, 80, 160, 320 ms");
        assert_eq!(
            draining.due(),
            Some(now + SIGN / 2),
            "there are only signs of life"
        );
    }

    #[test]
    fn who_comes_late_is_told_once_and_waited_for() {
        let (mut draining, told, now) = asking(10 * SECOND);
        let late = draining.hear(&way("late"), now).unwrap();
        assert!(draining.hear(&way("late"), now).is_none());
        for told in &told {
            draining.answer(&told.route, id(told));
        }
        assert!(!draining.is_over(now));
        draining.answer(&late.route, id(&late));
        assert!(draining.is_over(now));
        assert!(draining.hear(&way("later"), now).is_some());
        assert!(draining.is_over(now), "what it asks for is refused");
    }

    #[test]
    fn it_is_asked_for_once() {
        let (mut draining, _, now) = asking(SECOND / 5);
        assert!(draining.start(10 * SECOND, now).is_empty());
        assert!(draining.is_over(now + SECOND / 10));
    }
}
