//! Replies: servers encode them, clients decode them.
//!
//! This file must not know the format of requests, nor the contents of bodies.

use super::head::{self, DRAINING, PONG, REPLY, WORKING};
use crate::dialect::{CallId, Outbound};
use crate::wire::{Cursor, Executed, Limits, Metadata, Status, WireError};

const OK: u8 = 0;
const SERVICE: u8 = 1;

/// Takes the codec's place in a failure, which has no body.
const NO_CODEC: u8 = 0;

/// The most bytes of a failure's detail that are sent and read. The detail is for people and for
/// logs, which a peer must not be able to fill.
const DETAIL: usize = 1024;

/// Appends a reply to `out`. A server that encodes the value into the same buffer leaves
/// `body` empty and appends it.
///
/// Never fails, so that a server can always reply. Metadata from a handler must have passed
/// [`Metadata::check`].
pub fn encode_reply(id: &CallId, reply: &Outbound<'_>, out: &mut Vec<u8>) {
    let id = id.number();
    let mut encode_head = |status, codec, metadata: Metadata<'_>| {
        out.extend_from_slice(&head::encode(REPLY, id));
        out.extend_from_slice(&[status, codec]);
        metadata.encode(out);
    };
    match *reply {
        Outbound::Value {
            codec,
            metadata,
            body,
        } => {
            encode_head(OK, codec, metadata);
            out.extend_from_slice(body);
        }
        Outbound::ServiceError {
            codec,
            metadata,
            body,
        } => {
            encode_head(SERVICE, codec, metadata);
            out.extend_from_slice(body);
        }
        Outbound::Failure {
            status,
            executed,
            metadata,
            detail,
        } => {
            encode_head(status.code(), NO_CODEC, metadata);
            out.push(executed.code());
            out.extend_from_slice(readable(detail.as_bytes()).as_bytes());
        }
        Outbound::Pong => out.extend_from_slice(&head::encode(PONG, id)),
        Outbound::Working => out.extend_from_slice(&head::encode(WORKING, id)),
        Outbound::Draining => out.extend_from_slice(&head::encode(DRAINING, id)),
    }
}

/// Decodes one message frame from a server.
///
/// # Errors
///
/// Any [`WireError`]. [`answered_id`](super::answered_id) tells the call that the frame ends.
#[inline]
pub fn decode_reply<'a>(
    frame: &'a [u8],
    limits: &Limits,
) -> Result<(CallId, Outbound<'a>), WireError> {
    let (kind, id, cursor) = head::decode(frame, limits)?;
    let reply = match kind {
        REPLY => decode_tail(cursor, limits)?,
        PONG => cursor.finish().map(|()| Outbound::Pong)?,
        WORKING => cursor.finish().map(|()| Outbound::Working)?,
        DRAINING => cursor.finish().map(|()| Outbound::Draining)?,
        got => return Err(WireError::Kind { got }),
    };
    Ok((CallId::from(id), reply))
}

#[inline]
fn decode_tail<'a>(mut cursor: Cursor<'a>, limits: &Limits) -> Result<Outbound<'a>, WireError> {
    let status = cursor.u8("the status")?;
    let codec = cursor.u8("the codec")?;
    let metadata = Metadata::decode(&mut cursor, limits)?;
    Ok(match status {
        OK => Outbound::Value {
            codec,
            metadata,
            body: cursor.rest(),
        },
        SERVICE => Outbound::ServiceError {
            codec,
            metadata,
            body: cursor.rest(),
        },
        code => Outbound::Failure {
            status: Status::from_code(code),
            executed: Executed::from_code(cursor.u8("the executed byte")?),
            metadata,
            detail: readable(cursor.rest()),
        },
    })
}

/// Returns whether an encoded reply holds a failure, rather than a value or an error of the
/// service.
#[inline]
#[must_use]
pub fn is_failure(frame: &[u8]) -> bool {
    frame
        .get(head::HEAD)
        .is_some_and(|status| *status > SERVICE)
}

/// Returns the longest valid text at the start of `bytes`, of at most [`DETAIL`] bytes.
fn readable(bytes: &[u8]) -> &str {
    let bytes = bytes.get(..DETAIL).unwrap_or(bytes);
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail_after_encoding(detail: &str) -> String {
        let reply = Outbound::Failure {
            status: Status::Panicked,
            executed: Executed::Yes,
            metadata: Metadata::EMPTY,
            detail,
        };
        let mut frame = Vec::new();
        encode_reply(&CallId::from(1), &reply, &mut frame);
        match decode_reply(&frame, &Limits::default()) {
            Ok((_, Outbound::Failure { detail, .. })) => detail.to_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_long_detail_is_cut() {
        let exact = "x".repeat(DETAIL);
        assert_eq!(detail_after_encoding(&exact), exact);
        assert_eq!(detail_after_encoding(&"x".repeat(DETAIL + 1)), exact);
    }

    #[test]
    fn a_detail_is_cut_between_characters() {
        let detail = format!("x{}", "ö".repeat(DETAIL));
        assert_eq!(detail_after_encoding(&detail), detail[..DETAIL - 1]);
    }

    #[test]
    fn a_long_detail_of_a_peer_is_read_only_so_far() {
        let mut frame = head::encode(REPLY, 1).to_vec();
        frame.extend_from_slice(&[Status::Panicked.code(), NO_CODEC, 0, Executed::Yes.code()]);
        frame.extend_from_slice(&[b'x'; 2 * DETAIL]);
        let (_, reply) = decode_reply(&frame, &Limits::default()).unwrap();
        assert!(matches!(reply, Outbound::Failure { detail, .. } if detail.len() == DETAIL));
    }
}
