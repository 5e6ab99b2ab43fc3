//! Replies: servers encode them, clients decode them.
//!
//! This file must not know the format of requests, nor the contents of bodies.

use super::{
    cursor::Cursor,
    error::WireError,
    head::{self, DRAINING, PONG, REPLY, WORKING},
    limits::Limits,
    metadata::Metadata,
    status::{Executed, Status},
};

const OK: u8 = 0;
const SERVICE: u8 = 1;

/// Takes the codec's place in a failure, which has no body.
const NO_CODEC: u8 = 0;

/// The most bytes of a failure's detail that are sent and read. The detail is for people and for
/// logs, which a peer must not be able to fill.
const DETAIL: usize = 1024;

/// A message from a server to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    /// The id of the request.
    pub id: u64,
    /// The contents.
    pub body: ReplyBody<'a>,
}

/// The contents of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyBody<'a> {
    /// The service returned a value.
    Ok {
        /// The codec of the body.
        codec: u8,
        /// Metadata beside the value.
        metadata: Metadata<'a>,
        /// The encoded value.
        body: &'a [u8],
    },
    /// The service returned its own error.
    Service {
        /// The codec of the body.
        codec: u8,
        /// Metadata beside the error.
        metadata: Metadata<'a>,
        /// The encoded error.
        body: &'a [u8],
    },
    /// The server has no value or error of the service to send.
    Failure {
        /// Why the call failed.
        status: Status,
        /// Whether the handler ran.
        executed: Executed,
        /// Metadata beside the failure.
        metadata: Metadata<'a>,
        /// A text whose meaning depends on the status. At most 1 KiB is sent and read, up to the
        /// first byte that is not UTF-8.
        detail: &'a str,
    },
    /// The reply to a ping.
    Pong,
    /// The handler is still running; the call's reply follows later.
    Working,
    /// The server is shutting down. The id is the server's own; the client acknowledges with a ping
    /// of this id.
    Draining,
}

impl<'a> Reply<'a> {
    /// Appends the reply to `out`. A server that encodes the value into the same buffer leaves
    /// `body` empty and appends it.
    ///
    /// Never fails, so that a server can always reply. Metadata from a handler must have passed
    /// [`Metadata::check`].
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut encode_head = |status, codec, metadata: Metadata<'_>| {
            out.extend_from_slice(&head::encode(REPLY, self.id));
            out.extend_from_slice(&[status, codec]);
            metadata.encode(out);
        };
        match self.body {
            ReplyBody::Ok {
                codec,
                metadata,
                body,
            } => {
                encode_head(OK, codec, metadata);
                out.extend_from_slice(body);
            }
            ReplyBody::Service {
                codec,
                metadata,
                body,
            } => {
                encode_head(SERVICE, codec, metadata);
                out.extend_from_slice(body);
            }
            ReplyBody::Failure {
                status,
                executed,
                metadata,
                detail,
            } => {
                encode_head(status.code(), NO_CODEC, metadata);
                out.push(executed.code());
                out.extend_from_slice(readable(detail.as_bytes()).as_bytes());
            }
            ReplyBody::Pong => out.extend_from_slice(&head::encode(PONG, self.id)),
            ReplyBody::Working => out.extend_from_slice(&head::encode(WORKING, self.id)),
            ReplyBody::Draining => out.extend_from_slice(&head::encode(DRAINING, self.id)),
        }
    }

    /// Decodes one message frame.
    ///
    /// # Errors
    ///
    /// Any [`WireError`]. [`answered_id`](super::answered_id) tells the call that the frame ends.
    #[inline]
    pub fn decode(frame: &'a [u8], limits: &Limits) -> Result<Self, WireError> {
        let (kind, id, cursor) = head::decode(frame, limits)?;
        let body = match kind {
            REPLY => ReplyBody::decode(cursor, limits)?,
            PONG => cursor.finish().map(|()| ReplyBody::Pong)?,
            WORKING => cursor.finish().map(|()| ReplyBody::Working)?,
            DRAINING => cursor.finish().map(|()| ReplyBody::Draining)?,
            got => return Err(WireError::Kind { got }),
        };
        Ok(Self { id, body })
    }
}

impl<'a> ReplyBody<'a> {
    #[inline]
    fn decode(mut cursor: Cursor<'a>, limits: &Limits) -> Result<Self, WireError> {
        let status = cursor.u8("the status")?;
        let codec = cursor.u8("the codec")?;
        let metadata = Metadata::decode(&mut cursor, limits)?;
        Ok(match status {
            OK => Self::Ok {
                codec,
                metadata,
                body: cursor.rest(),
            },
            SERVICE => Self::Service {
                codec,
                metadata,
                body: cursor.rest(),
            },
            code => Self::Failure {
                status: Status::from_code(code),
                executed: Executed::from_code(cursor.u8("the executed byte")?),
                metadata,
                detail: readable(cursor.rest()),
            },
        })
    }
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

/// Returns whether an encoded reply holds an error of the service.
#[must_use]
pub fn is_service_error(frame: &[u8]) -> bool {
    frame.get(head::HEAD) == Some(&SERVICE)
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
        let body = ReplyBody::Failure {
            status: Status::Panicked,
            executed: Executed::Yes,
            metadata: Metadata::EMPTY,
            detail,
        };
        let mut frame = Vec::new();
        Reply { id: 1, body }.encode(&mut frame);
        match Reply::decode(&frame, &Limits::default()) {
            Ok(Reply {
                body: ReplyBody::Failure { detail, .. },
                ..
            }) => detail.to_owned(),
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
        let reply = Reply::decode(&frame, &Limits::default()).unwrap();
        assert!(matches!(reply.body, ReplyBody::Failure { detail, .. } if detail.len() == DETAIL));
    }
}
