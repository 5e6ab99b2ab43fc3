//! Requests: clients encode them, servers decode them.
//!
//! This file must not know the format of replies, nor the contents of bodies.

use std::{fmt, time::Duration};

use super::{
    cursor::{Cursor, put_text, put_varint},
    error::WireError,
    head::{self, CALL, CANCEL, HEAD, NOTIFY, PING},
    key::MethodKey,
    limits::Limits,
    metadata::Metadata,
};

const KEY: u8 = 0;
const NAME: u8 = 1;

/// The field's name in errors.
const METHOD_NAME: &str = "the method name";

/// Whether the caller waits for a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// The caller waits for exactly one reply, unless it cancels the call.
    Call,
    /// The caller waits for nothing; the server sends no reply, not even an error.
    Notify,
}

impl RequestKind {
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Call => CALL,
            Self::Notify => NOTIFY,
        }
    }
}

/// How a request names its method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MethodRef<'a> {
    /// By its key: both sides were compiled with the signature.
    Key(MethodKey),
    /// By its full name, `Service.method`: the caller does not know the signature, and uses a
    /// self-describing codec.
    Name(&'a str),
}

impl fmt::Display for MethodRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "key {key}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A message from a client that carries a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Whether the caller waits for a reply.
    pub kind: RequestKind,
    /// The number that the reply repeats. Each call of a connection has another one, and none has
    /// [`NO_ID`](super::NO_ID). A notification's id means nothing.
    pub id: u64,
    /// The codec of the body, and of the reply's.
    pub codec: u8,
    /// The called method.
    pub method: MethodRef<'a>,
    /// How much longer the caller waits, in whole milliseconds on the wire; `None` if for ever.
    ///
    /// A peer may announce up to 2^64 - 1 ms: use `checked_add` to add it to an `Instant`.
    pub remaining: Option<Duration>,
    /// Metadata beside the arguments.
    pub metadata: Metadata<'a>,
    /// The encoded arguments.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// Appends the request to `out`.
    ///
    /// A caller that encodes the arguments into the same buffer leaves `body` empty and appends
    /// them. A caller that does not know the id yet passes 0 and overwrites it later with
    /// [`patch_id`](super::patch_id), for which `out` must hold nothing but the frame.
    ///
    /// # Errors
    ///
    /// [`WireError::Limit`] if the method's name or the metadata exceed `limits`; `out` is
    /// unchanged then. The length of the frame is not checked, as the body may not be complete yet.
    pub fn encode(&self, out: &mut Vec<u8>, limits: &Limits) -> Result<(), WireError> {
        self.check(limits)?;
        out.extend_from_slice(&head::encode(self.kind.code(), self.id));
        self.encode_tail(out);
        Ok(())
    }

    /// Checks that a peer with the same limits accepts the name and the metadata.
    pub(super) fn check(&self, limits: &Limits) -> Result<(), WireError> {
        self.metadata.check(limits)?;
        if let MethodRef::Name(name) = self.method
            && name.len() > limits.name
        {
            return Err(WireError::Limit {
                field: METHOD_NAME,
                got: name.len() as u64,
                limit: limits.name,
            });
        }
        Ok(())
    }

    /// Appends the bytes after the head. In an event the same bytes follow its header.
    pub(super) fn encode_tail(&self, out: &mut Vec<u8>) {
        out.push(self.codec);
        match self.method {
            MethodRef::Key(key) => {
                out.push(KEY);
                out.extend_from_slice(&key.bits().to_le_bytes());
            }
            MethodRef::Name(name) => {
                out.push(NAME);
                put_text(out, name);
            }
        }
        put_varint(out, self.remaining.map_or(0, milliseconds));
        self.metadata.encode(out);
        out.extend_from_slice(self.body);
    }

    /// Decodes the bytes after the head.
    #[expect(
        clippy::inline_always,
        reason = "returning the large value by copy takes longer than decoding it"
    )]
    #[inline(always)]
    pub(super) fn decode(
        kind: RequestKind,
        id: u64,
        mut cursor: Cursor<'a>,
        limits: &Limits,
    ) -> Result<Self, WireError> {
        let codec = cursor.u8("the codec")?;
        let method = match cursor.u8("the method tag")? {
            KEY => MethodRef::Key(MethodKey::from_bits(cursor.u64("the method key")?)),
            NAME => MethodRef::Name(cursor.text(METHOD_NAME, limits.name)?),
            got => return Err(WireError::MethodTag { got }),
        };
        let remaining = match cursor.varint("the remaining time")? {
            0 => None,
            milliseconds => Some(Duration::from_millis(milliseconds)),
        };
        let metadata = Metadata::decode(&mut cursor, limits)?;
        Ok(Self {
            kind,
            id,
            codec,
            method,
            remaining,
            metadata,
            body: cursor.rest(),
        })
    }
}

