//! What a proxy has accepted and not delivered: the queue, what is not in it yet, and what to do with each request next.

mod outgoing;

pub(super) use outgoing::Unready;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::backoff::Backoff;
use super::counters::ProxyCounters;
use super::delivery_schedule::DeliverySchedule;
use super::outcome::DeliveryFault;
use super::queue::{Batch, Entry, GiveUp, Store, Stored, WriteFailure};
use crate::command::CallFailure;
use crate::log;
use crate::wire::{Executed, Limits, Status};

/// How hard a delivery is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryPolicy {
    /// How long a target may take to answer one try.
    pub(super) attempt: Duration,
    /// How many tries there are whose failure may be the request's own.
    pub(super) attempts: u32,
    /// Those count as well that were surely not executed, as where a target has no room.
    pub(super) counts_all: bool,
    /// How old a request may become.
    pub(super) time_to_live: Option<Duration>,
    pub(super) backoff: Backoff,
}

/// What has been delivered is recorded after so long, or when there is so much of it.
const RECORD_AFTER: Duration = Duration::from_millis(50);
const RECORD_COUNT: usize = 256;
/// Bytes of new requests that may wait to be written; one waits in any case. Callers can send faster than any disk writes.
const UNWRITTEN: usize = 64 << 20;
/// Bytes of them after which a write ends: those who wait for the first need not wait for all.
const WRITE: usize = 16 << 20;
/// How long a queue is left alone that could not be written: each try that fails costs the time in which it could be read.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

/// The queue, and what is not in it yet.
pub(super) struct Spool {
    store: Arc<dyn Store>,
    pub(super) schedule: DeliverySchedule,
    limits: Limits,
    pub(super) patience: RetryPolicy,
    next_number: u64,
    bytes: usize,
    /// What is held, oldest first.
    held: BTreeMap<u64, HeldRequest>,
    batch: Batch,
    /// Bytes of new requests that are not in the queue, be they in the batch or being written.
    new_bytes: usize,
    /// Since when something waits to be recorded.
    since: Option<Instant>,
    /// The queue could not be written: until when it is not tried again, and why.
    unwritable: Option<(Instant, String)>,
    counters: Arc<ProxyCounters>,
}

/// A request that is held, without its frame.
struct HeldRequest {
    bytes: usize,
    accepted: u64,
    /// When it is too old.
    due: Option<Instant>,
    /// Tries that count.
    tries: u32,
}

