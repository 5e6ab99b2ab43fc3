//! The calls that a proxy has passed on, or is about to: a state machine without I/O, which is told the time.
//!
//! Each gets a number of the proxy's own, since callers number theirs as they like. A number is a place in the table and
//! the place's generation, so that a reply which comes too late finds another generation there and reaches nobody.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Instant;

use crate::socket::Message;
use crate::wire::{NUMBER_BITS, with_hops};

/// A call, and where it has got to. `O` is where it came from.
pub(super) struct ForwardedCall<O> {
    pub(super) origin: O,
    /// When nobody waits for it any more; none if somebody does for ever.
    pub(super) deadline: Option<Instant>,
    /// `false` for a notification, which ends with being handed over.
    pub(super) wants_reply: bool,
    pub(super) stage: CallStage,
}

pub(super) enum CallStage {
    /// For a connection, until then at most.
    Waiting { request: Message, until: Instant },
    /// Over this link: it may be executed.
    Sent {
        connection: usize,
        again: Option<Box<Redirect>>,
    },
    /// Over none: its target has refused it, and where it goes is decided next.
    Refused,
}

/// What it takes to turn to another target when one refuses a call.
pub(super) struct Redirect {
    pub(super) request: Message,
    /// The links that have refused it.
    pub(super) refused: Vec<usize>,
}

impl Redirect {
    pub(super) fn of(request: &Message) -> Self {
        Self {
            request: request.clone(),
            refused: Vec::new(),
        }
    }
}

impl CallStage {
    /// Bytes of the request that is kept although it was sent.
    fn kept_bytes(&self) -> usize {
        match self {
            Self::Sent {
                again: Some(again), ..
            } => again.request.len(),
            _ => 0,
        }
    }
}

impl<O> ForwardedCall<O> {
    /// When it is over, as things are now.
    fn due(&self) -> Option<Instant> {
        match (&self.stage, self.deadline) {
            (CallStage::Waiting { until, .. }, Some(deadline)) => Some(deadline.min(*until)),
            (CallStage::Waiting { until, .. }, None) => Some(*until),
            (CallStage::Sent { .. } | CallStage::Refused, deadline) => deadline,
        }
    }
}

struct CallSlot<O> {
    generation: u32,
    hops: u8,
    call: Option<ForwardedCall<O>>,
}

/// The calls that have not ended.
pub(super) struct ForwardedCalls<O> {
    places: Vec<CallSlot<O>>,
    free: Vec<u32>,
    /// Those that wait, oldest first; some have ended meanwhile.
    waiting: VecDeque<u64>,
    waiting_calls: usize,
    waiting_bytes: usize,
    /// Of the requests that are kept although they were sent.
    kept_bytes: usize,
    /// At least one entry for each call that can be over, not later than it is. Those of calls that have ended are
    /// thrown away when they are most of it: a removal for each call would cost more than the rest of the table.
    alarms: BinaryHeap<Reverse<(Instant, u64)>>,
}

impl<O> Default for ForwardedCalls<O> {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
            waiting: VecDeque::new(),
            waiting_calls: 0,
            waiting_bytes: 0,
            kept_bytes: 0,
            alarms: BinaryHeap::new(),
        }
    }
}

impl<O> ForwardedCalls<O> {
    /// How many calls there are.
    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Bytes of the requests that wait.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Bytes of the requests that are kept although they were sent.
    pub(super) fn kept_bytes(&self) -> usize {
        self.kept_bytes
    }

    pub(super) fn has_waiting(&self) -> bool {
        self.waiting_calls > 0
    }

    /// The number of the next call that is put in, which so many proxies have passed on then. Never 0, the id that no call
    /// has.
    pub(super) fn next_id(&mut self, hops: u8) -> u64 {
        let index = self.free.last().copied().unwrap_or_else(|| {
            let index = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
            self.places.push(CallSlot {
                generation: 0,
                hops: 0,
                call: None,
            });
            self.free.push(index);
            index
        });
        let place = &mut self.places[index as usize];
        place.hops = hops;
        let generation = place.generation.wrapping_add(1) & MASK;
        id_of(hops, generation.max(1), index)
    }

    /// Puts a call in, under the number that [`next_id`](Self::next_id) has answered for as many hops.
    pub(super) fn insert(&mut self, hops: u8, call: ForwardedCall<O>) -> u64 {
        let id = self.next_id(hops);
        if let Some(due) = call.due() {
            self.alarms.push(Reverse((due, id)));
        }
        self.count(id, &call.stage);
        self.free.pop();
        let place = &mut self.places[index(id)];
        place.generation = generation(id);
        place.call = Some(call);
        self.tidy();
        id
    }

    fn count(&mut self, id: u64, stage: &CallStage) {
        if let CallStage::Waiting { request, .. } = stage {
            self.waiting.push_back(id);
            self.waiting_calls += 1;
            self.waiting_bytes += request.len();
        }
        self.kept_bytes += stage.kept_bytes();
    }