/// Returns whole milliseconds, rounded down so that no server works longer than its caller waits,
/// but at least 1, as 0 means for ever.
fn milliseconds(remaining: Duration) -> u64 {
    u64::try_from(remaining.as_millis())
        .unwrap_or(u64::MAX)
        .max(1)
}

/// Lowers the remaining time of an encoded request to `remaining`.
///
/// Proxies call this when they forward a request. The number keeps its length, so that nothing
/// after it moves: a shorter number is padded with zero bits. A request without a limit keeps none;
/// a frame that is no request stays unchanged.
pub fn shorten_remaining(frame: &mut [u8], remaining: Duration) {
    let Some(at) = remaining_at(frame) else {
        return;
    };
    let Some(field) = frame.get_mut(at..) else {
        return;
    };
    let Some(length) = field.iter().position(|byte| byte & MORE == 0) else {
        return;
    };
    let Some(field) = field.get_mut(..=length) else {
        return;
    };
    if field.iter().all(|byte| byte & !MORE == 0) {
        return;
    }
    let mut left = milliseconds(remaining);
    for (number, byte) in field.iter_mut().enumerate() {
        let more = if number < length { MORE } else { 0 };
        *byte = (left & u64::from(!MORE)).to_le_bytes()[0] | more;
        left >>= 7;
    }
}

/// The bit of a varint's byte that says that another byte follows.
const MORE: u8 = 0x80;

/// Returns the offset of the remaining time, in bytes.
fn remaining_at(frame: &[u8]) -> Option<usize> {
    let mut cursor = Cursor::new(frame.get(HEAD..)?);
    cursor.u8("the codec").ok()?;
    match cursor.u8("the method tag").ok()? {
        KEY => drop(cursor.u64("the method key").ok()?),
        NAME => drop(cursor.text(METHOD_NAME, usize::MAX).ok()?),
        _ => return None,
    }
    Some(frame.len() - cursor.rest().len())
}

/// A message from a client to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A command to execute.
    Request(Request<'a>),
    /// The caller no longer waits for the call with this id.
    Cancel(u64),
    /// A request for a pong with this id, which the server sends however busy the handlers are.
    Ping(u64),
}

impl<'a> Incoming<'a> {
    /// Decodes one message frame.
    ///
    /// # Errors
    ///
    /// Any [`WireError`]. [`rejection_id`](super::rejection_id) tells whether to reply, and under
    /// which id.
    #[inline]
    pub fn decode(frame: &'a [u8], limits: &Limits) -> Result<Self, WireError> {
        let (kind, id, cursor) = head::decode(frame, limits)?;
        match kind {
            CALL => Request::decode(RequestKind::Call, id, cursor, limits).map(Self::Request),
            NOTIFY => Request::decode(RequestKind::Notify, id, cursor, limits).map(Self::Request),
            CANCEL => cursor.finish().map(|()| Self::Cancel(id)),
            PING => cursor.finish().map(|()| Self::Ping(id)),
            got => Err(WireError::Kind { got }),
        }
    }
}

/// Returns the frame that tells a server that the caller no longer waits for the call with this id.
#[must_use]
pub fn encode_cancel(id: u64) -> [u8; HEAD] {
    head::encode(CANCEL, id)
}

