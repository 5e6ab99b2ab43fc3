//! A socket that jobs are pulled from, with its counters.

use std::sync::Arc;
use std::time::Instant;

use super::pull_stats::PullStats;
use crate::error::Error;
use crate::log;
use crate::socket::{Arrival, Endpoint, Frame, Poller, PullSocket, SocketError, SocketOptions};
use crate::subscription::{SilenceCallback, SourceSocket};

pub(crate) struct JobSocket {
    pull: PullSocket,
    received: u64,
    malformed: u64,
    renewals: u64,
}

impl JobSocket {
    /// Opens the socket.
    pub(crate) fn open(endpoint: &Endpoint, options: &SocketOptions) -> Result<Self, Error> {
        let options = SocketOptions {
            receive_high_water: PullSocket::HIGH_WATER,
            ..options.clone()
        };
        let pull = PullSocket::open(endpoint, &options)
            .map_err(|error| Error::endpoint_error(endpoint.as_str(), error))?;
        Ok(Self {
            pull,
            received: 0,
            malformed: 0,
            renewals: 0,
        })
    }

    pub(crate) fn stats(&self) -> PullStats {
        PullStats {
            endpoint: self.pull.endpoint().to_owned(),
            received: self.received,
            malformed: self.malformed,
            renewals: self.renewals,
            login_failures: self.pull.rejected_logins().get(),
        }
    }

    /// Receives the next message, which has one frame; `None` if no message is left.
    pub(crate) fn receive(
        &mut self,
        frame: &mut Frame,
    ) -> Result<Option<Arrival<()>>, SocketError> {
        self.pull.receive(frame)
    }

    /// Receives the next message with all of its frames, as [`PullSocket::receive_whole`] does.
    pub(super) fn receive_whole(
        &mut self,
        max_bytes: usize,
    ) -> Result<Option<(Vec<Frame>, usize)>, SocketError> {
        self.pull.receive_whole(max_bytes)
    }

    pub(crate) fn record_job(&mut self) {
        self.received += 1;
    }

    pub(crate) fn record_malformed(&mut self) {
        self.malformed += 1;
    }
}

impl SourceSocket for JobSocket {
    fn endpoint(&self) -> &str {
        self.pull.endpoint()
    }

    fn poller(&self) -> Arc<Poller> {
        self.pull.poller()
    }

    fn due(&self) -> Option<Instant> {
        let times = [self.pull.reconnect_due(), self.pull.dial_due()];
        times.into_iter().flatten().min()
    }

    fn maintain(&mut self, now: Instant) -> Option<SilenceCallback> {
        self.pull.advance_dial();
        if self.pull.reconnect_due().is_none_or(|due| due > now) {
            return None;
        }
        let (endpoint, login_refused) = (
            self.pull.endpoint().to_owned(),
            self.pull.is_login_refused(),
        );
        match self.pull.reconnect() {
            Ok(()) if login_refused => {}
            Ok(()) => {
                log::line!(warn, endpoint; "libzmq gave up a connection that jobs were pulled from, it is renewed");
                self.renewals += 1;
            }
            Err(error) => {
                log::line!(error, endpoint, error = log::text(&error); "a connection that jobs were pulled from cannot be renewed");
            }
        }
        None
    }

    fn reset_silence(&mut self, _: Instant) {}

    fn settle(&mut self) -> Result<(), SocketError> {
        self.pull.maintain()
    }

    fn close_and_release(self) {
        self.pull.close_and_release();
    }
}
