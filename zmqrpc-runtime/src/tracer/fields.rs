//! Structs: which fields they have, which of them may be left out, and whether others are refused.

use super::found::{FieldsId, Found, NodeKind, PlaceId, Trial};
use super::probe::{Given, GivenName, TypeProbe, contradiction};
use super::state::Tracer;
use crate::codec::erased::{ErasedMap, ErasedSeed, ErasedVisitor, FieldFault, ValueError};
use crate::description::Shape;

/// A name that no field and no variant has.
pub(super) const NOBODYS: &str = "zmqrpc-asks-whether-unknown-names-are-refused";

/// What reading the fields is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// To find out what is in them, or just to get a value.
    Fill,
    /// To find out whether they are accepted when all of them are there.
    Accept,
    /// To find out which may be left out.
    LeaveOut,
    /// To find out whether a field that nobody knows is refused.
    Close,
}

/// How reading fields has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldsOutcome {
    Accepted,
    /// For a fault of a field, if that is why.
    Refused(Option<FieldFault>),
}

impl FieldsOutcome {
    pub(super) fn of(result: &Result<(), ValueError>) -> Self {
        match result {
            Ok(()) => Self::Accepted,
            Err(error) => Self::Refused(error.field_fault()),
        }
    }
}

impl TypeProbe<'_> {
    pub(super) fn structure(
        &mut self,
        name: &str,
        names: &'static [&'static str],
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        let rust = self.named(visitor, name);
        let same = |tracer: &Tracer, kind: &NodeKind| match kind {
            NodeKind::Struct(id) => tracer.has_names(*id, names),
            _ => false,
        };
        let node = self.tracer.node(rust, same, |tracer| {
            NodeKind::Struct(tracer.new_fields(names))
        });
        self.learn(|| Found::Type(node));
        let NodeKind::Struct(id) = self.tracer.nodes[node.0].kind else {
            return Err(contradiction());
        };
        let entered = self.tracer.enter(node)?;
        let owner = visitor.makes();
        let result = self.read_fields(id, Some(owner), visitor);
        self.tracer.leave(entered);
        result
    }

    /// Reads fields, for what is to be found out next about them.
    pub(super) fn read_fields(
        &mut self,
        id: FieldsId,
        owner: Option<&'static str>,
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        if self.tracer.fields[id.0].by_order {
            let fields = self.tracer.fields[id.0].fields.iter();
            return self.elements(fields.map(|field| field.place).collect(), visitor);
        }
        let (mut order, pending) = self.order(id);
        let purpose = self.purpose(id, pending);
        if purpose == Purpose::LeaveOut {
            let fields = &self.tracer.fields[id.0].fields;
            order.retain(|index| fields[*index].required == Trial::Yes);
        }
        let is_trial = matches!(purpose, Purpose::LeaveOut | Purpose::Close);
        self.tracer.run.is_trial |= is_trial;
        let before = self.tracer.learnt();
        let extra = (purpose == Purpose::Close).then_some(NOBODYS);
        let offered = order.clone();
        let (given, result) = self.read_with(id, order, owner, extra, visitor);
        if is_trial {
            self.tracer.run.is_trial = false;
        }
        let outcome = FieldsOutcome::of(&result);
        match purpose {
            Purpose::Fill => {}
            Purpose::Accept => self.conclude_accepted(id, outcome, before),
            Purpose::LeaveOut => self.conclude_required(id, outcome),
            Purpose::Close => self.conclude_closed(id, outcome),
        }
        if let FieldsOutcome::Refused(Some(FieldFault::Duplicate(name))) = outcome
            && let Some(last) = given.checked_sub(1)
        {
            self.note_alias(id, offered[last], name);
        }
        result
    }

    /// Returns the order in which the fields are offered, and whether there is something to find out in them: what is to
    /// be found out comes first, and what refuses all last, so that it hides nothing.
    fn order(&mut self, id: FieldsId) -> (Vec<usize>, bool) {
        let mut ranks = Vec::new();
        let mut pending = false;
        for index in 0..self.tracer.fields[id.0].fields.len() {
            let field = &self.tracer.fields[id.0].fields[index];
            if field.alias_of.is_some() {
                continue;
            }
            let (place, front) = (field.place, field.front);
            let wants = self.wants(place);
            pending |= wants;
            let rank = match () {
                () if front => 0,
                () if wants => 1,
                () if self.tracer.refuses(place) => 3,
                () => 2,
            };
            ranks.push((rank, index));
        }
        ranks.sort_unstable();
        let order = ranks.into_iter().map(|(_, index)| index).collect();
        (order, pending)
    }

    fn purpose(&self, id: FieldsId, pending: bool) -> Purpose {
        let run = &self.tracer.run;
        if run.shallow > 0 || pending || run.is_trial {
            return Purpose::Fill;
        }
        let found = &self.tracer.fields[id.0];
        let mut own = found.fields.iter().filter(|field| field.alias_of.is_none());
        if found.accepted == Trial::Due {
            Purpose::Accept
        } else if own.any(|field| field.required == Trial::Due) {
            Purpose::LeaveOut
        } else if found.closed == Trial::Due {
            Purpose::Close
        } else {
            Purpose::Fill
        }
    }

    pub(super) fn conclude_accepted(&mut self, id: FieldsId, outcome: FieldsOutcome, before: u64) {
        let answer = match outcome {
            FieldsOutcome::Accepted => Trial::Yes,
            // An alias is about to be found.
            FieldsOutcome::Refused(Some(FieldFault::Duplicate(_))) => return,
            // Something within them has been learnt, and may be why.
            FieldsOutcome::Refused(_) if self.tracer.learnt() != before => return,
            FieldsOutcome::Refused(_) => Trial::No,
        };
        self.tracer.fields[id.0].accepted = answer;
        self.tracer.progress();
    }

    /// All was left out that is not known to be required: of these, the first that is missed is required, and those
    /// before it are not.
    fn conclude_required(&mut self, id: FieldsId, outcome: FieldsOutcome) {
        self.tracer.progress();
        let fields = &mut self.tracer.fields[id.0].fields;
        let missed = match outcome {
            FieldsOutcome::Refused(Some(FieldFault::Missing(name))) => fields
                .iter()
                .position(|field| field.name == name && field.required != Trial::Yes),
            _ => None,
        };
        let (due, answer) = match (outcome, missed) {
            (FieldsOutcome::Accepted, _) => (&mut fields[..], Trial::No),
            (_, Some(missed)) => {
                fields[missed].required = Trial::Yes;
                self.tracer.run.explained = true;
                (&mut fields[..missed], Trial::No)
            }
            // It fails for another reason: nothing can be said.
            (_, None) => (&mut fields[..], Trial::Yes),
        };
        for field in due {
            if field.required == Trial::Due {
                field.required = answer;
            }
        }
    }

    fn conclude_closed(&mut self, id: FieldsId, outcome: FieldsOutcome) {
        self.tracer.progress();
        let is_unknown = outcome == FieldsOutcome::Refused(Some(FieldFault::Unknown));
        self.tracer.fields[id.0].closed = if is_unknown {
            self.tracer.run.explained = true;
            Trial::Yes
        } else {
            Trial::No
        };
    }

    /// Notes that the field that was offered last, or the one before it, is another name of `name`.
    fn note_alias(&mut self, id: FieldsId, last: usize, name: &'static str) {
        self.tracer.run.explained = true;
        self.tracer.progress();
        let field = &mut self.tracer.fields[id.0].fields[last];
        if field.name == name {
            // The alias came before it.
            field.front = true;
        } else {
            field.alias_of = Some(name);
        }
    }

    pub(super) fn has_field(&self, id: FieldsId, name: &str) -> bool {
        let mut fields = self.tracer.fields[id.0].fields.iter();
        fields.any(|field| field.name == name)
    }

    /// Reads all fields, in their order.
    pub(super) fn read_all(
        &mut self,
        id: FieldsId,
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> Result<(), ValueError> {
        let order = (0..self.tracer.fields[id.0].fields.len()).collect();
        self.read_with(id, order, None, None, visitor).1
    }

    /// Notes that the type does not read fields by name.
    fn expect_order(&mut self, id: FieldsId) {
        self.tracer.run.explained = true;
        self.tracer.progress();
        let found = &mut self.tracer.fields[id.0];
        (found.by_order, found.accepted, found.closed) = (true, Trial::Yes, Trial::No);
        for field in &mut found.fields {
            field.required = Trial::Yes;
        }
    }

    /// Offers the fields in this order, and a further one; returns how many of them were taken.
    fn read_with(
        &mut self,
        id: FieldsId,
        order: Vec<usize>,
        owner: Option<&'static str>,
        extra: Option<&'static str>,
        visitor: &mut dyn ErasedVisitor<'_>,
    ) -> (usize, Result<(), ValueError>) {
        let count = order.len();
        let mut members = FieldMap {
            tracer: self.tracer,
            id,
            order,
            next: 0,
            extra,
            owner,
            offers: self.place.offers,
            is_asked: false,
        };
        let result = visitor.map(&mut members);
        let (given, is_asked) = (members.next.min(count), members.is_asked);
        if result.is_err() && !is_asked {
            self.expect_order(id);
        }
        (given, result)
    }
}

