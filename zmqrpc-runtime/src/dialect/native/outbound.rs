//! What servers send: they encode it, clients decode it.
//!
//! This file must not know the format of requests, nor the contents of bodies.

use super::head::{self, DRAINING, PONG, REPLY, WORKING};
use crate::dialect::{CallId, Outbound, Reply};
use crate::wire::{Cursor, Executed, Limits, Metadata, Status, WireError};

const OK: u8 = 0;
const SERVICE: u8 = 1;

/// Takes the codec's place in a failure, which has no body.
const NO_CODEC: u8 = 0;

/// The most bytes of a failure's detail that are sent and read. The detail is for people and for
/// logs, which a peer must not be able to fill.
const DETAIL: usize = 1024;

/// Appends a message to `out`. A server that encodes the value into the same buffer leaves
/// `body` empty and appends it.
///
/// Never fails, so that a server can always reply. Metadata from a handler must have passed
/// [`Metadata::check`].
#[inline]
pub fn encode_outbound(id: &CallId, message: &Outbound<'_>, out: &mut Vec<u8>) {
    let id = id.number();
    let kind = match message {
        Outbound::Reply(reply) => return encode_reply(id, reply, out),
        Outbound::Pong => PONG,
        Outbound::Working => WORKING,
        Outbound::Draining => DRAINING,
    };
    out.extend_from_slice(&head::encode(kind, id));
}

fn encode_reply(id: u64, reply: &Reply<'_>, out: &mut Vec<u8>) {
    let mut encode_head = |status, codec, metadata: Metadata<'_>| {
        out.extend_from_slice(&head::encode(REPLY, id));
        out.extend_from_slice(&[status, codec]);
        metadata.encode(out);
    };
    match *reply {
        Reply::Value {
            codec,
            metadata,
            body,
        } => {
            encode_head(OK, codec, metadata);
            out.extend_from_slice(body);
        }
        Reply::ServiceError {
            codec,
            metadata,
            body,
        } => {
            encode_head(SERVICE, codec, metadata);
            out.extend_from_slice(body);
        }
        Reply::Failure {
            status,
            executed,
            metadata,
            detail,
        } => {
            encode_head(status.code(), NO_CODEC, metadata);
            out.push(executed.code());
            out.extend_from_slice(readable(detail.as_bytes()).as_bytes());
        }
    }
}

/// Decodes a frame that ends a call.
///
/// # Errors
///
/// Any [`WireError`], for other frames too.
#[inline]
pub fn decode_reply<'a>(frame: &'a [u8], limits: &Limits) -> Result<Reply<'a>, WireError> {
    match head::decode(frame, limits)? {
        (REPLY, _, cursor) => decode_tail(cursor, limits),
        (got, ..) => Err(WireError::Kind { got }),
    }
}

/// Decodes one message frame from a server.
///
/// # Errors
///
/// Any [`WireError`]. [`answered_id`](super::answered_id) tells the call that the frame ends.
#[inline]
pub fn decode_outbound<'a>(
    frame: &'a [u8],
    limits: &Limits,
) -> Result<(CallId, Outbound<'a>), WireError> {
    let (kind, id, cursor) = head::decode(frame, limits)?;
    let message = match kind {
        REPLY => decode_tail(cursor, limits)?.into(),
        PONG => cursor.finish().map(|()| Outbound::Pong)?,
        WORKING => cursor.finish().map(|()| Outbound::Working)?,
        DRAINING => cursor.finish().map(|()| Outbound::Draining)?,
        got => return Err(WireError::Kind { got }),
    };
    Ok((CallId::from(id), message))
}

#[inline]
fn decode_tail<'a>(mut cursor: Cursor<'a>, limits: &Limits) -> Result<Reply<'a>, WireError> {
    let status = cursor.u8("the status")?;
    let codec = cursor.u8("the codec")?;
    let metadata = Metadata::decode(&mut cursor, limits)?;
    Ok(match status {
        OK => Reply::Value {
            codec,
            metadata,
            body: cursor.rest(),
        },
        SERVICE => Reply::ServiceError {
            codec,
            metadata,
            body: cursor.rest(),
        },
        code => Reply::Failure {
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
        let reply = Reply::Failure {
            status: Status::Panicked,
            executed: Executed::Yes,
            metadata: Metadata::EMPTY,
            detail,
        };
        let mut frame = Vec::new();
        encode_reply(1, &reply, &mut frame);
        match decode_outbound(&frame, &Limits::default()) {
            Ok((_, Outbound::Reply(Reply::Failure { detail, .. }))) => detail.to_owned(),
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
        let (_, message) = decode_outbound(&frame, &Limits::default()).unwrap();
        assert!(
            matches!(message, Outbound::Reply(Reply::Failure { detail, .. }) if detail.len() == DETAIL)
        );
    }
}
