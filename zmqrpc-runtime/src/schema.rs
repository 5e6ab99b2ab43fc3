//! Descriptions: what services offer, and the shapes of all values that travel.
//!
//! Shapes are found out from `serde::Deserialize` alone; nothing has to be derived for it.
//!
//! | | |
//! |---|---|
//! | [`Client::describe`](crate::Client::describe) | what a server offers |
//! | [`of`] | what a generated client expects of its server |
//! | [`Client::verify`](crate::Client::verify) | whether the two fit |
//! | [`Description`] | services, methods, types; as JSON Schema, as `OpenRPC`, as a client in Python |
//! | [`changes`] | what has changed between two descriptions, and for whom it matters |
//! | [`assert_compatible`] | a test's assertion that clients of an earlier version are served |
//! | [`Introspection`](crate::server::Introspection) | how much a server tells |
//!
//! Methods bring their documentation along. Types have one for whoever derives [`Documented`] and names them, to the
//! [server](crate::ServerBuilder::document) or to the [description](Description::document).

#[cfg(feature = "json")]
mod snapshot;

#[cfg(feature = "json")]
pub use self::snapshot::assert_compatible;
pub use crate::command::{Described, of};
pub use crate::description::{
    ArgumentDescription, Body, Change, Description, Documented, Field, Fields, Fingerprint,
    MethodDescription, MethodFingerprint, Payload, ServiceDescription, Shape, Type, Use, Variant,
    Variants, Verdict, changes,
};

#[cfg(all(test, feature = "json", feature = "msgpack"))]
mod tests;
