//! What a subscriber takes in: events and heartbeats.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zmqrpc_runtime::__fuzz::{
    EventContent, Limits, RequestKind, decode_event, encode_event, event_to_request, metadata_of,
    rejection_id, request_to_event,
};

fuzz_target!(|frame: &[u8]| {
    let limits = Limits::default();
    let made = event_to_request(frame, RequestKind::Call, 1, &limits);
    let metadata = metadata_of(frame, &limits);
    let Ok(event) = decode_event(frame, &limits) else {
        return;
    };
    assert_eq!(rejection_id(frame), None, "events are never answered");
    let mut again = Vec::new();
    encode_event(&event, &mut again, &limits).unwrap();
    assert_eq!(decode_event(&again, &limits).unwrap(), event);
    // As a proxy does it.
    match (event.content, made.unwrap()) {
        (EventContent::Heartbeat, None) => {}
        (EventContent::Command(command), Some(request)) => {
            assert_eq!(metadata, command.metadata);
            let back = request_to_event(&request, event.sequence, event.publisher, &limits);
            assert_eq!(back.unwrap(), frame);
        }
        (content, request) => panic!("{content:?} makes {request:?}"),
    }
});
