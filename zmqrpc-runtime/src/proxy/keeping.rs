//! What a proxy has accepted and not delivered: the queue, what is not in it yet, and what to do with each request next.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::counters::Counters;
use super::lanes::{Backoff, Lanes, Origin};
use super::outcome::Fault;
use super::queue::{Batch, Entry, Kept, Letter, Store};
use crate::command::Refusal;
use crate::log;
use crate::socket::Message;
use crate::wire::{
    DELIVERY_KEY, Delivery, Incoming, Kind, Limits, MetadataBuf, NO_ID, Request, Status,
};

/// How hard a delivery is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// How long a target may take to answer one try.
    pub(super) attempt: Duration,
    /// How many tries there are.
    pub(super) attempts: u32,
    /// How old a request may become.
    pub(super) time_to_live: Option<Duration>,
    pub(super) backoff: Backoff,
}

/// What has been delivered is recorded after so long, or when there is so much of it.
const RECORD_AFTER: Duration = Duration::from_millis(50);
const RECORD_COUNT: usize = 256;
/// Entries of what has ended that may stay in any case.
const SPARE: usize = 64;
/// How long to wait until a queue that could not be written is tried again.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

/// The queue, and what is not in it yet.
pub(super) struct Keeping {
    store: Arc<dyn Store>,
    pub(super) lanes: Lanes,
    limits: Limits,
    pub(super) patience: Patience,
    next_number: u64,
    bytes: usize,
    /// What is held, oldest first, with its bytes; some has ended.
    held: VecDeque<(u64, Option<Instant>)>,
    sizes: HashMap<u64, (usize, u64)>,
    pub(super) batch: Batch,
    /// Since when something waits to be recorded.
    since: Option<Instant>,
    counters: Arc<Counters>,
}

impl Keeping {
    /// Takes over what the queue holds.
    pub(super) fn new(
        store: Arc<dyn Store>,
        limits: Limits,
        patience: Patience,
        counters: Arc<Counters>,
    ) -> Result<Self, String> {
        let mut keeping = Self {
            lanes: Lanes::new(patience.backoff),
            next_number: store.next_number(),
            limits,
            patience,
            bytes: 0,
            held: VecDeque::new(),
            sizes: HashMap::new(),
            batch: Batch::default(),
            since: None,
            counters,
            store,
        };
        let (now, clock) = (Instant::now(), millis_now());
        for Entry {
            number,
            origin,
            accepted,
            bytes,
        } in keeping.store.contents()?
        {
            keeping.hold(number, origin, accepted, bytes, (now, clock));
        }
        Ok(keeping)
    }

    fn hold(
        &mut self,
        number: u64,
        origin: Option<Origin>,
        accepted: u64,
        bytes: usize,
        (now, clock): (Instant, u64),
    ) {
        if self.held.len() > 2 * self.sizes.len() + SPARE {
            let sizes = &self.sizes;
            self.held.retain(|(number, _)| sizes.contains_key(number));
        }
        let age = Duration::from_millis(clock.saturating_sub(accepted));
        let left = self
            .patience
            .time_to_live
            .map(|limit| limit.saturating_sub(age));
        self.bytes += bytes;
        self.sizes.insert(number, (bytes, accepted));
        self.held
            .push_back((number, left.and_then(|left| now.checked_add(left))));
        self.lanes.add(number, origin);
        self.count();
    }

    fn count(&self) {
        let held = (self.lanes.len() as u64, self.bytes as u64);
        self.counters.set_held(held.0, held.1);
    }

    /// Whether another request of so many bytes has room.
    pub(super) fn refusal(&self, bytes: usize) -> Option<Refusal> {
        let capacity = self.store.capacity();
        let full = self.lanes.len() >= capacity.requests
            || self.bytes.saturating_add(bytes) > capacity.bytes;
        full.then(|| {
            self.counters.overloaded.increment();
            let detail = format!(
                "the proxy's queue is full, at {} requests or {} bytes",
                capacity.requests, capacity.bytes
            );
            Refusal::new(Status::Overloaded, detail)
        })
    }

    /// Whether a message of any size has room.
    pub(super) fn has_room(&self) -> bool {
        let (capacity, bytes) = (self.store.capacity(), self.limits.message);
        self.lanes.len() < capacity.requests && self.bytes.saturating_add(bytes) <= capacity.bytes
    }

    /// Puts a request into the next batch. It is not accepted before that is committed.
    pub(super) fn put(&mut self, kept: Kept, now: Instant) {
        let number = self.next_number;
        self.next_number += 1;
        let (accepted, bytes) = (kept.accepted, kept.frame.len());
        self.hold(
            number,
            kept.origin.clone(),
            accepted,
            bytes,
            (now, accepted),
        );
        self.batch.new.push((number, kept));
    }

