//! Shapes as schemas, of what JSON bodies hold.
//!
//! ```text
//! writer  shapes, arguments, references to types
//! bodies  the bodies of types
//! ```

mod bodies;
mod writer;

pub(super) use self::writer::{SchemaDraft, SchemaWriter};
