//! What a queue reads from its file: requests and dead letters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zmqrpc_runtime::__fuzz::{reread_letter, reread_request};

fuzz_target!(|entry: &[u8]| {
    if let Some(again) = reread_request(entry) {
        assert_eq!(again, entry);
    }
    if let Some((letter, again)) = reread_letter(entry) {
        assert_eq!(again, entry);
        assert!(entry.len() >= letter.body().len() + letter.reason().len());
        let _ = (letter.method(), letter.metadata("key"), letter.codec());
        let _ = (letter.accepted(), letter.given_up(), letter.delivery());
        assert!(!format!("{letter:?}").is_empty());
    }
});
