//! What a client takes in: replies, failures, pongs and signs of life.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zmqrpc_runtime::__fuzz::{
    Incoming, Limits, Reply, ReplyBody, answered_id, is_from_server, is_service_error, rejection_id,
};

fuzz_target!(|frame: &[u8]| {
    let limits = Limits::default();
    let answered = answered_id(frame);
    let service_error = is_service_error(frame);
    let Ok(reply) = Reply::decode(frame, &limits) else {
        return;
    };
    assert!(is_from_server(frame));
    assert!(Incoming::decode(frame, &limits).is_err());
    assert_eq!(
        rejection_id(frame),
        None,
        "servers that answer each other never end"
    );
    match reply.body {
        ReplyBody::Ok { .. } | ReplyBody::Failure { .. } => {
            assert_eq!((answered, service_error), (Some(reply.id), false));
        }
        ReplyBody::Service { .. } => assert_eq!((answered, service_error), (Some(reply.id), true)),
        ReplyBody::Pong | ReplyBody::Working | ReplyBody::Draining => {}
    }
    let mut again = Vec::new();
    reply.encode(&mut again);
    assert_eq!(Reply::decode(&again, &limits).unwrap(), reply);
});
