//! Requests that a proxy has accepted and not delivered: the queue, what is not in it yet, and the delivery schedule.

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
use crate::dialect::CallFailure;
use crate::log;
use crate::wire::{Executed, Limits, Status};

/// When a delivery is retried and when it is given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryPolicy {
    /// How long a target may take to reply to one attempt.
    pub(super) attempt_timeout: Duration,
    /// How many attempts may fail for a reason that may lie in the request itself.
    pub(super) max_attempts: u32,
    /// Whether attempts count too that certainly were not executed, such as where the target was overloaded.
    pub(super) count_all_failures: bool,
    /// How old a request may become; `None` for no limit.
    pub(super) time_to_live: Option<Duration>,
    pub(super) backoff: Backoff,
}

/// Deliveries are recorded in the queue after this delay, or when there are [`RECORD_COUNT`] of them.
const RECORD_DELAY: Duration = Duration::from_millis(50);
const RECORD_COUNT: usize = 256;
/// Bytes of new requests that may wait to be written; a single one may be larger. Callers can send faster than disks write.
const MAX_UNWRITTEN: usize = 64 << 20;
/// Bytes of new requests after which a batch ends: the callers of the first need not wait until all are written.
const MAX_BATCH_BYTES: usize = 16 << 20;
/// Delay after a failed write before the next one: a failing attempt takes time in which the queue could be read.
const WRITE_RETRY_DELAY: Duration = Duration::from_secs(1);

/// The queue, the changes that are still to be written to it, and the schedule of deliveries.
pub(super) struct Spool {
    store: Arc<dyn Store>,
    pub(super) schedule: DeliverySchedule,
    limits: Limits,
    pub(super) policy: RetryPolicy,
    next_number: u64,
    bytes: usize,
    /// The requests, oldest first.
    requests: BTreeMap<u64, HeldRequest>,
    batch: Batch,
    /// Bytes of new requests that are not in the queue yet: those of `batch` and of the batch that is being written.
    new_bytes: usize,
    /// When [`next_batch`](Self::next_batch) first found `batch` not empty; `None` before.
    unrecorded_since: Option<Instant>,
    /// After a failed write: when to write again, and why it failed.
    write_failure: Option<(Instant, String)>,
    counters: Arc<ProxyCounters>,
}

/// A request of the spool, without its frame.
struct HeldRequest {
    bytes: usize,
    accepted: u64,
    /// When it expires.
    due: Option<Instant>,
    /// The attempts that count.
    attempts: u32,
}

