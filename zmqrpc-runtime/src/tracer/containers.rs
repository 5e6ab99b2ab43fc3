//! Options, lists, maps, tuples, and what wraps one value.

use super::fields::FieldsOutcome;
use super::found::{Found, NodeKind, PlaceId, RustType, Trial};
use super::probe::{TracedPlace, TypeProbe, contradiction};
use super::state::Tracer;
use super::type_names;
use crate::codec::erased::{
    ErasedMap, ErasedSeed, ErasedSeq, ErasedVisitor, FieldFault, Scalar, ValueError,
};
use crate::description::Shape;

/// The most elements that a list is given which refuses shorter ones.
const MAX_ELEMENTS: usize = 4;

impl TypeProbe<'_> {
    pub(super) fn option(&mut self, visitor: &mut dyn ErasedVisitor<'_>) -> Result<(), ValueError> {
        let inner = match self.found() {
            Found::Option(inner) => *inner,
            _ => self.tracer.new_place(),
        };
        self.learn(|| Found::Option(inner));
        if !self.wants(inner) {
            return visitor.scalar(Scalar::None);
        }
        let declared = type_names::parameter(visitor.makes(), "core::option::Option<")
            .and_then(type_names::unwrapped);
        let place = self.place.part(inner, declared);
        self.read_at(place, |probe| visitor.some(probe))
    }

    pub(super) fn newtype(
        &mut self,
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        let same = |_: &Tracer, kind: &NodeKind| matches!(kind, NodeKind::Newtype(_));
        let node = self.tracer.node(RustType::of(visitor), same, |tracer| {
            NodeKind::Newtype(tracer.new_place())
        });
        self.learn(|| Found::Type(node));
        let NodeKind::Newtype(inner) = self.tracer.nodes[node.0].kind else {
            return Err(contradiction());
        };
        let entered = self.tracer.enter(node)?;
        let place = self.place.part(inner, None);
        let result = self.read_at(place, |probe| visitor.newtype_struct(probe));
        self.tracer.leave(entered);
        result
    }

    /// Reads what is inside without a seed of its own.
    fn read_at(
        &mut self,
        place: TracedPlace,
        read: impl FnOnce(&mut TypeProbe<'_>) -> Result<(), ValueError>,
    ) -> Result<(), ValueError> {
        read(&mut TypeProbe {
            tracer: self.tracer,
            place,
        })?;
        self.tracer.accept(place.id);
        Ok(())
    }

    pub(super) fn list(&mut self, visitor: &mut dyn ErasedVisitor<'_>) -> Result<(), ValueError> {
        let element = match self.found() {
            Found::List(element) => *element,
            _ => self.tracer.new_place(),
        };
        self.learn(|| Found::List(element));
        let offers = self.place.offers;
        let len = if self.wants(element) {
            offers.max(1)
        } else {
            offers.min(MAX_ELEMENTS)
        };
        self.elements(vec![element; len], visitor)
    }

    pub(super) fn array(
        &mut self,
        len: usize,
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        let element = match self.found() {
            Found::Array(element, _) => *element,
            _ => self.tracer.new_place(),
        };
        self.learn(|| Found::Array(element, len));
        if len == 0 {
            self.tracer.learn(element, || {
                Found::Leaf(Shape::Unknown("there are no elements".to_owned()))
            });
        }
        self.elements(vec![element; len], visitor)
    }

    pub(super) fn tuple(
        &mut self,
        len: usize,
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        let parts = match self.found() {
            Found::Tuple(parts) => parts.clone(),
            _ => self.tracer.new_places(len),
        };
        self.learn(|| Found::Tuple(parts.clone()));
        self.elements(parts, visitor)
    }

    pub(super) fn tuple_struct(
        &mut self,
        name: &str,
        len: usize,
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        let rust = self.named(visitor, name);
        let same = |_: &Tracer, kind: &NodeKind| matches!(kind, NodeKind::Tuple(parts) if parts.len() == len);
        let node = self
            .tracer
            .node(rust, same, |tracer| NodeKind::Tuple(tracer.new_places(len)));
        self.learn(|| Found::Type(node));
        let NodeKind::Tuple(parts) = self.tracer.nodes[node.0].kind.clone() else {
            return Err(contradiction());
        };
        let entered = self.tracer.enter(node)?;
        let result = self.elements(parts, visitor);
        self.tracer.leave(entered);
        result
    }

    pub(super) fn elements(
        &mut self,
        places: Vec<PlaceId>,
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        visitor.seq(&mut Elements {
            tracer: self.tracer,
            places: places.into_iter(),
            offers: self.place.offers,
        })
    }

    pub(super) fn map(&mut self, visitor: &mut dyn ErasedVisitor<'_>) -> Result<(), ValueError> {
        let makes = visitor.makes();
        if !type_names::is_map(makes) {
            match self.tracer.flattened.get(makes) {
                None => return self.tell_maps_apart(visitor),
                Some(true) => return self.flattened(visitor),
                Some(false) => {}
            }
        }
        let (key, value) = match self.found() {
            Found::Map(key, value) => (*key, *value),
            _ => (self.tracer.new_place(), self.tracer.new_place()),
        };
        self.learn(|| Found::Map(key, value));
        let wanted = self.wants(key) || self.wants(value);
        visitor.map(&mut Entries {
            tracer: self.tracer,
            key,
            value,
            offers: self.place.offers,
            left: usize::from(wanted),
        })
    }

    /// Finds out whether a type is a map by the keys that it asks for.
    fn tell_maps_apart(&mut self, visitor: &mut dyn ErasedVisitor<'_>) -> Result<(), ValueError> {
        let makes = visitor.makes();
        let mut keys = KeyType(None);
        let result = visitor.map(&mut keys);
        let is_flattened = keys.0.is_none_or(type_names::is_field);
        self.tracer.flattened.insert(makes, is_flattened);
        self.tracer.progress();
        self.tracer.run.explained |= result.is_err();
        result
    }

    /// Reads a struct with a flattened part. Serde reads such a one as a map, and says which of its fields it misses.
    fn flattened(&mut self, visitor: &mut dyn ErasedVisitor<'_>) -> Result<(), ValueError> {
        let same = |_: &Tracer, kind: &NodeKind| matches!(kind, NodeKind::Open(_));
        let node = self.tracer.node(RustType::of(visitor), same, |tracer| {
            let fields = tracer.new_fields(&[]);
            tracer.fields[fields.0].closed = Trial::No;
            NodeKind::Open(fields)
        });
        self.learn(|| Found::Type(node));
        let NodeKind::Open(id) = self.tracer.nodes[node.0].kind else {
            return Err(contradiction());
        };
        let entered = self.tracer.enter(node)?;
        let before = self.tracer.learnt();
        let result = self.read_all(id, visitor);
        self.tracer.leave(entered);
        let outcome = FieldsOutcome::of(&result);
        match outcome {
            FieldsOutcome::Refused(Some(FieldFault::Missing(name)))
                if !self.has_field(id, name) =>
            {
                self.tracer.run.explained = true;
                let mut field = self.tracer.new_field(name);
                field.required = Trial::Yes;
                self.tracer.fields[id.0].fields.push(field);
                self.tracer.progress();
            }
            _ if self.tracer.fields[id.0].accepted == Trial::Due => {
                self.conclude_accepted(id, outcome, before);
            }
            _ => {}
        }
        result
    }
}

