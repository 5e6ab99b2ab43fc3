//! Random types, and what became of them.

use std::collections::BTreeMap;

use super::super::super::{Body, Field, Fields, Payload, Shape, Type, Variant, Variants};
use super::chance::Chance;

const SCALARS: [Shape; 18] = [
    Shape::Bool,
    Shape::I8,
    Shape::I16,
    Shape::I32,
    Shape::I64,
    Shape::I128,
    Shape::U8,
    Shape::U16,
    Shape::U32,
    Shape::U64,
    Shape::U128,
    Shape::F32,
    Shape::F64,
    Shape::Char,
    Shape::String,
    Shape::Bytes,
    Shape::Unit,
    Shape::U8,
];

/// Names of which those that begin alike mean the same.
const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// Makes shapes, each with what became of it.
#[derive(Default)]
pub(super) struct Pairs {
    pub(super) old: BTreeMap<String, Type>,
    pub(super) new: BTreeMap<String, Type>,
}

impl Pairs {
    pub(super) fn shapes(&mut self, chance: &mut Chance, depth: usize) -> (Shape, Shape) {
        if depth == 0 || chance.once_in(4) {
            let old = chance.of(&SCALARS);
            let new = if chance.once_in(4) {
                chance.of(&SCALARS)
            } else {
                old.clone()
            };
            return (old, new);
        }
        let depth = depth - 1;
        let boxed = |(old, new): (Shape, Shape)| (Box::new(old), Box::new(new));
        match chance.below(11) {
            0 => {
                let (old, new) = boxed(self.shapes(chance, depth));
                (Shape::Option(old), Shape::Option(new))
            }
            1 => {
                let (old, new) = self.shapes(chance, depth);
                if chance.once_in(2) {
                    (Shape::Option(Box::new(old)), new)
                } else {
                    (old, Shape::Option(Box::new(new)))
                }
            }
            2 => {
                let (old, new) = boxed(self.shapes(chance, depth));
                let mut one = |element: Box<Shape>| match chance.below(6) {
                    0 => Shape::Array(element, 2),
                    1 => Shape::Tuple(vec![(*element).clone(), *element]),
                    _ => Shape::List(element),
                };
                (one(old), one(new))
            }
            3 => {
                let keys = boxed(self.shapes(chance, 0));
                let values = boxed(self.shapes(chance, depth));
                (Shape::Map(keys.0, values.0), Shape::Map(keys.1, values.1))
            }
            4 => {
                let (old, new) = self.tuples(chance, depth);
                (Shape::Tuple(old), Shape::Tuple(new))
            }
            5 => {
                let (old, new) = self.shapes(chance, depth);
                if chance.once_in(2) {
                    (Shape::Tuple(vec![old]), new)
                } else {
                    (old, Shape::Tuple(vec![new]))
                }
            }
            6 => {
                let (old, new) = self.shapes(chance, depth);
                let bodies = (Body::Is(old.clone()), Body::Is(new.clone()));
                let (named, renamed) = self.named(bodies);
                chance.of(&[
                    (named.clone(), new),
                    (old, renamed.clone()),
                    (named, renamed),
                ])
            }
            7 => {
                let (old, new) = self.tuples(chance, depth);
                let bodies = (Body::Tuple(old.clone()), Body::Tuple(new.clone()));
                let (named, renamed) = self.named(bodies);
                let new = chance.of(&[renamed, Shape::Tuple(new)]);
                (named, new)
            }
            8 => {
                let (old, new) = self.variants(chance, depth);
                self.named((Body::Enum(old), Body::Enum(new)))
            }
            9 if chance.once_in(2) => self.named((Body::Unit, Body::Unit)),
            _ => {
                let (old, new) = self.fields(chance, depth);
                let mut bodies = (Body::Struct(old.clone()), Body::Struct(new.clone()));
                if chance.once_in(8) {
                    let shapes =
                        |fields: Fields| fields.fields.into_iter().map(|field| field.shape);
                    bodies.1 = Body::Tuple(shapes(new).collect());
                }
                self.named(bodies)
            }
        }
    }

    fn named(&mut self, (old, new): (Body, Body)) -> (Shape, Shape) {
        let name = format!("T{}", self.old.len());
        self.old.insert(name.clone(), Type::new(String::new(), old));
        self.new.insert(name.clone(), Type::new(String::new(), new));
        (Shape::Type(name.clone()), Shape::Type(name))
    }

