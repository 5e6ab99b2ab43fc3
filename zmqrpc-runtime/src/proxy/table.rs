//! The calls that a proxy has passed on, or is about to: a state machine without I/O, which is told the time.
//!
//! Each gets a number of the proxy's own, since callers number theirs as they like. A number is a place in the table and
//! the place's generation, so that a reply which comes too late finds another generation there and reaches nobody.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Instant;

use crate::socket::Message;

/// A call, and where it has got to. `O` is where it came from.
pub(super) struct Call<O> {
    pub(super) origin: O,
    /// When nobody waits for it any more; none if somebody does for ever.
    pub(super) deadline: Option<Instant>,
    /// `false` for a notification, which ends with being handed over.
    pub(super) wants_reply: bool,
    pub(super) stage: Stage,
}

pub(super) enum Stage {
    /// For a connection, until then at most.
    Waiting { request: Message, until: Instant },
    /// Over this link: it may be executed.
    Sent { link: usize },
}

impl<O> Call<O> {
    /// When it is over, as things are now.
    fn due(&self) -> Option<Instant> {
        match (&self.stage, self.deadline) {
            (Stage::Waiting { until, .. }, Some(deadline)) => Some(deadline.min(*until)),
            (Stage::Waiting { until, .. }, None) => Some(*until),
            (Stage::Sent { .. }, deadline) => deadline,
        }
    }
}

struct Place<O> {
    generation: u32,
    call: Option<Call<O>>,
}

/// The calls that have not ended.
pub(super) struct Table<O> {
    places: Vec<Place<O>>,
    free: Vec<u32>,
    /// Those that wait, oldest first; some have ended meanwhile.
    waiting: VecDeque<u64>,
    waiting_calls: usize,
    waiting_bytes: usize,
    /// At least one entry for each call that can be over, not later than it is. Those of calls that have ended are
    /// thrown away when they are most of it: a removal for each call would cost more than the rest of the table.
    alarms: BinaryHeap<Reverse<(Instant, u64)>>,
}

impl<O> Default for Table<O> {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
            waiting: VecDeque::new(),
            waiting_calls: 0,
            waiting_bytes: 0,
            alarms: BinaryHeap::new(),
        }
    }
}

impl<O> Table<O> {
    /// How many calls there are.
    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Bytes of the requests that wait.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    pub(super) fn has_waiting(&self) -> bool {
        self.waiting_calls > 0
    }

    /// The number of the next call that is put in. Never 0, the id that no call has.
    pub(super) fn next_id(&mut self) -> u64 {
        let index = self.free.last().copied().unwrap_or_else(|| {
            let index = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
            self.places.push(Place {
                generation: 0,
                call: None,
            });
            self.free.push(index);
            index
        });
        let generation = self.places[index as usize].generation.wrapping_add(1);
        id_of(generation.max(1), index)
    }

    /// Puts a call in, under the number that [`next_id`](Self::next_id) has answered.
    pub(super) fn insert(&mut self, call: Call<O>) -> u64 {
        let id = self.next_id();
        if let Some(due) = call.due() {
            self.alarms.push(Reverse((due, id)));
        }
        if let Stage::Waiting { request, .. } = &call.stage {
            self.waiting.push_back(id);
            self.waiting_calls += 1;
            self.waiting_bytes += request.len();
        }
        self.free.pop();
        let place = &mut self.places[index(id)];
        place.generation = generation(id);
        place.call = Some(call);
        self.tidy();
        id
    }

    pub(super) fn get(&self, id: u64) -> Option<&Call<O>> {
        let place = self.places.get(index(id))?;
        if place.generation == generation(id) {
            place.call.as_ref()
        } else {
            None
        }
    }

    /// Takes a call out: whatever comes for it later finds nothing.
    pub(super) fn take(&mut self, id: u64) -> Option<Call<O>> {
        self.get(id)?;
        let call = self.places[index(id)].call.take()?;
        self.free.push(u32::try_from(index(id)).unwrap_or(u32::MAX));
        if let Stage::Waiting { request, .. } = &call.stage {
            self.waiting_calls -= 1;
            self.waiting_bytes -= request.len();
        }
        Some(call)
    }

