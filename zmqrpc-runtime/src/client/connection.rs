//! A connection to one endpoint, shared by any number of threads.
//!
//! It has no thread of its own. Of the callers that wait, one leads: it waits for the socket and receives what arrives, for
//! all of them. When its own call has ended, it wakes another one to lead. So a lone caller never hands its call to
//! another thread. For tasks the driver of the process leads.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::task::{Poll, Waker};

use super::DIALECT;
use super::client_peers;
use super::deadlines::Deadlines;
use super::peers::Peers;
use super::state::{CallLimits, CallOptions, ConnectionState};
use super::task_waiters::GRACE;
use crate::clock::Instant;
use crate::connection::{
    CallKind, CallResult, DeliveryCheck, DeliveryOutcome, LimitExceeded, Liveness, NoReply,
    Submitted,
};
use crate::dialect::{NO_ID, WorkerOfferBuf};
use crate::socket::{
    Drive, DriveTurn, Driven, Endpoint, Frame, IdleSocket, Poller, Process, SocketError,
    SocketOptions, WakeList,
};
use crate::sync::{Mutex, MutexGuard, rank, thread};
use crate::wire::Limits;

/// The most turns in a row that an idle connection gets, as others wait for theirs.
const TURNS: usize = 100;

/// What a thread waits for. Returns the result once it is there.
type Condition = fn(&mut ConnectionState, u64) -> Option<CallResult>;

pub(super) type Connection = Driven<ConnectionInner>;

/// Why a request is not sent.
#[derive(Debug)]
pub(super) enum BlockedBy {
    /// The endpoint's host name cannot be resolved, for this reason.
    Name(String),
    /// The socket has no room.
    Full,
    /// The server is draining.
    Ending,
    /// No worker has come.
    NoWorker,
}

pub(super) struct ConnectionInner {
    endpoint: Arc<str>,
    limits: Limits,
    state: Mutex<ConnectionState, { rank::SOCKET }>,
    poller: Arc<Poller>,
    process: Process,
}

impl Connection {
    pub(super) fn open(
        endpoint: &Endpoint,
        options: &SocketOptions,
        limits: Limits,
        bounds: CallLimits,
        liveness: Liveness,
    ) -> Result<Self, SocketError> {
        let opened = client_peers::open(endpoint, options, limits)?;
        Ok(Self::new(ConnectionInner {
            endpoint: opened.endpoint,
            limits,
            state: Mutex::new(ConnectionState::new(
                opened.peers,
                Arc::clone(&opened.poller),
                bounds,
                liveness,
            )),
            poller: opened.poller,
            process: Process::current(),
        }))
    }

    /// Returns a call's result if it has ended; keeps `waker` if not.
    pub(super) fn poll(&self, id: u64, waker: &Waker, deadlines: Deadlines) -> Poll<CallResult> {
        self.check_process()?;
        let mut state = self.lock();
        state.relieve(id, Instant::now);
        if let Some(ending) = state.take(id) {
            return Poll::Ready(ending);
        }
        if let Err(error) = state.suspend(id, waker, deadlines, self.bell(), Instant::now) {
            state.forget(id, Instant::now());
            return Poll::Ready(Err(NoReply::Broken(error)));
        }
        Poll::Pending
    }
}

