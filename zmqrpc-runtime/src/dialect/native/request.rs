//! Requests: clients encode them, servers decode them.
//!
//! This file must not know the format of replies, nor the contents of bodies.

use std::time::Duration;

use super::head::{self, CALL, CANCEL, HEAD, NOTIFY, PING};
use crate::dialect::{CallControl, CallId, Inbound, MethodRef, Request, RequestKind};
use crate::wire::{Cursor, Limits, Metadata, MethodKey, WireError, put_text, put_varint};

const KEY: u8 = 0;
const NAME: u8 = 1;

/// The field's name in errors.
const METHOD_NAME: &str = "the method name";

pub(super) const fn kind_code(kind: RequestKind) -> u8 {
    match kind {
        RequestKind::Call => CALL,
        RequestKind::Notify => NOTIFY,
    }
}

/// Appends a request to `out`.
///
/// A caller that encodes the arguments into the same buffer leaves `body` empty and appends
/// them. A caller that does not know the id yet overwrites it later with
/// [`patch_id`](super::patch_id), for which `out` must hold nothing but the frame.
///
/// # Errors
///
/// [`WireError::Limit`] if the method's name or the metadata exceed `limits`; `out` is
/// unchanged then. The length of the frame is not checked, as the body may not be complete yet.
pub fn encode_request(
    request: &Request<'_>,
    out: &mut Vec<u8>,
    limits: &Limits,
) -> Result<(), WireError> {
    check(request, limits)?;
    let kind = kind_code(request.kind);
    out.extend_from_slice(&head::encode(kind, request.id.number()));
    encode_tail(request, out);
    Ok(())
}

/// Checks that a peer with the same limits accepts the name and the metadata.
pub(super) fn check(request: &Request<'_>, limits: &Limits) -> Result<(), WireError> {
    request.metadata.check(limits)?;
    if let MethodRef::Name(name) = request.method
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
pub(super) fn encode_tail(request: &Request<'_>, out: &mut Vec<u8>) {
    out.push(request.codec);
    match request.method {
        MethodRef::Key(key) => {
            out.push(KEY);
            out.extend_from_slice(&key.bits().to_le_bytes());
        }
        MethodRef::Name(name) => {
            out.push(NAME);
            put_text(out, name);
        }
    }
    put_varint(out, request.remaining.map_or(0, milliseconds));
    request.metadata.encode(out);
    out.extend_from_slice(request.body);
}

/// Decodes the bytes after the head.
#[expect(
    clippy::inline_always,
    reason = "returning the large value by copy takes longer than decoding it"
)]
#[inline(always)]
pub(super) fn decode_tail<'a>(
    kind: RequestKind,
    id: u64,
    mut cursor: Cursor<'a>,
    limits: &Limits,
) -> Result<Request<'a>, WireError> {
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
    Ok(Request {
        kind,
        id: CallId::from(id),
        codec,
        method,
        remaining,
        metadata,
        body: cursor.rest(),
    })
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

/// Gives an encoded request that names its method by key another key. A request by name, and a frame that is none, stays
/// unchanged.
pub fn patch_key(frame: &mut [u8], key: MethodKey) {
    // Behind the codec.
    if frame.get(HEAD + 1) == Some(&KEY)
        && let Some(place) = frame.get_mut(HEAD + 2..HEAD + 2 + size_of::<u64>())
    {
        place.copy_from_slice(&key.bits().to_le_bytes());
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

/// Decodes one message frame from a client.
///
/// # Errors
///
/// Any [`WireError`]. [`rejection_id`](super::rejection_id) tells whether to reply, and under
/// which id.
#[inline]
pub fn decode_inbound<'a>(frame: &'a [u8], limits: &Limits) -> Result<Inbound<'a>, WireError> {
    let (kind, id, cursor) = head::decode(frame, limits)?;
    match kind {
        CALL => decode_tail(RequestKind::Call, id, cursor, limits).map(Inbound::Request),
        NOTIFY => decode_tail(RequestKind::Notify, id, cursor, limits).map(Inbound::Request),
        CANCEL => cursor
            .finish()
            .map(|()| Inbound::Control(id.into(), CallControl::Cancel)),
        PING => cursor.finish().map(|()| Inbound::Ping(id.into())),
        got => Err(WireError::Kind { got }),
    }
}

/// Returns the frame that tells a server something about the call with this id.
#[must_use]
pub fn encode_control(id: u64, control: CallControl) -> [u8; HEAD] {
    match control {
        CallControl::Cancel => head::encode(CANCEL, id),
    }
}

/// Returns the frame that asks a server for a pong with this id.
#[must_use]
pub fn encode_ping(id: u64) -> [u8; HEAD] {
    head::encode(PING, id)
}

#[cfg(test)]
mod tests {
    use super::super::patch_id;
    use super::*;
    use crate::wire::MetadataBuf;

    const CALL_BY_NAME: Request<'static> = Request {
        kind: RequestKind::Call,
        id: CallId::NONE,
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
            encode_request(&request, &mut frame, &limits).unwrap();
            shorten_remaining(&mut frame, Duration::from_millis(after));
            let remaining = Some(Duration::from_millis(expected));
            let shorter = Request {
                remaining,
                ..request
            };
            let read = decode_inbound(&frame, &limits);
            assert_eq!(read, Ok(Inbound::Request(shorter)));
        }
    }

    #[test]
    fn a_request_without_a_limit_keeps_none() {
        let mut frame = Vec::new();
        encode_request(&CALL_BY_NAME, &mut frame, &Limits::default()).unwrap();
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
        encode_request(&CALL_BY_NAME, &mut frame, &limits).unwrap();
        frame.extend_from_slice(&[0x92, 2, 3]);
        patch_id(&mut frame, 7);
        let whole = Request {
            id: CallId::from(7),
            body: &[0x92, 2, 3],
            ..CALL_BY_NAME
        };
        assert_eq!(decode_inbound(&frame, &limits), Ok(Inbound::Request(whole)));
    }

    #[test]
    fn what_the_server_would_reject_is_not_encoded() {
        let mut out = vec![1, 2, 3];
        let limits = Limits {
            name: 13,
            ..Limits::default()
        };
        let error = encode_request(&CALL_BY_NAME, &mut out, &limits).unwrap_err();
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
        let error = encode_request(&request, &mut out, &limits).unwrap_err();
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
