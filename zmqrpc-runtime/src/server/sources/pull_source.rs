//! A socket that jobs are pulled from, whose jobs become calls.

use std::time::Instant;

use super::event_frame::EventFrame;
use super::{CommandSource, SourceMessage};
use crate::command::CallBuffer;
use crate::error::Error;
use crate::reception::{JobSocket, PullStats};
use crate::server::dispatcher::Dispatcher;
use crate::socket::{Arrival, Endpoint, SocketError, SocketOptions};
use crate::subscription::SourceSocket;

pub(in crate::server) struct PullSource {
    socket: JobSocket,
    /// The buffer that the next job is received into.
    buffer: CallBuffer,
}

impl PullSource {
    /// Opens the socket.
    pub(in crate::server) fn open(
        endpoint: &Endpoint,
        options: &SocketOptions,
    ) -> Result<Self, Error> {
        Ok(Self {
            socket: JobSocket::open(endpoint, options)?,
            buffer: CallBuffer::new(Instant::now()),
        })
    }

    pub(super) fn stats(&self) -> PullStats {
        self.socket.stats()
    }
}

impl CommandSource for PullSource {
    fn socket(&self) -> &dyn SourceSocket {
        &self.socket
    }

    fn socket_mut(&mut self) -> &mut dyn SourceSocket {
        &mut self.socket
    }

    fn take(
        &mut self,
        dispatcher: &Dispatcher,
        now: Instant,
    ) -> Result<SourceMessage, SocketError> {
        let content = match self.socket.receive(self.buffer.frame())? {
            None => return Ok(SourceMessage::Nothing),
            Some(Arrival::Malformed) => {
                let endpoint = self.socket.endpoint();
                dispatcher.log_malformed(format_args!("several frames, at {endpoint}"), None);
                None
            }
            Some(Arrival::Message(())) => dispatcher.read_pushed(&mut self.buffer, now),
        };
        let Some(content) = content else {
            self.socket.record_malformed();
            return Ok(SourceMessage::Malformed);
        };
        if !matches!(content, EventFrame::Heartbeat) {
            self.socket.record_job();
        }
        Ok(match content {
            EventFrame::Call(call) => SourceMessage::Call(call),
            EventFrame::Rejected | EventFrame::Heartbeat => SourceMessage::Handled,
        })
    }

    fn close_and_release(self) {
        self.socket.close_and_release();
    }
}
