//! A connection to one endpoint, shared by any number of threads.
//!
//! There is no thread of its own behind it. Of the callers that wait, one leads: it waits for the socket and takes in what
//! arrives, for all of them. When its own call has ended, it wakes another one to lead. So a lone caller never hands
//! its call to another thread. For tasks the driver of the process does it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::task::{Poll, Waker};

use super::in_flight::{CallOptions, CallResult, Deadlines, NoReply};
use super::notifications::{DeliveryCheck, DeliveryOutcome};
use super::state::{CallLimits, ConnectionState, LimitExceeded, Submitted};
use super::task_waiters::GRACE;
use crate::clock::Instant;
use crate::connection::Liveness;
use crate::socket::{
    DealerSocket, Drive, DriveTurn, Driven, Endpoint, Frame, IdleSocket, Poller, Process,
    SocketError, SocketOptions, WakeList,
};
use crate::sync::{Mutex, MutexGuard, rank, thread};
use crate::wire::Limits;

/// Turns in a row in which an idle connection is looked after: others have theirs as well.
const TURNS: usize = 100;

/// What a thread waits for: the ending it answers, once it is there.
type Condition = fn(&mut ConnectionState, u64) -> Option<CallResult>;

pub(super) type Connection = Driven<ConnectionInner>;

/// Why a request is not handed over.
#[derive(Debug)]
pub(super) enum BlockedBy {
    /// There is no connection, for the endpoint's name.
    Name(String),
    /// The connection has no room.
    Full,
    /// The server is about to end.
    Ending,
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
        let dealer = DealerSocket::connect(endpoint, options)?;
        let poller = dealer.poller();
        Ok(Self::new(ConnectionInner {
            endpoint: endpoint.as_str().into(),
            limits,
            state: Mutex::new(ConnectionState::new(dealer, bounds, liveness)),
            poller,
            process: Process::current(),
        }))
    }

    /// Asks whether a call has ended; keeps `waker` if not.
    pub(super) fn poll(&self, id: u64, waker: &Waker, deadlines: Deadlines) -> Poll<CallResult> {
        self.check_process()?;
        let mut state = self.lock();
        state.relieve(id, &self.poller);
        if let Some(ending) = state.take(id) {
            return Poll::Ready(ending);
        }
        if let Err(error) = state.suspend(id, waker, deadlines, self.bell()) {
            state.forget(id, self.poller());
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

    /// Whether the connection takes calls, after a look: it may have changed while nobody waited for it.
    pub(super) fn refresh(&self) -> bool {
        let mut state = self.lock();
        state.refresh(&self.poller);
        state.takes_calls()
    }

    /// The same, as far as is known.
    pub(super) fn takes_calls(&self) -> bool {
        self.lock().takes_calls()
    }

    /// Why a call was lost before it was handed over, if that is known.
    pub(super) fn blocked_by(&self, reason: &NoReply) -> Option<BlockedBy> {
        match reason {
            NoReply::NotConnected | NoReply::TimedOut { written: false } => {
                self.lock().blocked_by()
            }
            _ => None,
        }
    }

    /// Asks for the notifications that were handed over so far; tells whether the server has to be asked, too.
    pub(super) fn inquire(&self) -> (DeliveryCheck, bool) {
        let mut state = self.lock();
        state.refresh(&self.poller);
        let inquiry = state.oneway.inquire();
        (inquiry, state.oneway.is_open(inquiry))
    }

    /// What became of them.
    pub(super) fn fate(&self, inquiry: DeliveryCheck) -> DeliveryOutcome {
        self.lock().oneway.fate(inquiry)
    }

    /// Whoever asked knows now what was lost.
    pub(super) fn tell(&self, inquiry: DeliveryCheck) {
        self.lock().oneway.tell(inquiry);
    }

    pub(super) fn late(&self) -> u64 {
        self.lock().late()
    }

    pub(super) fn renewals(&self) -> u64 {
        self.lock().renewals()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.lock().in_flight()
    }

    /// Sends a request, or keeps it until the connection is up. The id's bytes in the frame are still open.
    pub(super) fn begin(
        &self,
        frame: Frame,
        options: CallOptions,
    ) -> Result<Submitted, LimitExceeded> {
        self.lock().begin(frame, options, &self.poller)
    }

    /// Gives a call up.
    pub(super) fn forget(&self, id: u64) {
        if self.check_process().is_err() {
            return;
        }
        self.lock().forget(id, &self.poller);
    }

    /// Waits until a call ends.
    pub(super) fn wait(&self, id: u64, deadlines: Deadlines) -> CallResult {
        self.wait_for(id, deadlines, ConnectionState::take)
    }

    /// Waits until a call has been handed over, or has ended without.
    pub(super) fn hand_over(&self, id: u64, deadlines: Deadlines) -> CallResult {
        self.wait_for(id, deadlines, |state, id| {
            if state.is_written(id) {
                Some(Ok(None))
            } else {
                state.take(id)
            }
        })
    }

    /// In a child of the process the lock may be held for ever.
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
            let until = match self.deadlines(&mut state, id, deadlines) {
                Ok(until) => until,
                Err(reason) => {
                    state.see_to_a_leader();
                    return Err(reason);
                }
            };
            state.park(id, thread::current());
            drop(state);
            thread::park_timeout(until.saturating_duration_since(Instant::now()));
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
            let looked = !std::mem::take(&mut just_sent);
            if looked {
                state.service(&self.poller);
            }
            if let Some(ending) = done(&mut state, id) {
                return (state, ending);
            }
            let now = Instant::now();
            let until = match deadlines.check(state.is_written(id), now) {
                Ok(until) => until,
                // A reply that has arrived counts, however late it is looked for.
                Err(_) if !looked => continue,
                Err(failed) => {
                    state.forget(id, &self.poller);
                    return (state, Err(failed));
                }
            };
            let liveness = state.check_pulse(now, &self.poller);
            // That may have ended the call, or its server.
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
                state.forget(id, &self.poller);
                let reason = NoReply::Broken(SocketError::waiting(&error));
                return (state, Err(reason));
            }
        }
    }

    /// How long to wait now; the call is given up when the answer is an error.
    fn deadlines(
        &self,
        state: &mut ConnectionState,
        id: u64,
        deadlines: Deadlines,
    ) -> Result<Instant, NoReply> {
        let until = deadlines.check(state.is_written(id), Instant::now());
        if until.is_err() {
            state.forget(id, &self.poller);
        }
        until
    }

    fn lock(&self) -> LockedState<'_> {
        LockedState {
            state: self.state.lock(),
            wakes: WakeList::default(),
        }
    }
}

/// The state, locked. Tasks are woken when it is free again.
struct LockedState<'a> {
    state: MutexGuard<'a, ConnectionState>,
    // Behind the guard, so dropped after it.
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
        self.wakes.append(&mut self.state.calls.wakes);
    }
}

impl IdleSocket for ConnectionInner {
    fn poller(&self) -> &Poller {
        &self.poller
    }

    fn maintain(&self, wakes: &mut WakeList) -> bool {
        for _ in 0..TURNS {
            // Whoever has the lock, or waits at the socket, does it.
            let Some(mut state) = self.state.try_lock() else {
                return false;
            };
            let again = state.look_after(&self.poller);
            wakes.append(&mut state.calls.wakes);
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
        let turn = state.drive(&self.poller, Instant::now());
        // After the turn: the thread does not hold this connection then.
        wakes.append(&mut state.calls.wakes);
        turn
    }
}
