//! Values that travel in replies.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{Codec, Error as CodecError, Owned};
use crate::tracer::RootType;

/// A value that a service can return: every type that serde can serialize and deserialize.
///
/// Serde's traits are not supertraits: a type without them would then get two of serde's error messages instead of the
/// one here, which says what to do.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel in a reply",
    label = "needs `serde::Serialize` and `serde::Deserialize`, and owns what it holds",
    note = "write `#[derive(serde::Serialize, serde::Deserialize)]` above `{Self}`"
)]
pub trait Value: Sized + Send + 'static {
    #[doc(hidden)]
    const TYPE: RootType<'static>;

    #[doc(hidden)]
    fn encode(&self, codec: Codec, out: &mut Vec<u8>, limit: usize) -> Result<(), CodecError>;
    #[doc(hidden)]
    fn decode(codec: Codec, bytes: &[u8]) -> Result<Self, CodecError>;
}

// Without this, the compiler would explain why serde's traits are missing, instead of showing the message above.
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Value for T {
    // Bytes as a whole reply are bytes, and no list of numbers.
    const TYPE: RootType<'static> = RootType::of::<Owned<T>>();

    fn encode(&self, codec: Codec, out: &mut Vec<u8>, limit: usize) -> Result<(), CodecError> {
        codec.encode_value(self, out, limit)
    }

    fn decode(codec: Codec, bytes: &[u8]) -> Result<Self, CodecError> {
        codec.decode_value(bytes)
    }
}
