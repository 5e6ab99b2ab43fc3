//! Events: what publishers send and subscribers decode.
//!
//! An event that carries a command is a request with another front: what follows the front is the same, byte by byte.
//! So a proxy makes one of the other without reading it. This file must not know what a subscriber does with an event.

use super::{
    cursor::Cursor,
    error::WireError,
    head::{self, CALL, EVENT, HEAD, NOTIFY},
    limits::Limits,
    metadata::Metadata,
    request::{Request, RequestKind},
};

/// The topic of heartbeats: a byte that no UTF-8 text contains, so that it is no topic of a user's.
///
/// Every subscriber subscribes it, whatever else it subscribes, and does so last: a publisher that sees this
/// subscription knows that the others of the same subscriber are in place.
pub const HEARTBEAT_TOPIC: &[u8] = &[0xFF];

/// Bytes of the longest topic.
pub const MAX_TOPIC: usize = 255;

/// Bytes before what an event and a request have in common: head, publisher, content.
const FRONT: usize = HEAD + size_of::<u64>() + 1;

const HEARTBEAT: u8 = 0;
const COMMAND: u8 = 1;

/// A message from a publisher to its subscribers. Its topic travels before it, in a frame of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Counts the publisher's events of one topic, from 1, so that a subscriber notices what it has missed.
    pub sequence: u64,
    /// Who published it first: a number that each publisher draws at random.
    pub publisher: u64,
    /// What it carries.
    pub content: EventContent<'a>,
}

/// What an event carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventContent<'a> {
    /// Nothing: the publisher is alive.
    Heartbeat,
    /// A command to execute. Decoded, it is a notification whose id is the sequence number; to encode, its kind and id
    /// mean nothing.
    Command(Request<'a>),
}

impl<'a> Event<'a> {
    /// Appends the event to `out`.
    ///
    /// As with [`Request::encode`], the arguments can be appended afterwards and the sequence number be written later,
    /// with [`patch_id`](super::patch_id): it lies where requests have their id.
    ///
    /// # Errors
    ///
    /// [`WireError::Limit`] if the method's name or the metadata exceed `limits`; `out` is unchanged then.
    pub fn encode(&self, out: &mut Vec<u8>, limits: &Limits) -> Result<(), WireError> {
        match self.content {
            EventContent::Heartbeat => {
                out.extend_from_slice(&front(self.sequence, self.publisher, HEARTBEAT));
            }
            EventContent::Command(request) => {
                request.check(limits)?;
                out.extend_from_slice(&front(self.sequence, self.publisher, COMMAND));
                request.encode_tail(out);
            }
        }
        Ok(())
    }

    /// Decodes one message frame.
    ///
    /// # Errors
    ///
    /// Any [`WireError`]. Events are never answered, so a subscriber counts it and goes on.
    #[expect(
        clippy::inline_always,
        reason = "what it makes is large: handing it over takes longer than making it"
    )]
    #[inline(always)]
    pub fn decode(frame: &'a [u8], limits: &Limits) -> Result<Self, WireError> {
        let (sequence, publisher, content, cursor) = Self::decode_front(frame, limits)?;
        let content = match content {
            HEARTBEAT => cursor.finish().map(|()| EventContent::Heartbeat)?,
            COMMAND => Request::decode(RequestKind::Notify, sequence, cursor, limits)
                .map(EventContent::Command)?,
            got => return Err(WireError::Content { got }),
        };
        Ok(Self {
            sequence,
            publisher,
            content,
        })
    }

    fn decode_front(
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
}

/// The metadata of a request or of an event's command; none of what is neither.
#[must_use]
pub fn metadata_of<'a>(frame: &'a [u8], limits: &Limits) -> Metadata<'a> {
    let request = match head::decode(frame, limits) {
        Ok((EVENT, ..)) => Event::decode(frame, limits).map(|event| match event.content {
            EventContent::Command(request) => Some(request),
            EventContent::Heartbeat => None,
        }),
        Ok((CALL | NOTIFY, id, cursor)) => {
            Request::decode(RequestKind::Notify, id, cursor, limits).map(Some)
        }
        _ => return Metadata::EMPTY,
    };
    request
        .ok()
        .flatten()
        .map_or(Metadata::EMPTY, |request| request.metadata)
}

/// Makes an event of a request, as it is: only the front is read.
///
/// # Errors
///
/// [`WireError::RequestKind`] of what is neither a call nor a notification, [`WireError::Limit`] if the event, which is 9
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
    let event = [&front(sequence, publisher, COMMAND)[..], cursor.rest()].concat();
    head::check_length(&event, limits)?;
    Ok(event)
}

/// Makes a request of an event's command, as it is: only the front is read. A heartbeat carries none: `None`.
///
/// # Errors
///
/// [`WireError::RequestKind`] of what is no event; those of a front that cannot be read.
pub fn event_to_request(
    frame: &[u8],
    kind: RequestKind,
    id: u64,
    limits: &Limits,
) -> Result<Option<Vec<u8>>, WireError> {
    let (_, _, content, cursor) = Event::decode_front(frame, limits)?;
    match content {
        HEARTBEAT => cursor.finish().map(|()| None),
        COMMAND => Ok(Some(
            [&head::encode(kind.code(), id)[..], cursor.rest()].concat(),
        )),
        got => Err(WireError::Content { got }),
    }
}

fn front(sequence: u64, publisher: u64, content: u8) -> [u8; FRONT] {
    let mut front = [content; FRONT];
    front[..HEAD].copy_from_slice(&head::encode(EVENT, sequence));
    front[HEAD..FRONT - 1].copy_from_slice(&publisher.to_le_bytes());
    front
}

#[cfg(test)]
mod tests {
    use super::super::{Incoming, MethodRef, patch_id};
    use super::*;

    const NOTIFICATION: Request<'static> = Request {
        kind: RequestKind::Notify,
        id: 7,
        codec: 2,
        method: MethodRef::Name("Sensor.reading"),
        remaining: None,
        metadata: Metadata::EMPTY,
        body: &[0x91, 1],
    };

    fn event() -> Vec<u8> {
        let mut frame = Vec::new();
        Event {
            sequence: 0,
            publisher: 9,
            content: EventContent::Command(NOTIFICATION),
        }
        .encode(&mut frame, &Limits::default())
        .unwrap();
        frame
    }

    #[test]
    fn a_sequence_number_can_be_added_afterwards() {
        let mut frame = event();
        patch_id(&mut frame, 7);
        let decoded = Event::decode(&frame, &Limits::default()).unwrap();
        assert_eq!((decoded.sequence, decoded.publisher), (7, 9));
        assert_eq!(decoded.content, EventContent::Command(NOTIFICATION));
    }

    #[test]
    fn what_a_subscriber_would_refuse_is_not_encoded() {
        let mut out = vec![1, 2, 3];
        let limits = Limits {
            name: 13,
            ..Limits::default()
        };
        let event = Event {
            sequence: 1,
            publisher: 9,
            content: EventContent::Command(NOTIFICATION),
        };
        let error = event.encode(&mut out, &limits).unwrap_err();
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
        NOTIFICATION
            .encode(&mut request, &Limits::default())
            .unwrap();
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
            assert_eq!(Event::decode(&frame, &limits).map(|_| vec![]), kind(other));
        }
    }

    #[test]
    fn an_event_is_no_request_of_a_client() {
        assert_eq!(
            Incoming::decode(&event(), &Limits::default()),
            Err(WireError::Kind { got: EVENT })
        );
    }
}
