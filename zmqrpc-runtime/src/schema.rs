//! Descriptions: what services offer, and the shapes of all values that travel.

pub use crate::description::{
    ArgumentDescription, Body, Change, Description, Field, Fields, Fingerprint, MethodDescription,
    Payload, ServiceDescription, Shape, Type, Use, Variant, Variants, Verdict, changes,
};

#[cfg(all(test, feature = "json", feature = "msgpack"))]
mod tests;
