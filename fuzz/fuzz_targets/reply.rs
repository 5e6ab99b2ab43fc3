//! What a client takes in: replies, failures, pongs and signs of life.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zmqrpc_runtime::__fuzz::{
    CallId, FrameKind, Limits, Outbound, Reply, answered_id, classify, decode_inbound,
    decode_outbound, decode_reply, encode_outbound, is_failure, is_from_server, peek_id,
    rejection_id,
};

fuzz_target!(|frame: &[u8]| {
    let limits = Limits::default();
    let (answered, kind) = (answered_id(frame), classify(frame));
    let Ok((id, message)) = decode_outbound(frame, &limits) else {
        assert!(decode_reply(frame, &limits).is_err());
        return;
    };
    assert!(is_from_server(frame));
    assert!(decode_inbound(frame, &limits).is_err());
    assert_eq!(
        rejection_id(frame),
        None,
        "servers that answer each other never end"
    );
    let number = peek_id(frame).unwrap();
    assert_eq!(id, CallId::from(number));
    match message {
        Outbound::Reply(reply) => {
            assert_eq!((answered, kind), (Some(number), FrameKind::Reply(number)));
            assert_eq!(is_failure(frame), matches!(reply, Reply::Failure { .. }));
            assert_eq!(decode_reply(frame, &limits), Ok(reply));
        }
        Outbound::Pong => assert_eq!(kind, FrameKind::Pong(number)),
        Outbound::Working => assert_eq!(kind, FrameKind::Interim(number)),
        Outbound::Draining if number == 0 => {}
        Outbound::Draining => assert_eq!(kind, FrameKind::Draining(number)),
    }
    let mut again = Vec::new();
    encode_outbound(&id, &message, &mut again);
    assert_eq!(decode_outbound(&again, &limits).unwrap(), (id, message));
});
