//! What the leader does after a pass over the sockets, and what happens if one of the server's threads panics.

use std::thread;
use std::time::Instant;

use super::local_queue::LocalQueue;
use super::scheduler::{Assigned, CompletedCall};
use super::sources::SourcePollers;
use super::state::{ScanResult, ServerState};
use super::threads::ServerThreads;
use crate::socket::{Replier, SocketError};
use crate::subscription::SilenceCallback;

/// What the leader does next.
pub(super) enum NextStep {
    /// Nothing to run: wait until this time at most, for the router alone or for all of these pollers.
    Wait(Option<Instant>, Option<SourcePollers>),
    /// Run a call.
    Run(Assigned),
    /// More messages may be waiting: make another pass.
    Repeat,
    /// Publishers are silent: have these callbacks run.
    RunCallbacks(Vec<SilenceCallback>),
    /// The server has ended, or is to end now.
    Done,
}

impl<R: Replier> ServerState<R> {
    /// Makes the leader's pass: finishes its last call, and finds the next one or what to wait for.
    pub(super) fn next_step(
        &mut self,
        now: Instant,
        completed: Option<CompletedCall>,
        local_queue: &LocalQueue,
        term: u64,
    ) -> Result<NextStep, SocketError> {
        self.stop_polling(now);
        if let Some(completed) = completed {
            self.finish(completed, now);
        }
        if !self.needs_scan(now)
            && let Some(assigned) = self.next(now)?
        {
            let assigned = self.fill_local_queue(assigned, local_queue, term);
            return Ok(NextStep::Run(assigned));
        }
        let ScanResult { drained, callbacks } = self.scan(now)?;
        if !callbacks.is_empty() {
            return Ok(NextStep::RunCallbacks(callbacks));
        }
        if let Some(assigned) = self.scheduler.assign(now) {
            let assigned = self.fill_local_queue(assigned, local_queue, term);
            return Ok(NextStep::Run(assigned));
        }
        // The pass may have received the last acknowledgement.
        self.closed = self.socket.draining.is_rejecting(now);
        let ServerState {
            socket,
            scheduler,
            closed,
            ..
        } = self;
        let done = *closed && scheduler.is_done() && socket.sources.is_exhausted();
        let nothing_left = drained || done && socket.is_done_rejecting(now);
        if scheduler.should_resume_sources() || !nothing_left {
            return Ok(NextStep::Repeat);
        }
        if done {
            // A peer that does not read delays the end by the linger time at most.
            let Some(until) = socket.flush_deadline(now) else {
                return Ok(NextStep::Done);
            };
            if !drained {
                return Ok(NextStep::Repeat);
            }
            socket.leader_waits = true;
            let due = socket.next_retry(now).into_iter().chain([until]);
            let due = due.chain(socket.draining.due()).min();
            return Ok(NextStep::Wait(due, None));
        }
        socket.leader_waits = true;
        let due = socket
            .next_retry(now)
            .into_iter()
            .chain(scheduler.next_tick());
        let due = due
            .chain(socket.sources.due())
            .chain(socket.next_connection());
        let due = due.chain(socket.draining.due());
        Ok(NextStep::Wait(due.min(), socket.sources.pollers()))
    }
}

/// Ends the server if a thread panics: the thread's role would stay vacant, and the server would hang silently.
pub(super) struct EndOnPanic<'a>(pub(super) &'a ServerThreads);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.finish();
        }
    }
}
