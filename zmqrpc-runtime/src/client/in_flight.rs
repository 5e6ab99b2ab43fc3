//! The calls of one connection that have not ended: a state machine without I/O.

use std::task::Waker;
use std::time::Duration;

use crate::clock::Instant;
use crate::connection::CallTable;
use crate::socket::{AuthFailure, Frame, WakeList};
use crate::sync::thread::Thread;

/// Why a call ended without a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoReply {
    /// The connection broke after the request was handed over.
    Disconnected,
    /// The endpoint does not speak the protocol.
    Foreign,
    /// The peer is no server, since it sends requests; `returned` if it has sent this one back.
    NoServer { returned: bool },
    /// The peer has rejected the login.
    Denied(AuthFailure),
    /// The server has been silent for this long, and has answered no ping.
    Silent(Duration),
    /// The socket failed.
    Broken(crate::socket::SocketError),
    /// The time limit has passed; `written` if the request had been sent.
    TimedOut { written: bool },
    /// There was no connection in time.
    NotConnected,
    /// The server began to drain before the request had been sent.
    Drained,
}

/// Until when a call waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines {
    /// For its result.
    pub(super) deadline: Instant,
    /// For its request to be sent.
    pub(super) connected_by: Instant,
    /// The time from the start to `connected_by`, for error messages.
    pub(super) connect_timeout: Duration,
}

impl Deadlines {
    /// Returns until when to wait, seen at `now`, or why not any longer.
    pub(super) fn check(&self, written: bool, now: Instant) -> Result<Instant, NoReply> {
        if now >= self.deadline {
            Err(NoReply::TimedOut { written })
        } else if written {
            Ok(self.deadline)
        } else if now >= self.connected_by {
            Err(NoReply::NotConnected)
        } else {
            Ok(self.deadline.min(self.connected_by))
        }
    }
}

/// The result of a call: its reply frame, or `None` for a notification that has been sent.
pub(super) type CallResult = Result<Option<Frame>, NoReply>;

/// Who waits for a call, or its result.
#[derive(Debug)]
pub(super) enum CallState {
    /// Nobody waits for it yet.
    Quiet,
    /// The leader waits for it.
    Leader,
    /// A parked thread waits for it.
    Parked(Thread),
    /// A task waits for it, until these deadlines.
    Task(Waker, Deadlines),
    Done(CallResult),
}

#[derive(Debug)]
pub(super) struct CallEntry {
    pub(super) state: CallState,
    /// Whether the socket has taken the request: it may be executed.
    pub(super) written: bool,
    /// How many notifications had been sent before it.
    pub(super) behind: u64,
    /// How it is made.
    pub(super) options: CallOptions,
}

/// How a call is made.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
pub(super) struct CallOptions {
    /// It ends when it has been sent.
    pub(super) oneway: bool,
    /// It can be made over another connection.
    pub(super) movable: bool,
    /// It is a ping: a pong ends it.
    pub(super) ping: bool,
    /// A task makes it, which is about to wait for it.
    pub(super) task: bool,
}

/// All calls of one connection.
#[derive(Debug, Default)]
pub(super) struct InFlightCalls {
    table: CallTable<CallEntry>,
    /// The number of tasks that wait.
    tasks: usize,
    /// The call whose task was the last to be woken.
    pub(super) last_woken: Option<u64>,
    /// The tasks to wake once the lock is free.
    pub(super) wakes: WakeList,
}

impl InFlightCalls {
    /// Adds a call and returns its id, which is never 0.
    #[inline]
    pub(super) fn insert(&mut self, options: CallOptions) -> u64 {
        self.table.insert(
            0,
            CallEntry {
                state: CallState::Quiet,
                written: false,
                behind: 0,
                options,
            },
        )
    }

