//! A subscription of a server: its socket, whose events become calls.

use std::time::Instant;

use super::event_frame::EventFrame;
use super::{CommandSource, SourceMessage};
use crate::command::CallBuffer;
use crate::error::Error;
use crate::server::dispatcher::Dispatcher;
use crate::socket::{Arrival, Frame, SocketError, SocketOptions};
use crate::subscription::{SourceSocket, SubscriptionSocket, SubscriptionStats, ValidSubscription};

pub(in crate::server) struct SubscriptionSource {
    socket: SubscriptionSocket,
    /// The buffers that the next event is received into.
    topic: Frame,
    buffer: CallBuffer,
}

impl SubscriptionSource {
    /// Opens the subscription's socket with [its options](ValidSubscription::options).
    pub(in crate::server) fn open(
        settings: ValidSubscription,
        options: &SocketOptions,
    ) -> Result<Self, Error> {
        Ok(Self {
            socket: SubscriptionSocket::open(settings, options)?,
            topic: Frame::new(),
            buffer: CallBuffer::new(Instant::now()),
        })
    }

    /// Returns `false` if the topic was subscribed to already.
    pub(in crate::server) fn add_topic(&mut self, topic: &str) -> Result<bool, SocketError> {
        self.socket.add_topic(topic)
    }

    /// Returns `false` if the topic was not subscribed to.
    pub(in crate::server) fn remove_topic(&mut self, topic: &str) -> Result<bool, SocketError> {
        self.socket.remove_topic(topic)
    }

    pub(super) fn stats(&self) -> SubscriptionStats {
        self.socket.stats()
    }

    fn malformed(&mut self) -> SourceMessage {
        self.clear_frame();
        self.socket.record_malformed();
        SourceMessage::Malformed
    }

    /// Frees a message that is not taken, which may be large, before the next one comes.
    fn clear_frame(&mut self) {
        self.buffer.frame().clear();
    }
}

impl CommandSource for SubscriptionSource {
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
        match self.socket.receive(&mut self.topic, self.buffer.frame())? {
            None => return Ok(SourceMessage::Nothing),
            Some(Arrival::Malformed) => {
                let reason = "a message without a topic, or with more than an event";
                dispatcher.log_malformed(
                    format_args!("{reason}, at {}", self.socket.endpoint()),
                    None,
                );
                return Ok(self.malformed());
            }
            Some(Arrival::Message(())) => {}
        }
        // Read once: to ask libzmq where the bytes are takes longer than most of what follows.
        let topic: &[u8] = &self.topic;
        if !self.socket.expects(topic) {
            return Ok(self.malformed());
        }
        let connection = self.socket.connection_of(self.buffer.frame());
        let Some((origin, content)) = dispatcher.read_event(topic, &mut self.buffer, now) else {
            return Ok(self.malformed());
        };
        if let EventFrame::Heartbeat = content {
            self.socket.record_heartbeat(origin, now);
        } else {
            self.socket.record_event(origin, topic, connection, now);
        }
        Ok(match content {
            EventFrame::Call(call) => SourceMessage::Call(call),
            EventFrame::Heartbeat | EventFrame::Rejected => {
                self.clear_frame();
                SourceMessage::Handled
            }
        })
    }

    fn close_and_release(self) {
        self.socket.close_and_release();
    }
}
