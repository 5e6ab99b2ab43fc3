//! Events: publishers encode them, subscribers decode them.
//!
//! An event that carries a command is a request with another header in front: the bytes after that header are the same.
//! So a proxy turns the one into the other without decoding it. This file must not know what a subscriber does with an
//! event.

use super::head::{self, CALL, EVENT, HEAD, NOTIFY};
use super::request::{self, kind_code};
use crate::dialect::{Event, EventContent, MethodRef, Request, RequestKind};
use crate::wire::{Cursor, Limits, Metadata, WireError};

/// Length of an event's header, the bytes before what events and requests have in common: head, publisher, content.
const HEADER: usize = HEAD + size_of::<u64>() + 1;

const HEARTBEAT: u8 = 0;
const COMMAND: u8 = 1;

/// Appends an event to `out`.
///
/// As with [`encode_request`](super::encode_request), a publisher may append the arguments
/// afterwards and write the sequence number later, with [`patch_id`](super::patch_id): the
/// sequence number has the position of a request's id.
///
/// # Errors
///
/// [`WireError::Limit`] if the method's name or the metadata exceed `limits`; `out` is unchanged then.
pub fn encode_event(
    event: &Event<'_>,
    out: &mut Vec<u8>,
    limits: &Limits,
) -> Result<(), WireError> {
    let (sequence, publisher) = (event.sequence, event.publisher);
    match &event.content {
        EventContent::Heartbeat => {
            out.extend_from_slice(&encode_header(sequence, publisher, HEARTBEAT));
        }
        EventContent::Command(command) => {
            request::check(command, limits)?;
            out.extend_from_slice(&encode_header(sequence, publisher, COMMAND));
            request::encode_tail(command, out);
        }
    }
    Ok(())
}

/// Decodes one message frame from a publisher.
///
/// # Errors
///
/// Any [`WireError`]. Nobody replies to events, so a subscriber counts the error and goes on.
#[expect(
    clippy::inline_always,
    reason = "returning the large value by copy takes longer than decoding it"
)]
#[inline(always)]
pub fn decode_event<'a>(frame: &'a [u8], limits: &Limits) -> Result<Event<'a>, WireError> {
    let (sequence, publisher, content, cursor) = decode_header(frame, limits)?;
    let content = match content {
        HEARTBEAT => cursor.finish().map(|()| EventContent::Heartbeat)?,
        COMMAND => request::decode_tail(RequestKind::Notify, sequence, cursor, limits)
            .map(EventContent::Command)?,
        got => return Err(WireError::Content { got }),
    };
    Ok(Event {
        sequence,
        publisher,
        content,
    })
}

fn decode_header<'a>(
    frame: &'a [u8],
    limits: &Limits,
) -> Result<(u64, u64, u8, Cursor<'a>), WireError> {
    let (kind, sequence, mut cursor) = head::decode(frame, limits)?;
    if kind != EVENT {
        return Err(WireError::Kind { got: kind });
    }
    let publisher = cursor.u64("the publisher")?;
    let content = cursor.u8("the content")?;
    Ok((sequence, publisher, content, cursor))
}

/// Returns the metadata of a request or of an event's command; empty metadata for any other frame.
#[must_use]
pub fn metadata_of<'a>(frame: &'a [u8], limits: &Limits) -> Metadata<'a> {
    request_of(frame, limits).map_or(Metadata::EMPTY, |request| request.metadata)
}

/// Returns the method of a request or of an event's command.
#[must_use]
pub fn method_of<'a>(frame: &'a [u8], limits: &Limits) -> Option<MethodRef<'a>> {
    request_of(frame, limits).map(|request| request.method)
}

fn request_of<'a>(frame: &'a [u8], limits: &Limits) -> Option<Request<'a>> {
    let request = match head::decode(frame, limits) {
        Ok((EVENT, ..)) => decode_event(frame, limits).map(|event| match event.content {
            EventContent::Command(request) => Some(request),
            EventContent::Heartbeat => None,
        }),
        Ok((CALL | NOTIFY, id, cursor)) => {
            request::decode_tail(RequestKind::Notify, id, cursor, limits).map(Some)
        }
        _ => return None,
    };
    request.ok().flatten()
}

/// Converts a request into an event. Only the header is read and replaced.
///
/// # Errors
///
/// [`WireError::Kind`] if the frame is neither a call nor a notification; [`WireError::Limit`] if the event, which is 9
/// bytes longer, exceeds the limit; those of a head that cannot be read.
pub fn request_to_event(
    frame: &[u8],
    sequence: u64,
    publisher: u64,
    limits: &Limits,
) -> Result<Vec<u8>, WireError> {
    let (kind, _, cursor) = head::decode(frame, limits)?;
    if !matches!(kind, CALL | NOTIFY) {
        return Err(WireError::Kind { got: kind });
    }
    let event = [
        &encode_header(sequence, publisher, COMMAND)[..],
        cursor.rest(),
    ]
    .concat();
    head::check_length(&event, limits)?;
    Ok(event)
}