    /// Returns the number of calls.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut CallEntry> {
        self.table.get_mut(id)
    }

    /// Returns how many notifications had been sent before the ping with this id; `None` if no such ping is under way.
    pub(super) fn is_behind(&mut self, id: u64) -> Option<u64> {
        let call = self.get_mut(id)?;
        (call.options.ping && call.written).then_some(call.behind)
    }

    /// Removes a call, whatever its state. A reply that arrives for it later finds no call.
    pub(super) fn remove(&mut self, id: u64) -> Option<CallEntry> {
        let mut call = self.table.remove(id)?;
        if let CallState::Task(..) = call.state {
            self.release(std::mem::replace(&mut call.state, CallState::Quiet));
        }
        Some(call)
    }

    /// Removes a call that has ended and returns its result; `None` if it has not.
    pub(super) fn take(&mut self, id: u64) -> Option<CallResult> {
        let CallState::Done(_) = self.table.get(id)?.state else {
            return None;
        };
        match self.table.remove(id)?.state {
            CallState::Done(ending) => Some(ending),
            _ => None,
        }
    }

    /// Ends a call. Returns who waited for it; `None` if there is no such call or it has ended before.
    pub(super) fn finish(&mut self, id: u64, ending: CallResult) -> Option<CallState> {
        let call = self.get_mut(id)?;
        if let CallState::Done(_) = call.state {
            return None;
        }
        let waited = std::mem::replace(&mut call.state, CallState::Done(ending));
        self.tasks -= usize::from(matches!(waited, CallState::Task(..)));
        Some(waited)
    }

    /// Sets who waits for a call, unless it has ended.
    pub(super) fn set(&mut self, id: u64, state: CallState) {
        let task = matches!(state, CallState::Task(..));
        if let Some(call) = self.get_mut(id)
            && !matches!(call.state, CallState::Done(_))
        {
            let before = std::mem::replace(&mut call.state, state);
            self.tasks += usize::from(task);
            self.release(before);
        }
    }

    fn release(&mut self, state: CallState) {
        if let CallState::Task(waker, _) = state {
            self.tasks -= 1;
            self.wakes.discard(waker);
        }
    }

    /// Returns the number of tasks that wait.
    pub(super) fn tasks(&self) -> usize {
        self.tasks
    }

    /// Returns the tasks' calls whose time has passed, each with the reason, and when the next one's passes.
    pub(super) fn expired(&self, now: Instant) -> (Vec<(u64, NoReply)>, Option<Instant>) {
        let (mut over, mut next) = (Vec::new(), None::<Instant>);
        for (id, call) in self.table.iter() {
            let CallState::Task(_, deadlines) = &call.state else {
                continue;
            };
            match deadlines.check(call.written, now) {
                Ok(until) => next = Some(next.map_or(until, |next| next.min(until))),
                Err(loss) => over.push((id, loss)),
            }
        }
        (over, next)
    }

    /// Returns the ids of the calls that have not ended and satisfy `which`.
    pub(super) fn pending(&self, which: impl Fn(&CallEntry) -> bool) -> Vec<u64> {
        let is_open = |call: &CallEntry| !matches!(call.state, CallState::Done(_)) && which(call);
        self.table.ids_where(is_open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: CallOptions = CallOptions {
        oneway: false,
        movable: false,
        ping: false,
        task: false,
    };
    fn done(calls: &mut InFlightCalls, id: u64) -> bool {
        matches!(calls.get_mut(id).unwrap().state, CallState::Done(_))
    }

    #[test]
    fn a_late_reply_finds_nothing() {
        let mut calls = InFlightCalls::default();
        let first = calls.insert(CALL);
        calls.remove(first);
        let second = calls.insert(CALL);
        assert_ne!(first, second);
        assert!(calls.finish(first, Ok(None)).is_none());
        assert!(!done(&mut calls, second));
    }

    #[test]
    fn a_call_ends_once() {
        let mut calls = InFlightCalls::default();
        let id = calls.insert(CALL);
        assert!(matches!(calls.finish(id, Ok(None)), Some(CallState::Quiet)));
        assert!(calls.finish(id, Err(NoReply::Disconnected)).is_none());
        assert!(matches!(
            calls.remove(id).unwrap().state,
            CallState::Done(Ok(None))
        ));
    }

    #[test]
    fn ids_that_were_never_given_out_are_harmless() {
        let mut calls = InFlightCalls::default();
        for id in [0, 1, u64::MAX, 1 << 32, u64::from(u32::MAX)] {
            assert!(calls.get_mut(id).is_none());
            assert!(calls.remove(id).is_none());
            assert!(calls.finish(id, Ok(None)).is_none());
        }
    }

    #[test]
    fn only_what_was_written_is_lost_with_the_connection() {
        let mut calls = InFlightCalls::default();
        let (written, queued) = (calls.insert(CALL), calls.insert(CALL));
        calls.get_mut(written).unwrap().written = true;
        assert_eq!(calls.pending(|call| call.written), [written]);
        assert_eq!(calls.pending(|_| true), [written, queued]);
    }
}
