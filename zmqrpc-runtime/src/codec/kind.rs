//! The codecs by number. No other file chooses between them.

use std::any::Any;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Bytes, Error, msgpack, optional_bytes, postcard};

/// How a body encodes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Compact and positional: both sides must use the same types.
    Postcard,
    /// Self-describing: structs are maps, variants are names; peers in any language can decode it.
    MessagePack,
}

impl Codec {
    /// Returns the codec with this number on the wire.
    ///
    /// The number 1 is reserved for JSON, which is not implemented; and so is 2, `MessagePack`'s, in a build without it.
    #[must_use]
    pub const fn from_id(id: u8) -> Option<Self> {
        match id {
            0 => Some(Self::Postcard),
            2 if cfg!(feature = "msgpack") => Some(Self::MessagePack),
            _ => None,
        }
    }

    /// The codecs that [`from_id`](Self::from_id) knows, for messages to people.
    pub const KNOWN: &str = if cfg!(feature = "msgpack") {
        "0 (postcard) or 2 (MessagePack)"
    } else {
        "0 (postcard)"
    };

    /// Returns the codec's number on the wire.
    #[must_use]
    pub const fn id(self) -> u8 {
        match self {
            Self::Postcard => 0,
            Self::MessagePack => 2,
        }
    }

    /// Returns the codec's name, for messages to people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Postcard => "postcard",
            Self::MessagePack => "MessagePack",
        }
    }

    /// Appends the encoded `value` to `out`, which may grow to `limit` bytes in all.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] if `out` would outgrow `limit`, [`Error::Encode`] if the value cannot be
    /// represented. `out` then holds what it held before.
    #[inline]
    pub fn encode<T>(self, value: &T, out: &mut Vec<u8>, limit: usize) -> Result<(), Error>
    where
        T: Serialize + ?Sized,
    {
        let start = out.len();
        let result = match self {
            Self::Postcard => postcard::encode(value, out, limit),
            Self::MessagePack => msgpack::encode(value, out, limit),
        };
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    /// Decodes one value that fills all of `bytes`.
    ///
    /// Under `MessagePack` an empty body counts as nil.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] if `bytes` do not encode a `T`; [`Error::Trailing`] if bytes follow it;
    /// [`Error::TooDeep`], [`Error::TooManyElements`], [`Error::TooManyEmpty`] and
    /// [`Error::TooMuchMemory`] beyond what a message may hold.
    #[inline]
    pub fn decode<'de, T>(self, bytes: &'de [u8]) -> Result<T, Error>
    where
        T: Deserialize<'de>,
    {
        match self {
            Self::Postcard => postcard::decode(bytes),
            Self::MessagePack => msgpack::decode(bytes),
        }
    }

    /// Encodes like [`encode`](Self::encode), but a whole `Vec<u8>` or `Option<Vec<u8>>` as bytes.
    ///
    /// Serde treats `Vec<u8>` as a sequence of integers, with one call per byte. The type is
    /// compared at compile time, so no other type pays for the difference.
    ///
    /// # Errors
    ///
    /// The same as those of [`encode`](Self::encode).
    #[inline]
    pub fn encode_value<T>(self, value: &T, out: &mut Vec<u8>, limit: usize) -> Result<(), Error>
    where
        T: Serialize + 'static,
    {
        let any: &dyn Any = value;
        if let Some(bytes) = any.downcast_ref::<Vec<u8>>() {
            self.encode(&Bytes::new(bytes), out, limit)
        } else if let Some(bytes) = any.downcast_ref::<Option<Vec<u8>>>() {
            self.encode(&optional_bytes(bytes.as_deref()), out, limit)
        } else {
            self.encode(value, out, limit)
        }
    }

    /// Decodes what [`encode_value`](Self::encode_value) wrote; also accepts an array of integers.
    ///
    /// # Errors
    ///
    /// The same as those of [`decode`](Self::decode).
    #[inline]
    pub fn decode_value<T>(self, bytes: &[u8]) -> Result<T, Error>
    where
        T: DeserializeOwned + 'static,
    {
        // `slot` is an `Option<T>`, so it is an `Option<Vec<u8>>` exactly where `T` is `Vec<u8>`.
        let mut slot: Option<T> = None;
        let any: &mut dyn Any = &mut slot;
        if let Some(slot) = any.downcast_mut::<Option<Vec<u8>>>() {
            *slot = Some(self.decode::<Bytes<'_>>(bytes)?.into_vec());
        } else if let Some(slot) = any.downcast_mut::<Option<Option<Vec<u8>>>>() {
            *slot = Some(
                self.decode::<Option<Bytes<'_>>>(bytes)?
                    .map(Bytes::into_vec),
            );
        }
        match slot {
            Some(value) => Ok(value),
            None => self.decode(bytes),
        }
    }
}
