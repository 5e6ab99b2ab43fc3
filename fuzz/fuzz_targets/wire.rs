//! Frames: any bytes as a request, as an event and as a reply.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zmqrpc_runtime::__fuzz::{
    Content, Dialect, Event, Incoming, Kind, Limits, Metadata, Reply, ReplyBody, answered_id,
    event_to_request, metadata_of, peek_id, refusal_id, request_to_event,
};

/// Reads all metadata, however it is reached.
fn read(metadata: Metadata<'_>) {
    let entries = metadata.iter().count();
    assert_eq!(entries, metadata.len());
    for (key, _) in metadata.iter() {
        assert!(metadata.get(key).is_some());
    }
}

fuzz_target!(|frame: &[u8]| {
    let limits = Limits::default();
    let _ = Dialect::sniff(frame);
    let _ = (peek_id(frame), refusal_id(frame), answered_id(frame));

    if let Ok(incoming) = Incoming::decode(frame, &limits)
        && let Incoming::Request(request) = incoming
    {
        read(request.metadata);
        let mut again = Vec::new();
        request.encode(&mut again, &limits).unwrap();
        assert_eq!(Incoming::decode(&again, &limits).unwrap(), incoming);
    }

    if let Ok(event) = Event::decode(frame, &limits) {
        let mut again = Vec::new();
        event.encode(&mut again, &limits).unwrap();
        assert_eq!(Event::decode(&again, &limits).unwrap(), event);
        let request = event_to_request(frame, Kind::Call, 1, &limits).unwrap();
        if let Content::Command(command) = event.content {
            read(command.metadata);
            assert_eq!(metadata_of(frame, &limits), command.metadata);
            let request = request.unwrap();
            let back = request_to_event(&request, event.sequence, event.publisher, &limits);
            assert_eq!(back.unwrap(), frame);
        }
    }

    if let Ok(reply) = Reply::decode(frame, &limits) {
        if let ReplyBody::Ok { metadata, .. }
        | ReplyBody::Service { metadata, .. }
        | ReplyBody::Failure { metadata, .. } = reply.body
        {
            read(metadata);
        }
        let mut again = Vec::new();
        reply.encode(&mut again);
        assert_eq!(Reply::decode(&again, &limits).unwrap(), reply);
    }
});