    /// Commits what is due; everything, if there is something new. Answers why it could not be done: then what was new is
    /// not held.
    pub(super) fn commit(&mut self, now: Instant, all: bool) -> Result<(), String> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let since = *self.since.get_or_insert(now);
        let due = all
            || !self.batch.new.is_empty()
            || !self.batch.dead.is_empty()
            || self.batch.len() >= RECORD_COUNT
            || now >= since + RECORD_AFTER;
        if !due {
            return Ok(());
        }
        match self.store.commit(&self.batch) {
            Ok(()) => {
                self.counters.given_up.add(self.batch.dead.len() as u64);
                self.batch = Batch::default();
                self.since = None;
                Ok(())
            }
            Err(reason) => {
                log::line!(error, reason = log::text(&reason); "a proxy's queue cannot be written");
                for (number, _) in std::mem::take(&mut self.batch.new) {
                    self.release(number);
                }
                // What ended stays to be recorded.
                self.since = Some(now + WRITE_AGAIN);
                Err(reason)
            }
        }
    }

    pub(super) fn next_commit(&self) -> Option<Instant> {
        let since = self.since.filter(|_| !self.batch.is_empty())?;
        Some(since + RECORD_AFTER)
    }

    fn release(&mut self, number: u64) {
        if let Some((bytes, _)) = self.sizes.remove(&number) {
            self.bytes -= bytes;
        }
        self.lanes.end(number);
        while let Some((oldest, _)) = self.held.front()
            && !self.sizes.contains_key(oldest)
        {
            self.held.pop_front();
        }
        self.count();
    }

    pub(super) fn delivered(&mut self, number: u64) {
        self.batch.done.push(number);
        self.release(number);
        self.counters.delivered.increment();
    }

    /// Gives a request up.
    pub(super) fn give_up(&mut self, number: u64, reason: String) {
        let accepted = self.sizes.get(&number).map_or(0, |(_, accepted)| *accepted);
        let letter = Letter {
            reason,
            accepted,
            given_up: millis_now(),
            frame: self.frame(number).unwrap_or_default(),
        };
        self.batch.dead.push((number, letter));
        self.release(number);
    }

    fn frame(&self, number: u64) -> Option<Vec<u8>> {
        match self.store.frame(number) {
            Ok(frame) => frame,
            Err(reason) => {
                log::line!(error, reason = log::text(&reason), number; "a proxy's queue cannot be read");
                None
            }
        }
    }

    /// Gives up what has become too old and is not being tried right now.
    pub(super) fn expire(&mut self, now: Instant) {
        let mut at = 0;
        while let Some((number, due)) = self.held.get(at).copied()
            && due.is_some_and(|due| due <= now)
        {
            if self.sizes.contains_key(&number) && !self.lanes.is_under_way(number) {
                self.counters.expired.increment();
                self.give_up(number, EXPIRED.into());
                // It may have taken others along from the front.
                at = 0;
            } else {
                at += 1;
            }
        }
    }

    pub(super) fn next_expiry(&self, now: Instant) -> Option<Instant> {
        let due = self.held.iter().find_map(|(number, due)| {
            (self.sizes.contains_key(number) && !self.lanes.is_under_way(*number))
                .then_some(*due)
                .flatten()
        });
        due.map(|due| due.max(now))
    }

    fn too_old(&self, number: u64) -> bool {
        self.patience.time_to_live.is_some_and(|limit| {
            let accepted = self.sizes.get(&number).map_or(0, |(_, accepted)| *accepted);
            Duration::from_millis(millis_now().saturating_sub(accepted)) >= limit
        })
    }

    /// A try has ended badly.
    pub(super) fn failed(&mut self, number: u64, fault: Fault, now: Instant) {
        match fault {
            Fault::Final(reason) => self.give_up(number, reason),
            Fault::Passing(reason) => {
                log::line!(debug, number, reason = log::text(&reason); "a delivery is tried again");
                if self.lanes.tries(number) >= self.patience.attempts {
                    self.give_up(
                        number,
                        format!("tried {} times: {reason}", self.patience.attempts),
                    );
                } else if self.too_old(number) {
                    self.counters.expired.increment();
                    self.give_up(number, format!("{EXPIRED}: {reason}"));
                } else {
                    self.counters.retried.increment();
                    self.lanes.failed(number, now);
                }
            }
        }
    }

    /// The request as it goes to the target.
    pub(super) fn request(&self, number: u64) -> Result<Message, String> {
        let frame = self
            .frame(number)
            .ok_or_else(|| "the queue does not have it any more".to_owned())?;
        let read = Incoming::decode(&frame, &Limits::NONE).map_err(|error| error.to_string())?;
        let Incoming::Request(request) = read else {
            return Err("it is no request".into());
        };
        let queue = self.store.id();
        let mut metadata = MetadataBuf::from(request.metadata);
        if request.metadata.get(DELIVERY_KEY).is_none() {
            // What came out of another queue keeps the name that it was given there.
            metadata.set(DELIVERY_KEY, &Delivery { queue, number }.to_string());
        }
        let request = Request {
            kind: Kind::Call,
            id: NO_ID,
            remaining: Some(self.patience.attempt),
            metadata: metadata.as_metadata(),
            ..request
        };
        Message::build(|out| request.encode(out, &Limits::NONE)).map_err(|error| error.to_string())
    }
}

const EXPIRED: &str = "it could not be delivered in time";

pub(super) fn millis_now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}
