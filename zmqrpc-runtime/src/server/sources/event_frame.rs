//! From a frame that nobody waits for to a job, without a socket.

use std::fmt::Display;
use std::time::Instant;

use crate::command::CallBuffer;
use crate::log;
use crate::server::dispatcher::{Dispatcher, ReadyCall};
use crate::socket::Message;
use crate::wire::{
    Dialect, Event, EventContent, HEARTBEAT_TOPIC, Incoming, MAX_TOPIC, NO_ID, Request,
    RequestKind, without_hops,
};

/// What a frame says.
pub(super) enum EventFrame {
    Heartbeat,
    Job(ReadyCall),
    /// A command that the server does not have, or not so.
    Refused,
}

/// Whose event it is, and which.
#[derive(Clone, Copy)]
pub(super) struct EventOrigin {
    pub(super) publisher: u64,
    pub(super) sequence: u64,
}

impl Dispatcher {
    /// Reads an event that arrived at `now`; nothing if it is none. Its frame is taken if there is something to run.
    pub(super) fn read_event(
        &self,
        topic: &[u8],
        buffer: &mut CallBuffer,
        now: Instant,
    ) -> Option<(EventOrigin, EventFrame)> {
        let frame: &Message = buffer.frame();
        let bytes: &[u8] = frame;
        let text = match str::from_utf8(topic) {
            Ok(text) if text.len() <= MAX_TOPIC => Some(text),
            _ if topic == HEARTBEAT_TOPIC => None,
            _ => {
                self.complain("a topic is no text, or too long", Some(frame));
                return None;
            }
        };
        let event = match Event::decode(bytes, self.limits()) {
            Ok(event) => event,
            Err(error) => {
                self.complain(error, Some(frame));
                return None;
            }
        };
        let front = EventOrigin {
            publisher: event.publisher,
            sequence: without_hops(event.sequence),
        };
        let read = match (event.content, text) {
            (EventContent::Heartbeat, None) => EventFrame::Heartbeat,
            (EventContent::Command(request), Some(text)) => {
                let topic = text.into();
                match self.admit(&request, bytes.len(), now) {
                    Ok(prepared) => {
                        EventFrame::Job(prepared.with(buffer.take(now), Some(topic), None))
                    }
                    Err(_) => EventFrame::Refused,
                }
            }
            _ => {
                let reason = "a heartbeat under a topic of commands, or the reverse";
                self.complain(reason, Some(frame));
                return None;
            }
        };
        Some((front, read))
    }

    /// Reads a frame that was pushed and arrived at `now`; nothing if it is no notification.
    pub(super) fn read_pushed(&self, buffer: &mut CallBuffer, now: Instant) -> Option<EventFrame> {
        let frame: &Message = buffer.frame();
        let bytes: &[u8] = frame;
        match Incoming::decode(bytes, self.limits()) {
            Ok(Incoming::Request(
                request @ Request {
                    kind: RequestKind::Notify,
                    ..
                },
            )) => Some(match self.admit(&request, bytes.len(), now) {
                Ok(prepared) => EventFrame::Job(prepared.with(buffer.take(now), None, None)),
                Err(_) => EventFrame::Refused,
            }),
            // A pusher finds out whether what it has pushed before has left. It expects no answer.
            Ok(Incoming::Ping(NO_ID)) => Some(EventFrame::Heartbeat),
            Ok(_) => {
                self.complain("it wants an answer", Some(frame));
                None
            }
            Err(error) => {
                self.complain(error, Some(frame));
                None
            }
        }
    }

    /// Logs what was published or pushed and is not taken; of some, there is no frame.
    pub(super) fn complain(&self, reason: impl Display, frame: Option<&Message>) {
        if let Some(hidden) = self.counters().log.admit("source") {
            let (peer, bytes) = (
                frame.and_then(Message::peer_address),
                frame.map(|frame| frame.len()),
            );
            log::line!(
                warn,
                peer = peer.map(log::text),
                bytes,
                dialect = frame.map(|frame| log::text(format_args!("{:?}", Dialect::sniff(frame)))),
                reason = log::text(reason),
                hidden;
                "a message is neither an event nor a notification; `hidden` more were before this one"
            );
        }
    }
}
