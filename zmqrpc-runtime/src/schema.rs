//! Descriptions: what services offer, and the shapes of all values that travel.
//!
//! Who does not write Rust gets a [`Description`] as JSON Schema, as `OpenRPC` or as a typed client in Python:
//! [`to_json_schema`](Description::to_json_schema), [`to_open_rpc`](Description::to_open_rpc),
//! [`to_python`](Description::to_python).
//!
//! Methods bring their documentation along. Types have one for whoever derives [`Documented`] and names them, to the
//! [server](crate::ServerBuilder::document) or to the [description](Description::document).

pub use crate::command::{Described, of};
pub use crate::description::{
    ArgumentDescription, Body, Description, Documented, Field, Fields, Fingerprint,
    MethodDescription, MethodFingerprint, Payload, ServiceDescription, Shape, Type, Variant,
    Variants,
};
