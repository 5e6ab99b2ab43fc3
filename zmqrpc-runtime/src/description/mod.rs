//! What a server can tell of itself: its services, their methods, and the shapes of all values that travel.
//!
//! ```text
//! shape      how a value is written: what lists, structs and enums are made of
//! document   services and methods, with the shapes of their arguments, replies and errors
//! documented what types know of themselves, added to what was found out
//! labels     short names of types
//! reader     reads shapes, of later versions too
//! canonical  the text in which two methods agree whose bytes are the same, and its fingerprint
//! canonical_reader  reads that text
//! changes    what has changed between two descriptions, and for whom it matters
//! ```
//!
//! Plain data, in whatever self-describing format serde writes. Must not know how shapes are found out, nor transports.

mod canonical;
mod canonical_reader;
mod changes;
mod document;
mod documented;
mod fit;
mod labels;
mod reader;
mod shape;

pub use self::canonical::Fingerprint;
pub use self::canonical_reader::read_canonical;
pub use self::changes::{Change, Use, Verdict, changes};
pub(crate) use self::changes::{MethodOf, judge_arguments, judge_method};
pub use self::document::{
    ArgumentDescription, Description, MethodDescription, MethodFingerprint, ServiceDescription,
};
pub(crate) use self::documented::NamedDocs;
pub use self::documented::{DocsOf, Documented, FieldDocs, TypeDocs, Undocumented, VariantDocs};
pub(crate) use self::fit::{fit, fit_value};
pub use self::shape::{Body, Field, Fields, Payload, Shape, Type, Variant, Variants};

/// The format of descriptions that this version writes.
pub(crate) const FORMAT: u32 = 1;
