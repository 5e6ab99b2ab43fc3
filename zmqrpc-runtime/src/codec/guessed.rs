//! Wrappers for arguments that may be bytes.
//!
//! The macro sees names only: a `Vec<u8>` may be the standard library's or another crate's. So
//! generated code puts these around such an argument, and the type decides, at compile time.

use std::any::Any;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use super::{Bytes, optional_bytes};

/// A decoded value, read as bytes if `T` is a `Vec<u8>` or an `Option` of one.
#[derive(Debug)]
pub struct Owned<T>(T);

impl<T> Owned<T> {
    /// Borrows the value.
    #[must_use]
    pub const fn as_inner(&self) -> &T {
        &self.0
    }

    /// Returns the value.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<'de, T: DeserializeOwned + 'static> Deserialize<'de> for Owned<T> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `slot` is an `Option<T>`, so it is an `Option<Vec<u8>>` exactly where `T` is `Vec<u8>`.
        let mut slot: Option<T> = None;
        let any: &mut dyn Any = &mut slot;
        if let Some(slot) = any.downcast_mut::<Option<Vec<u8>>>() {
            *slot = Some(Bytes::deserialize(deserializer)?.into_vec());
        } else if let Some(slot) = any.downcast_mut::<Option<Option<Vec<u8>>>>() {
            let bytes = Option::<Bytes<'_>>::deserialize(deserializer)?;
            *slot = Some(bytes.map(Bytes::into_vec));
        } else {
            slot = Some(T::deserialize(deserializer)?);
        }
        slot.map(Self)
            .ok_or_else(|| D::Error::custom("no value was decoded"))
    }
}

/// A borrowed value to encode, written as bytes if `T` is a `Vec<u8>` or an `Option` of one.
#[derive(Debug)]
pub struct Lent<'a, T>(&'a T);

impl<'a, T> Lent<'a, T> {
    /// Borrows `value`.
    #[must_use]
    pub const fn new(value: &'a T) -> Self {
        Self(value)
    }
}

impl<T: Serialize + 'static> Serialize for Lent<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let any: &dyn Any = self.0;
        if let Some(bytes) = any.downcast_ref::<Vec<u8>>() {
            Bytes::new(bytes).serialize(serializer)
        } else if let Some(bytes) = any.downcast_ref::<Option<Vec<u8>>>() {
            optional_bytes(bytes.as_deref()).serialize(serializer)
        } else {
            self.0.serialize(serializer)
        }
    }
}
