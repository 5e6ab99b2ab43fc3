//! How the end of an `async` method is told that has gone on elsewhere.

use std::sync::Arc;

use super::executor::TaskEnd;
use super::state::ServerState;
use super::threads::ServerThreads;
use crate::socket::Message;

/// Tells of a task's end, once.
pub(super) struct CompletionGuard {
    threads: Arc<ServerThreads>,
    task: Option<u64>,
}

impl CompletionGuard {
    pub(super) fn of(task: u64, threads: Arc<ServerThreads>) -> Self {
        let task = Some(task);
        Self { threads, task }
    }

    fn tell(&mut self, frame: Option<Box<Message>>) {
        if let Some(task) = self.task.take() {
            let send = |state: &mut ServerState, now| state.finish_task(task, frame, now);
            self.threads.chime_in(send);
        }
    }
}

impl TaskEnd for CompletionGuard {
    fn ended(mut self, frame: Option<Box<Message>>) {
        self.tell(frame);
    }
}

impl Drop for CompletionGuard {
    fn drop(&mut self) {
        // The runtime has dropped the task: it shuts down, or the task was cancelled and nobody waits for it.
        self.tell(None);
    }
}
