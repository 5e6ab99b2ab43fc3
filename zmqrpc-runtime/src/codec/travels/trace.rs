//! Records what a type does with a format, step by step, and selects what the probe feeds it next.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

/// The most runs for a type.
const MAX_RUNS: usize = 2_000;

/// A step whose number postcard relies on, as it writes no names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TraceStep {
    /// A variant: its enum, its number, and its name if known.
    Variant(&'static str, u32, &'static str),
    /// The struct, and its number of fields.
    Fields(&'static str, usize),
}

/// The steps of a type's `Serialize` or `Deserialize`, in order.
#[derive(Debug, Default)]
pub(super) struct Trace(RefCell<Vec<TraceStep>>);

impl Trace {
    /// Adds a step, and returns its index.
    pub(super) fn push(&self, step: TraceStep) -> usize {
        let mut steps = self.0.borrow_mut();
        steps.push(step);
        steps.len() - 1
    }

    /// Counts one more field of the struct at `index`.
    pub(super) fn add_field(&self, index: usize) {
        if let Some(TraceStep::Fields(_, count)) = self.0.borrow_mut().get_mut(index) {
            *count += 1;
        }
    }

    /// Returns how the steps of `Serialize`, `written`, differ from these steps of `Deserialize`.
    pub(super) fn difference(&self, written: &Self) -> Option<String> {
        let read = self.0.borrow();
        let written = written.0.borrow();
        for (read, written) in read.iter().zip(&*written) {
            match (read, written) {
                (TraceStep::Variant(_, read, _), TraceStep::Variant(name, number, variant))
                    if read != number =>
                {
                    return Some(format!(
                        "the variant `{variant}` of `{name}` is number {number} to the sender and \
                         {read} to the receiver, who would take it for another one: a variant before \
                         it is skipped (`#[serde(skip)]`) or not known on one side; put such \
                         variants last"
                    ));
                }
                (TraceStep::Fields(name, read), TraceStep::Fields(_, written))
                    if read != written =>
                {
                    return Some(format!(
                        "`{name}` reads {read} fields and writes {written}: one is skipped on one \
                         side alone, which shifts all that follow by key; use `#[serde(skip)]`, or \
                         a type of its own for each direction"
                    ));
                }
                (TraceStep::Variant(..), TraceStep::Variant(..))
                | (TraceStep::Fields(..), TraceStep::Fields(..)) => {}
                // The traces diverge: only samples can show whether the halves agree.
                _ => return None,
            }
        }
        None
    }
}

/// The variants that each run of the probe feeds to a type, and the steps of the present run.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) read: Trace,
    /// The type name of the enum whose variant this run selects, and the variant's number.
    target: Option<(&'static str, u32)>,
    /// Whether this run has reached the target.
    reached: Cell<bool>,
    /// The variants still to select, of all enums seen so far.
    pending: RefCell<Vec<(&'static str, u32)>>,
    seen_enums: RefCell<BTreeSet<&'static str>>,
    runs: usize,
    values: Cell<usize>,
}

impl Script {
    /// Prepares the next run; returns `false` if none is left.
    pub(super) fn advance(&mut self) -> bool {
        self.runs += 1;
        self.read = Trace::default();
        self.reached.set(false);
        self.values.set(0);
        self.target = self.pending.get_mut().pop();
        self.target.is_some() && self.runs < MAX_RUNS
    }

    /// Counts a value; returns `false` if the run has had too many. Large arrays and endless types
    /// end so.
    pub(super) fn count_value(&self) -> bool {
        self.values.set(self.values.get() + 1);
        self.values.get() < 10_000
    }

    /// Returns the number of the variant to decode of the enum whose type name is `ty`.
    pub(super) fn choose(&self, ty: &'static str, variants: usize, depth: usize) -> u32 {
        let variants = u32::try_from(variants).unwrap_or(u32::MAX).max(1);
        if self.seen_enums.borrow_mut().insert(ty) {
            let all = (0..variants.min(256)).map(|number| (ty, number));
            self.pending.borrow_mut().extend(all);
        }
        match self.target {
            Some((target, number)) if target == ty && !self.reached.replace(true) => number,
            // Selects another variant at each depth: one of them ends the recursion.
            _ => u32::try_from(depth).unwrap_or(0) % variants,
        }
    }
}
