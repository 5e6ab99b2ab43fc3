//! Waiting until messages have left this process.
//!
//! Events and jobs get no reply, so nothing more can be known here. A flush sends a tracked message (a heartbeat or a ping)
//! behind them. When libzmq has freed that one and its I/O thread has turned to something else, the flush sends another:
//! once libzmq has freed that one too, everything before the first has been written to the connections.

use std::future::Future;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::DIALECT;
use super::async_pusher::AsyncPusher;
use super::publisher::Publisher;
use super::publisher_socket::NotPublished;
use super::pusher::Pusher;
use crate::clock::deadline;
use crate::dialect::NO_ID;
use crate::error::{CallTarget, Error};
use crate::socket::{PushError, SocketError, UnsentCounter, await_io_thread, unblock};
use crate::wire::Executed;

/// Delay before another attempt to send a tracked message where a queue has no room.
const RETRY_DELAY: Duration = Duration::from_millis(5);

impl Publisher {
    /// Waits until everything that was published over this publisher and its clones has left this process for the connected
    /// subscribers, so that it is not lost when the process ends. Foreign subscribers that do not subscribe to heartbeats
    /// are not waited for. Messages that have left have not necessarily arrived.
    ///
    /// Call it before a program ends by `exit`, or ends with a publisher in a static, which Rust does not drop. It publishes
    /// a few heartbeats.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if a subscriber has not received everything after `timeout`; `executed()` is `Maybe`.
    pub fn flush(&self, timeout: Duration) -> Result<(), Error> {
        self.check_process()?;
        let deadline = deadline(Instant::now(), timeout);
        flush_twice(deadline, || self.flush_once(deadline))
            .map_err(|failure| failure.into_error(timeout, self.endpoint()))
    }

    /// Waits until libzmq has taken everything published before out of every queue.
    fn flush_once(&self, deadline: Instant) -> Result<(), FlushFailure> {
        let counter = UnsentCounter::new();
        loop {
            match self.publish_tracked_heartbeat(&counter) {
                Ok(()) => break,
                Err(NotPublished::Full) if Instant::now() < deadline => {
                    thread::park_timeout(RETRY_DELAY);
                }
                Err(NotPublished::Full) => return Err(FlushFailure::TimedOut),
                Err(NotPublished::Broken(error)) => return Err(FlushFailure::Broken(error)),
            }
        }
        in_time(counter.wait(deadline))
    }

    /// [`flush`](Self::flush) for tasks, on any executor. It occupies a thread until it is done.
    ///
    /// # Errors
    ///
    /// Those of [`flush`](Self::flush), and [`Error::Transport`] if no thread can be started.
    pub async fn flush_async(&self, timeout: Duration) -> Result<(), Error> {
        let publisher = self.clone();
        unblock(move || publisher.flush(timeout)).await?
    }

    /// [`wait_subscribers`](Self::wait_subscribers) for tasks, on any executor. It occupies a thread until it is done, even
    /// if the future is dropped.
    ///
    /// # Errors
    ///
    /// Those of [`wait_subscribers`](Self::wait_subscribers), and [`Error::Transport`] if no thread can be started.
    pub async fn wait_subscribers_async(
        &self,
        count: usize,
        timeout: Duration,
    ) -> Result<(), Error> {
        let publisher = self.clone();
        unblock(move || publisher.wait_subscribers(count, timeout)).await?
    }
}

impl Pusher {
    /// Waits until everything that was pushed over this pusher and its clones has left this process for the pullers, so
    /// that it is not lost when the process ends. Jobs that have left have not necessarily arrived, or been executed. If all
    /// pullers are within the process, this returns at once; jobs that wait for an endpoint that was
    /// [removed](Self::remove_endpoint) are not waited for.
    ///
    /// Call it before a program ends by `exit`, or ends with a pusher in a static, which Rust does not drop. It sends a few
    /// pings to each puller.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the pullers have not received everything after `timeout`; `executed()` is `Maybe`.
    pub fn flush(&self, timeout: Duration) -> Result<(), Error> {
        self.check_process()?;
        let deadline = deadline(Instant::now(), timeout);
        flush_twice(deadline, || self.flush_once(deadline))
            .map_err(|failure| failure.into_error(timeout, self.shared().endpoint.clone()))
    }

    /// Waits until libzmq has taken everything pushed before out of every queue.
    fn flush_once(&self, deadline: Instant) -> Result<(), FlushFailure> {
        let queue = &self.shared().queue;
        let mut lock = queue.lock();
        queue.drain_and_notify(&mut lock);
        if lock.socket.is_inproc_only() {
            return Ok(());
        }
        let queues = lock.socket.connections();
        lock.unflushed.begin_run(queues, UnsentCounter::new());
        while lock.unflushed.remaining() > 0 {
            match lock.send_message(DIALECT.ping(NO_ID)) {
                Ok(()) => {}
                Err(PushError::Broken(error)) => return Err(FlushFailure::Broken(error)),
                Err(PushError::Full(_)) => {
                    if lock.socket.connections() == 0 && lock.unflushed.counters().next().is_none()
                    {
                        // There is no puller, not even one whose queue is full.
                        break;
                    }
                    drop(lock);
                    if Instant::now() >= deadline {
                        return Err(FlushFailure::TimedOut);
                    }
                    thread::park_timeout(RETRY_DELAY);
                    lock = queue.lock();
                }
            }
        }
        let counters: Vec<_> = lock.unflushed.counters().collect();
        // Sending may have consumed the signal that another thread or task waits for.
        queue.notify(&mut lock);
        drop(lock);
        in_time(counters.iter().all(|counter| counter.wait(deadline)))
    }
}

impl AsyncPusher {
    /// [`Pusher::flush`] for tasks, on any executor. It occupies a thread until it is done.
    ///
    /// # Errors
    ///
    /// Those of [`Pusher::flush`], and [`Error::Transport`] if no thread can be started.
    pub fn flush(
        &self,
        timeout: Duration,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let pusher = Pusher::from(self.clone());
        async move { unblock(move || pusher.flush(timeout)).await? }
    }
}

/// Why a flush has failed.
enum FlushFailure {
    TimedOut,
    Broken(SocketError),
}

impl FlushFailure {
    fn into_error(self, limit: Duration, endpoint: Option<Arc<str>>) -> Error {
        match self {
            Self::TimedOut => Error::Timeout {
                at: CallTarget::new("flush", endpoint),
                timeout: limit,
                executed: Executed::Maybe,
            },
            Self::Broken(error) => error.into(),
        }
    }
}

/// Runs `once` twice, with a turn of libzmq's I/O thread in between: after the first, messages have left the queues; after
/// the second, they have been written to the connections.
fn flush_twice(
    deadline: Instant,
    mut once: impl FnMut() -> Result<(), FlushFailure>,
) -> Result<(), FlushFailure> {
    once()?;
    in_time(await_io_thread(deadline).map_err(FlushFailure::Broken)?)?;
    once()
}

fn in_time(is_in_time: bool) -> Result<(), FlushFailure> {
    if is_in_time {
        Ok(())
    } else {
        Err(FlushFailure::TimedOut)
    }
}