/// Elements at a place each.
struct Elements<'t> {
    tracer: &'t mut Tracer,
    places: std::vec::IntoIter<PlaceId>,
    offers: usize,
}

impl<'de> ErasedSeq<'de> for Elements<'_> {
    fn next(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<bool, ValueError> {
        self.tracer.count_request()?;
        match self.places.next() {
            Some(place) => self
                .tracer
                .read_part(seed, place, self.offers)
                .map(|()| true),
            None => Ok(false),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.places.len())
    }
}

/// Entries of which nothing is wanted but the name of their keys' type.
struct KeyType(Option<&'static str>);

impl<'de> ErasedMap<'de> for KeyType {
    fn next_key(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<bool, ValueError> {
        self.0 = Some(seed.makes());
        Ok(false)
    }

    fn next_value(&mut self, _: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError> {
        Err(contradiction())
    }

    fn size_hint(&self) -> Option<usize> {
        None
    }
}

/// Entries of a map, all alike.
struct Entries<'t> {
    tracer: &'t mut Tracer,
    key: PlaceId,
    value: PlaceId,
    offers: usize,
    left: usize,
}

impl<'de> ErasedMap<'de> for Entries<'_> {
    fn next_key(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<bool, ValueError> {
        self.tracer.count_request()?;
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        let read = self.tracer.read_part(seed, self.key, self.offers);
        read.map(|()| true)
    }

    fn next_value(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError> {
        self.tracer.read_part(seed, self.value, self.offers)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}
