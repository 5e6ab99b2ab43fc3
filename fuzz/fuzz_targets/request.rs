//! What a server takes in: calls, notifications, cancellations and pings.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use zmqrpc_runtime::__fuzz::{
    Dialect, Event, Incoming, Limits, Reply, encode_cancel, encode_ping, is_from_server, patch_id,
    peek_id, rejection_id, request_to_event, shorten_remaining,
};

fuzz_target!(|frame: &[u8]| {
    let limits = Limits::default();
    let _ = (Dialect::sniff(frame), rejection_id(frame));

    // A proxy writes into frames that it does not decode.
    let mut numbered = frame.to_vec();
    patch_id(&mut numbered, 7);
    let mut shortened = frame.to_vec();
    shorten_remaining(&mut shortened, Duration::from_millis(3));
    assert_eq!(
        (numbered.len(), shortened.len()),
        (frame.len(), frame.len())
    );

    let Ok(incoming) = Incoming::decode(frame, &limits) else {
        return;
    };
    assert!(!is_from_server(frame));
    assert!(Event::decode(frame, &limits).is_err() && Reply::decode(frame, &limits).is_err());
    let mut again = Vec::new();
    match incoming {
        Incoming::Request(request) => {
            assert_eq!(peek_id(frame), Some(request.id));
            request.encode(&mut again, &limits).unwrap();
            assert!(request_to_event(frame, 1, 2, &limits).is_ok());

            let Ok(Incoming::Request(later)) = Incoming::decode(&shortened, &limits) else {
                panic!("a shorter time makes it no request");
            };
            if request
                .remaining
                .is_none_or(|remaining| remaining >= Duration::from_millis(3))
            {
                assert_eq!(
                    later.remaining,
                    request.remaining.map(|_| Duration::from_millis(3))
                );
            }
            assert_eq!(
                (later.metadata, later.body),
                (request.metadata, request.body)
            );
        }
        Incoming::Cancel(id) => again.extend(encode_cancel(id)),
        Incoming::Ping(id) => again.extend(encode_ping(id)),
    }
    assert_eq!(Incoming::decode(&again, &limits).unwrap(), incoming);
});
