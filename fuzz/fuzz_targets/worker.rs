//! What a client that is bound takes in of a worker that has come.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zmqrpc_runtime::__fuzz::{
    FrameKind, Limits, WorkerOffer, classify, decode_inbound, decode_outbound, decode_worker,
    encode_worker, rejection_id,
};

fuzz_target!(|frame: &[u8]| {
    let limits = Limits::default();
    let Ok(offer) = decode_worker(frame, &limits) else {
        return;
    };
    assert_eq!(classify(frame), FrameKind::Worker);
    assert_eq!(rejection_id(frame), None, "a worker is not answered");
    assert!(decode_inbound(frame, &limits).is_err());
    assert!(decode_outbound(frame, &limits).is_err());
    let services: Vec<_> = offer
        .services
        .iter()
        .map(|(name, version)| (&**name, *version))
        .collect();
    let again = encode_worker(&WorkerOffer {
        name: &offer.name,
        services: &services,
    });
    assert_eq!(decode_worker(&again, &limits).unwrap(), offer);
});
