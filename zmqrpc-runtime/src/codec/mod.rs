//! Values to bytes and back: postcard, JSON and `MessagePack` behind one small enum.
//!
//! Called by everything that encodes a command or decodes a reply. Must not know methods, the wire
//! format or sockets, and imports nothing from the layers above it.
//!
//! Any byte may come from a hostile peer, so decoding trusts none: [`budget`] documents what is
//! bounded, and why the formats' own crates are not enough.
//!
//! ```text
//! kind             the codecs by number, and the one place that chooses between them
//! postcard         positional, compiled for each type
//! erased           types forgotten, so that what follows is compiled once
//! self_describing  what JSON and MessagePack share: arguments by name, the path of an error, what cannot be restored
//! json, msgpack    the formats
//! budget           what a message may become
//! ```

mod budget;
mod bytes;
#[cfg_attr(not(any(feature = "json", feature = "msgpack")), allow(dead_code))]
pub(crate) mod erased;
mod error;
mod guessed;
#[cfg(feature = "json")]
mod json;
mod kind;
mod limited_buffer;
#[cfg(feature = "msgpack")]
mod msgpack;
mod postcard;
#[cfg_attr(
    not(any(feature = "json", feature = "msgpack")),
    allow(dead_code, unused_imports)
)]
mod self_describing;
mod text;
mod travels;

// They compare the codecs with each other.
#[cfg(all(test, feature = "json", feature = "msgpack"))]
mod tests;

pub(crate) use self::budget::DEEPEST_STACK;
#[doc(hidden)]
pub use self::bytes::{Bytes, NoArgs, Str, optional_bytes};
pub use self::error::Error;
#[doc(hidden)]
pub use self::guessed::{Lent, Owned};
pub use self::kind::Codec;
pub use self::text::describe;
pub use self::travels::assert_travels;