impl Spool {
    /// Takes over what the queue holds.
    pub(super) fn new(
        store: Arc<dyn Store>,
        limits: Limits,
        patience: RetryPolicy,
        counters: Arc<ProxyCounters>,
    ) -> Result<Self, String> {
        let mut spool = Self {
            schedule: DeliverySchedule::new(patience.backoff),
            next_number: store.next_number(),
            limits,
            patience,
            bytes: 0,
            held: BTreeMap::new(),
            batch: Batch::default(),
            new_bytes: 0,
            since: None,
            unwritable: None,
            counters,
            store,
        };
        let (now, clock) = (Instant::now(), millis_now());
        for Entry {
            number,
            origin,
            accepted,
            bytes,
        } in spool.store.contents()?
        {
            spool.hold(number, accepted, bytes, (now, clock));
            spool.schedule.add(number, origin);
        }
        Ok(spool)
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    fn hold(&mut self, number: u64, accepted: u64, bytes: usize, (now, clock): (Instant, u64)) {
        let age = Duration::from_millis(clock.saturating_sub(accepted));
        let left = self
            .patience
            .time_to_live
            .map(|limit| limit.saturating_sub(age));
        self.bytes += bytes;
        let held = HeldRequest {
            bytes,
            accepted,
            due: left.and_then(|left| now.checked_add(left)),
            tries: 0,
        };
        self.held.insert(number, held);
        self.count();
    }

    fn count(&self) {
        let held = (self.held.len() as u64, self.bytes as u64);
        self.counters.set_held(held.0, held.1);
    }

    /// Why another request of so many bytes is not accepted, if it is not.
    pub(super) fn refusal(&self, bytes: usize, now: Instant) -> Option<CallFailure> {
        if let Some((until, reason)) = &self.unwritable
            && now < *until
        {
            return Some(unwritable(reason));
        }
        let capacity = self.store.capacity();
        let full = self.held.len() >= capacity.requests
            || self.bytes.saturating_add(bytes) > capacity.bytes;
        let detail = if full {
            format!(
                "the proxy's queue is full, at {} requests or {} bytes",
                capacity.requests, capacity.bytes
            )
        } else if self.new_bytes > 0 && self.new_bytes.saturating_add(bytes) > UNWRITTEN {
            format!("over {UNWRITTEN} bytes of requests wait to be written to the proxy's queue")
        } else {
            return None;
        };
        self.counters.overloaded.increment();
        Some(CallFailure::new(Status::Overloaded, detail))
    }

    /// Whether what ends with the proxy is delivered by the next one.
    pub(super) fn outlives(&self) -> bool {
        self.store.outlives()
    }

    /// Whether a message of any size has room.
    pub(super) fn has_room(&self) -> bool {
        let (capacity, bytes) = (self.store.capacity(), self.limits.message);
        self.held.len() < capacity.requests && self.bytes.saturating_add(bytes) <= capacity.bytes
    }

    /// Of the request, as it was accepted.
    pub(super) fn bytes_of(&self, number: u64) -> usize {
        self.held.get(&number).map_or(0, |held| held.bytes)
    }

    /// Puts a request into the next batch. It is neither accepted nor delivered before that is written.
    pub(super) fn put(&mut self, stored: Stored, now: Instant) {
        let number = self.next_number;
        self.next_number += 1;
        let (accepted, bytes) = (stored.accepted, stored.frame.len());
        self.new_bytes += bytes;
        self.hold(number, accepted, bytes, (now, accepted));
        self.batch.new.push((number, stored));
    }

    /// What is to be written now: of what is new the first, and everything else behind the last of that.
    pub(super) fn next_batch(&mut self, now: Instant, all: bool) -> Option<Batch> {
        if self.batch.is_empty() {
            return None;
        }
        let since = *self.since.get_or_insert(now);
        let due = all
            || !self.batch.new.is_empty()
            || !self.batch.dead.is_empty()
            || self.batch.len() >= RECORD_COUNT
            || now >= since + RECORD_AFTER;
        if !due || self.is_unwritable(now) {
            return None;
        }
        let (mut count, mut bytes) = (0, 0);
        for (_, stored) in &self.batch.new {
            if bytes >= WRITE {
                break;
            }
            (count, bytes) = (count + 1, bytes + stored.frame.len());
        }
        let mut batch = if count == self.batch.new.len() {
            self.since = None;
            std::mem::take(&mut self.batch)
        } else {
            Batch {
                new: self.batch.new.drain(..count).collect(),
                ..Batch::default()
            }
        };
        batch.held = self.bytes;
        Some(batch)
    }

    /// A batch has been written, or not. Returns how many new requests are accepted with that, or why they are not: then
    /// what was to be written after it is not held either.
    pub(super) fn written(
        &mut self,
        batch: &Batch,
        outcome: Result<usize, WriteFailure>,
        now: Instant,
    ) -> Result<usize, CallFailure> {
        match outcome {
            Ok(dropped) => {
                self.counters.given_up.add(batch.dead.len() as u64);
                self.counters.dead_letters_dropped.add(dropped as u64);
                self.unwritable = None;
                for (number, stored) in &batch.new {
                    self.new_bytes -= stored.frame.len();
                    // It may have been given up already.
                    if self.held.contains_key(number) {
                        self.schedule.add(*number, stored.origin.clone());
                    }
                }
                Ok(batch.new.len())
            }
            Err(WriteFailure { reason, surely }) => {
                if self.unwritable.is_none() {
                    log::line!(error, reason = log::text(&reason); "a proxy's queue cannot be written");
                }
                // What ended stays to be recorded.
                self.batch.done.extend(&batch.done);
                self.batch.dead.extend(batch.dead.iter().cloned());
                self.new_bytes = 0;
                let unwritten = std::mem::take(&mut self.batch.new);
                let new: Vec<_> = batch.new.iter().chain(&unwritten).collect();
                if let Some((first, _)) = new.first() {
                    // Nor is it given up: its caller learns that it was not accepted.
                    self.batch.dead.retain(|(number, _)| number < first);
                }
                for (number, _) in new {
                    self.release(*number);
                    // It may have got into the queue nevertheless.
                    self.batch.done.push(*number);
                }
                let executed = if surely {
                    Executed::No
                } else {
                    Executed::Maybe
                };
                let refusal = unwritable(&reason).with_executed(executed);
                self.unwritable = Some((now + WRITE_AGAIN, reason));
                Err(refusal)
            }
        }
    }

    fn is_unwritable(&self, now: Instant) -> bool {
        let until = self.unwritable.as_ref().map(|(until, _)| *until);
        until.is_some_and(|until| now < until)
    }

    /// When there is a [next batch](Self::next_batch), if not before.
    pub(super) fn next_batch_time(&self, now: Instant) -> Option<Instant> {
        if self.batch.is_empty() {
            return None;
        }
        let since = self.since.unwrap_or(now);
        let until = self.unwritable.as_ref().map(|(until, _)| *until);
        Some((since + RECORD_AFTER).max(until.unwrap_or(since)))
    }

    /// Whether nothing is left to be recorded, or nothing can be.
    pub(super) fn is_recorded(&self) -> bool {
        self.batch.is_empty() || self.unwritable.is_some()
    }

    fn release(&mut self, number: u64) {
        if let Some(HeldRequest { bytes, .. }) = self.held.remove(&number) {
            self.bytes -= bytes;
        }
        self.schedule.end(number);
        self.count();
    }

    pub(super) fn delivered(&mut self, number: u64) {
        self.batch.done.push(number);
        self.release(number);
        self.counters.delivered.increment();
    }

    /// Gives a request up.
    pub(super) fn give_up(&mut self, number: u64, reason: String) {
        let given_up = millis_now();
        self.batch.dead.push((number, GiveUp { reason, given_up }));
        self.release(number);
    }

    /// Gives up what has become too old and is not being tried right now.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some((number, due)) = self.oldest_idle()
            && due <= now
        {
            self.counters.expired.increment();
            self.give_up(number, EXPIRED.into());
        }
    }