    /// The call that has waited longest and its request, to be handed over. One that `send` does not take goes on
    /// waiting, and `false` is answered; so it is when none waits.
    pub(super) fn send_next(
        &mut self,
        send: impl FnOnce(Message, Option<Instant>) -> Result<usize, Message>,
    ) -> Option<u64> {
        while let Some(id) = self.waiting.front().copied() {
            let Some(call) = (match self.places.get_mut(index(id)) {
                Some(place) if place.generation == generation(id) => place.call.as_mut(),
                _ => None,
            }) else {
                self.waiting.pop_front();
                continue;
            };
            let Stage::Waiting { request, .. } = &mut call.stage else {
                self.waiting.pop_front();
                continue;
            };
            let bytes = request.len();
            match send(std::mem::take(request), call.deadline) {
                Ok(link) => {
                    call.stage = Stage::Sent { link };
                    self.waiting.pop_front();
                    self.waiting_calls -= 1;
                    self.waiting_bytes -= bytes;
                    return Some(id);
                }
                Err(back) => {
                    *request = back;
                    return None;
                }
            }
        }
        None
    }

    /// The calls that `which` picks.
    pub(super) fn pick(&self, which: impl Fn(&Call<O>) -> bool) -> Vec<u64> {
        (0_u32..)
            .zip(&self.places)
            .filter(|(_, place)| place.call.as_ref().is_some_and(&which))
            .map(|(index, place)| id_of(place.generation, index))
            .collect()
    }

    /// A call that is over at `now`, if there is one; it has been taken out.
    pub(super) fn expire(&mut self, now: Instant) -> Option<(u64, Call<O>)> {
        while let Some(Reverse((at, id))) = self.alarms.peek().copied()
            && at <= now
        {
            self.alarms.pop();
            match self.get(id).and_then(Call::due) {
                Some(due) if due <= now => return self.take(id).map(|call| (id, call)),
                // It waited for a connection, and has got one.
                Some(due) => self.alarms.push(Reverse((due, id))),
                None => {}
            }
        }
        None
    }

    /// When to look for calls that are over.
    pub(super) fn next_alarm(&self) -> Option<Instant> {
        self.alarms.peek().map(|Reverse((at, _))| *at)
    }

    fn tidy(&mut self) {
        if self.alarms.len() > 2 * self.len() + SPARE {
            let mut alarms = std::mem::take(&mut self.alarms).into_vec();
            alarms.retain(|Reverse((_, id))| self.get(*id).is_some());
            self.alarms = alarms.into();
        }
        if self.waiting.len() > 2 * self.waiting_calls + SPARE {
            let mut waiting = std::mem::take(&mut self.waiting);
            let waits = |call: &Call<O>| matches!(call.stage, Stage::Waiting { .. });
            waiting.retain(|id| self.get(*id).is_some_and(waits));
            self.waiting = waiting;
        }
    }
}

/// Entries of calls that have ended that may stay in any case.
const SPARE: usize = 64;

fn id_of(generation: u32, index: u32) -> u64 {
    u64::from(generation) << 32 | u64::from(index)
}

fn index(id: u64) -> usize {
    usize::try_from(id & u64::from(u32::MAX)).unwrap_or(usize::MAX)
}

