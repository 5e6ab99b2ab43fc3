//! Waiting until what was handed over has left this process.
//!
//! Events and jobs have no answers, so that is all that can be known here. A marked message is sent behind them, a
//! heartbeat or a ping, and another one when libzmq has let go of that: then what was before the first one has been
//! written.

use std::future::Future;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::asynchronous::AsyncPusher;
use super::outlet::Unsent;
use super::publisher::Publisher;
use super::pusher::Pusher;
use crate::error::{Error, Site};
use crate::socket::{Mark, Message, SocketError, Unpushed, aside};
use crate::wire::{Executed, NO_ID, encode_ping};

/// Each shows of the one before that it has been written. One more than are needed: the second may have been taken along
/// with the first.
const ROUNDS: usize = 3;

/// How often a queue without room for a mark is tried again.
const LOOK: Duration = Duration::from_millis(5);

/// Longer than any program waits, and still far from the end of the clock.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

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
        let deadline = Instant::now() + limit.min(LONGEST);
        rounds(deadline, |mark| match self.publish_mark(mark) {
            Ok(()) => Ok(true),
            Err(Unsent::Full) => Ok(false),
            Err(Unsent::Broken(error)) => Err(error),
        })
        .map_err(|unflushed| unflushed.into_error(limit, self.place()))
    }

    /// [`flush`](Self::flush) for tasks, on any executor. It takes a thread for as long as it lasts.
    ///
    /// # Errors
    ///
    /// As there, and [`Error::Transport`] if no thread can be started.
    pub async fn flush_async(&self, limit: Duration) -> Result<(), Error> {
        let publisher = self.clone();
        aside(move || publisher.flush(limit)).await?
    }

    /// [`wait_subscribers`](Self::wait_subscribers) for tasks, on any executor. It takes a thread for as long as it lasts,
    /// also when the future is dropped.
    ///
    /// # Errors
    ///
    /// As there, and [`Error::Transport`] if no thread can be started.
    pub async fn wait_subscribers_async(&self, count: usize, limit: Duration) -> Result<(), Error> {
        let publisher = self.clone();
        aside(move || publisher.wait_subscribers(count, limit)).await?
    }
}

impl Pusher {
    /// Waits until everything that was pushed, over all clones, has left this process for those who pull, so that it is
    /// not lost when the process ends. That something has left does not mean that it has arrived, nor that it is executed.
    ///
    /// To be called before a program ends by `exit`, or with a pusher in a static, which Rust does not drop. It sends a few
    /// pings, in turn to all who pull: one whose queue is full meanwhile may be left out.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] when those who pull have not taken in everything after `limit`. `executed()` is `Maybe`.
    pub fn flush(&self, limit: Duration) -> Result<(), Error> {
        self.check_process()?;
        let deadline = Instant::now() + limit.min(LONGEST);
        let mut left = None;
        rounds(deadline, |mark| {
            let room = &self.shared().room;
            let mut lock = room.lock();
            let mut count = left.take().unwrap_or_else(|| lock.socket.connections());
            while count > 0 {
                match lock.socket.send(Message::marked(&encode_ping(NO_ID), mark)) {
                    Ok(()) => count -= 1,
                    Err(Unpushed::Full(_)) if lock.socket.connections() == 0 => break,
                    Err(Unpushed::Full(_)) => {
                        left = Some(count);
                        return Ok(false);
                    }
                    Err(Unpushed::Broken(error)) => return Err(error),
                }
            }
            // Sending may have taken the signal that somebody waits for.
            room.tell(&mut lock);
            Ok(true)
        })
        .map_err(|unflushed| unflushed.into_error(limit, self.shared().place.clone()))
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
        async move { aside(move || pusher.flush(limit)).await? }
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
                at: Site::new("flush".into(), place),
                limit,
                executed: Executed::Maybe,
            },
            Self::Broken(error) => error.into(),
        }
    }
}

/// Sends marks until what came before them has been written. `send` answers whether there was room for its mark.
fn rounds(
    deadline: Instant,
    mut send: impl FnMut(&Arc<Mark>) -> Result<bool, SocketError>,
) -> Result<(), Unflushed> {
    for _ in 0..ROUNDS {
        let mark = Mark::new();
        while !send(&mark).map_err(Unflushed::Broken)? {
            if Instant::now() >= deadline {
                return Err(Unflushed::Late);
            }
            thread::park_timeout(LOOK);
        }
        if !mark.wait(deadline) {
            return Err(Unflushed::Late);
        }
    }
    Ok(())
}