    pub(super) fn next_expiry(&self, now: Instant) -> Option<Instant> {
        self.oldest_idle().map(|(_, due)| due.max(now))
    }

    /// The oldest request that is not being tried, and when it is too old. Behind those that are, which are few.
    fn oldest_idle(&self) -> Option<(u64, Instant)> {
        self.patience.time_to_live?;
        let mut held = self.held.iter();
        let (number, held) = held.find(|(number, _)| !self.schedule.is_under_way(**number))?;
        Some((*number, held.due?))
    }

    fn too_old(&self, number: u64) -> bool {
        self.patience.time_to_live.is_some_and(|limit| {
            let accepted = self.held.get(&number).map_or(0, |held| held.accepted);
            Duration::from_millis(millis_now().saturating_sub(accepted)) >= limit
        })
    }

    /// A try has ended badly.
    pub(super) fn failed(&mut self, number: u64, failure: DeliveryFault, now: Instant) {
        let (reason, counts, rests) = match failure {
            DeliveryFault::Final(reason) => return self.give_up(number, reason),
            DeliveryFault::Passing { reason, counts } => {
                (reason, counts || self.patience.counts_all, true)
            }
            // It took its time already. What comes again waits with the target for the first to end.
            DeliveryFault::Unanswered => (UNANSWERED.into(), true, false),
        };
        log::line!(debug, number, reason = log::text(&reason); "a delivery is tried again");
        let tries = self.held.get_mut(&number).map_or(0, |held| {
            held.tries = held.tries.saturating_add(u32::from(counts));
            held.tries
        });
        if tries >= self.patience.attempts {
            self.give_up(number, format!("tried {tries} times: {reason}"));
        } else if self.too_old(number) {
            self.counters.expired.increment();
            self.give_up(number, format!("{EXPIRED}: {reason}"));
        } else {
            self.counters.retried.increment();
            if rests {
                self.schedule.failed(number, now);
            } else {
                self.schedule.again(number);
            }
        }
    }
}

fn unwritable(reason: &str) -> CallFailure {
    let detail = format!("the proxy's queue cannot be written: {reason}");
    CallFailure::new(Status::Overloaded, detail)
}

const UNANSWERED: &str =
    "the target did not answer in time; it may have executed it, or be at it still";
const EXPIRED: &str = "it could not be delivered in time";

pub(super) fn millis_now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

#[cfg(test)]
mod tests;
