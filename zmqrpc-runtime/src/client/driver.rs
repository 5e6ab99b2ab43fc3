//! The task that looks after a link for the tasks that wait for its calls.
//!
//! One per link, from the first such call on, on that call's runtime. It ends with the link; if its runtime ends
//! before, the next call starts another one.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep_until};

use super::link::Link;
use crate::socket::{SocketError, TaskWaiter};

/// Must be called within a tokio runtime with its I/O and time drivers enabled.
pub(super) fn start(link: &Arc<Link>) -> Result<(), SocketError> {
    let waiter = TaskWaiter::new(link.waiter())?;
    let mut driver = Driver {
        link: Arc::downgrade(link),
        waiter,
        alarm: None,
    };
    Handle::current().spawn(async move { poll_fn(|cx| driver.poll(cx)).await });
    Ok(())
}

struct Driver {
    link: Weak<Link>,
    waiter: TaskWaiter,
    alarm: Option<(Instant, std::pin::Pin<Box<Sleep>>)>,
}

impl Driver {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(link) = self.link.upgrade() else {
                return Poll::Ready(());
            };
            let next = link.drive(cx.waker());
            if !self.waiter.is_current(link.waiter()) {
                // The link has another socket now. Without descriptors for it nobody can wait: the calls ask again.
                match TaskWaiter::new(link.waiter()) {
                    Ok(waiter) => self.waiter = waiter,
                    Err(error) => {
                        tracing::error!(%error, "a task cannot wait for a link");
                        return Poll::Ready(());
                    }
                }
                continue;
            }
            let moved = self.waiter.poll_drive(link.waiter(), cx).is_ready();
            drop(link);
            if !moved && !self.is_due(next, cx) {
                return Poll::Pending;
            }
        }
    }

    fn is_due(&mut self, next: Option<Instant>, cx: &mut Context<'_>) -> bool {
        let Some(next) = next else {
            self.alarm = None;
            return false;
        };
        let alarm = match &mut self.alarm {
            Some((at, alarm)) if *at == next => alarm,
            alarm => &mut alarm.insert((next, Box::pin(sleep_until(next.into())))).1,
        };
        alarm.as_mut().poll(cx).is_ready()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(link) = self.link.upgrade() {
            link.lose_driver();
        }
    }
}
