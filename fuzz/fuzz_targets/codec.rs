//! Bodies: the first byte chooses the codec, the rest is decoded into one type after the other.
#![no_main]

use std::collections::BTreeMap;
use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zmqrpc_runtime::__fuzz::{Bytes, Codec, NoArgs, Str, describe};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Node {
    id: u32,
    name: Option<String>,
    children: Vec<Node>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Link(Option<Box<Link>>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Tree {
    Leaf,
    Branch(Box<Tree>, Box<Tree>),
    Map(BTreeMap<String, Tree>),
    Fields { flag: bool, list: Vec<Tree> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Scalars(i8, u16, i32, u64, i128, u128, char, (), [u8; 4]);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Loose {
    Number(i64),
    Text(String),
    List(Vec<Loose>),
}

/// Decodes, and checks that the value survives the way back.
///
/// The bytes need not be the same: a varint or a map may be written in more than one way.
fn inverse<T: Debug + PartialEq + Serialize + DeserializeOwned>(codec: Codec, bytes: &[u8]) {
    let Ok(value) = codec.decode::<T>(bytes) else {
        return;
    };
    let mut again = Vec::new();
    codec.encode(&value, &mut again, usize::MAX).unwrap();
    assert_eq!(codec.decode::<T>(&again).unwrap(), value);
}

fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else {
        return;
    };
    let codec = if first & 1 == 0 {
        Codec::Postcard
    } else {
        Codec::MessagePack
    };
    inverse::<Node>(codec, bytes);
    inverse::<Tree>(codec, bytes);
    inverse::<Scalars>(codec, bytes);
    inverse::<Vec<u64>>(codec, bytes);
    inverse::<Vec<Vec<()>>>(codec, bytes);
    inverse::<BTreeMap<u8, Option<String>>>(codec, bytes);
    inverse::<Loose>(codec, bytes);

    let _ = codec.decode::<Link>(bytes);
    let _ = codec.decode::<NoArgs>(bytes);
    let _ = codec.decode::<(Bytes<'_>, Str<'_>, Option<Bytes<'_>>)>(bytes);
    let _ = codec.decode_value::<Option<Vec<u8>>>(bytes);
    if let Some(text) = describe(codec, bytes) {
        assert!(text.chars().count() <= 256 && !text.contains(char::is_control));
    }
});
