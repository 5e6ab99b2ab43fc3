//! One endpoint that commands are pulled from.

use std::sync::Arc;
use std::time::Instant;

use super::reading::Read;
use super::stats::PullStats;
use super::{Source, Taken, Told};
use crate::command::Blank;
use crate::error::Error;
use crate::log;
use crate::server::responder::Responder;
use crate::socket::{Arrival, Endpoint, Poller, PullSocket, SocketError, SocketOptions};

pub(in crate::server) struct Pulled {
    pull: PullSocket,
    /// What the next one is received into.
    blank: Blank,
    received: u64,
    malformed: u64,
    renewals: u64,
}

impl Pulled {
    /// Opens the endpoint.
    pub(in crate::server) fn open(
        endpoint: &Endpoint,
        options: &SocketOptions,
    ) -> Result<Self, Error> {
        let options = SocketOptions {
            receive_high_water: PullSocket::HIGH_WATER,
            ..options.clone()
        };
        let pull = PullSocket::open(endpoint, &options)
            .map_err(|error| Error::unopened(endpoint, &error))?;
        Ok(Self {
            pull,
            blank: Blank::new(Instant::now()),
            received: 0,
            malformed: 0,
            renewals: 0,
        })
    }

    pub(super) fn stats(&self) -> PullStats {
        PullStats {
            endpoint: self.pull.endpoint().to_owned(),
            received: self.received,
            malformed: self.malformed,
            renewals: self.renewals,
            unauthenticated: self.pull.refused().get(),
        }
    }
}

impl Source for Pulled {
    fn endpoint(&self) -> &str {
        self.pull.endpoint()
    }

    fn poller(&self) -> Arc<Poller> {
        self.pull.poller()
    }

    fn due(&self) -> Option<Instant> {
        let times = [self.pull.reconnect_due(), self.pull.due()];
        times.into_iter().flatten().min()
    }

    fn look(&mut self, now: Instant) -> Option<Told> {
        self.pull.follow();
        if self.pull.reconnect_due().is_none_or(|due| due > now) {
            return None;
        }
        let (endpoint, refused) = (self.pull.endpoint().to_owned(), self.pull.is_refused());
        match self.pull.renew() {
            Ok(()) if refused => {}
            Ok(()) => {
                log::line!(warn, endpoint; "a connection that was pulled from was given up");
                self.renewals += 1;
            }
            Err(error) => {
                log::line!(error, endpoint, error = log::text(&error); "nothing can be pulled any more");
            }
        }
        None
    }

    fn excuse(&mut self, _: Instant) {}

    fn settle(&mut self) -> Result<(), SocketError> {
        self.pull.settle()
    }

    fn take(&mut self, responder: &Responder, now: Instant) -> Result<Taken, SocketError> {
        let read = match self.pull.receive(self.blank.frame())? {
            None => return Ok(Taken::Nothing),
            Some(Arrival::Odd) => {
                let endpoint = self.endpoint();
                responder.complain(format_args!("several frames, at {endpoint}"), None);
                None
            }
            Some(Arrival::Message(())) => responder.read_pushed(&mut self.blank, now),
        };
        let Some(read) = read else {
            self.malformed += 1;
            return Ok(Taken::Malformed);
        };
        self.received += u64::from(!matches!(read, Read::Heartbeat));
        Ok(match read {
            Read::Job(job) => Taken::Job(job),
            Read::Refused | Read::Heartbeat => Taken::Something,
        })
    }

    fn close_and_release(self) {
        self.pull.close_and_release();
    }
}
