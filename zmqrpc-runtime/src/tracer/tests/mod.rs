//! What comes out for types that are hard to find out.

mod attributes;
mod bounds;
mod by_hand;
mod containers;
mod extremes;
mod recursion;
mod rendering;

mod twins;
mod validation;
#[cfg(all(feature = "json", feature = "msgpack"))]
mod values;

use serde::de::DeserializeOwned;

use self::rendering::Rendered;
use super::{RootType, ShapeFinder};
use crate::description::{Description, MethodDescription, ServiceDescription, Shape};

/// Returns what is found out of a type: its shape, and a line for each type in it.
fn traced<T: DeserializeOwned>() -> Vec<String> {
    let mut finder = ShapeFinder::new();
    let shape = finder.find(RootType::of::<T>());
    let description = described(shape, finder);
    let reply = &description.services[0].methods[0].reply;
    let types = description.types.iter();
    let types = types.map(|(name, found)| format!("{name} = {}", Rendered(found)));
    std::iter::once(reply.to_string()).chain(types).collect()
}

/// Returns the shape as the reply of a method, with short names.
fn described(reply: Shape, finder: ShapeFinder) -> Description {
    let method = MethodDescription {
        name: "method".into(),
        docs: String::new(),
        deprecated: None,
        signature: String::new(),
        key: String::new(),
        fingerprint: String::new(),
        arguments: Vec::new(),
        reply,
        error: None,
        oneway: false,
        idempotent: false,
        timeout_ms: None,
    };
    let service = ServiceDescription {
        name: "Service".into(),
        version: 1,
        docs: String::new(),
        methods: vec![method],
    };
    let mut description = Description {
        services: vec![service],
        types: finder.into_types(),
        ..Description::default()
    };
    description.shorten_names();
    description
}
