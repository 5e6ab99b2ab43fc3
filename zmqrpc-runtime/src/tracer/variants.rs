//! Enums: what each variant holds, which names are names of one, and whether there is a variant for all others.

use std::collections::HashSet;

use super::fields::NOBODYS;
use super::found::{EnumFound, Found, NodeKind, PayloadFound, Trial, TypeNodeId, VariantFound};
use super::probe::{Given, GivenName, TracedPlace, TypeProbe, contradiction, contradictory};
use super::state::Tracer;
use crate::codec::erased::{ErasedEnum, ErasedSeed, ErasedVisitor, ValueError};

impl TypeProbe<'_> {
    pub(super) fn variants(
        &mut self,
        name: &str,
        names: &'static [&'static str],
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        let rust = self.named(visitor, name);
        let same = |_: &Tracer, kind: &NodeKind| match kind {
            NodeKind::Enum(found) => found.has_names(names),
            _ => false,
        };
        let node = self
            .tracer
            .node(rust, same, |_| NodeKind::Enum(EnumFound::new(names)));
        self.learn(|| Found::Type(node));
        if names.is_empty() {
            self.tracer.run.explained = true;
            self.tracer.enum_found(node).open = Trial::No;
            return Err(ValueError::new("an enum without variants has no values"));
        }
        // While it is being read, what it holds of its own type is not pending.
        let entered = self.tracer.enter(node)?;
        let run = &self.tracer.run;
        let (is_shallow, is_trial) = (run.shallow > 0, run.is_trial);
        let open = self.tracer.enum_found(node).open;
        let result = match self.tracer.wanted_variant(node) {
            Some(variant) if !is_shallow => self.explore(node, variant, visitor),
            None if !is_shallow && !is_trial && open == Trial::Due => {
                self.offer_unknown(node, visitor)
            }
            _ => self.end_with(node, visitor),
        };
        self.tracer.leave(entered);
        result
    }

    /// Finds out more of a variant.
    fn explore(
        &mut self,
        node: TypeNodeId,
        variant: usize,
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        let before = self.tracer.learnt();
        let result = self.choose(node, variant, visitor);
        if result.is_err() && self.tracer.learnt() == before {
            self.tracer.enum_found(node).variants[variant].failed += 1;
            self.tracer.progress();
        }
        result
    }

    /// Gives a variant with which the value ends.
    fn end_with(
        &mut self,
        node: TypeNodeId,
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        let base = self.tracer.nodes[node.0].base;
        let variants = &self.tracer.enum_found(node).variants;
        let unit = variants
            .iter()
            .position(|variant| matches!(variant.payload, Some(PayloadFound::Unit)));
        let variant = unit.unwrap_or(base % variants.len());
        let result = self.choose(node, variant, visitor);
        if result.is_err() && self.tracer.run.endless {
            self.tracer.nodes[node.0].base += 1;
            self.tracer.progress();
        }
        result
    }

    fn choose(
        &mut self,
        node: TypeNodeId,
        variant: usize,
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        let place = self.place;
        visitor.variant(&mut Choice {
            tracer: self.tracer,
            node,
            variant,
            place,
        })
    }

    /// Offers a variant that there is not: is there one for all others?
    fn offer_unknown(
        &mut self,
        node: TypeNodeId,
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        self.tracer.run.is_trial = true;
        let mut unknown = UnknownVariant {
            human_readable: self.tracer.human_readable,
            accepted: false,
        };
        let result = visitor.variant(&mut unknown);
        self.tracer.run.is_trial = false;
        self.tracer.enum_found(node).open = if unknown.accepted && result.is_ok() {
            Trial::Yes
        } else {
            Trial::No
        };
        self.tracer.progress();
        self.tracer.run.explained |= result.is_err();
        result
    }
}

impl Tracer {
    pub(super) fn enum_found(&mut self, node: TypeNodeId) -> &mut EnumFound {
        match &mut self.nodes[node.0].kind {
            NodeKind::Enum(found) => found,
            _ => unreachable!("a type keeps its kind"),
        }
    }

    /// Returns the first variant of which there is something to find out.
    fn wanted_variant(&self, node: TypeNodeId) -> Option<usize> {
        let NodeKind::Enum(found) = &self.nodes[node.0].kind else {
            return None;
        };
        let pending = |variant| self.is_variant_pending(variant, &mut HashSet::new());
        found.variants.iter().position(pending)
    }
}

impl EnumFound {
    fn new(names: &[&'static str]) -> Self {
        let variants = names.iter().map(|name| VariantFound {
            name,
            payload: None,
            alias_of: None,
            number: None,
            failed: 0,
        });
        Self {
            variants: variants.collect(),
            open: Trial::Due,
            by_number: false,
        }
    }

    fn has_names(&self, names: &[&str]) -> bool {
        let own = self.variants.iter().map(|variant| variant.name);
        own.eq(names.iter().copied())
    }
}

/// A variant that was chosen.
struct Choice<'t> {
    tracer: &'t mut Tracer,
    node: TypeNodeId,
    variant: usize,
    place: TracedPlace,
}

