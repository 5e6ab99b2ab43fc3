//! How the end of an `async` method is told that has gone on elsewhere.

use std::sync::Arc;

use super::core::Core;
use super::engine::Engine;
use super::executor::TaskEnd;
use crate::socket::Message;

/// Tells of a task's end, once.
pub(super) struct Notice {
    engine: Arc<Engine>,
    task: Option<u64>,
}

impl Notice {
    pub(super) fn of(task: u64, engine: Arc<Engine>) -> Self {
        let task = Some(task);
        Self { engine, task }
    }

    fn tell(&mut self, frame: Option<Box<Message>>) {
        if let Some(task) = self.task.take() {
            let send = |core: &mut Core, now| core.finish_task(task, frame, now);
            self.engine.chime_in(send);
        }
    }
}

impl TaskEnd for Notice {
    fn ended(mut self, frame: Option<Box<Message>>) {
        self.tell(frame);
    }
}

impl Drop for Notice {
    fn drop(&mut self) {
        // The runtime has dropped the task: it shuts down, or the task was cancelled and nobody waits for it.
        self.tell(None);
    }
}
