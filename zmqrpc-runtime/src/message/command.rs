//! The built-in command that carries a message.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::Bytes;
use crate::command::{Command, KeyCell, Method};
use crate::error::CallError;

const METHOD: Method = Method::new("zmqrpc", "message", 1, "([u8]) -> Result<[u8], String>")
    .docs("Takes a message of bytes and answers with one.");

/// The key of both, whose values are the same.
static KEY: KeyCell = KeyCell::new();

/// A message on its way out.
#[derive(Debug)]
pub(super) struct MessageCommand<'a>(pub(super) &'a [u8]);

impl Serialize for MessageCommand<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (Bytes::new(self.0),).serialize(serializer)
    }
}

impl Command for MessageCommand<'_> {
    type Arguments<'a> = (Bytes<'a>,);
    type Reply = Vec<u8>;
    type Failure = CallError<String>;
    type Answer = Result<Vec<u8>, String>;
    const METHOD: Method = METHOD.shaped::<Self>(&["message"], &KEY);
}

/// A message that has arrived.
#[derive(Debug)]
pub(super) struct ReceivedMessage(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for ReceivedMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (bytes,) = <(Bytes<'_>,)>::deserialize(deserializer)?;
        Ok(Self(bytes.into_vec()))
    }
}

impl Serialize for ReceivedMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        MessageCommand(&self.0).serialize(serializer)
    }
}

impl Command for ReceivedMessage {
    type Arguments<'a> = (Bytes<'a>,);
    type Reply = Vec<u8>;
    type Failure = CallError<String>;
    type Answer = Result<Vec<u8>, String>;
    const METHOD: Method = METHOD.shaped::<Self>(&["message"], &KEY);
}
