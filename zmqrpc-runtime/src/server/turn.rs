//! What the leader does after a pass over the sockets, and what happens if one of the server's threads panics.

use std::thread;
use std::time::Instant;

use super::scheduler::Assigned;
use super::sources::Waiters;
use super::threads::ServerThreads;
use crate::subscription::SilenceCallback;

/// What the leader does next.
pub(super) enum NextStep {
    /// Nothing to run: wait until this time at most, for the router alone or for all of these pollers.
    Wait(Option<Instant>, Option<Waiters>),
    /// Run a call.
    Run(Assigned),
    /// More messages may be waiting: make another pass.
    Repeat,
    /// Publishers are silent: have these callbacks run.
    RunCallbacks(Vec<SilenceCallback>),
    /// The server has ended, or is to end now.
    Done,
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
