//! Any body as a line of text for people.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zmqrpc_runtime::__fuzz::{Codec, describe};

fuzz_target!(|body: &[u8]| {
    assert_eq!(describe(Codec::Postcard, body), None);
    for codec in [Codec::Json, Codec::MessagePack] {
        if let Some(line) = describe(codec, body) {
            assert!(line.chars().count() <= 256, "{line}");
            assert!(!line.contains(char::is_control), "{line:?}");
        }
    }
});
