//! Properties of all frames: the vectors show examples, these tests look for exceptions.

use std::time::Duration;

use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::dialect::*;
use crate::wire::*;

/// The values of a request or reply, owned, since strategies cannot borrow.
#[derive(Clone, Debug)]
struct MessageParts {
    id: u64,
    codec: u8,
    name: Option<String>,
    key: u64,
    remaining: Option<u64>,
    metadata: MetadataBuf,
    body: Vec<u8>,
}

fn parts() -> impl Strategy<Value = MessageParts> {
    let metadata = vec((".{0,8}", ".{0,8}"), 0..5).prop_map(|entries| {
        let mut metadata = MetadataBuf::new();
        for (key, value) in entries {
            metadata.set(&key, &value);
        }
        metadata
    });
    let numbers = (
        any::<u64>(),
        any::<u8>(),
        any::<u64>(),
        option::of(1..=u64::MAX),
    );
    (
        numbers,
        option::of(".{0,60}"),
        metadata,
        vec(any::<u8>(), 0..40),
    )
        .prop_map(
            |((id, codec, key, remaining), name, metadata, body)| MessageParts {
                id,
                codec,
                name,
                key,
                remaining,
                metadata,
                body,
            },
        )
}

impl MessageParts {
    fn request(&self, kind: RequestKind) -> Request<'_> {
        let by_key = MethodRef::Key(MethodKey::from_bits(self.key));
        Request {
            kind,
            id: CallId::from(self.id),
            codec: self.codec,
            method: self.name.as_deref().map_or(by_key, MethodRef::Name),
            remaining: self.remaining.map(Duration::from_millis),
            metadata: self.metadata.as_metadata(),
            body: &self.body,
        }
    }

    /// Returns a reply with any status byte.
    fn reply<'a>(&'a self, status: u8, detail: &'a str) -> Reply<'a> {
        let (codec, metadata, body) = (self.codec, self.metadata.as_metadata(), &*self.body);
        match status {
            0 => Reply::Value {
                codec,
                metadata,
                body,
            },
            1 => Reply::ServiceError {
                codec,
                metadata,
                body,
            },
            code => {
                let status = Status::from_code(code);
                Reply::Failure {
                    status,
                    executed: status.executed(),
                    metadata,
                    detail,
                }
            }
        }
    }
}

/// Generates frames with a valid head, which random bytes rarely have.
fn plausible_frame() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![1..=5_u8, Just(0x81), Just(0x85), Just(0x86), Just(0x8A)];
    (
        kind,
        any::<u64>(),
        vec(prop_oneof![0..4_u8, any::<u8>()], 0..80),
    )
        .prop_map(|(kind, id, rest)| {
            let mut frame = head::encode(kind, id).to_vec();
            frame.extend(rest);
            frame
        })
}

fn encoded_request(request: &Request<'_>) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_request(request, &mut frame, &Limits::default()).expect("within the limits");
    frame
}

fn encoded_event(event: &Event<'_>) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_event(event, &mut frame, &Limits::default()).expect("within the limits");
    frame
}

fn encoded_reply(id: u64, reply: Reply<'_>) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_outbound(&CallId::from(id), &reply.into(), &mut frame);
    frame
}