    fn tuples(&mut self, chance: &mut Chance, depth: usize) -> (Vec<Shape>, Vec<Shape>) {
        let len = chance.below(4);
        let (old, mut new): (Vec<_>, Vec<_>) = (0..len).map(|_| self.shapes(chance, depth)).unzip();
        if chance.once_in(8) {
            new.pop();
        }
        (old, new)
    }

    fn fields(&mut self, chance: &mut Chance, depth: usize) -> (Fields, Fields) {
        let len = chance.below(4);
        let mut fields = (Fields::default(), Fields::default());
        for name in &NAMES[..len] {
            let (old, new) = self.shapes(chance, depth);
            let field = |shape| Field {
                name: (*name).to_owned(),
                optional: matches!(shape, Shape::Option(_)),
                shape,
                aliases: Vec::new(),
                docs: String::new(),
            };
            fields.0.fields.push(field(old));
            fields.1.fields.push(field(new));
        }
        let new = &mut fields.1.fields;
        match chance.below(10) {
            0 if len > 0 => {
                new.remove(chance.below(len));
            }
            1 if len > 1 => new.swap(0, 1),
            2 | 3 if len > 0 => {
                let field = chance.below(len);
                let name = format!("{}2", new[field].name);
                let old = std::mem::replace(&mut new[field].name, name);
                if chance.once_in(2) {
                    new[field].aliases.push(old);
                }
            }
            4 => {
                fields.0.fields.insert(
                    chance.below(len + 1),
                    Field {
                        name: "e".to_owned(),
                        shape: chance.of(&SCALARS),
                        optional: false,
                        aliases: Vec::new(),
                        docs: String::new(),
                    },
                );
            }
            5 => {
                new.insert(
                    chance.below(len + 1),
                    Field {
                        name: "e".to_owned(),
                        shape: chance.of(&SCALARS),
                        optional: !chance.once_in(3),
                        aliases: Vec::new(),
                        docs: String::new(),
                    },
                );
            }
            _ => {}
        }
        fields.1.closed = chance.once_in(5);
        fields
    }

    fn variants(&mut self, chance: &mut Chance, depth: usize) -> (Variants, Variants) {
        let len = 1 + chance.below(3);
        let mut variants = (Variants::default(), Variants::default());
        for name in &NAMES[..len] {
            let (old, new) = self.payloads(chance, depth);
            let variant = |body| Variant {
                name: (*name).to_owned(),
                body,
                aliases: Vec::new(),
                docs: String::new(),
            };
            variants.0.variants.push(variant(old));
            variants.1.variants.push(variant(new));
        }
        let new = &mut variants.1.variants;
        match chance.below(8) {
            0 if len > 1 => {
                new.remove(chance.below(len));
            }
            1 if len > 1 => new.swap(0, 1),
            2 | 3 => {
                let variant = chance.below(len);
                let name = format!("{}2", new[variant].name);
                let old = std::mem::replace(&mut new[variant].name, name);
                if chance.once_in(2) {
                    new[variant].aliases.push(old);
                }
            }
            4 => {
                let mut added = new[0].clone();
                "e".clone_into(&mut added.name);
                variants.0.variants.insert(chance.below(len + 1), added);
            }
            _ => {}
        }
        if chance.once_in(5) {
            variants.1.open = true;
            variants.1.variants.push(Variant {
                name: "other".to_owned(),
                body: Payload::Unit,
                aliases: Vec::new(),
                docs: String::new(),
            });
        }
        variants
    }

    fn payloads(&mut self, chance: &mut Chance, depth: usize) -> (Payload, Payload) {
        match chance.below(5) {
            0 => {
                let (old, new) = self.shapes(chance, depth);
                (Payload::One(old), Payload::One(new))
            }
            1 => {
                let (old, new) = self.tuples(chance, depth);
                let new = if chance.once_in(4) {
                    Payload::One(Shape::Tuple(new))
                } else {
                    Payload::Tuple(new)
                };
                (Payload::Tuple(old), new)
            }
            2 => {
                let (old, new) = self.fields(chance, depth);
                if chance.once_in(4) {
                    let (_, named) = self.named((Body::Unit, Body::Struct(new)));
                    (Payload::Struct(old), Payload::One(named))
                } else {
                    (Payload::Struct(old), Payload::Struct(new))
                }
            }
            3 if chance.once_in(4) => {
                let (_, new) = self.shapes(chance, depth);
                (Payload::Unit, Payload::One(new))
            }
            _ => (Payload::Unit, Payload::Unit),
        }
    }
}
