//! What a server can tell of itself: its services, their methods, and the shapes of all values that travel.
//!
//! ```text
//! shape      how a value is written: what lists, structs and enums are made of
//! document   services and methods, with the shapes of their arguments, replies and errors
//! labels     short names of types
//! reader     reads shapes, of later versions too
//! canonical  the text in which two methods agree whose bytes are the same, and its fingerprint
//! ```
//!
//! Plain data, in whatever self-describing format serde writes. Must not know how shapes are found out, nor transports.

mod canonical;
mod document;
mod labels;
mod reader;
mod shape;

pub use self::canonical::Fingerprint;
pub use self::document::{
    ArgumentDescription, Description, MethodDescription, MethodFingerprint, ServiceDescription,
};
pub(crate) use self::labels::rename_types;
pub use self::shape::{Body, Field, Fields, Payload, Shape, Type, Variant, Variants};

/// The format of descriptions that this version writes.
pub(crate) const FORMAT: u32 = 1;
