//! From a frame that nobody waits for to a job, without a socket.

use std::time::Instant;

use crate::command::Blank;
use crate::server::responder::{Job, Responder};
use crate::socket::Message;
use crate::wire::{
    Content, Dialect, Event, HEARTBEAT_TOPIC, Incoming, Kind, MAX_TOPIC, NO_ID, Request, WireError,
};

/// What a frame says.
pub(super) enum Read {
    Heartbeat,
    Job(Job),
    /// A command that the server does not have, or not so.
    Refused,
}

/// Whose event it is, and which.
#[derive(Clone, Copy)]
pub(super) struct Front {
    pub(super) publisher: u64,
    pub(super) sequence: u64,
}

impl Responder {
    /// Reads an event that arrived at `now`; nothing if it is none. Its frame is taken if there is something to run.
    pub(super) fn read_event(
        &self,
        topic: &[u8],
        blank: &mut Blank,
        now: Instant,
    ) -> Option<(Front, Read)> {
        let frame: &Message = blank.frame();
        let bytes: &[u8] = frame;
        let text = match str::from_utf8(topic) {
            Ok(text) if text.len() <= MAX_TOPIC => Some(text),
            _ if topic == HEARTBEAT_TOPIC => None,
            _ => {
                tracing::warn!(bytes = topic.len(), "a topic is no text, or too long");
                return None;
            }
        };
        let event = match Event::decode(bytes, self.limits()) {
            Ok(event) => event,
            Err(error) => {
                complain(frame, &error);
                return None;
            }
        };
        let front = Front {
            publisher: event.publisher,
            sequence: event.sequence,
        };
        let read = match (event.content, text) {
            (Content::Heartbeat, None) => Read::Heartbeat,
            (Content::Command(request), Some(text)) => {
                let topic = text.into();
                match self.admit(&request, bytes.len(), now) {
                    Ok(prepared) => Read::Job(prepared.with(blank.take(now), Some(topic), None)),
                    Err(_) => Read::Refused,
                }
            }
            _ => {
                tracing::warn!("a heartbeat under a topic of commands, or the reverse");
                return None;
            }
        };
        Some((front, read))
    }

    /// Reads a frame that was pushed and arrived at `now`; nothing if it is no notification.
    pub(super) fn read_pushed(&self, blank: &mut Blank, now: Instant) -> Option<Read> {
        let frame: &Message = blank.frame();
        let bytes: &[u8] = frame;
        match Incoming::decode(bytes, self.limits()) {
            Ok(Incoming::Request(
                request @ Request {
                    kind: Kind::Notify, ..
                },
            )) => Some(match self.admit(&request, bytes.len(), now) {
                Ok(prepared) => Read::Job(prepared.with(blank.take(now), None, None)),
                Err(_) => Read::Refused,
            }),
            // A pusher finds out whether what it has pushed before has left. It expects no answer.
            Ok(Incoming::Ping(NO_ID)) => Some(Read::Heartbeat),
            Ok(_) => {
                tracing::warn!("something was pushed that wants an answer");
                None
            }
            Err(error) => {
                complain(frame, &error);
                None
            }
        }
    }
}

fn complain(frame: &Message, error: &WireError) {
    tracing::warn!(
        peer = frame.peer_address(),
        bytes = frame.len(),
        dialect = ?Dialect::sniff(frame),
        %error,
        "a message is neither an event nor a notification"
    );
}