proptest! {
    #[test]
    fn a_request_is_decoded_as_it_was_encoded(parts in parts(), call in any::<bool>()) {
        let request = parts.request(if call { RequestKind::Call } else { RequestKind::Notify });
        let frame = encoded_request(&request);
        prop_assert_eq!(decode_inbound(&frame, &Limits::default()), Ok(Inbound::Request(request)));
        prop_assert_eq!(peek_id(&frame), Some(parts.id));
        prop_assert_eq!(rejection_id(&frame), call.then_some(parts.id));
    }

    #[test]
    fn an_event_is_decoded_as_it_was_encoded(parts in parts(), publisher: u64, empty: bool) {
        let (sequence, request) = (parts.id, parts.request(RequestKind::Notify));
        let content = if empty { EventContent::Heartbeat } else { EventContent::Command(request) };
        let event = Event { sequence, publisher, content };
        let frame = encoded_event(&event);
        prop_assert_eq!(decode_event(&frame, &Limits::default()), Ok(event));
        prop_assert_eq!(peek_id(&frame), Some(sequence));
        prop_assert_eq!(rejection_id(&frame), None);
    }

    #[test]
    fn an_event_and_a_request_are_made_of_each_other(
        parts in parts(), sequence: u64, publisher: u64, call: bool,
    ) {
        let limits = Limits::default();
        let request = parts.request(if call { RequestKind::Call } else { RequestKind::Notify });
        let frame = encoded_request(&request);
        let event = Event { sequence, publisher, content: EventContent::Command(request.clone()) };
        let made = request_to_event(&frame, sequence, publisher, &limits).unwrap();
        prop_assert_eq!(&made, &encoded_event(&event));
        let back = event_to_request(&made, request.kind, parts.id, &limits);
        prop_assert_eq!(metadata_of(&made, &limits), request.metadata);
        prop_assert_eq!(metadata_of(&frame, &limits), request.metadata);
        prop_assert_eq!(back, Ok(Some(frame)));
    }

    #[test]
    fn a_cut_event_has_a_shorter_body_or_is_an_error(parts in parts()) {
        let request = parts.request(RequestKind::Notify);
        let event = Event { sequence: parts.id, publisher: 1, content: EventContent::Command(request.clone()) };
        let frame = encoded_event(&event);
        for length in 1..frame.len() {
            let cut = frame.len() - length;
            let decoded = decode_event(&frame[..length], &Limits::default());
            if let Some(body) = request.body.get(..request.body.len().wrapping_sub(cut)) {
                let content = EventContent::Command(Request { body, ..request.clone() });
                prop_assert_eq!(decoded, Ok(Event { content, ..event.clone() }));
            } else {
                prop_assert!(matches!(decoded, Err(WireError::Truncated { .. })), "{:?}", decoded);
            }
        }
    }

    #[test]
    fn a_reply_is_decoded_as_it_was_encoded(parts in parts(), status: u8, detail in ".{0,40}") {
        let reply = parts.reply(status, &detail);
        let frame = encoded_reply(parts.id, reply);
        let outbound = Outbound::Reply(reply);
        prop_assert_eq!(decode_outbound(&frame, &Limits::default()), Ok((CallId::from(parts.id), outbound)));
        prop_assert_eq!(decode_reply(&frame, &Limits::default()), Ok(reply));
        prop_assert_eq!(answered_id(&frame), Some(parts.id));
        prop_assert_eq!(classify(&frame), FrameKind::Reply(parts.id));
        prop_assert_eq!(rejection_id(&frame), None);
    }

    #[test]
    fn a_worker_is_decoded_as_it_was_encoded_and_never_in_part(
        name in "[^\\x00]{0,60}",
        services in vec(("[^\\x00]{1,60}", any::<u32>()), 0..20),
    ) {
        let limits = Limits::default();
        let borrowed: Vec<_> = services.iter().map(|(name, version)| (&**name, *version)).collect();
        let frame = encode_worker(&WorkerOffer { name: &name, services: &borrowed });
        prop_assert_eq!(decode_worker(&frame, &limits), Ok(WorkerOfferBuf { name, services }));
        prop_assert_eq!(classify(&frame), FrameKind::Worker);
        prop_assert_eq!((rejection_id(&frame), answered_id(&frame)), (None, None));
        for length in 1..frame.len() {
            let decoded = decode_worker(&frame[..length], &limits);
            prop_assert!(matches!(decoded, Err(WireError::Truncated { .. })), "{:?}", decoded);
        }
    }

    #[test]
    fn a_cut_request_has_a_shorter_body_or_is_an_error(parts in parts()) {
        let request = parts.request(RequestKind::Call);
        let frame = encoded_request(&request);
        for length in 0..frame.len() {
            let cut = frame.len() - length;
            let decoded = decode_inbound(&frame[..length], &Limits::default());
            if let Some(body) = request.body.get(..request.body.len().wrapping_sub(cut)) {
                prop_assert_eq!(decoded, Ok(Inbound::Request(Request { body, ..request.clone() })));
            } else if length == 0 {
                prop_assert_eq!(decoded, Err(WireError::Empty));
            } else {
                prop_assert!(matches!(decoded, Err(WireError::Truncated { .. })), "{:?}", decoded);
            }
        }
    }

    #[test]
    fn a_cut_reply_has_a_shorter_body_or_is_an_error(parts in parts(), status: u8) {
        let reply = parts.reply(status, "why");
        let frame = encoded_reply(parts.id, reply);
        let tail = if status > 1 { "why".len() } else { parts.body.len() };
        for length in 0..frame.len() {
            let decoded = decode_reply(&frame[..length], &Limits::default());
            prop_assert_eq!(decoded.is_ok(), frame.len() - length <= tail, "{:?}", decoded);
        }
    }

    #[test]
    fn whatever_arrives_gives_a_value_or_an_error(
        frame in prop_oneof![vec(any::<u8>(), 0..100), plausible_frame()],
        message in 0..120_usize,
    ) {
        for limits in [Limits::default(), Limits { message, ..Limits::default() }] {
            let inbound = decode_inbound(&frame, &limits);
            let reply = decode_reply(&frame, &limits);
            let event = decode_event(&frame, &limits);
            let worker = decode_worker(&frame, &limits);
            let values = [inbound.is_ok(), reply.is_ok(), event.is_ok(), worker.is_ok()];
            prop_assert!(values.iter().filter(|is| **is).count() <= 1, "the frame decodes as more than one message");
            if let Ok(Event { content: EventContent::Command(request), .. }) = &event {
                prop_assert_eq!(metadata_of(&frame, &limits), request.metadata);
            }
            let _ = request_to_event(&frame, 1, 2, &limits);
            let made = event_to_request(&frame, RequestKind::Call, 1, &limits);
            prop_assert!(event.is_err() || made.is_ok(), "the event cannot be converted into a request");
            if let Ok(Inbound::Request(Request { metadata, .. })) = inbound {
                prop_assert_eq!(metadata.iter().count(), metadata.len());
            }
        }
        let _ = (SniffedDialect::of(&frame), classify(&frame), rejection_id(&frame), answered_id(&frame));
    }

    #[test]
    fn numbering_a_frame_changes_only_its_id(parts in parts(), id: u64) {
        let request = parts.request(RequestKind::Call);
        let mut frame = encoded_request(&request);
        patch_id(&mut frame, id);
        prop_assert_eq!(frame, encoded_request(&Request { id: CallId::from(id), ..request }));
    }
}
