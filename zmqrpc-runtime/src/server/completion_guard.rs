//! Reports the end of a spawned `async` method to the server, even if the runtime drops the task.

use std::sync::Arc;

use super::executor::TaskCompletion;
use super::state::ServerState;
use super::threads::ServerThreads;
use crate::socket::Frame;

/// Reports the end of a task, exactly once.
pub(super) struct CompletionGuard {
    threads: Arc<ServerThreads>,
    task: Option<u64>,
}

impl CompletionGuard {
    pub(super) fn new(task: u64, threads: Arc<ServerThreads>) -> Self {
        let task = Some(task);
        Self { threads, task }
    }

    fn report(&mut self, frame: Option<Frame>) {
        if let Some(task) = self.task.take() {
            let finish = |state: &mut ServerState, now| state.finish_task(task, frame, now);
            self.threads.with_state(finish);
        }
    }
}

impl TaskCompletion for CompletionGuard {
    fn complete(mut self, frame: Option<Frame>) {
        self.report(frame);
    }
}

impl Drop for CompletionGuard {
    fn drop(&mut self) {
        // The runtime drops the task without completing it: it shuts down, or the task was cancelled.
        self.report(None);
    }
}