fn generation(id: u64) -> u32 {
    u32::try_from(id >> 32).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn sent(link: usize, deadline: Option<Instant>) -> Call<&'static str> {
        Call {
            origin: "sent",
            deadline,
            wants_reply: true,
            stage: Stage::Sent { link },
        }
    }

    fn waiting(until: Instant, deadline: Option<Instant>) -> Call<&'static str> {
        Call {
            origin: "waiting",
            deadline,
            wants_reply: true,
            stage: Stage::Waiting {
                request: Message::copy_of(&[0; 100]),
                until,
            },
        }
    }

    #[test]
    fn a_late_reply_finds_nothing() {
        let mut table = Table::default();
        let first = table.insert(sent(0, None));
        assert!(table.take(first).is_some());
        let second = table.insert(sent(0, None));
        assert_ne!(first, second);
        assert!(table.take(first).is_none());
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn ids_that_were_never_given_out_are_harmless() {
        let mut table: Table<()> = Table::default();
        let next = table.next_id();
        for id in [0, 1, next, u64::MAX, 1 << 32, u64::from(u32::MAX)] {
            assert!(table.get(id).is_none());
            assert!(table.take(id).is_none());
        }
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn the_next_id_is_the_one_that_is_given() {
        let mut table = Table::default();
        for _ in 0..3 {
            let next = table.next_id();
            assert_eq!(table.insert(sent(0, None)), next);
            let next = table.next_id();
            assert_eq!(table.insert(sent(0, None)), next);
            table.take(next);
        }
    }

    #[test]
    fn what_waits_is_sent_in_order_and_counted_until_then() {
        let (mut table, now) = (Table::default(), Instant::now());
        let first = table.insert(waiting(now + SECOND, None));
        let given_up = table.insert(waiting(now + SECOND, None));
        let last = table.insert(waiting(now + SECOND, None));
        assert_eq!(table.waiting_bytes(), 300);
        assert!(table.take(given_up).is_some());
        assert_eq!(table.send_next(|message, _| Err(message)), None);
        assert_eq!(table.waiting_bytes(), 200);
        assert_eq!(table.send_next(|_, _| Ok(1)), Some(first));
        assert_eq!(table.send_next(|_, _| Ok(1)), Some(last));
        assert_eq!(table.send_next(|_, _| Ok(1)), None);
        assert_eq!((table.waiting_bytes(), table.has_waiting()), (0, false));
        assert_eq!(table.len(), 2);
    }

    #[test]
    fn waiting_ends_when_there_is_no_connection_in_time() {
        let (mut table, now) = (Table::default(), Instant::now());
        let id = table.insert(waiting(now + SECOND, Some(now + 30 * SECOND)));
        assert!(table.expire(now).is_none());
        assert_eq!(table.next_alarm(), Some(now + SECOND));
        let (expired, call) = table.expire(now + SECOND).unwrap();
        assert!(expired == id && matches!(call.stage, Stage::Waiting { .. }));
    }

    #[test]
    fn what_was_sent_in_time_ends_at_its_deadline() {
        let (mut table, now) = (Table::default(), Instant::now());
        let id = table.insert(waiting(now + SECOND, Some(now + 30 * SECOND)));
        assert_eq!(table.send_next(|_, _| Ok(0)), Some(id));
        assert!(table.expire(now + 2 * SECOND).is_none());
        assert_eq!(table.next_alarm(), Some(now + 30 * SECOND));
        assert_eq!(table.expire(now + 30 * SECOND).unwrap().0, id);
        assert_eq!(table.next_alarm(), None);
    }

    #[test]
    fn a_call_without_a_deadline_is_never_over() {
        let (mut table, now) = (Table::default(), Instant::now());
        table.insert(waiting(now + SECOND, None));
        table.send_next(|_, _| Ok(0));
        assert!(table.expire(now + 1000 * SECOND).is_none());
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn only_what_went_over_a_link_is_lost_with_it() {
        let (mut table, now) = (Table::default(), Instant::now());
        let over_it = table.insert(sent(1, None));
        table.insert(sent(0, None));
        table.insert(waiting(now, None));
        let lost = table.pick(|call| matches!(call.stage, Stage::Sent { link: 1 }));
        assert_eq!(lost, [over_it]);
    }

    #[test]
    fn what_has_ended_takes_no_room() {
        let (mut table, now) = (Table::default(), Instant::now());
        for number in 0..10_000 {
            let call = if number % 2 == 0 {
                sent(0, Some(now + 30 * SECOND))
            } else {
                waiting(now + SECOND, None)
            };
            let id = table.insert(call);
            table.take(id);
        }
        assert!(table.places.len() == 1 && table.alarms.len() <= SPARE + 2);
        assert!(table.waiting.len() <= SPARE + 2);
    }
}
