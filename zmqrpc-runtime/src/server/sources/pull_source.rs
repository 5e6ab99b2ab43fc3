//! A socket that jobs are pulled from.

use std::sync::Arc;
use std::time::Instant;

use super::event_frame::EventFrame;
use super::stats::PullStats;
use super::{CommandSource, SilenceCallback, SourceMessage};
use crate::command::CallBuffer;
use crate::error::Error;
use crate::log;
use crate::server::dispatcher::Dispatcher;
use crate::socket::{Arrival, Endpoint, Poller, PullSocket, SocketError, SocketOptions};

pub(in crate::server) struct PullSource {
    pull: PullSocket,
    /// The buffer that the next job is received into.
    buffer: CallBuffer,
    received: u64,
    malformed: u64,
    renewals: u64,
}

impl PullSource {
    /// Opens the socket.
    pub(in crate::server) fn open(
        endpoint: &Endpoint,
        options: &SocketOptions,
    ) -> Result<Self, Error> {
        let options = SocketOptions {
            receive_high_water: PullSocket::HIGH_WATER,
            ..options.clone()
        };
        let pull = PullSocket::open(endpoint, &options)
            .map_err(|error| Error::endpoint_error(endpoint.as_str(), error))?;
        Ok(Self {
            pull,
            buffer: CallBuffer::new(Instant::now()),
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
            login_failures: self.pull.rejected_logins().get(),
        }
    }
}

impl CommandSource for PullSource {
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

    fn take(
        &mut self,
        dispatcher: &Dispatcher,
        now: Instant,
    ) -> Result<SourceMessage, SocketError> {
        let content = match self.pull.receive(self.buffer.frame())? {
            None => return Ok(SourceMessage::Nothing),
            Some(Arrival::Malformed) => {
                let endpoint = self.endpoint();
                dispatcher.log_malformed(format_args!("several frames, at {endpoint}"), None);
                None
            }
            Some(Arrival::Message(())) => dispatcher.read_pushed(&mut self.buffer, now),
        };
        let Some(content) = content else {
            self.malformed += 1;
            return Ok(SourceMessage::Malformed);
        };
        self.received += u64::from(!matches!(content, EventFrame::Heartbeat));
        Ok(match content {
            EventFrame::Call(call) => SourceMessage::Call(call),
            EventFrame::Rejected | EventFrame::Heartbeat => SourceMessage::Handled,
        })
    }

    fn close_and_release(self) {
        self.pull.close_and_release();
    }
}