impl ConnectionInner {
    pub(super) fn endpoint(&self) -> &Arc<str> {
        &self.endpoint
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns whether the connection takes calls, after reading what has happened to it while nobody waited for it.
    pub(super) fn refresh(&self) -> bool {
        let mut state = self.lock();
        state.refresh(Instant::now());
        state.calls.takes_calls()
    }

    /// Returns whether the connection takes calls, as far as is known.
    pub(super) fn takes_calls(&self) -> bool {
        self.lock().calls.takes_calls()
    }

    /// Returns why the request of a call that failed was not sent; `None` if it was, or if that is not known.
    pub(super) fn blocked_by(&self, reason: &NoReply) -> Option<BlockedBy> {
        match reason {
            NoReply::NotConnected | NoReply::TimedOut { written: false } => {
                self.lock().blocked_by()
            }
            _ => None,
        }
    }

    /// Starts to check the notifications that were sent so far, over each link.
    pub(super) fn start_checks(&self) -> Vec<(usize, DeliveryCheck)> {
        let mut state = self.lock();
        state.refresh(Instant::now());
        let links = 0..state.calls.links();
        let check = |link| (link, state.calls.notifications(link).start_check());
        links.map(check).collect()
    }

    /// Returns what has become of them.
    pub(super) fn outcome(&self, link: usize, check: DeliveryCheck) -> DeliveryOutcome {
        self.lock().calls.notifications(link).outcome(check)
    }

    /// Marks their losses as reported.
    pub(super) fn mark_reported(&self, link: usize, check: DeliveryCheck) {
        self.lock().calls.notifications(link).mark_reported(check);
    }

    /// Begins the ping over a link that a check needs; `None` if what has become of its notifications is known without.
    pub(super) fn ping_for(
        &self,
        link: usize,
        check: DeliveryCheck,
        now: Instant,
    ) -> Option<Result<Submitted, LimitExceeded>> {
        let mut state = self.lock();
        // Under the same lock: the peer may have gone since, and nothing answers a ping to one that is not there.
        if !state.calls.notifications(link).is_open(check) {
            return None;
        }
        if state.peers.come_by_themselves() {
            return Some(state.ping_worker(link, now));
        }
        let options = CallOptions {
            kind: CallKind::Ping,
            movable: false,
            task: false,
        };
        Some(state.begin(DIALECT.ping(NO_ID), options, now))
    }

    /// Returns what the workers say that get calls.
    pub(super) fn workers(&self) -> Vec<WorkerOfferBuf> {
        let mut state = self.lock();
        state.refresh(Instant::now());
        let offers = state.peers.offers().into_iter();
        offers
            .filter(|(link, _)| state.calls.link(*link).takes_calls())
            .map(|(_, offer)| offer)
            .collect()
    }

    pub(super) fn late(&self) -> u64 {
        self.lock().waiters.late
    }

    pub(super) fn renewals(&self) -> u64 {
        self.lock().renewals
    }

    pub(super) fn in_flight(&self) -> usize {
        self.lock().calls.len()
    }

    /// Sends a request that has no id yet, or queues it until it can be sent.
    pub(super) fn begin(
        &self,
        frame: Frame,
        options: CallOptions,
        now: Instant,
    ) -> Result<Submitted, LimitExceeded> {
        self.lock().begin(frame, options, now)
    }

    /// Cancels a call.
    pub(super) fn forget(&self, id: u64) {
        if self.check_process().is_err() {
            return;
        }
        self.lock().forget(id, Instant::now());
    }

    /// Waits until a call ends.
    pub(super) fn wait(&self, id: u64, deadlines: Deadlines) -> CallResult {
        self.wait_for(id, deadlines, ConnectionState::take)
    }

    /// Waits until a call's request has been sent, or the call has ended before.
    pub(super) fn hand_over(&self, id: u64, deadlines: Deadlines) -> CallResult {
        self.wait_for(id, deadlines, |state, id| {
            if state.calls.is_written(id) {
                Some(Ok(None))
            } else {
                state.take(id)
            }
        })
    }

    /// Checks that this is the process that made the connection: in a child the lock may be held for ever.
    fn check_process(&self) -> Result<(), NoReply> {
        if self.process.is_current() {
            Ok(())
        } else {
            Err(NoReply::Broken(SocketError::inherited()))
        }
    }

    fn wait_for(&self, id: u64, deadlines: Deadlines, done: Condition) -> CallResult {
        self.check_process()?;
        let mut state = self.lock();
        loop {
            if let Some(ending) = done(&mut state, id) {
                state.see_to_a_leader();
                return ending;
            }
            if !state.is_led() {
                state.start_leading();
                let (mut state, ending) = self.lead(state, id, deadlines, done);
                state.stop_leading();
                return ending;
            }
            let now = Instant::now();
            let until = match deadlines.check(state.calls.is_written(id), now) {
                Ok(until) => until,
                Err(reason) => {
                    state.forget(id, now);
                    state.see_to_a_leader();
                    return Err(reason);
                }
            };
            state.park(id, thread::current());
            drop(state);
            thread::park_timeout(until.saturating_duration_since(now));
            state = self.lock();
            state.unpark(id);
        }
    }

    fn lead<'a>(
        &'a self,
        mut state: LockedState<'a>,
        id: u64,
        deadlines: Deadlines,
        done: Condition,
    ) -> (LockedState<'a>, CallResult) {
        let mut just_sent = state.is_just_sent(id);
        loop {
            let now = Instant::now();
            let looked = !std::mem::take(&mut just_sent);
            if looked {
                state.service(now);
            }
            if let Some(ending) = done(&mut state, id) {
                return (state, ending);
            }
            let until = match deadlines.check(state.calls.is_written(id), now) {
                Ok(until) => until,
                // A reply that has arrived counts, however late it is received.
                Err(_) if !looked => continue,
                Err(failed) => {
                    state.forget(id, now);
                    return (state, Err(failed));
                }
            };
            let liveness = state.check_liveness(now);
            // This may have ended the call.
            if let Some(ending) = done(&mut state, id) {
                return (state, ending);
            }
            state.start_polling(id);
            drop(state);
            let until = liveness.map_or(until, |liveness| liveness.min(until));
            let until = if looked {
                until
            } else {
                until.min(now + GRACE)
            };
            let driven = self.poller.wait(Some(until));
            state = self.lock();
            state.stop_polling(id);
            if let Err(error) = driven {
                state.forget(id, now);
                let reason = NoReply::Broken(SocketError::waiting(&error));
                return (state, Err(reason));
            }
        }
    }

    fn lock(&self) -> LockedState<'_> {
        LockedState {
            state: self.state.lock(),
            wakes: WakeList::default(),
        }
    }
}

/// The locked state. Dropping it wakes the tasks, after the lock is free.
struct LockedState<'a> {
    state: MutexGuard<'a, ConnectionState>,
    // Declared after the guard, and so dropped after it.
    wakes: WakeList,
}

impl Deref for LockedState<'_> {
    type Target = ConnectionState;

    fn deref(&self) -> &ConnectionState {
        &self.state
    }
}

impl DerefMut for LockedState<'_> {
    fn deref_mut(&mut self) -> &mut ConnectionState {
        &mut self.state
    }
}

impl Drop for LockedState<'_> {
    fn drop(&mut self) {
        self.wakes.append(&mut self.state.waiters.wakes);
    }
}

impl IdleSocket for ConnectionInner {
    fn poller(&self) -> &Poller {
        &self.poller
    }

    fn maintain(&self, wakes: &mut WakeList) -> bool {
        for _ in 0..TURNS {
            // Whoever has the lock does it.
            let Some(mut state) = self.state.try_lock() else {
                return false;
            };
            let again = state.look_after(Instant::now());
            wakes.append(&mut state.waiters.wakes);
            if !state.is_behind() {
                return again;
            }
        }
        true
    }
}

impl Drive for ConnectionInner {
    fn poller(&self) -> Option<&Poller> {
        Some(&self.poller)
    }

    fn drive(&self, wakes: &mut WakeList) -> DriveTurn {
        let mut state = self.lock();
        let turn = state.drive(Instant::now());
        // The driver wakes them after the turn, when it does not hold this connection.
        wakes.append(&mut state.waiters.wakes);
        turn
    }
}
