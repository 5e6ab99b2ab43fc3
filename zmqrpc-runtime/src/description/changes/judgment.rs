//! One method of a caller against one of a server: what a call does that finds another key.

use super::super::{Description, MethodDescription, ServiceDescription};
use super::Verdict::{self, Breaks, Depends, Fine};
use super::form::Encoding;
use super::graph::Graph;
use super::method::compare_methods;
use super::reach::Reach;
use super::text::short;

/// A method, and where it is.
#[derive(Clone, Copy)]
pub(crate) struct MethodOf<'d> {
    pub(crate) description: &'d Description,
    pub(crate) service: &'d ServiceDescription,
    pub(crate) method: &'d MethodDescription,
}

impl Description {
    /// Returns the method of a description that has one.
    pub(crate) fn only_method(&self) -> Option<MethodOf<'_>> {
        let service = self.services.first()?;
        Some(MethodOf {
            description: self,
            service,
            method: service.methods.first()?,
        })
    }
}

/// What a caller meets at a method that is not its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Judgment {
    pub(crate) by_key: Opinion,
    pub(crate) by_name: Opinion,
}

/// The worst of all differences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Opinion {
    pub(crate) verdict: Verdict,
    /// The first difference that is as bad, for the caller: "Inventory.place order.lines[].count: `u32` here, `i64`
    /// there". Empty if there is none.
    pub(crate) reason: String,
}

/// Judges a call: its arguments go to `new`, its reply or error comes back to `old`.
///
/// Of a version that is another one the author has said that it is not the same: it breaks callers by key.
pub(crate) fn judge_method(old: MethodOf<'_>, new: MethodOf<'_>) -> Judgment {
    judge(old, new, true)
}

/// Judges what has no reply: an event, a job, a notification, which goes from `old` to `new`.
pub(crate) fn judge_arguments(old: MethodOf<'_>, new: MethodOf<'_>) -> Judgment {
    judge(old, new, false)
}

fn judge(old: MethodOf<'_>, new: MethodOf<'_>, is_answered: bool) -> Judgment {
    let name = short(&old.service.full_name(old.method));
    let mut judgment = Judgment::default();
    if old.service.version != new.service.version {
        let (here, there) = (old.service.version, new.service.version);
        judgment.by_key.worsen(Breaks, || {
            format!("{name}: version {here} here, {there} there")
        });
    }
    let mut graph = Graph::new(old.description, new.description);
    let changes = compare_methods(
        &mut graph,
        old.method,
        new.method,
        &Encoding::ALL,
        is_answered,
    );
    for remark in &changes.remarks {
        let space = if remark.path.is_empty() { "" } else { " " };
        let reason = || format!("{name}{space}{}: {}", remark.path, remark.wording.of_old());
        judgment.by_key.worsen(remark.by_key, reason);
        judgment.by_name.worsen(remark.by_name, reason);
    }
    let mut reach = Reach::new(&graph);
    for root in &changes.roots {
        for sighting in reach.sightings(root.node, &root.start) {
            if !changes.counts(&sighting) {
                continue;
            }
            let finding = sighting.finding;
            let opinion = if root.encoding.is_by_key() {
                &mut judgment.by_key
            } else {
                &mut judgment.by_name
            };
            opinion.worsen(finding.verdict, || {
                format!("{name} {}: {}", sighting.path, finding.wording.of_old())
            });
        }
    }
    if graph.is_exhausted() || reach.is_exhausted() {
        let reason = || format!("{name}: its types are too large to be compared");
        judgment.by_key.worsen(Breaks, reason);
        judgment.by_name.worsen(Breaks, reason);
    }
    judgment
}

impl Opinion {
    fn worsen(&mut self, verdict: Verdict, reason: impl FnOnce() -> String) {
        if verdict > self.verdict {
            self.verdict = verdict;
            self.reason = reason();
        }
    }

    /// Returns whether each value is read as what it was written as.
    pub(crate) fn is_fine(&self) -> bool {
        self.verdict == Fine
    }

    /// Returns whether no value is read as another one: it may be sent, and an error then is no worse than a refusal.
    pub(crate) fn is_safe(&self) -> bool {
        matches!(self.verdict, Fine | Depends)
    }
}