impl Choice<'_> {
    fn found(&mut self) -> &mut VariantFound {
        &mut self.tracer.enum_found(self.node).variants[self.variant]
    }

    /// Notes which variant the name stands for: one that an earlier name stands for has several.
    fn note_number(&mut self, number: Option<u64>) {
        let Some(number) = number.filter(|_| self.found().number.is_none()) else {
            return;
        };
        let chosen = self.variant;
        let variants = &self.tracer.enum_found(self.node).variants;
        let others = variants.iter().enumerate();
        let first = others
            .filter(|(index, other)| *index != chosen && other.number == Some(number))
            .map(|(_, other)| other.name)
            .next();
        let found = self.found();
        (found.number, found.alias_of) = (Some(number), first);
        self.tracer.progress();
    }

    /// Forgets what the variant holds: there is another one of its name, in another type of its name.
    fn contradict(&mut self) -> Result<(), ValueError> {
        let place = self.tracer.new_place();
        self.tracer.learn(place, || Found::Leaf(contradictory()));
        self.found().payload = Some(PayloadFound::One(place));
        Err(contradiction())
    }

    /// Returns what the variant is known to hold; `create` makes it, the first time.
    fn payload(&mut self, create: impl FnOnce(&mut Tracer) -> PayloadFound) -> PayloadFound {
        if let Some(payload) = &self.found().payload {
            return payload.clone();
        }
        let payload = create(self.tracer);
        self.found().payload = Some(payload.clone());
        self.tracer.progress();
        payload
    }
}

impl<'de> ErasedEnum<'de> for Choice<'_> {
    fn name(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError> {
        self.tracer.count_request()?;
        let human_readable = self.tracer.human_readable;
        if self.tracer.enum_found(self.node).by_number {
            let name = GivenName::Number(self.variant as u64);
            return seed.deserialize(&mut Given {
                name,
                human_readable,
            });
        }
        let name = GivenName::Text(self.found().name);
        let read = seed.deserialize(&mut Given {
            name,
            human_readable,
        });
        if read.is_err() {
            self.tracer.enum_found(self.node).by_number = true;
            self.tracer.run.explained = true;
            self.tracer.progress();
        }
        read?;
        self.note_number(seed.variant());
        Ok(())
    }

    fn unit(&mut self) -> Result<(), ValueError> {
        match self.payload(|_| PayloadFound::Unit) {
            PayloadFound::Unit => Ok(()),
            _ => self.contradict(),
        }
    }

    fn newtype(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError> {
        match self.payload(|tracer| PayloadFound::One(tracer.new_place())) {
            PayloadFound::One(place) => self.tracer.read_part(seed, place, self.place.offers),
            _ => self.contradict(),
        }
    }

    fn tuple(
        &mut self,
        len: usize,
        visitor: &mut dyn ErasedVisitor<'de>,
    ) -> Result<(), ValueError> {
        let payload = self.payload(|tracer| PayloadFound::Tuple(tracer.new_places(len)));
        let parts = match payload {
            PayloadFound::Tuple(parts) if parts.len() == len => parts,
            _ => return self.contradict(),
        };
        let (tracer, place) = (&mut *self.tracer, self.place);
        TypeProbe { tracer, place }.elements(parts, visitor)
    }

    fn fields(
        &mut self,
        fields: &'static [&'static str],
        visitor: &mut dyn ErasedVisitor<'de>,
    ) -> Result<(), ValueError> {
        let payload = self.payload(|tracer| PayloadFound::Struct(tracer.new_fields(fields)));
        let id = match payload {
            PayloadFound::Struct(id) if self.tracer.has_names(id, fields) => id,
            _ => return self.contradict(),
        };
        let (tracer, place) = (&mut *self.tracer, self.place);
        TypeProbe { tracer, place }.read_fields(id, None, visitor)
    }
}

/// A variant that nobody knows.
struct UnknownVariant {
    human_readable: bool,
    accepted: bool,
}

impl<'de> ErasedEnum<'de> for UnknownVariant {
    fn name(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError> {
        let result = seed.deserialize(&mut Given {
            name: GivenName::Text(NOBODYS),
            human_readable: self.human_readable,
        });
        self.accepted = result.is_ok();
        result
    }

    fn unit(&mut self) -> Result<(), ValueError> {
        Ok(())
    }

    fn newtype(&mut self, _: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError> {
        Err(contradiction())
    }

    fn tuple(&mut self, _: usize, _: &mut dyn ErasedVisitor<'de>) -> Result<(), ValueError> {
        Err(contradiction())
    }

    fn fields(
        &mut self,
        _: &'static [&'static str],
        _: &mut dyn ErasedVisitor<'de>,
    ) -> Result<(), ValueError> {
        Err(contradiction())
    }
}
