//! Waiting until the notifications that were handed over have arrived.
//!
//! A server reads a connection in order, and answers a ping when it has read it. So a ping that is sent last and answered
//! shows that everything before it has arrived.

use std::sync::Arc;
use std::time::Duration;

use super::asynchronous::AsyncClient;
use super::handle::{Client, FOREVER};
use super::link::Link;
use super::pending::Begun;
use super::prepared::{Destination, Prepared};
use super::subject::{Callee, Subject};
use crate::error::Error;
use crate::socket::Message;
use crate::wire::{Executed, Kind, NO_ID, encode_ping};

const FLUSH: Callee<'static> = Callee::Name("flush");

/// What is known of the notifications that were handed over for a link.
pub(super) enum Arrived {
    /// All have arrived, or there were none.
    All,
    /// That has to be asked for.
    Unknown,
    /// The connection broke behind some of them.
    Doubtful,
}

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
    /// [`Error::Timeout`] or [`Error::Unavailable`] when an endpoint does not answer within `limit`, and
    /// [`Error::Unavailable`] when a connection broke after notifications had been handed over. `executed()` is `Maybe`:
    /// each of them has arrived or not. The other endpoints have been waited for nevertheless.
    pub fn flush(&self, limit: Duration) -> Result<(), Error> {
        self.check_process()?;
        let asked = self.ask_all(limit, Prepared::begin);
        let answers = asked.into_iter().map(|(link, begun)| {
            let answer = begun.and_then(|mut call| call.wait(FLUSH).map(drop));
            note(&link, answer)
        });
        first_error(answers.collect())
    }

    fn ask_all(
        &self,
        limit: Duration,
        send: impl Fn(Prepared, Callee<'_>) -> Result<Begun, Error>,
    ) -> Vec<(Arc<Link>, Result<Begun, Error>)> {
        let limit = limit.min(FOREVER);
        let ask = |link: &Arc<Link>| {
            let begun = match link.take_doubts() {
                Arrived::All => return None,
                Arrived::Unknown => send(ping(link, limit), FLUSH),
                Arrived::Doubtful => {
                    let reason = "the connection broke after notifications had been handed over";
                    Err(subject(link, limit).unavailable(reason, Executed::Maybe))
                }
            };
            Some((Arc::clone(link), begun))
        };
        self.links().filter_map(ask).collect()
    }
}

impl AsyncClient {
    /// Waits until every notification that was handed over has arrived at its server, see [`Client::flush`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn flush(&self, limit: Duration) -> Result<(), Error> {
        self.client().check_process()?;
        let asked = self.client().ask_all(limit, Prepared::begin_as_task);
        let mut answers = Vec::new();
        for (link, begun) in asked {
            let answer = match begun {
                Ok(mut call) => std::future::poll_fn(|cx| call.poll(FLUSH, cx))
                    .await
                    .map(drop),
                Err(error) => Err(error),
            };
            answers.push(note(&link, answer));
        }
        first_error(answers)
    }
}

fn ping(link: &Arc<Link>, limit: Duration) -> Prepared {
    Prepared {
        to: Destination::Link(Arc::clone(link)),
        frame: Message::copy_of(&encode_ping(NO_ID)),
        kind: Kind::Call,
        timeout: limit,
        connect_timeout: limit,
        ping: true,
        retry: None,
    }
}

fn subject(link: &Link, timeout: Duration) -> Subject<'_> {
    Subject {
        callee: FLUSH,
        endpoint: Some(link.endpoint()),
        limits: link.limits(),
        timeout,
        tried: false,
    }
}

/// What was not shown to have arrived has to be asked for again.
fn note(link: &Link, answer: Result<(), Error>) -> Result<(), Error> {
    answer.inspect_err(|error| {
        if matches!(error, Error::Timeout { .. }) {
            link.doubt();
        }
    })
}

fn first_error(answers: Vec<Result<(), Error>>) -> Result<(), Error> {
    answers.into_iter().collect()
}
