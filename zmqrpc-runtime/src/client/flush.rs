//! Waits until the notifications that were sent have arrived.
//!
//! A server reads a connection in order, and answers a ping when it has read it. So the pong to a ping that was sent last
//! shows that everything before it has arrived. The connection keeps what pongs have shown; a flush reads that, whatever
//! became of its own ping.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use super::async_client::AsyncClient;
use super::call_info::{CallInfo, Callee};
use super::connection::Connection;
use super::deadlines::Deadlines;
use super::encoded_call::overloaded;
use super::handle::Client;
use super::no_reply::failure;
use crate::clock::deadline;
use crate::codec::Codec;
use crate::connection::{CallResult, DeliveryCheck, DeliveryOutcome, LimitExceeded, NoReply};
use crate::dialect::MethodRef;
use crate::error::{Error, UnavailableCause};
use crate::wire::Executed;

impl Client {
    /// Waits until every notification that was handed over has arrived at its server: those of
    /// [`notify`](Self::notify), of `oneway` methods and of all clones of this client. To be called before a program
    /// ends by `exit`, or with a client in a static, which Rust does not drop: what was handed over may still be in this
    /// process then, and is lost with it.
    ///
    /// It costs a round trip, or nothing where no notification was sent since the last one. That something has arrived
    /// does not mean that it has been executed. Through a proxy, it has arrived at the proxy.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] when an endpoint has not answered within `timeout`: the next flush asks again. And
    /// [`Error::Unavailable`] when a connection broke after notifications had been handed over, which those who wait at
    /// that time are told, or else the next one, once; or when a server cannot be asked. `executed()` is `Maybe`: each
    /// notification has arrived or not. The other endpoints have been waited for nevertheless.
    pub fn flush(&self, timeout: Duration) -> Result<(), Error> {
        self.check_process()?;
        let mut asked = self.ask_all(timeout);
        asked.iter_mut().for_each(FlushProgress::wait);
        outcome(&asked)
    }

    fn ask_all(&self, limit: Duration) -> Vec<FlushProgress> {
        let connections = self.connections();
        let all = connections.iter();
        all.flat_map(|connection| FlushProgress::of(connection, limit))
            .collect()
    }
}

impl AsyncClient {
    /// Waits until every notification that was handed over has arrived at its server, see [`Client::flush`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn flush(&self, timeout: Duration) -> Result<(), Error> {
        self.client().check_process()?;
        let mut asked = self.client().ask_all(timeout);
        for one in &mut asked {
            poll_fn(|cx| one.poll(cx)).await;
        }
        outcome(&asked)
    }
}

/// A peer of a connection whose notifications are checked.
struct FlushProgress {
    connection: Arc<Connection>,
    link: usize,
    check: DeliveryCheck,
    ping: FlushPing,
    deadlines: Deadlines,
    limit: Duration,
}

enum FlushPing {
    UnderWay(u64),
    Ended(CallResult),
    Refused(LimitExceeded),
    NotNeeded,
}

impl FlushProgress {
    /// Returns one for each peer.
    fn of(connection: &Arc<Connection>, limit: Duration) -> Vec<Self> {
        let now = Instant::now();
        let deadline = deadline(now, limit);
        // Before the pings, which then show at least this.
        let checks = connection.start_checks().into_iter();
        checks
            .map(|(link, check)| Self {
                connection: Arc::clone(connection),
                link,
                check,
                ping: match connection.ping_for(link, check, now) {
                    None => FlushPing::NotNeeded,
                    Some(Ok(ping)) => FlushPing::UnderWay(ping.id),
                    Some(Err(exceeded)) => FlushPing::Refused(exceeded),
                },
                deadlines: Deadlines {
                    deadline,
                    connected_by: deadline,
                    connect_timeout: limit.into(),
                },
                limit,
            })
            .collect()
    }

    fn wait(&mut self) {
        if let FlushPing::UnderWay(id) = self.ping {
            self.ping = FlushPing::Ended(self.connection.wait(id, self.deadlines));
        }
    }

    fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        if let FlushPing::UnderWay(id) = self.ping {
            let ending = ready!(self.connection.poll(id, cx.waker(), self.deadlines));
            self.ping = FlushPing::Ended(ending);
        }
        Poll::Ready(())
    }

    /// Returns what is known by now.
    fn outcome(&self) -> Result<(), Error> {
        let info = CallInfo {
            callee: Callee::Untyped(MethodRef::Name("flush"), Codec::Postcard),
            endpoint: Some(self.connection.endpoint()),
            limits: self.connection.limits(),
            timeout: self.limit,
            tried: false,
        };
        match (self.connection.outcome(self.link, self.check), &self.ping) {
            (DeliveryOutcome::Arrived, _) => Ok(()),
            (DeliveryOutcome::Doubtful, _) => {
                Err(info.unavailable(UnavailableCause::Unflushed, Executed::Maybe))
            }
            (DeliveryOutcome::Unknown, FlushPing::Refused(overflow)) => {
                Err(overloaded(*overflow, &info))
            }
            (DeliveryOutcome::Unknown, FlushPing::Ended(Err(loss)))
                if !matches!(loss, NoReply::TimedOut { .. }) =>
            {
                Err(failure(loss.clone(), &info, self.deadlines, None))
            }
            (DeliveryOutcome::Unknown, _) => Err(info.timed_out(Executed::Maybe)),
        }
        .map_err(|error| error.with_executed(Executed::Maybe))
    }
}

impl Drop for FlushProgress {
    fn drop(&mut self) {
        if let FlushPing::UnderWay(id) = self.ping {
            self.connection.forget(id);
        }
    }
}

/// Returns the first failure, which counts as reported now; the others are left to the next flush.
fn outcome(asked: &[FlushProgress]) -> Result<(), Error> {
    asked.iter().try_for_each(|one| {
        let outcome = one.outcome();
        outcome.inspect_err(|_| one.connection.mark_reported(one.link, one.check))
    })
}
