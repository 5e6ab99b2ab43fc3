//! The codecs by number. No other file chooses between them.

use std::any::Any;

use serde::de::{DeserializeOwned, DeserializeSeed};
use serde::{Deserialize, Serialize};

#[cfg(feature = "json")]
use super::json::Json;
#[cfg(feature = "msgpack")]
use super::msgpack::MessagePack;
use super::self_describing::{self, Format};
use super::{Bytes, Error, optional_bytes, postcard};

/// How a body encodes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// Compact and positional: both sides must use the same types.
    Postcard,
    /// Self-describing text: programs in any language can write it, and people can read it.
    #[cfg(feature = "json")]
    Json,
    /// Self-describing and binary: structs are maps, variants are names; programs in any language can read it.
    #[cfg(feature = "msgpack")]
    MessagePack,
}

impl Codec {
    /// All codecs of this build, in the order of their numbers.
    pub(crate) const ALL: &[Self] = &[
        Self::Postcard,
        #[cfg(feature = "json")]
        Self::Json,
        #[cfg(feature = "msgpack")]
        Self::MessagePack,
    ];

    /// The codec that calls by name have unless they are told another one; [`Postcard`](Self::Postcard), which cannot
    /// do it, in a build that has none.
    pub(crate) const BY_NAME: Self = {
        #[cfg(feature = "msgpack")]
        {
            Self::MessagePack
        }
        #[cfg(all(feature = "json", not(feature = "msgpack")))]
        {
            Self::Json
        }
        #[cfg(not(any(feature = "json", feature = "msgpack")))]
        {
            Self::Postcard
        }
    };

    /// Returns the codec with this number on the wire; `None` if this build has no such codec.
    #[must_use]
    pub fn from_id(id: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|codec| codec.id() == id)
    }

    /// Returns the codec's number on the wire.
    #[must_use]
    pub const fn id(self) -> u8 {
        match self {
            Self::Postcard => 0,
            #[cfg(feature = "json")]
            Self::Json => 1,
            #[cfg(feature = "msgpack")]
            Self::MessagePack => 2,
        }
    }

    /// Returns the codec's name, for messages to people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Postcard => "postcard",
            #[cfg(feature = "json")]
            Self::Json => "JSON",
            #[cfg(feature = "msgpack")]
            Self::MessagePack => "MessagePack",
        }
    }

    /// Returns whether a body says what it holds: only then may a method be called by name.
    #[must_use]
    pub fn is_self_describing(self) -> bool {
        self.format().is_some()
    }

    /// Returns the format of a self-describing codec.
    pub(super) fn format(self) -> Option<&'static dyn Format> {
        match self {
            Self::Postcard => None,
            #[cfg(feature = "json")]
            Self::Json => Some(&Json),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => Some(&MessagePack),
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
        let result = match self.format() {
            None => postcard::encode(value, out, limit),
            Some(format) => self_describing::encode(format, value, out, limit),
        };
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    /// Decodes one value that fills all of `bytes`.
    ///
    /// In a self-describing codec an empty body counts as nil.
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
        match self.format() {
            None => postcard::decode(bytes),
            Some(format) => self_describing::decode(format, bytes),
        }
    }

    /// Decodes the arguments of a method, which have these names: a tuple, or in a self-describing codec also a map by
    /// name.
    ///
    /// # Errors
    ///
    /// The same as those of [`decode`](Self::decode).
    #[doc(hidden)]
    #[inline]
    pub fn decode_arguments<'de, A>(self, bytes: &'de [u8], names: &[&str]) -> Result<A, Error>
    where
        A: Deserialize<'de>,
    {
        match self.format() {
            None => postcard::decode(bytes),
            Some(format) => self_describing::decode_arguments(format, bytes, names),
        }
    }

    /// Returns the value that has no parts: a unit, or a struct without fields.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] for any other type.
    pub(crate) fn decode_nothing<T: DeserializeOwned>(self) -> Result<T, Error> {
        let mut list = Vec::new();
        self.encode(&[(); 0], &mut list, usize::MAX)?;
        self.decode(&[]).or_else(|_| self.decode(&list))
    }

    /// Decodes with a seed; `None` if the codec is not self-describing.
    pub(super) fn decode_seed<'de, S>(
        self,
        bytes: &'de [u8],
        seed: S,
    ) -> Option<Result<S::Value, Error>>
    where
        S: DeserializeSeed<'de>,
    {
        let format = self.format()?;
        Some(self_describing::decode_seed(format, bytes, seed))
    }

    /// Encodes like [`encode`](Self::encode), but a whole `Vec<u8>` or `Option<Vec<u8>>` as bytes.
    ///
    /// Serde treats `Vec<u8>` as a sequence of integers, with one call per byte. The type is
    /// compared at compile time, so no other type pays for the difference.
    ///
    /// # Errors
    ///
    /// The same as those of [`encode`](Self::encode).
    #[doc(hidden)]
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
    #[doc(hidden)]
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
