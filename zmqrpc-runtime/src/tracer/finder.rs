//! The shapes of several types that belong together.

use std::collections::BTreeMap;

use super::found::PlaceId;
use super::root::RootType;
use super::state::Tracer;
use super::type_names;
use crate::description::{Body, Shape, Type};

/// Finds out shapes. Types have the compiler's names in them.
pub(crate) struct ShapeFinder {
    binary: Tracer,
    roots: Vec<PlaceId>,
    /// As JSON sees the types; `None` where that is of no interest.
    text: Option<(Tracer, Vec<PlaceId>)>,
    /// What has a name in one of the forms alone: its shapes in both.
    halves: BTreeMap<String, (Shape, Shape)>,
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
            halves: BTreeMap::new(),
        }
    }

    /// Returns the shape of a type.
    pub(crate) fn find(&mut self, root: RootType<'static>) -> Shape {
        let place = self.binary.trace(root);
        self.roots.push(place);
        let binary = self.binary.shape(place);
        let Some((tracer, roots)) = &mut self.text else {
            return binary;
        };
        let place = tracer.trace(root);
        roots.push(place);
        let text = tracer.shape(place);
        if let Some(joined) = self.joined(&binary, &text) {
            return joined;
        }
        let mut name = type_names::unwrapped(root.name())
            .unwrap_or_else(|| root.name())
            .to_owned();
        while self.has_type(&name) {
            name.push('\'');
        }
        self.halves.insert(name.clone(), (binary, text));
        Shape::Type(name)
    }

    /// Returns a shape that is `binary` in postcard and `MessagePack`, and `text` in JSON; `None` if there is no name for
    /// what differs.
    fn joined(&mut self, binary: &Shape, text: &Shape) -> Option<Shape> {
        let boxed = |joined| Some(Box::new(joined?));
        Some(match (binary, text) {
            (same, other) if same == other => same.clone(),
            (Shape::Option(inner), Shape::Option(other)) => {
                Shape::Option(boxed(self.joined(inner, other))?)
            }
            (Shape::List(inner), Shape::List(other)) => {
                Shape::List(boxed(self.joined(inner, other))?)
            }
            (Shape::Array(inner, len), Shape::Array(other, same)) if len == same => {
                Shape::Array(boxed(self.joined(inner, other))?, *len)
            }
            (Shape::Map(key, value), Shape::Map(other_key, other_value)) => Shape::Map(
                boxed(self.joined(key, other_key))?,
                boxed(self.joined(value, other_value))?,
            ),
            (Shape::Tuple(parts), Shape::Tuple(others)) if parts.len() == others.len() => {
                let parts = parts.iter().zip(others);
                let parts = parts.map(|(part, other)| self.joined(part, other));
                Shape::Tuple(parts.collect::<Option<_>>()?)
            }
            // A scalar that is another one in JSON has a name in one of them.
            (Shape::Type(_), Shape::Type(_)) => return None,
            (Shape::Type(name), _) | (_, Shape::Type(name)) => {
                let shapes = (binary.clone(), text.clone());
                let known = self.halves.entry(name.clone());
                (*known.or_insert_with(|| shapes.clone()) == shapes)
                    .then(|| Shape::Type(name.clone()))?
            }
            _ => return None,
        })
    }

    fn has_type(&self, name: &str) -> bool {
        let text = self.text.as_ref();
        self.halves.contains_key(name)
            || self.binary.has_type(name)
            || text.is_some_and(|(tracer, _)| tracer.has_type(name))
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
        for (name, (binary, text)) in self.halves {
            add_half(&mut types, name, binary, text);
        }
        types
    }
}

/// Adds to a type, which one of the forms knows, what it is in the other one; or a type that neither knows.
fn add_half(types: &mut BTreeMap<String, Type>, name: String, binary: Shape, text: Shape) {
    let is_itself = |shape: &Shape| *shape == Shape::Type(name.clone());
    match types.get_mut(&name) {
        Some(found) if is_itself(&binary) => found.text = Some(Body::Is(text)),
        Some(found) => found.text = Some(std::mem::replace(&mut found.body, Body::Is(binary))),
        None => {
            let mut found = Type::new(name.clone(), Body::Is(binary));
            found.text = Some(Body::Is(text));
            types.insert(name, found);
        }
    }
}
