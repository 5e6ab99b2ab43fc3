//! Reads the frames of events and jobs, without a socket.

use std::fmt::Display;
use std::time::Instant;

use crate::command::CallBuffer;
use crate::dialect::{
    CallId, Dialect, EventContent, Inbound, ReplyTo, Request, RequestKind, SniffedDialect,
};
use crate::log;
use crate::server::dispatcher::{Dispatcher, ReadyCall};
use crate::socket::Frame;
use crate::subscription::EventOrigin;
use crate::wire::{HEARTBEAT_TOPIC, MAX_TOPIC, without_hops};

/// What a frame is.
pub(super) enum EventFrame {
    Heartbeat,
    Call(ReadyCall),
    /// A command that the server does not have, or has with another signature.
    Rejected,
}

impl Dispatcher {
    /// Reads an event that arrived at `now`. Returns `None` if it is malformed. Takes the frame out of `buffer` only if
    /// it becomes a call.
    pub(super) fn read_event(
        &self,
        topic: &[u8],
        buffer: &mut CallBuffer,
        now: Instant,
    ) -> Option<(EventOrigin, EventFrame)> {
        let frame: &Frame = buffer.frame();
        let bytes: &[u8] = frame;
        let text = match str::from_utf8(topic) {
            Ok(text) if text.len() <= MAX_TOPIC => Some(text),
            _ if topic == HEARTBEAT_TOPIC => None,
            _ => {
                self.log_malformed("a topic is not UTF-8, or too long", Some(frame));
                return None;
            }
        };
        let event = match Dialect::of_request(bytes).decode_event(bytes, self.limits()) {
            Ok(event) => event,
            Err(error) => {
                self.log_malformed(error, Some(frame));
                return None;
            }
        };
        let origin = EventOrigin {
            publisher: event.publisher,
            sequence: without_hops(event.sequence),
        };
        let frame_content = match (event.content, text) {
            (EventContent::Heartbeat, None) => EventFrame::Heartbeat,
            (EventContent::Command(request), Some(text)) => {
                let topic = text.into();
                match self.resolve(&request, ReplyTo::nobody(), bytes, now) {
                    Ok(head) => {
                        EventFrame::Call(head.into_call(buffer.take(now), Some(topic), None))
                    }
                    Err(_) => EventFrame::Rejected,
                }
            }
            _ => {
                let reason = "a heartbeat under a topic of commands, or the reverse";
                self.log_malformed(reason, Some(frame));
                return None;
            }
        };
        Some((origin, frame_content))
    }

    /// Reads a job that arrived at `now`. Returns `None` if it is no notification.
    pub(super) fn read_pushed(&self, buffer: &mut CallBuffer, now: Instant) -> Option<EventFrame> {
        let frame: &Frame = buffer.frame();
        let bytes: &[u8] = frame;
        match Dialect::of_request(bytes).decode_inbound(bytes, self.limits()) {
            Ok(Inbound::Request(
                request @ Request {
                    kind: RequestKind::Notify,
                    ..
                },
            )) => Some(
                match self.resolve(&request, ReplyTo::nobody(), bytes, now) {
                    Ok(head) => EventFrame::Call(head.into_call(buffer.take(now), None, None)),
                    Err(_) => EventFrame::Rejected,
                },
            ),
            // A pusher sends a ping to find out whether its jobs have left. It does not expect a pong.
            Ok(Inbound::Ping(CallId::NONE)) => Some(EventFrame::Heartbeat),
            Ok(_) => {
                self.log_malformed("it wants a reply", Some(frame));
                None
            }
            Err(error) => {
                self.log_malformed(error, Some(frame));
                None
            }
        }
    }

    /// Logs a malformed event or job. `frame` is `None` if the message had the wrong number of frames.
    pub(super) fn log_malformed(&self, reason: impl Display, frame: Option<&Frame>) {
        if let Some(hidden) = self.counters().log.admit("source") {
            let (peer, bytes) = (
                frame.and_then(|frame| frame.peer().address()),
                frame.map(|frame| frame.len()),
            );
            log::line!(
                warn,
                peer = peer.map(log::text),
                bytes,
                dialect = frame.map(|frame| log::text(format_args!("{:?}", SniffedDialect::of(frame)))),
                reason = log::text(reason),
                hidden;
                "a message is neither an event nor a notification; `hidden` more were before this one"
            );
        }
    }
}
