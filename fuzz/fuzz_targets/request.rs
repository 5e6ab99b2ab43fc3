//! What a server takes in: calls, notifications, cancellations and pings.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use zmqrpc_runtime::__fuzz::{
    CallId, Inbound, Limits, SniffedDialect, decode_event, decode_inbound, decode_outbound,
    encode_control, encode_ping, encode_request, is_from_server, patch_id, peek_id, rejection_id,
    request_to_event, shorten_remaining,
};

fuzz_target!(|frame: &[u8]| {
    let limits = Limits::default();
    let _ = (SniffedDialect::of(frame), rejection_id(frame));

    // A proxy writes into frames that it does not decode.
    let mut numbered = frame.to_vec();
    patch_id(&mut numbered, 7);
    let mut shortened = frame.to_vec();
    shorten_remaining(&mut shortened, Duration::from_millis(3));
    assert_eq!(
        (numbered.len(), shortened.len()),
        (frame.len(), frame.len())
    );

    let Ok(inbound) = decode_inbound(frame, &limits) else {
        return;
    };
    assert!(!is_from_server(frame));
    assert!(decode_event(frame, &limits).is_err() && decode_outbound(frame, &limits).is_err());
    let mut again = Vec::new();
    match &inbound {
        Inbound::Request(request) => {
            assert_eq!(peek_id(frame).map(CallId::from), Some(request.id.clone()));
            encode_request(request, &mut again, &limits).unwrap();
            assert!(request_to_event(frame, 1, 2, &limits).is_ok());

            let Ok(Inbound::Request(later)) = decode_inbound(&shortened, &limits) else {
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
        Inbound::Control(_, control) => {
            again.extend(encode_control(peek_id(frame).unwrap(), *control));
        }
        Inbound::Ping(_) => again.extend(encode_ping(peek_id(frame).unwrap())),
    }
    assert_eq!(decode_inbound(&again, &limits).unwrap(), inbound);
});
