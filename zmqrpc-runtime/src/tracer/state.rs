//! Reads a type until all is known of it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::found::{
    FieldFound, FieldsFound, FieldsId, Found, NodeKind, PlaceId, RustType, Trial, TypeNode,
    TypeNodeId,
};
use super::probe::{TracedPlace, TypeProbe, contradictory};
use super::root::RootType;
use super::unwinding;
use crate::codec::erased::{ErasedSeed, ValueError};
use crate::description::Shape;

/// The most runs for a root.
const MAX_RUNS: usize = 5_000;

/// The most requests that a type may make in one run: one that holds others twice at each level makes as many as it has
/// leaves.
const MAX_REQUESTS_PER_RUN: usize = 5_000;

/// The most requests for a root, in all runs together.
const MAX_REQUESTS: usize = 100_000;

/// The runs in which nothing new comes to light after which there is nothing.
const MAX_IDLE_RUNS: usize = 3;

/// How many values a type is offered until it is said to refuse all.
const MAX_OFFERS: usize = 40;

/// How often a type may be read within itself.
const MAX_OPEN: usize = 3;

/// Finds out shapes, as formats see them that are for people, or as the others do.
pub(super) struct Tracer {
    pub(super) human_readable: bool,
    pub(super) places: Vec<Found>,
    pub(super) nodes: Vec<TypeNode>,
    pub(super) fields: Vec<FieldsFound>,
    node_names: HashMap<String, TypeNodeId>,
    /// Which of the types that ask for a map are structs with a flattened part.
    pub(super) flattened: HashMap<&'static str, bool>,
    /// What types have refused.
    refusals: HashMap<&'static str, Refusals>,
    /// Goes up with everything that is learnt.
    learnt: u64,
    pub(super) run: Run,
    /// The requests for this root.
    requests: usize,
    last_error: String,
}

struct Refusals {
    count: usize,
    reason: String,
}

/// The state of one run.
#[derive(Default)]
pub(super) struct Run {
    /// The innermost failure has been looked at: those around it are its consequences.
    pub(super) explained: bool,
    /// A recursion is being ended: of each type only as much is given as it needs.
    pub(super) shallow: usize,
    /// Something is being tried out; no other trial at the same time.
    pub(super) is_trial: bool,
    /// A recursion did not end.
    pub(super) endless: bool,
    /// The numbers given so far.
    pub(super) numbers: u64,
    /// What was given last, as an example.
    pub(super) last_given: Option<String>,
    requests: usize,
}

impl Tracer {
    pub(super) fn new(human_readable: bool) -> Self {
        Self {
            human_readable,
            places: Vec::new(),
            nodes: Vec::new(),
            fields: Vec::new(),
            node_names: HashMap::new(),
            flattened: HashMap::new(),
            refusals: HashMap::new(),
            learnt: 0,
            run: Run::default(),
            requests: 0,
            last_error: String::new(),
        }
    }

    /// Finds out what is to be known of a type, and returns where it is.
    pub(super) fn trace(&mut self, mut root: RootType<'static>) -> PlaceId {
        let place = self.new_place();
        self.requests = 0;
        "there is too much of it".clone_into(&mut self.last_error);
        let mut idle = 0;
        for _ in 0..MAX_RUNS {
            if !self.wants(place) || self.requests >= MAX_REQUESTS {
                break;
            }
            self.run = Run::default();
            for node in &mut self.nodes {
                node.open = 0;
            }
            let before = self.learnt;
            let result = unwinding::stubborn(|| self.read_part(&mut root, place, 0));
            self.requests += self.run.requests;
            if let Err(error) = result {
                self.last_error = error.to_string();
            }
            idle = if self.learnt == before { idle + 1 } else { 0 };
            if idle == MAX_IDLE_RUNS {
                break;
            }
        }
        self.settle();
        place
    }

    /// Says of what was not reached why.
    fn settle(&mut self) {
        for place in &mut self.places {
            if matches!(place, Found::Pending) {
                let reason = format!("not reached: {}", self.last_error);
                *place = Found::Leaf(Shape::Unknown(reason));
            }
        }
    }

    /// Lets a type read itself at a place.
    pub(super) fn read_part(
        &mut self,
        seed: &mut dyn ErasedSeed<'_>,
        id: PlaceId,
        offers: usize,
    ) -> Result<(), ValueError> {
        self.count_request()?;
        let makes = seed.makes();
        let refused = self
            .refusals
            .get(makes)
            .map_or(0, |refusals| refusals.count);
        let place = TracedPlace::new(id, makes, offers + refused);
        self.run.last_given = None;
        // A type's own code may panic: that is a refusal like any other.
        let result = unwinding::caught(|| {
            seed.deserialize(&mut TypeProbe {
                tracer: self,
                place,
            })
        });
        match &result {
            Ok(()) => {
                self.run.explained = false;
                self.accept(id);
            }
            Err(error) if !self.run.explained => {
                self.run.explained = true;
                self.refuse(makes, id, error);
            }
            Err(_) => {}
        }
        result
    }

    /// Counts a request of a type.
    pub(super) fn count_request(&mut self) -> Result<(), ValueError> {
        self.run.requests += 1;
        if self.run.requests < MAX_REQUESTS_PER_RUN {
            return Ok(());
        }
        if self.run.requests > 2 * MAX_REQUESTS_PER_RUN {
            // It goes on asking after errors.
            unwinding::give_up();
        }
        self.run.explained = true;
        Err(ValueError::new("there is too much of it"))
    }

