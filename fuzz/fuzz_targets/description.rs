//! Descriptions, as a server tells them: exported, compared and written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zmqrpc_runtime::schema::{Description, Verdict, changes};

fuzz_target!(|bytes: &[u8]| {
    let Ok(description) = serde_json::from_slice::<Description>(bytes) else {
        return;
    };
    let text = serde_json::to_string(&description).unwrap();
    let again: Description = serde_json::from_str(&text).unwrap();
    assert_eq!(again, description);
    for change in changes(&description, &again) {
        assert_eq!(change.by_key, Verdict::Fine, "{change}");
    }
    let _ = description.fingerprints();
    let _ = description.to_json_schema();
    let _ = description.to_open_rpc();
    let _ = description.to_python();
});
