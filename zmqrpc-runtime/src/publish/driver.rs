//! The task that waits at a pusher's socket for the tasks that wait for room.
//!
//! One per pusher, from the first task on that had to wait, on that task's runtime. It ends with the pusher; if its
//! runtime ends before, the next task that waits starts another one.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep_until};

use super::room::Room;
use crate::socket::{SocketError, TaskWaiter, Ward};

/// Must be called within a tokio runtime with its I/O and time drivers enabled.
pub(super) fn start(room: &Arc<Room>) -> Result<(), SocketError> {
    let waiter = TaskWaiter::new(room.waiter())?;
    let mut driver = Driver {
        room: Arc::downgrade(room),
        waiter,
        alarm: None,
    };
    Handle::current().spawn(async move { poll_fn(|cx| driver.poll(cx)).await });
    Ok(())
}

struct Driver {
    room: Weak<Room>,
    waiter: TaskWaiter,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Driver {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(room) = self.room.upgrade() else {
                return Poll::Ready(());
            };
            let next = room.drive(cx.waker());
            let moved = self.waiter.poll_drive(room.waiter(), cx).is_ready();
            drop(room);
            if !moved && !self.is_due(next, cx) {
                return Poll::Pending;
            }
        }
    }

    fn is_due(&mut self, next: Option<Instant>, cx: &mut Context<'_>) -> bool {
        self.alarm = next.map(|next| Box::pin(sleep_until(next.into())));
        let alarm = self.alarm.as_mut();
        alarm.is_some_and(|alarm| alarm.as_mut().poll(cx).is_ready())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(room) = self.room.upgrade() {
            room.lose_driver();
        }
    }
}
