//! Values to bytes and back: postcard and `MessagePack` behind one small enum.
//!
//! Called by everything that encodes a command or decodes a reply. Must not know methods, the wire
//! format or sockets, and imports nothing from the layers above it.
//!
//! Any byte may come from a hostile peer, so decoding trusts none: [`guard`] documents what is
//! bounded, and why the formats' own crates are not enough.

mod bytes;
mod error;
mod exact;
mod guard;
mod guessed;
mod kind;
mod limited_buffer;
#[cfg_attr(not(feature = "msgpack"), path = "no_msgpack.rs")]
mod msgpack;
mod noted;
mod postcard;
mod text;
mod travels;

// They compare the codecs with each other.
#[cfg(all(test, feature = "msgpack"))]
mod tests;

#[doc(hidden)]
pub use self::bytes::{Bytes, NoArgs, Str, optional_bytes};
pub use self::error::Error;
#[doc(hidden)]
pub use self::guessed::{Lent, Owned};
pub use self::kind::Codec;
pub use self::text::describe;
pub use self::travels::assert_travels;
