//! What is yet to be found out.

use std::collections::HashSet;

use super::found::{
    EnumFound, FieldsId, Found, NodeKind, PayloadFound, PlaceId, Trial, TypeNodeId, VariantFound,
};
use super::state::Tracer;

/// How often a variant is tried in vain.
const MAX_TRIES: usize = 4;

impl Tracer {
    /// Returns whether there is something to find out at a place, or below it.
    pub(super) fn wants(&mut self, place: PlaceId) -> bool {
        let mut seen = HashSet::new();
        let wants = self.is_pending(place, &mut seen);
        if !wants {
            for id in seen {
                self.nodes[id.0].complete = true;
            }
        }
        wants
    }

    fn is_pending(&self, place: PlaceId, seen: &mut HashSet<TypeNodeId>) -> bool {
        match &self.places[place.0] {
            Found::Pending => true,
            Found::Leaf(_) => false,
            Found::Option(inner) | Found::List(inner) | Found::Array(inner, _) => {
                self.is_pending(*inner, seen)
            }
            Found::Map(key, value) => self.is_pending(*key, seen) || self.is_pending(*value, seen),
            Found::Tuple(parts) => self.any_pending(parts, seen),
            Found::Type(id) => self.is_node_pending(*id, seen),
        }
    }

    fn any_pending(&self, places: &[PlaceId], seen: &mut HashSet<TypeNodeId>) -> bool {
        places.iter().any(|place| self.is_pending(*place, seen))
    }

    fn is_node_pending(&self, id: TypeNodeId, seen: &mut HashSet<TypeNodeId>) -> bool {
        let node = &self.nodes[id.0];
        if node.complete || node.open > 0 || !seen.insert(id) {
            return false;
        }
        if node.refuses.is_some() && self.is_untouched(&node.kind) {
            return false;
        }
        match &node.kind {
            NodeKind::Leaf(_) => !node.accepted && node.refuses.is_none(),
            NodeKind::Unit => false,
            NodeKind::Newtype(inner) => self.is_pending(*inner, seen),
            NodeKind::Tuple(parts) => self.any_pending(parts, seen),
            NodeKind::Struct(fields) | NodeKind::Open(fields) => {
                self.are_fields_pending(*fields, seen)
            }
            NodeKind::Enum(EnumFound { variants, open, .. }) => {
                let pending = |variant| self.is_variant_pending(variant, seen);
                *open == Trial::Due || variants.iter().any(pending)
            }
        }
    }

    /// Returns whether a type has not come to read any of its parts.
    fn is_untouched(&self, kind: &NodeKind) -> bool {
        let is_pending = |place: &PlaceId| matches!(self.places[place.0], Found::Pending);
        match kind {
            NodeKind::Newtype(inner) => is_pending(inner),
            NodeKind::Tuple(parts) => parts.iter().all(is_pending),
            NodeKind::Struct(id) | NodeKind::Open(id) => {
                let mut fields = self.fields[id.0].fields.iter();
                fields.all(|field| is_pending(&field.place))
            }
            NodeKind::Leaf(_) | NodeKind::Unit | NodeKind::Enum(_) => false,
        }
    }

    fn are_fields_pending(&self, id: FieldsId, seen: &mut HashSet<TypeNodeId>) -> bool {
        let found = &self.fields[id.0];
        let mut own_names = found.fields.iter().filter(|field| field.alias_of.is_none());
        found.closed == Trial::Due
            || found.accepted == Trial::Due
            || own_names
                .any(|field| field.required == Trial::Due || self.is_pending(field.place, seen))
    }

    pub(super) fn is_variant_pending(
        &self,
        variant: &VariantFound,
        seen: &mut HashSet<TypeNodeId>,
    ) -> bool {
        if variant.failed == MAX_TRIES || variant.alias_of.is_some() {
            return false;
        }
        match &variant.payload {
            None => true,
            Some(PayloadFound::Unit) => false,
            Some(PayloadFound::One(place)) => self.is_pending(*place, seen),
            Some(PayloadFound::Tuple(parts)) => self.any_pending(parts, seen),
            Some(PayloadFound::Struct(fields)) => self.are_fields_pending(*fields, seen),
        }
    }
}
