//! Bodies, decoded into one type after the other: such as nest, recurse, borrow and take no bytes.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zmqrpc_runtime::__fuzz::{Bytes, Codec, NoArgs, Str};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    id: u32,
    name: Option<String>,
    children: Vec<Node>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Link(Option<Box<Link>>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub enum Tree {
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

pub fn decode(codec: Codec, bytes: &[u8]) {
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
    let _ = codec.decode_value::<Vec<u8>>(bytes);
    let _ = codec.decode_value::<Option<Vec<u8>>>(bytes);
}
