//! What a type does with a format, noted step by step; and what to have it do next.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

/// The runs of a type, whatever it holds.
const MOST_RUNS: usize = 2_000;

/// A thing that is counted in postcard, where nothing has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A variant: of which enum, with which number, and its name where it is known.
    Variant(&'static str, u32, &'static str),
    /// So many fields of this struct.
    Fields(&'static str, usize),
}

/// The steps of one half of a type, in order.
#[derive(Debug, Default)]
pub(super) struct Trail(RefCell<Vec<Step>>);

impl Trail {
    /// Notes a step, and returns its place.
    pub(super) fn note(&self, step: Step) -> usize {
        let mut steps = self.0.borrow_mut();
        steps.push(step);
        steps.len() - 1
    }

    /// Counts one more field of the struct at `place`.
    pub(super) fn add_field(&self, place: usize) {
        if let Some(Step::Fields(_, count)) = self.0.borrow_mut().get_mut(place) {
            *count += 1;
        }
    }

    /// Says where what is `written` differs from what was read.
    pub(super) fn difference(&self, written: &Self) -> Option<String> {
        let read = self.0.borrow();
        let written = written.0.borrow();
        for (read, written) in read.iter().zip(&*written) {
            match (read, written) {
                (Step::Variant(_, read, _), Step::Variant(name, number, variant))
                    if read != number =>
                {
                    return Some(format!(
                        "the variant `{variant}` of `{name}` is number {number} to the sender and \
                         {read} to the receiver, who would take it for another one: a variant before \
                         it is skipped (`#[serde(skip)]`) or not known on one side; put such \
                         variants last"
                    ));
                }
                (Step::Fields(name, read), Step::Fields(_, written)) if read != written => {
                    return Some(format!(
                        "`{name}` reads {read} fields and writes {written}: one is skipped on one \
                         side alone, which shifts all that follow by key; use `#[serde(skip)]`, or \
                         a type of its own for each direction"
                    ));
                }
                (Step::Variant(..), Step::Variant(..)) | (Step::Fields(..), Step::Fields(..)) => {}
                // The two halves go different ways: the samples have to show whether they agree.
                _ => return None,
            }
        }
        None
    }
}

/// Which variants a run makes, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) read: Trail,
    /// The enum whose variant is chosen, by the name of its type, and the variant's number.
    target: Option<(&'static str, u32)>,
    /// Whether the target has been met in this run.
    met: Cell<bool>,
    /// What is still to be made, and what was.
    open: RefCell<Vec<(&'static str, u32)>>,
    seen: RefCell<BTreeSet<&'static str>>,
    runs: usize,
    asked: Cell<usize>,
}

impl Script {
    /// Goes to the next run; returns `false` if all is done.
    pub(super) fn advance(&mut self) -> bool {
        self.runs += 1;
        self.read = Trail::default();
        self.met.set(false);
        self.asked.set(0);
        self.target = self.open.get_mut().pop();
        self.target.is_some() && self.runs < MOST_RUNS
    }

    /// Whether this run may ask for more: a large array, or a type without an end, may not.
    pub(super) fn goes_on(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.asked.get() < 10_000
    }

    /// Chooses a variant of the enum that is the type `ty`.
    pub(super) fn choose(&self, ty: &'static str, variants: usize, depth: usize) -> u32 {
        let variants = u32::try_from(variants).unwrap_or(u32::MAX).max(1);
        if self.seen.borrow_mut().insert(ty) {
            let all = (0..variants.min(256)).map(|number| (ty, number));
            self.open.borrow_mut().extend(all);
        }
        match self.target {
            Some((target, number)) if target == ty && !self.met.replace(true) => number,
            // Within itself another one each time: one of them ends.
            _ => u32::try_from(depth).unwrap_or(0) % variants,
        }
    }
}
