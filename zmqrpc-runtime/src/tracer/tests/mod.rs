//! What comes out for types that are hard to find out.

mod hard;

use serde::de::DeserializeOwned;

use super::{RootType, ShapeFinder};
use crate::description::Description;

/// Returns what is found out of a type: its shape, and the types in it as JSON.
fn traced<T: DeserializeOwned>() -> (String, Vec<String>) {
    let mut finder = ShapeFinder::new();
    let shape = finder.find(RootType::of::<T>());
    let mut description = Description::default();
    description.types = finder.into_types();
    let types = description
        .types
        .iter()
        .map(|(name, found)| format!("{name}: {}", serde_json::to_string(found).unwrap()));
    (shape.to_string(), types.collect())
}
