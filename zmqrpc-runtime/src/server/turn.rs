//! The turns that a server's threads take: what the leader's look at the sockets came to, and what holds if one dies.

use std::thread;
use std::time::Instant;

use super::scheduler::Assigned;
use super::sources::{SilenceCallback, Waiters};
use super::threads::ServerThreads;

/// What the leader does next.
pub(super) enum NextStep {
    /// Nothing to run: wait, until then at most; for the router alone, or for these too.
    Idle(Option<Instant>, Option<Waiters>),
    /// Something to run.
    Run(Assigned),
    /// There is more to take in.
    Again,
    /// Nothing is heard from publishers: somebody wants to know.
    Silent(Vec<SilenceCallback>),
    /// The server has ended, or is to end now.
    Done,
}

/// A thread that dies would leave its role to nobody: better that the server ends, and says so.
pub(super) struct EndOnPanic<'a>(pub(super) &'a ServerThreads);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.finish();
        }
    }
}