/// Converts an event's command into a request. Only the header is read and replaced. `None` for a heartbeat, which
/// carries no command.
///
/// # Errors
///
/// [`WireError::Kind`] if the frame is not an event; those of a header that cannot be read.
pub fn event_to_request(
    frame: &[u8],
    kind: RequestKind,
    id: u64,
    limits: &Limits,
) -> Result<Option<Vec<u8>>, WireError> {
    let (_, _, content, cursor) = decode_header(frame, limits)?;
    match content {
        HEARTBEAT => cursor.finish().map(|()| None),
        COMMAND => Ok(Some(
            [&head::encode(kind_code(kind), id)[..], cursor.rest()].concat(),
        )),
        got => Err(WireError::Content { got }),
    }
}

fn encode_header(sequence: u64, publisher: u64, content: u8) -> [u8; HEADER] {
    let mut header = [content; HEADER];
    header[..HEAD].copy_from_slice(&head::encode(EVENT, sequence));
    header[HEAD..HEADER - 1].copy_from_slice(&publisher.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::super::{decode_inbound, encode_request, patch_id};
    use super::*;
    use crate::dialect::{CallId, MethodRef, Request};

    fn notification() -> Request<'static> {
        Request {
            kind: RequestKind::Notify,
            id: CallId::from(7),
            codec: 2,
            method: MethodRef::Name("Sensor.reading"),
            remaining: None,
            metadata: Metadata::EMPTY,
            body: &[0x91, 1],
        }
    }

    fn event() -> Vec<u8> {
        let mut frame = Vec::new();
        let event = Event {
            sequence: 0,
            publisher: 9,
            content: EventContent::Command(notification()),
        };
        encode_event(&event, &mut frame, &Limits::default()).unwrap();
        frame
    }

    #[test]
    fn a_sequence_number_can_be_added_afterwards() {
        let mut frame = event();
        patch_id(&mut frame, 7);
        let decoded = decode_event(&frame, &Limits::default()).unwrap();
        assert_eq!((decoded.sequence, decoded.publisher), (7, 9));
        assert_eq!(decoded.content, EventContent::Command(notification()));
    }

    #[test]
    fn what_a_subscriber_would_reject_is_not_encoded() {
        let mut out = vec![1, 2, 3];
        let limits = Limits {
            name: 13,
            ..Limits::default()
        };
        let event = Event {
            sequence: 1,
            publisher: 9,
            content: EventContent::Command(notification()),
        };
        let error = encode_event(&event, &mut out, &limits).unwrap_err();
        assert!(
            matches!(
                error,
                WireError::Limit {
                    got: 14,
                    limit: 13,
                    ..
                }
            ),
            "{error}"
        );
        assert_eq!(out, [1, 2, 3]);
    }

    #[test]
    fn a_request_that_is_too_long_for_an_event_is_refused() {
        let mut request = Vec::new();
        encode_request(&notification(), &mut request, &Limits::default()).unwrap();
        let limits = |message| Limits {
            message,
            ..Limits::default()
        };
        let length = request.len();
        assert!(request_to_event(&request, 1, 2, &limits(length + 9)).is_ok());
        let error = request_to_event(&request, 1, 2, &limits(length + 8)).unwrap_err();
        assert!(matches!(error, WireError::Limit { .. }), "{error}");
    }

    #[test]
    fn other_kinds_are_neither_made_into_events_nor_into_requests() {
        let limits = Limits::default();
        let kind = |kind| Err(WireError::Kind { got: kind });
        for other in [EVENT, 0x04, 0x05, 0x81, 0xFF] {
            let frame = head::encode(other, 1);
            assert_eq!(request_to_event(&frame, 1, 2, &limits), kind(other));
        }
        for other in [CALL, NOTIFY, 0x04, 0x05, 0x81, 0xFF] {
            let frame = head::encode(other, 1);
            let made = event_to_request(&frame, RequestKind::Call, 1, &limits);
            assert_eq!(made.map(|_| vec![]), kind(other));
            assert_eq!(decode_event(&frame, &limits).map(|_| vec![]), kind(other));
        }
    }

    #[test]
    fn an_event_is_no_request_of_a_client() {
        assert_eq!(
            decode_inbound(&event(), &Limits::default()),
            Err(WireError::Kind { got: EVENT })
        );
    }
}
