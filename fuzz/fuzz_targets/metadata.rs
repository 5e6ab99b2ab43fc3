//! Metadata, behind the front of a request, and the names of deliveries in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zmqrpc_runtime::__fuzz::{
    DeliveryId, Inbound, Limits, MetadataBuf, Reply, decode_inbound, decode_reply, encode_ping,
    metadata_of,
};

/// A call by key, without its metadata.
fn call(metadata: &[u8]) -> Vec<u8> {
    let mut frame = encode_ping(1).to_vec();
    frame[2] = 0x01;
    frame.extend([0; 11]);
    frame.extend(metadata);
    frame
}

/// A good reply, without its metadata.
fn reply(metadata: &[u8]) -> Vec<u8> {
    let mut frame = encode_ping(1).to_vec();
    frame[2] = 0x81;
    frame.extend([0, 0]);
    frame.extend(metadata);
    frame
}

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let (call, reply) = (call(bytes), reply(bytes));
    let of_call = decode_inbound(&call, &limits);
    let of_reply = decode_reply(&reply, &limits);
    let Ok(Inbound::Request(request)) = of_call else {
        assert!(of_reply.is_err(), "{of_call:?}, {of_reply:?}");
        assert!(metadata_of(&call, &limits).is_empty());
        return;
    };
    let Reply::Value { metadata, .. } = of_reply.unwrap() else {
        panic!("another status");
    };
    assert_eq!(metadata, request.metadata);
    assert!(metadata.len() <= limits.metadata_entries);
    assert!(metadata.as_bytes().len() <= limits.metadata_bytes);
    assert_eq!(metadata.iter().count(), metadata.len());

    let mut own = MetadataBuf::from(metadata);
    for (key, value) in metadata {
        assert!(metadata.get(key).is_some());
        if let Ok(delivery) = value.parse::<DeliveryId>() {
            assert_eq!(delivery.to_string().parse(), Ok(delivery));
        }
        own.set(key, "other");
        assert_eq!(own.as_metadata().get(key), Some("other"));
        own.remove(key);
        assert_eq!(own.as_metadata().get(key), None);
    }
    assert!(own.as_metadata().is_empty());
});
