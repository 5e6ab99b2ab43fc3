//! Waiting until what was handed over has left this process.
//!
//! Events and jobs have no answers, so that is all that can be known here. A marked message is sent behind them, a
//! heartbeat or a ping, and another one when libzmq has let go of that and has begun something else: then what was before
//! the first one has been written.

use std::future::Future;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::async_pusher::AsyncPusher;
use super::publisher::Publisher;
use super::publisher_socket::NotPublished;
use super::pusher::Pusher;
use crate::clock::deadline;
use crate::error::{CallTarget, Error};
use crate::socket::{Message, PushError, SocketError, UnsentCounter, await_io_thread, unblock};
use crate::wire::{Executed, NO_ID, encode_ping};

/// How often a queue without room for a mark is tried again.
const LOOK: Duration = Duration::from_millis(5);

impl Publisher {
    /// Waits until everything that was published, over all clones, has left this process for the subscribers that are
    /// connected, so that it is not lost when the process ends. Subscribers that do not take heartbeats, which foreign ones
    /// may not, are not waited for. That something has left does not mean that it has arrived.
    ///
    /// To be called before a program ends by `exit`, or with a publisher in a static, which Rust does not drop. It
    /// publishes a few heartbeats.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] when a subscriber has not taken in everything after `limit`. `executed()` is `Maybe`.
    pub fn flush(&self, limit: Duration) -> Result<(), Error> {
        self.check_process()?;
        let deadline = deadline(Instant::now(), limit);
        twice(deadline, || self.flush_once(deadline))
            .map_err(|unflushed| unflushed.into_error(limit, self.place()))
    }

    /// Waits until what was published before has been taken out of every queue.
    fn flush_once(&self, deadline: Instant) -> Result<(), Unflushed> {
        let counter = UnsentCounter::new();
        loop {
            match self.publish_mark(&counter) {
                Ok(()) => break,
                Err(NotPublished::Full) if Instant::now() < deadline => thread::park_timeout(LOOK),
                Err(NotPublished::Full) => return Err(Unflushed::Late),
                Err(NotPublished::Broken(error)) => return Err(Unflushed::Broken(error)),
            }
        }
        in_time(counter.wait(deadline))
    }

    /// [`flush`](Self::flush) for tasks, on any executor. It takes a thread for as long as it lasts.
    ///
    /// # Errors
    ///
    /// As there, and [`Error::Transport`] if no thread can be started.
    pub async fn flush_async(&self, limit: Duration) -> Result<(), Error> {
        let publisher = self.clone();
        unblock(move || publisher.flush(limit)).await?
    }

    /// [`wait_subscribers`](Self::wait_subscribers) for tasks, on any executor. It takes a thread for as long as it lasts,
    /// also when the future is dropped.
    ///
    /// # Errors
    ///
    /// As there, and [`Error::Transport`] if no thread can be started.
    pub async fn wait_subscribers_async(&self, count: usize, limit: Duration) -> Result<(), Error> {
        let publisher = self.clone();
        unblock(move || publisher.wait_subscribers(count, limit)).await?
    }
}

impl Pusher {
    /// Waits until everything that was pushed, over all clones, has left this process for those who pull, so that it is
    /// not lost when the process ends. That something has left does not mean that it has arrived, nor that it is executed.
    /// Pullers within the process are not waited for where there are no others, nor is what waits for an endpoint that was
    /// [closed](Self::close).
    ///
    /// To be called before a program ends by `exit`, or with a pusher in a static, which Rust does not drop. It sends some
    /// pings, a few to each who pulls.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] when those who pull have not taken in everything after `limit`. `executed()` is `Maybe`.
    pub fn flush(&self, limit: Duration) -> Result<(), Error> {
        self.check_process()?;
        let deadline = deadline(Instant::now(), limit);
        twice(deadline, || self.flush_once(deadline))
            .map_err(|unflushed| unflushed.into_error(limit, self.shared().place.clone()))
    }

    /// Waits until what was pushed before has been taken out of every queue.
    fn flush_once(&self, deadline: Instant) -> Result<(), Unflushed> {
        let queue = &self.shared().queue;
        let mut lock = queue.lock();
        queue.settle(&mut lock);
        if lock.socket.is_inproc_only() {
            return Ok(());
        }
        let queues = lock.socket.connections();
        lock.unflushed.begin(queues, UnsentCounter::new());
        while lock.unflushed.left() > 0 {
            match lock.hand_over(Message::copy_of(&encode_ping(NO_ID))) {
                Ok(()) => {}
                Err(PushError::Broken(error)) => return Err(Unflushed::Broken(error)),
                Err(PushError::Full(_)) => {
                    if lock.socket.connections() == 0 && lock.unflushed.marks().next().is_none() {
                        // There is nobody, not even one whose queue is full.
                        break;
                    }
                    drop(lock);
                    if Instant::now() >= deadline {
                        return Err(Unflushed::Late);
                    }
                    thread::park_timeout(LOOK);
                    lock = queue.lock();
                }
            }
        }
        let marks: Vec<_> = lock.unflushed.marks().collect();
        // Sending may have taken the signal that somebody waits for.
        queue.tell(&mut lock);
        drop(lock);
        in_time(marks.iter().all(|counter| counter.wait(deadline)))
    }
}

impl AsyncPusher {
    /// [`Pusher::flush`] for tasks, on any executor. It takes a thread for as long as it lasts.
    ///
    /// # Errors
    ///
    /// As there, and [`Error::Transport`] if no thread can be started.
    pub fn flush(&self, limit: Duration) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let pusher = Pusher::from(self.clone());
        async move { unblock(move || pusher.flush(limit)).await? }
    }
}

enum Unflushed {
    Late,
    Broken(SocketError),
}

impl Unflushed {
    fn into_error(self, limit: Duration, place: Option<Arc<str>>) -> Error {
        match self {
            Self::Late => Error::Timeout {
                at: CallTarget::new("flush".into(), place),
                limit,
                executed: Executed::Maybe,
            },
            Self::Broken(error) => error.into(),
        }
    }
}

/// What `once` waits for has been taken out of queues, and has been written when what is sent later has been.
fn twice(
    deadline: Instant,
    mut once: impl FnMut() -> Result<(), Unflushed>,
) -> Result<(), Unflushed> {
    once()?;
    in_time(await_io_thread(deadline).map_err(Unflushed::Broken)?)?;
    once()
}

fn in_time(is: bool) -> Result<(), Unflushed> {
    if is { Ok(()) } else { Err(Unflushed::Late) }
}