/// Returns the frame that asks a server for a pong with this id.
#[must_use]
pub fn encode_ping(id: u64) -> [u8; HEAD] {
    head::encode(PING, id)
}

#[cfg(test)]
mod tests {
    use super::super::{MetadataBuf, patch_id};
    use super::*;

    const CALL_BY_NAME: Request<'static> = Request {
        kind: RequestKind::Call,
        id: 0,
        codec: 2,
        method: MethodRef::Name("Calculator.add"),
        remaining: None,
        metadata: Metadata::EMPTY,
        body: &[],
    };

    #[test]
    fn the_time_that_remains_is_rounded_down_but_never_to_none() {
        for (remaining, expected) in [
            (Duration::ZERO, 1),
            (Duration::from_nanos(1), 1),
            (Duration::from_micros(1_999), 1),
            (Duration::from_secs(30), 30_000),
            (Duration::MAX, u64::MAX),
        ] {
            assert_eq!(milliseconds(remaining), expected, "{remaining:?}");
        }
    }

    #[test]
    fn the_time_that_remains_is_shortened_in_place() {
        let limits = Limits::default();
        for (method, before, after, expected) in [
            (MethodRef::Name("Calculator.add"), 30_000, 29_999, 29_999),
            (MethodRef::Name("Calculator.add"), 30_000, 5, 5),
            (MethodRef::Key(MethodKey::from_bits(7)), 30_000, 0, 1),
            (MethodRef::Key(MethodKey::from_bits(7)), 1, 1, 1),
        ] {
            let request = Request {
                method,
                remaining: Some(Duration::from_millis(before)),
                body: b"body",
                ..CALL_BY_NAME
            };
            let mut frame = Vec::new();
            request.encode(&mut frame, &limits).unwrap();
            shorten_remaining(&mut frame, Duration::from_millis(after));
            let remaining = Some(Duration::from_millis(expected));
            let shorter = Request {
                remaining,
                ..request
            };
            let read = Incoming::decode(&frame, &limits);
            assert_eq!(read, Ok(Incoming::Request(shorter)));
        }
    }

    #[test]
    fn a_request_without_a_limit_keeps_none() {
        let mut frame = Vec::new();
        CALL_BY_NAME.encode(&mut frame, &Limits::default()).unwrap();
        for end in 0..=frame.len() {
            let mut cut = frame[..end].to_vec();
            shorten_remaining(&mut cut, Duration::from_secs(1));
            assert_eq!(cut, frame[..end]);
        }
    }

    #[test]
    fn a_body_and_an_id_can_be_added_afterwards() {
        let limits = Limits::default();
        let mut frame = Vec::new();
        CALL_BY_NAME.encode(&mut frame, &limits).unwrap();
        frame.extend_from_slice(&[0x92, 2, 3]);
        patch_id(&mut frame, 7);
        let whole = Request {
            id: 7,
            body: &[0x92, 2, 3],
            ..CALL_BY_NAME
        };
        assert_eq!(
            Incoming::decode(&frame, &limits),
            Ok(Incoming::Request(whole))
        );
    }

    #[test]
    fn what_the_server_would_reject_is_not_encoded() {
        let mut out = vec![1, 2, 3];
        let limits = Limits {
            name: 13,
            ..Limits::default()
        };
        let error = CALL_BY_NAME.encode(&mut out, &limits).unwrap_err();
        assert_eq!(
            error,
            WireError::Limit {
                field: METHOD_NAME,
                got: 14,
                limit: 13
            }
        );

        let mut metadata = MetadataBuf::new();
        metadata.set("key", "value");
        let request = Request {
            metadata: metadata.as_metadata(),
            ..CALL_BY_NAME
        };
        let limits = Limits {
            metadata_entries: 0,
            ..Limits::default()
        };
        let error = request.encode(&mut out, &limits).unwrap_err();
        assert!(
            matches!(
                error,
                WireError::Limit {
                    got: 1,
                    limit: 0,
                    ..
                }
            ),
            "{error}"
        );
        assert_eq!(out, [1, 2, 3]);
    }
}
