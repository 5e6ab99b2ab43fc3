//! What threads other than the leader do with the shared state.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::ServerThreads;
use crate::log;
use crate::server::scheduler::CompletedCall;
use crate::server::state::ServerState;

impl ServerThreads {
    /// Runs overdue calls as long as there are any. Leaves younger ones to the leader, since two threads would get in
    /// each other's way where methods are short.
    pub(super) fn help(self: &Arc<Self>, mut completed: Option<CompletedCall>) {
        loop {
            let overdue = self.with_state(|state, now| {
                if let Some(completed) = completed.take() {
                    state.finish(completed, now);
                }
                let is_overdue = state.has_overdue(now);
                is_overdue.then(|| state.scheduler.assign(now)).flatten()
            });
            let Some(assigned) = overdue.flatten() else {
                return;
            };
            completed = self.execute(assigned);
        }
    }

    /// Runs an action on the state, on a thread other than the leader's. Returns `None` if the server has ended.
    ///
    /// While the leader waits, the action may consume the edge that the leader waits for. So this method drains the
    /// sockets again, and wakes the leader if there is something for it.
    pub(in crate::server) fn with_state<R>(
        &self,
        action: impl FnOnce(&mut ServerState, Instant) -> R,
    ) -> Option<R> {
        let mut state = self.state();
        let state = state.as_mut()?;
        let now = Instant::now();
        let result = action(state, now);
        state.answer_duplicates(now);
        if state.socket.leader_waits {
            let was_paused = state.socket.sources.is_paused();
            match state.receive_batch(now) {
                // The leader may wait without a timeout, unaware of an end or a `Working` frame that is due only now.
                // Nor does it wait for sources that were paused when it began to wait.
                Ok(drained) => {
                    let resumed = was_paused && !state.socket.sources.is_paused();
                    let stopping = self.stopping.load(Ordering::Acquire);
                    if !drained || resumed || stopping || state.needs_leader(now) {
                        self.poller.wake();
                    }
                }
                Err(error) => {
                    log::line!(error, error = log::text(&error); "the server's socket failed");
                }
            }
        }
        Some(result)
    }
}
