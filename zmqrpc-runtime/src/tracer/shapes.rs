//! What was found, as a description says it.

use super::found::{
    EnumFound, FieldsFound, FieldsId, Found, NodeKind, PayloadFound, PlaceId, Trial, TypeNode,
    TypeNodeId,
};
use super::state::Tracer;
use crate::description::{Body, Field, Fields, Payload, Shape, Type, Variant, Variants};

impl Tracer {
    /// Returns the shape of what is at a place.
    pub(super) fn shape(&self, place: PlaceId) -> Shape {
        let boxed = |place: &PlaceId| Box::new(self.shape(*place));
        match &self.places[place.0] {
            Found::Pending => Shape::Unknown("not reached".to_owned()),
            Found::Leaf(shape) => shape.clone(),
            Found::Option(inner) => Shape::Option(boxed(inner)),
            Found::List(element) => Shape::List(boxed(element)),
            Found::Array(element, len) => Shape::Array(boxed(element), *len as u64),
            Found::Map(key, value) => Shape::Map(boxed(key), boxed(value)),
            Found::Tuple(parts) => Shape::Tuple(self.shapes(parts)),
            Found::Type(id) => Shape::Type(self.nodes[id.0].rust.clone()),
        }
    }

    fn shapes(&self, places: &[PlaceId]) -> Vec<Shape> {
        places.iter().map(|place| self.shape(*place)).collect()
    }

    /// Returns the types that the shapes of these places name, and those that these name: what was met on a wrong way is
    /// not among them.
    pub(super) fn types(&self, roots: &[PlaceId]) -> impl Iterator<Item = (String, Type)> {
        let mut is_reached = vec![false; self.nodes.len()];
        let mut open = roots.to_vec();
        let mut reached = Vec::new();
        while let Some(place) = open.pop() {
            match &self.places[place.0] {
                Found::Pending | Found::Leaf(_) => {}
                Found::Option(inner) | Found::List(inner) | Found::Array(inner, _) => {
                    open.push(*inner);
                }
                Found::Map(key, value) => open.extend([*key, *value]),
                Found::Tuple(parts) => open.extend(parts),
                Found::Type(id) if is_reached[id.0] => {}
                Found::Type(id) => {
                    is_reached[id.0] = true;
                    reached.push(*id);
                    self.add_parts(*id, &mut open);
                }
            }
        }
        reached.into_iter().map(|id| {
            let node = &self.nodes[id.0];
            (node.rust.clone(), self.described(node))
        })
    }

    fn add_parts(&self, id: TypeNodeId, parts: &mut Vec<PlaceId>) {
        let places = |id: FieldsId| self.fields[id.0].fields.iter().map(|field| field.place);
        match &self.nodes[id.0].kind {
            NodeKind::Leaf(_) | NodeKind::Unit => {}
            NodeKind::Newtype(inner) => parts.push(*inner),
            NodeKind::Tuple(places) => parts.extend(places),
            NodeKind::Struct(fields) | NodeKind::Open(fields) => parts.extend(places(*fields)),
            NodeKind::Enum(found) => {
                for variant in &found.variants {
                    match &variant.payload {
                        None | Some(PayloadFound::Unit) => {}
                        Some(PayloadFound::One(place)) => parts.push(*place),
                        Some(PayloadFound::Tuple(places)) => parts.extend(places),
                        Some(PayloadFound::Struct(fields)) => parts.extend(places(*fields)),
                    }
                }
            }
        }
    }

    fn described(&self, node: &TypeNode) -> Type {
        let mut found = Type::new(node.rust.clone(), self.body(&node.kind));
        found.example = node.example.clone().filter(|example| match &node.kind {
            NodeKind::Leaf(Shape::String) => example != "a",
            NodeKind::Leaf(Shape::Any) => true,
            _ => example != "1",
        });
        // What asks what there is was not offered all that there may be.
        let is_any = matches!(node.kind, NodeKind::Leaf(Shape::Any));
        found.refuses = node.refuses.clone().filter(|_| !is_any);
        found
    }

    fn body(&self, kind: &NodeKind) -> Body {
        match kind {
            NodeKind::Leaf(shape) => Body::Is(shape.clone()),
            NodeKind::Unit => Body::Unit,
            NodeKind::Newtype(inner) => Body::Is(self.shape(*inner)),
            NodeKind::Tuple(parts) => Body::Tuple(self.shapes(parts)),
            NodeKind::Struct(fields) => Body::Struct(self.described_fields(*fields)),
            NodeKind::Open(fields) => Body::Open(self.described_fields(*fields)),
            NodeKind::Enum(found) => Body::Enum(self.described_variants(found)),
        }
    }

    fn described_fields(&self, id: FieldsId) -> Fields {
        let found = &self.fields[id.0];
        let all = found.fields.iter();
        let own = all.filter(|field| found.alias_of(field).is_none());
        let fields = own.map(|field| {
            let shape = self.shape(field.place);
            Field {
                name: field.name.to_owned(),
                optional: match field.required {
                    Trial::Yes if found.accepted == Trial::Yes => false,
                    Trial::No => true,
                    _ => matches!(shape, Shape::Option(_)),
                },
                shape,
                aliases: aliases(found, field.name),
                docs: String::new(),
            }
        });
        Fields {
            fields: fields.collect(),
            closed: found.closed == Trial::Yes,
        }
    }

    fn described_variants(&self, found: &EnumFound) -> Variants {
        let own = found
            .variants
            .iter()
            .filter(|variant| variant.alias_of.is_none());
        let aliases = |name: &str| {
            let others = found.variants.iter();
            let of_it = others.filter(|other| other.alias_of == Some(name));
            of_it.map(|other| other.name.to_owned()).collect()
        };
        let variants = own.map(|variant| Variant {
            name: variant.name.to_owned(),
            body: self.described_payload(variant.payload.as_ref()),
            aliases: aliases(variant.name),
            docs: String::new(),
        });
        Variants {
            variants: variants.collect(),
            open: found.open == Trial::Yes,
        }
    }

    fn described_payload(&self, payload: Option<&PayloadFound>) -> Payload {
        match payload {
            None => Payload::One(Shape::Unknown("not reached".to_owned())),
            Some(PayloadFound::Unit) => Payload::Unit,
            Some(PayloadFound::One(place)) => Payload::One(self.shape(*place)),
            Some(PayloadFound::Tuple(parts)) => Payload::Tuple(self.shapes(parts)),
            Some(PayloadFound::Struct(fields)) => Payload::Struct(self.described_fields(*fields)),
        }
    }
}

fn aliases(found: &FieldsFound, name: &str) -> Vec<String> {
    let others = found.fields.iter();
    let of_it = others.filter(|other| found.alias_of(other) == Some(name));
    of_it.map(|other| other.name.to_owned()).collect()
}
