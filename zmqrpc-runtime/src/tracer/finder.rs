//! The shapes of several types that belong together.

use std::collections::BTreeMap;

use super::found::PlaceId;
use super::root::RootType;
use super::state::Tracer;
use crate::description::{Shape, Type};

/// Finds out shapes. Types have the compiler's names in them.
pub(crate) struct ShapeFinder {
    binary: Tracer,
    roots: Vec<PlaceId>,
    /// As JSON sees the types; `None` where that is of no interest.
    text: Option<(Tracer, Vec<PlaceId>)>,
}

impl ShapeFinder {
    /// Finds out how types look in all codecs.
    pub(crate) fn new() -> Self {
        Self {
            text: Some((Tracer::new(true), Vec::new())),
            ..Self::binary()
        }
    }

    /// Finds out how types look in postcard and `MessagePack` alone: in half the time.
    pub(crate) fn binary() -> Self {
        Self {
            binary: Tracer::new(false),
            roots: Vec::new(),
            text: None,
        }
    }

    /// Returns the shape of a type.
    pub(crate) fn find(&mut self, root: RootType<'static>) -> Shape {
        if cfg!(panic = "abort") {
            let reason = "the program ends at a panic, which a type's own code may run into";
            return Shape::Unknown(reason.to_owned());
        }
        let place = self.binary.trace(root);
        self.roots.push(place);
        let binary = self.binary.shape(place);
        let Some((tracer, roots)) = &mut self.text else {
            return binary;
        };
        let place = tracer.trace(root);
        roots.push(place);
        // A scalar that is another one in JSON has a name in one of them.
        match (binary, tracer.shape(place)) {
            (binary @ Shape::Type(_), _) => binary,
            (_, text @ Shape::Type(_)) => text,
            (binary, _) => binary,
        }
    }

    /// Returns the types that the shapes name, and those that these name.
    pub(crate) fn into_types(self) -> BTreeMap<String, Type> {
        let mut types: BTreeMap<String, Type> = self.binary.types(&self.roots).collect();
        if let Some((tracer, roots)) = self.text {
            for (name, text) in tracer.types(&roots) {
                let Some(found) = types.get_mut(&name) else {
                    types.insert(name, text);
                    continue;
                };
                found.example = text.example;
                found.refuses = text.refuses;
                if found.body != text.body {
                    found.text = Some(text.body);
                }
            }
        }
        types
    }
}
