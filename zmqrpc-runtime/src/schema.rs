//! Descriptions: what services offer, and the shapes of all values that travel.

pub use crate::command::{Described, of};
pub use crate::description::{
    ArgumentDescription, Body, Description, Field, Fields, Fingerprint, MethodDescription,
    MethodFingerprint, Payload, ServiceDescription, Shape, Type, Variant, Variants,
};
