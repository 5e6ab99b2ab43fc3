//! What a frame means to a client, told by its head.

use super::head::{answered_id, is_from_client, is_from_server, peek_id};
use super::outbound::decode_outbound;
use super::worker::is_worker;
use crate::dialect::{FrameKind, NO_ID, Outbound};
use crate::wire::Limits;

/// Returns what a frame means to the caller's side. Reads only the head of a reply, so that a client can match it to
/// its call under a lock and decode it outside.
#[inline]
#[must_use]
pub fn classify(frame: &[u8]) -> FrameKind {
    if let Some(id) = answered_id(frame) {
        return FrameKind::Reply(id);
    }
    if is_worker(frame) {
        return FrameKind::Worker;
    }
    if is_from_client(frame) {
        return FrameKind::FromClient(peek_id(frame).unwrap_or(NO_ID));
    }
    let Ok((id, message)) = decode_outbound(frame, &Limits::DEFAULT) else {
        let from_server = is_from_server(frame);
        return FrameKind::Unknown { from_server };
    };
    let id = id.number();
    match message {
        Outbound::Pong => FrameKind::Pong(id),
        Outbound::Working => FrameKind::Interim(id),
        Outbound::Draining if id != NO_ID => FrameKind::Draining(id),
        _ => FrameKind::Unknown { from_server: true },
    }
}