    /// A call was refused: takes out what it keeps for another target, if it does; else nothing changes.
    pub(super) fn refuse(&mut self, id: u64) -> Option<Box<Redirect>> {
        let call = self.get_mut(id)?;
        let CallStage::Sent { again, .. } = &mut call.stage else {
            return None;
        };
        let again = again.take()?;
        call.stage = CallStage::Refused;
        self.kept_bytes -= again.request.len();
        Some(again)
    }

    /// A call that was refused is sent over another link, or waits again.
    pub(super) fn restart(&mut self, id: u64, stage: CallStage) {
        if self.get(id).is_none() {
            return;
        }
        self.count(id, &stage);
        if let CallStage::Waiting { until, .. } = &stage {
            self.alarms.push(Reverse((*until, id)));
        }
        if let Some(call) = self.get_mut(id) {
            call.stage = stage;
        }
    }

    fn get_mut(&mut self, id: u64) -> Option<&mut ForwardedCall<O>> {
        let place = self.places.get_mut(index(id))?;
        if place.generation == generation(id) {
            place.call.as_mut()
        } else {
            None
        }
    }

    pub(super) fn get(&self, id: u64) -> Option<&ForwardedCall<O>> {
        let place = self.places.get(index(id))?;
        if place.generation == generation(id) {
            place.call.as_ref()
        } else {
            None
        }
    }

    /// Takes a call out: whatever comes for it later finds nothing.
    pub(super) fn take(&mut self, id: u64) -> Option<ForwardedCall<O>> {
        self.get(id)?;
        let call = self.places[index(id)].call.take()?;
        self.free.push(u32::try_from(index(id)).unwrap_or(u32::MAX));
        if let CallStage::Waiting { request, .. } = &call.stage {
            self.waiting_calls -= 1;
            self.waiting_bytes -= request.len();
        }
        self.kept_bytes -= call.stage.kept_bytes();
        Some(call)
    }

    /// The call that has waited longest and its request, to be handed over. One that `send` does not take goes on
    /// waiting, and `false` is answered; so it is when none waits.
    pub(super) fn send_next(
        &mut self,
        send: impl FnOnce(Message, &ForwardedCall<O>) -> Result<CallStage, Message>,
    ) -> Option<u64> {
        while let Some(id) = self.waiting.front().copied() {
            let Some(call) = (match self.places.get_mut(index(id)) {
                Some(place) if place.generation == generation(id) => place.call.as_mut(),
                _ => None,
            }) else {
                self.waiting.pop_front();
                continue;
            };
            let CallStage::Waiting { request, .. } = &mut call.stage else {
                self.waiting.pop_front();
                continue;
            };
            let bytes = request.len();
            let request = std::mem::take(request);
            match send(request, call) {
                Ok(stage) => {
                    self.kept_bytes += stage.kept_bytes();
                    call.stage = stage;
                    self.waiting.pop_front();
                    self.waiting_calls -= 1;
                    self.waiting_bytes -= bytes;
                    return Some(id);
                }
                Err(back) => {
                    if let CallStage::Waiting { request, .. } = &mut call.stage {
                        *request = back;
                    }
                    return None;
                }
            }
        }
        None
    }

    /// The calls that `which` picks.
    pub(super) fn pick(&self, which: impl Fn(&ForwardedCall<O>) -> bool) -> Vec<u64> {
        (0_u32..)
            .zip(&self.places)
            .filter(|(_, place)| place.call.as_ref().is_some_and(&which))
            .map(|(index, place)| id_of(place.hops, place.generation, index))
            .collect()
    }

    /// A call that is over at `now`, if there is one; it has been taken out.
    pub(super) fn expire(&mut self, now: Instant) -> Option<(u64, ForwardedCall<O>)> {
        while let Some(Reverse((at, id))) = self.alarms.peek().copied()
            && at <= now
        {
            self.alarms.pop();
            match self.get(id).and_then(ForwardedCall::due) {
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
            let waits = |call: &ForwardedCall<O>| matches!(call.stage, CallStage::Waiting { .. });
            waiting.retain(|id| self.get(*id).is_some_and(waits));
            self.waiting = waiting;
        }
    }
}

/// Entries of calls that have ended that may stay in any case.
const SPARE: usize = 64;

/// Generations and places have half of a number's bits each.
const HALF: u32 = NUMBER_BITS / 2;
const MASK: u32 = (1 << HALF) - 1;

/// Calls that there can be.
pub(super) const MOST: usize = MASK as usize;

fn id_of(hops: u8, generation: u32, index: u32) -> u64 {
    with_hops(hops, u64::from(generation) << HALF | u64::from(index))
}

fn index(id: u64) -> usize {
    usize::try_from(id & u64::from(MASK)).unwrap_or(usize::MAX)
}

fn generation(id: u64) -> u32 {
    u32::try_from(id >> HALF & u64::from(MASK)).unwrap_or(MASK)
}

#[cfg(test)]
mod tests;
