//! Arguments, replies and errors in JSON, with `serde_json` as the judge of what is JSON and what it says.
#![no_main]

mod bodies;

use std::collections::BTreeMap;
use std::fmt::Debug;

use bodies::{Node, Tree};
use libfuzzer_sys::fuzz_target;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use zmqrpc_runtime::__fuzz::{Codec, CodecError};

/// Without numbers and bytes, of which we read more than `serde_json` does.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Words {
    Nothing,
    Text(String, char),
    Flags { flags: Vec<Option<bool>> },
    Map(BTreeMap<String, Words>),
}

fuzz_target!(|body: &[u8]| {
    bodies::decode(Codec::Json, body);
    if body.is_empty() {
        return;
    }
    let judge = serde_json::from_slice::<IgnoredAny>(body).is_ok();
    assert_eq!(Codec::Json.decode::<IgnoredAny>(body).is_ok(), judge);
    compare::<Words>(body, true);
    compare::<Node>(body, false);
    compare::<Tree>(body, false);

    let names = ["name", "words"];
    let by_name = Codec::Json.decode_arguments::<(String, Option<Words>)>(body, &names);
    let _ = by_name.map(|_| assert!(judge));
});

/// What the judge reads we read, and where both `exactly` read the same, nothing else.
fn compare<T: Debug + PartialEq + Serialize + DeserializeOwned>(body: &[u8], exactly: bool) {
    match (
        Codec::Json.decode::<T>(body),
        serde_json::from_slice::<T>(body),
    ) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(ours, theirs);
            let mut written = Vec::new();
            Codec::Json.encode(&ours, &mut written, usize::MAX).unwrap();
            assert_eq!(serde_json::from_slice::<T>(&written).unwrap(), ours);
        }
        (Err(CodecError::Decode(reason)), Ok(theirs)) => panic!("{reason}, but it is {theirs:?}"),
        (Ok(ours), Err(reason)) if exactly && !reason.to_string().contains("recursion") => {
            panic!("it is {ours:?}, but {reason}")
        }
        _ => {}
    }
}