    fn refuse(&mut self, makes: &'static str, id: PlaceId, error: &ValueError) {
        let refusals = self.refusals.entry(makes).or_insert_with(|| Refusals {
            count: 0,
            reason: String::new(),
        });
        refusals.count += 1;
        refusals.reason = error.to_string();
        if refusals.count < MAX_OFFERS {
            self.learnt += 1;
            return;
        }
        let reason = refusals.reason.clone();
        let mut at = id;
        while let Found::Option(inner) = self.places[at.0] {
            at = inner;
        }
        if let Found::Type(node) = self.places[at.0] {
            self.nodes[node.0].refuses = Some(reason.clone());
        }
        if matches!(self.places[id.0], Found::Pending) {
            self.learn(id, || Found::Leaf(Shape::Unknown(reason)));
        }
    }

    /// Notes that a value at this place was accepted.
    pub(super) fn accept(&mut self, id: PlaceId) {
        let Found::Type(node) = self.places[id.0] else {
            return;
        };
        let node = &mut self.nodes[node.0];
        if matches!(node.kind, NodeKind::Leaf(_)) && !node.accepted {
            node.accepted = true;
            node.refuses = None;
            node.example = self.run.last_given.take();
            self.learnt += 1;
        }
    }

    /// Notes that something new came to light.
    pub(super) fn progress(&mut self) {
        self.learnt += 1;
    }

    pub(super) fn learnt(&self) -> u64 {
        self.learnt
    }

    /// Counts nothing of what was learnt since: it will come up in each run again.
    pub(super) fn forget_progress(&mut self, since: u64) {
        self.learnt = since;
    }

    pub(super) fn new_place(&mut self) -> PlaceId {
        self.places.push(Found::Pending);
        PlaceId(self.places.len() - 1)
    }

    pub(super) fn new_places(&mut self, count: usize) -> Vec<PlaceId> {
        (0..count).map(|_| self.new_place()).collect()
    }

    pub(super) fn new_fields(&mut self, names: &[&'static str]) -> FieldsId {
        let fields = names.iter().map(|name| self.new_field(name)).collect();
        self.fields.push(FieldsFound {
            fields,
            closed: Trial::Due,
            accepted: Trial::Due,
            by_order: false,
        });
        FieldsId(self.fields.len() - 1)
    }

    pub(super) fn new_field(&mut self, name: &'static str) -> FieldFound {
        FieldFound {
            name,
            place: self.new_place(),
            required: Trial::Due,
            alias_of: None,
            front: false,
            number: None,
        }
    }

    /// Fills in a place of which nothing is known.
    pub(super) fn learn(&mut self, id: PlaceId, found: impl FnOnce() -> Found) {
        match &self.places[id.0] {
            Found::Pending => self.places[id.0] = found(),
            Found::Leaf(Shape::Unknown(_)) => return,
            known if known.is_like(&found()) => return,
            // Two types have one name, or one changes its mind: better no shape than the wrong one.
            _ => self.places[id.0] = Found::Leaf(contradictory()),
        }
        self.learnt += 1;
    }

    /// Returns the type of this name that `is_same` as what is there; a new one if there is none.
    ///
    /// Two versions of a crate, or two blocks of a function, may have types of one name. And the content of an adjacently
    /// tagged enum is a seed of the enum's own type.
    pub(super) fn node(
        &mut self,
        rust: RustType,
        is_same: impl Fn(&Self, &NodeKind) -> bool,
        kind: impl FnOnce(&mut Self) -> NodeKind,
    ) -> TypeNodeId {
        let mut name = Cow::Borrowed(rust.name);
        while let Some(id) = self.node_names.get(&*name) {
            let node = &self.nodes[id.0];
            if node.size == rust.size && is_same(self, &node.kind) {
                return *id;
            }
            name.to_mut().push('\'');
        }
        let name = name.into_owned();
        let kind = kind(self);
        let id = TypeNodeId(self.nodes.len());
        self.nodes.push(TypeNode {
            rust: name.clone(),
            size: rust.size,
            kind,
            example: None,
            refuses: None,
            accepted: false,
            complete: false,
            open: 0,
            base: 0,
        });
        self.node_names.insert(name, id);
        self.learnt += 1;
        id
    }

    pub(super) fn has_type(&self, name: &str) -> bool {
        self.node_names.contains_key(name)
    }

    /// Begins to read a type with a name. Within itself, it is filled only as far as it has to be.
    pub(super) fn enter(&mut self, id: TypeNodeId) -> Result<Entered, ValueError> {
        let node = &mut self.nodes[id.0];
        if node.open == MAX_OPEN {
            self.run.explained = true;
            self.run.endless = true;
            return Err(ValueError::new("a recursion does not end"));
        }
        node.open += 1;
        let again = node.open > 1;
        self.run.shallow += usize::from(again);
        Ok(Entered { id, again })
    }

    #[expect(clippy::needless_pass_by_value, reason = "it ends")]
    pub(super) fn leave(&mut self, entered: Entered) {
        self.nodes[entered.id.0].open -= 1;
        self.run.shallow -= usize::from(entered.again);
    }
}

/// A type that is being read.
#[must_use = "it is to be left"]
pub(super) struct Entered {
    id: TypeNodeId,
    again: bool,
}