impl Tracer {
    pub(super) fn has_names(&self, id: FieldsId, names: &[&str]) -> bool {
        let fields = &self.fields[id.0].fields;
        fields
            .iter()
            .map(|field| field.name)
            .eq(names.iter().copied())
    }

    /// Returns whether what is at a place has refused all that it was offered.
    fn refuses(&self, place: PlaceId) -> bool {
        match &self.places[place.0] {
            Found::Type(id) => self.nodes[id.0].refuses.is_some(),
            Found::Leaf(Shape::Unknown(_)) => true,
            _ => false,
        }
    }
}

/// Fields as a map from their names.
struct FieldMap<'t> {
    tracer: &'t mut Tracer,
    id: FieldsId,
    order: Vec<usize>,
    next: usize,
    /// A further name, which comes last.
    extra: Option<&'static str>,
    /// The type whose fields they are.
    owner: Option<&'static str>,
    offers: usize,
    /// The type has asked for a name.
    is_asked: bool,
}

impl FieldMap<'_> {
    fn given(&self, name: GivenName) -> Given {
        Given {
            name,
            human_readable: self.tracer.human_readable,
        }
    }

    /// Reads the content of an adjacently tagged enum, which is a seed of the enum's own type. Its shape depends on the
    /// tag, and so does what is learnt: it would alternate for ever.
    fn read_content(
        &mut self,
        seed: &mut dyn ErasedSeed<'_>,
        index: usize,
    ) -> Result<(), ValueError> {
        let before = self.tracer.learnt();
        let scratch = self.tracer.new_place();
        let result = self.tracer.read_part(seed, scratch, self.offers);
        self.tracer.forget_progress(before);
        let place = self.tracer.fields[self.id.0].fields[index].place;
        self.tracer.learn(place, || Found::Leaf(Shape::Any));
        result
    }
}

impl<'de> ErasedMap<'de> for FieldMap<'_> {
    fn next_key(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<bool, ValueError> {
        self.is_asked = true;
        self.tracer.count_request()?;
        let index = self.order.get(self.next).copied();
        let fields = &self.tracer.fields[self.id.0].fields;
        let name = index.map_or_else(|| self.extra.take(), |index| Some(fields[index].name));
        let Some(name) = name else {
            return Ok(false);
        };
        self.next += 1;
        seed.deserialize(&mut self.given(GivenName::Text(name)))?;
        if let Some(index) = index {
            self.tracer.fields[self.id.0].fields[index].number = seed.variant();
        }
        Ok(true)
    }

    fn next_value(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError> {
        let last = self.next.checked_sub(1);
        let Some(&index) = last.and_then(|last| self.order.get(last)) else {
            return seed.deserialize(&mut self.given(GivenName::Nothing));
        };
        if self.owner == Some(seed.makes()) {
            return self.read_content(seed, index);
        }
        let place = self.tracer.fields[self.id.0].fields[index].place;
        self.tracer.read_part(seed, place, self.offers)
    }

    fn size_hint(&self) -> Option<usize> {
        None
    }
}
