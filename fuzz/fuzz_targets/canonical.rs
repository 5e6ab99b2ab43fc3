//! The text that a key stands for, as a server's refusal tells it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zmqrpc_runtime::__fuzz::read_canonical;
use zmqrpc_runtime::schema::{Description, Verdict, changes};

fuzz_target!(|text: &[u8]| {
    let Some(read) = str::from_utf8(text).ok().and_then(read_canonical) else {
        return;
    };
    let written = canonical(&read);
    let again = read_canonical(&written).expect("what is written is read");
    assert_eq!(canonical(&again), written);
    for change in changes(&read, &again) {
        assert_eq!(change.by_key, Verdict::Fine, "{change}");
    }
});

fn canonical(description: &Description) -> String {
    description.canonical(&description.services[0].methods[0])
}
