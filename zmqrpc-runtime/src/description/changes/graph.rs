//! The pairs of types that are compared: each once, however many ways lead to it, and also where types hold themselves.

use std::collections::HashMap;

use super::super::{Description, Shape};
use super::Verdict;
use super::form::Encoding;
use super::pairing::{Pairing, Spot};
use super::resolved::Side;

/// Which way values travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Way {
    /// What was there before writes, what is new reads: arguments.
    Forth,
    /// What is new writes, what was there before reads: replies and errors.
    Back,
}

/// In which regard two types are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lens {
    pub(super) encoding: Encoding,
    pub(super) way: Way,
    /// Two values must not become one: they are keys of maps.
    pub(super) is_key: bool,
}

/// What is different at a place.
#[derive(Clone, Debug)]
pub(super) enum Wording {
    /// What it was, and what it is now.
    Became(String, String),
    Said(String),
}

impl Wording {
    /// Returns the text for who sees both sides from outside.
    pub(super) fn of_both(&self) -> String {
        match self {
            Self::Became(old, new) => format!("{old} became {new}"),
            Self::Said(text) => text.clone(),
        }
    }

    /// Returns the text for the side that was there before.
    pub(super) fn of_old(&self) -> String {
        match self {
            Self::Became(old, new) => format!("{old} here, {new} there"),
            Self::Said(text) => format!("{text} there"),
        }
    }
}

pub(super) struct Finding {
    pub(super) step: StepId,
    pub(super) wording: Wording,
    pub(super) verdict: Verdict,
    /// Nothing is known to be different, nor to be the same.
    pub(super) is_doubt: bool,
}

/// A step from a value into it.
#[derive(Clone, Copy)]
pub(super) enum Step<'d> {
    Name(&'d str),
    Index(usize),
    Element,
    Key,
}

/// A way from the value of a node into it, by its last step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct StepId(u32);

impl StepId {
    pub(super) const START: Self = Self(u32::MAX);
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct NodeId(u32);

impl NodeId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A pair of types, or of the shapes with which a method begins.
#[derive(Default)]
pub(super) struct Node<'d> {
    /// The name of the type in the old description; none of a method's own shapes.
    pub(super) owner: Option<&'d str>,
    pub(super) findings: Vec<Finding>,
    /// The pairs of types that it holds, and where.
    pub(super) edges: Vec<(StepId, NodeId)>,
}

/// How much is compared. Each unit is a shape or a name of usual length; servers of a thousand methods take a fraction.
const MAX_WORK: usize = 1 << 22;

const MAX_FINDINGS: usize = 10_000;

pub(super) struct Graph<'d> {
    old: Side<'d>,
    new: Side<'d>,
    nodes: Vec<Node<'d>>,
    known: HashMap<(Lens, &'d str, &'d str), NodeId>,
    /// The pairs that are still to be compared.
    waiting: Vec<(NodeId, Lens, &'d str, &'d str)>,
    steps: Vec<(StepId, Step<'d>)>,
    work: usize,
    found: usize,
}

impl<'d> Graph<'d> {
    pub(super) fn new(old: &'d Description, new: &'d Description) -> Self {
        Self {
            old: Side::new(old),
            new: Side::new(new),
            nodes: Vec::new(),
            known: HashMap::new(),
            waiting: Vec::new(),
            steps: Vec::new(),
            work: 0,
            found: 0,
        }
    }

    /// Compares two shapes, of which the old one comes first.
    pub(super) fn root(&mut self, lens: Lens, old: &'d Shape, new: &'d Shape) -> NodeId {
        let root = self.add(None);
        let (written, read) = match lens.way {
            Way::Forth => (old, new),
            Way::Back => (new, old),
        };
        Pairing::new(self, root, lens).shapes(Spot::START, written, read);
        self.run();
        root
    }

    fn run(&mut self) {
        while let Some((node, lens, written, read)) = self.waiting.pop() {
            if self.is_exhausted() {
                self.waiting.clear();
                return;
            }
            Pairing::new(self, node, lens).types(written, read);
        }
    }

    /// Returns whether there was more to compare than is compared.
    pub(super) fn is_exhausted(&self) -> bool {
        self.work > MAX_WORK || self.found > MAX_FINDINGS
    }

    /// Counts a piece of work on names of so many bytes in all; returns whether it may be done.
    pub(super) fn charge(&mut self, bytes: usize) -> bool {
        self.work += 1 + bytes / 32;
        !self.is_exhausted()
    }

    pub(super) fn nodes(&self) -> &[Node<'d>] {
        &self.nodes
    }

    pub(super) fn descriptions(&self) -> (&'d Description, &'d Description) {
        (self.old.description(), self.new.description())
    }

    /// Returns the writer and the reader.
    pub(super) fn sides(&mut self, way: Way) -> (&mut Side<'d>, &mut Side<'d>) {
        match way {
            Way::Forth => (&mut self.old, &mut self.new),
            Way::Back => (&mut self.new, &mut self.old),
        }
    }

    /// Says that the types of these names, a writer's and a reader's, meet at a place within a node.
    pub(super) fn meet(
        &mut self,
        (node, step): (NodeId, StepId),
        lens: Lens,
        names: (&'d str, &'d str),
    ) {
        let key = (lens, names.0, names.1);
        let id = self.known.get(&key).copied().unwrap_or_else(|| {
            let owner = match lens.way {
                Way::Forth => names.0,
                Way::Back => names.1,
            };
            let id = self.add(Some(owner));
            self.known.insert(key, id);
            self.waiting.push((id, lens, names.0, names.1));
            id
        });
        self.nodes[node.index()].edges.push((step, id));
    }

    fn add(&mut self, owner: Option<&'d str>) -> NodeId {
        let node = Node {
            owner,
            ..Node::default()
        };
        self.nodes.push(node);
        NodeId(u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX))
    }

    pub(super) fn find(&mut self, node: NodeId, finding: Finding) {
        self.found += 1;
        self.nodes[node.index()].findings.push(finding);
    }

    pub(super) fn step(&mut self, from: StepId, step: Step<'d>) -> StepId {
        self.steps.push((from, step));
        StepId(u32::try_from(self.steps.len() - 1).unwrap_or(u32::MAX))
    }

    /// Returns the steps of a way, the last one first.
    pub(super) fn steps_to(&self, mut at: StepId) -> impl Iterator<Item = Step<'d>> {
        std::iter::from_fn(move || {
            let (from, step) = *self.steps.get(at.0 as usize)?;
            at = from;
            Some(step)
        })
    }
}