impl Spool {
    /// Takes over what the queue contains.
    pub(super) fn new(
        store: Arc<dyn Store>,
        limits: Limits,
        policy: RetryPolicy,
        counters: Arc<ProxyCounters>,
    ) -> Result<Self, String> {
        let mut spool = Self {
            schedule: DeliverySchedule::new(policy.backoff),
            next_number: store.next_number(),
            limits,
            policy,
            bytes: 0,
            requests: BTreeMap::new(),
            batch: Batch::default(),
            new_bytes: 0,
            unrecorded_since: None,
            write_failure: None,
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
            spool.add(number, accepted, bytes, (now, clock));
            spool.schedule.add(number, origin);
        }
        Ok(spool)
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// Adds a request that was accepted when the clock showed `accepted` milliseconds, given the present time.
    fn add(&mut self, number: u64, accepted: u64, bytes: usize, (now, clock): (Instant, u64)) {
        let age = Duration::from_millis(clock.saturating_sub(accepted));
        let remaining = self
            .policy
            .time_to_live
            .map(|limit| limit.saturating_sub(age));
        self.bytes += bytes;
        let held = HeldRequest {
            bytes,
            accepted,
            due: remaining.and_then(|remaining| now.checked_add(remaining)),
            attempts: 0,
        };
        self.requests.insert(number, held);
        self.update_counters();
    }

    fn update_counters(&self) {
        let (requests, bytes) = (self.requests.len() as u64, self.bytes as u64);
        self.counters.set_held(requests, bytes);
    }

    /// Returns why another request of so many bytes is not accepted; `None` if it is.
    pub(super) fn check_room(&self, bytes: usize, now: Instant) -> Option<CallFailure> {
        if let Some((until, reason)) = &self.write_failure
            && now < *until
        {
            return Some(unwritable(reason));
        }
        let capacity = self.store.capacity();
        let full = self.requests.len() >= capacity.requests
            || self.bytes.saturating_add(bytes) > capacity.bytes;
        let detail = if full {
            format!(
                "the proxy's queue is full, at {} requests or {} bytes",
                capacity.requests, capacity.bytes
            )
        } else if self.new_bytes > 0 && self.new_bytes.saturating_add(bytes) > MAX_UNWRITTEN {
            format!("over {MAX_UNWRITTEN} bytes of requests wait to be written to the queue")
        } else {
            return None;
        };
        self.counters.overloaded.increment();
        Some(CallFailure::new(Status::Overloaded, detail))
    }

    /// Returns whether the requests that are left when the proxy ends are delivered by the next one.
    pub(super) fn is_persistent(&self) -> bool {
        self.store.is_persistent()
    }

    /// Returns whether there is room for a message of any allowed size.
    pub(super) fn has_room(&self) -> bool {
        let (capacity, bytes) = (self.store.capacity(), self.limits.message);
        self.requests.len() < capacity.requests
            && self.bytes.saturating_add(bytes) <= capacity.bytes
    }

    /// Returns the bytes of a request as it was accepted; 0 if it has ended.
    pub(super) fn request_bytes(&self, number: u64) -> usize {
        self.requests.get(&number).map_or(0, |held| held.bytes)
    }

    /// Puts a request into the next batch. It is neither acknowledged nor delivered before that has been written.
    pub(super) fn push(&mut self, stored: Stored, now: Instant) {
        let number = self.next_number;
        self.next_number += 1;
        let (accepted, bytes) = (stored.accepted, stored.frame.len());
        self.new_bytes += bytes;
        self.add(number, accepted, bytes, (now, accepted));
        self.batch.new.push((number, stored));
    }

    /// Returns the next batch if it is due or `all` is set: the oldest new requests and, with the last, all other changes.
    pub(super) fn next_batch(&mut self, now: Instant, all: bool) -> Option<Batch> {
        if self.batch.is_empty() {
            return None;
        }
        let since = *self.unrecorded_since.get_or_insert(now);
        let due = all
            || !self.batch.new.is_empty()
            || !self.batch.dead.is_empty()
            || self.batch.len() >= RECORD_COUNT
            || now >= since + RECORD_DELAY;
        if !due || self.is_backing_off(now) {
            return None;
        }
        let (mut count, mut bytes) = (0, 0);
        for (_, stored) in &self.batch.new {
            if bytes >= MAX_BATCH_BYTES {
                break;
            }
            (count, bytes) = (count + 1, bytes + stored.frame.len());
        }
        let mut batch = if count == self.batch.new.len() {
            self.unrecorded_since = None;
            std::mem::take(&mut self.batch)
        } else {
            Batch {
                new: self.batch.new.drain(..count).collect(),
                ..Batch::default()
            }
        };
        batch.held_bytes = self.bytes;
        Some(batch)
    }

    /// Processes the outcome of writing a batch. Returns how many new requests have thereby been accepted, or why they are
    /// rejected; after a failure, the new requests that have not been written since are dropped as well.
    pub(super) fn batch_written(
        &mut self,
        batch: &Batch,
        outcome: Result<usize, WriteFailure>,
        now: Instant,
    ) -> Result<usize, CallFailure> {
        match outcome {
            Ok(dropped) => {
                self.counters.given_up.add(batch.dead.len() as u64);
                self.counters.dead_letters_dropped.add(dropped as u64);
                self.write_failure = None;
                for (number, stored) in &batch.new {
                    self.new_bytes -= stored.frame.len();
                    // It may have been given up meanwhile.
                    if self.requests.contains_key(number) {
                        self.schedule.add(*number, stored.origin.clone());
                    }
                }
                Ok(batch.new.len())
            }
            Err(WriteFailure {
                reason,
                nothing_written,
            }) => {
                if self.write_failure.is_none() {
                    log::line!(error, reason = log::text(&reason); "a proxy's queue cannot be written");
                }
                // Ended requests are still to be recorded.
                self.batch.done.extend(&batch.done);
                self.batch.dead.extend(batch.dead.iter().cloned());
                self.new_bytes = 0;
                let unwritten = std::mem::take(&mut self.batch.new);
                let new: Vec<_> = batch.new.iter().chain(&unwritten).collect();
                if let Some((first, _)) = new.first() {
                    // A new request becomes no dead letter: its caller learns that it was not accepted.
                    self.batch.dead.retain(|(number, _)| number < first);
                }
                for (number, _) in new {
                    self.remove(*number);
                    // Removes it from the queue, should it have got there nevertheless.
                    self.batch.done.push(*number);
                }
                let executed = if nothing_written {
                    Executed::No
                } else {
                    Executed::Maybe
                };
                let failure = unwritable(&reason).with_executed(executed);
                self.write_failure = Some((now + WRITE_RETRY_DELAY, reason));
                Err(failure)
            }
        }
    }

    fn is_backing_off(&self, now: Instant) -> bool {
        let until = self.write_failure.as_ref().map(|(until, _)| *until);
        until.is_some_and(|until| now < until)
    }

    /// Returns when there is a [next batch](Self::next_batch) at the latest; `None` if there is nothing to write.
    pub(super) fn next_batch_at(&self, now: Instant) -> Option<Instant> {
        if self.batch.is_empty() {
            return None;
        }
        let since = self.unrecorded_since.unwrap_or(now);
        let until = self.write_failure.as_ref().map(|(until, _)| *until);
        Some((since + RECORD_DELAY).max(until.unwrap_or(since)))
    }

    /// Returns whether nothing is left to be written, or the queue cannot be written.
    pub(super) fn is_recorded(&self) -> bool {
        self.batch.is_empty() || self.write_failure.is_some()
    }

    /// Removes a request that has ended.
    fn remove(&mut self, number: u64) {
        if let Some(HeldRequest { bytes, .. }) = self.requests.remove(&number) {
            self.bytes -= bytes;
        }
        self.schedule.finish(number);
        self.update_counters();
    }

    /// The target has replied: removes the request.
    pub(super) fn delivered(&mut self, number: u64) {
        self.batch.done.push(number);
        self.remove(number);
        self.counters.delivered.increment();
    }

    /// Gives a request up: it becomes a dead letter.
    pub(super) fn give_up(&mut self, number: u64, reason: String) {
        let given_up = millis_now();
        self.batch.dead.push((number, GiveUp { reason, given_up }));
        self.remove(number);
    }

    /// Gives up the expired requests that are not in flight.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some((number, due)) = self.oldest_idle()
            && due <= now
        {
            self.counters.expired.increment();
            self.give_up(number, EXPIRED.into());
        }
    }

