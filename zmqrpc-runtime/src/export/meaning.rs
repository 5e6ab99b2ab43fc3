//! What a type stands for that is written as another shape.

use std::collections::HashMap;

use crate::description::{Body, Description, Shape, Type};

/// What a type stands for.
#[derive(Clone, Copy)]
pub(super) enum Meaning<'d> {
    /// The type of this name, which has a body of its own.
    Body(&'d str),
    /// This shape, which is no type; the type of this name says so.
    Shape(&'d str, &'d Shape),
    /// Nothing: the description has no such type, or it stands for itself.
    Nothing,
}

/// What all types of a description stand for.
pub(super) struct Meanings<'d>(HashMap<&'d str, Meaning<'d>>);

impl<'d> Meanings<'d> {
    /// In JSON if `text`, else in `MessagePack`. A type for which `is_own` holds stands for itself, whatever its body is.
    pub(super) fn new(
        description: &'d Description,
        text: bool,
        is_own: impl Fn(&Type) -> bool,
    ) -> Self {
        let mut meanings = Self(HashMap::new());
        for name in description.types.keys() {
            meanings.follow(name, description, text, &is_own);
        }
        meanings
    }

    /// Follows a type to where its chain ends, and notes what all types on the way stand for.
    fn follow(
        &mut self,
        name: &'d str,
        description: &'d Description,
        text: bool,
        is_own: &impl Fn(&Type) -> bool,
    ) {
        let mut chain = Vec::new();
        let mut next = name;
        let mut meaning = loop {
            if let Some(known) = self.0.get(next) {
                break *known;
            }
            let Some((name, found)) = description.types.get_key_value(next) else {
                break Meaning::Nothing;
            };
            // Whoever comes here again before it is known goes round in a ring.
            self.0.insert(name, Meaning::Nothing);
            let shape = match found.body(text) {
                Body::Is(shape) if !is_own(found) => shape,
                _ => {
                    chain.push((&**name, None));
                    break Meaning::Body(name);
                }
            };
            let own = Meaning::Shape(name, shape);
            let is_other = matches!(shape, Shape::Type(_));
            chain.push((&**name, (!is_other).then_some(own)));
            match without_options(shape) {
                Shape::Type(inner) => next = inner,
                _ => break own,
            }
        };
        let is_nothing = matches!(meaning, Meaning::Nothing);
        for (name, own) in chain.into_iter().rev() {
            meaning = own.filter(|_| !is_nothing).unwrap_or(meaning);
            self.0.insert(name, meaning);
        }
    }

    /// Returns what the type of this name stands for.
    pub(super) fn of(&self, name: &str) -> Meaning<'d> {
        self.0.get(name).copied().unwrap_or(Meaning::Nothing)
    }

    /// Returns whether a value of this shape may be nil.
    pub(super) fn is_optional(&self, shape: &Shape) -> bool {
        match shape {
            Shape::Option(_) => true,
            Shape::Type(name) => matches!(self.of(name), Meaning::Shape(_, Shape::Option(_))),
            _ => false,
        }
    }
}

/// A type that holds an option of itself, and nothing else, is a ring as well: the option has no bytes of its own by name.
fn without_options(mut shape: &Shape) -> &Shape {
    while let Shape::Option(inner) = shape {
        shape = inner;
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning_of(types: &[(&str, Body)], name: &str) -> String {
        let mut description = Description::default();
        for (name, body) in types {
            let found = Type::new(String::new(), body.clone());
            description.types.insert((*name).to_owned(), found);
        }
        match Meanings::new(&description, false, |found| !found.rust.is_empty()).of(name) {
            Meaning::Body(name) => name.to_owned(),
            Meaning::Shape(name, shape) => format!("{name} = {shape}"),
            Meaning::Nothing => String::new(),
        }
    }

    #[test]
    fn a_type_stands_for_where_its_chain_ends() {
        let is = |name: &str| Body::Is(Shape::Type(name.to_owned()));
        let types = [
            ("A", is("B")),
            ("B", is("C")),
            ("C", Body::Is(Shape::U8)),
            ("D", is("E")),
            ("E", Body::Unit),
            ("F", is("missing")),
            (
                "G",
                Body::Is(Shape::Option(Box::new(Shape::Type("A".into())))),
            ),
        ];
        for (name, meaning) in [
            ("A", "C = u8"),
            ("C", "C = u8"),
            ("D", "E"),
            ("F", ""),
            ("G", "G = A?"),
            ("missing", ""),
        ] {
            assert_eq!(meaning_of(&types, name), meaning, "{name}");
        }
    }

    #[test]
    fn a_ring_stands_for_nothing() {
        let of = |name: &str| Shape::Type(name.to_owned());
        let option = |name: &str| Body::Is(Shape::Option(Box::new(of(name))));
        let types = [
            ("A", Body::Is(of("B"))),
            ("B", Body::Is(of("A"))),
            ("C", option("C")),
            ("D", Body::Is(of("A"))),
            ("E", option("D")),
            ("F", Body::Is(Shape::List(Box::new(of("F"))))),
        ];
        for name in ["A", "B", "C", "D", "E"] {
            assert_eq!(meaning_of(&types, name), "", "{name}");
        }
        assert_eq!(meaning_of(&types, "F"), "F = [F]");
    }
}