    /// Returns when to call [`expire`](Self::expire) next.
    pub(super) fn next_expiry(&self, now: Instant) -> Option<Instant> {
        self.oldest_idle().map(|(_, due)| due.max(now))
    }

    /// Returns the oldest request that is not in flight (few requests are), and when it expires.
    fn oldest_idle(&self) -> Option<(u64, Instant)> {
        self.policy.time_to_live?;
        let mut requests = self.requests.iter();
        let (number, held) = requests.find(|(number, _)| !self.schedule.is_in_flight(**number))?;
        Some((*number, held.due?))
    }

    fn is_expired(&self, number: u64) -> bool {
        self.policy.time_to_live.is_some_and(|limit| {
            let accepted = self.requests.get(&number).map_or(0, |held| held.accepted);
            Duration::from_millis(millis_now().saturating_sub(accepted)) >= limit
        })
    }

    /// An attempt has failed: schedules a retry, or gives the request up.
    pub(super) fn attempt_failed(&mut self, number: u64, failure: DeliveryFault, now: Instant) {
        let (reason, counts, backs_off) = match failure {
            DeliveryFault::Permanent(reason) => return self.give_up(number, reason),
            DeliveryFault::Transient { reason, counts } => {
                (reason, counts || self.policy.count_all_failures, true)
            }
            // No back-off: the attempt has taken its time, and the target lets the repeat wait for the first to end.
            DeliveryFault::TimedOut => (UNANSWERED.into(), true, false),
        };
        log::line!(debug, number, reason = log::text(&reason); "an attempt to deliver has failed");
        let attempts = self.requests.get_mut(&number).map_or(0, |held| {
            held.attempts = held.attempts.saturating_add(u32::from(counts));
            held.attempts
        });
        if attempts >= self.policy.max_attempts {
            self.give_up(number, format!("tried {attempts} times: {reason}"));
        } else if self.is_expired(number) {
            self.counters.expired.increment();
            self.give_up(number, format!("{EXPIRED}: {reason}"));
        } else {
            self.counters.retried.increment();
            if backs_off {
                self.schedule.back_off(number, now);
            } else {
                self.schedule.retry_now(number);
            }
        }
    }
}

fn unwritable(reason: &str) -> CallFailure {
    let detail = format!("the proxy's queue cannot be written: {reason}");
    CallFailure::new(Status::Overloaded, detail)
}

const UNANSWERED: &str =
    "the target did not reply in time; it may have executed the request, or still be executing it";
const EXPIRED: &str = "it could not be delivered in time";

/// Returns the milliseconds since 1970.
pub(super) fn millis_now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

#[cfg(test)]
mod tests;
