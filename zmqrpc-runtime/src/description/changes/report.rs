//! Changes by place: one that many methods meet is told once.

use std::collections::{HashMap, HashSet};

use super::super::{Description, MethodDescription};
use super::Verdict::{self, Breaks, Fine};
use super::change::{Change, Use};
use super::form::Encoding;
use super::graph::Graph;
use super::method::{MethodChanges, compare_methods};
use super::reach::Reach;

/// Which clients meet a method.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    All,
    ByKey,
    ByName,
}

impl Audience {
    fn encodings(self) -> &'static [Encoding] {
        match self {
            Self::All => &Encoding::ALL,
            Self::ByKey => &Encoding::ALL[..1],
            Self::ByName => &Encoding::ALL[1..],
        }
    }

    fn heard(self, (by_key, by_name): (Verdict, Verdict)) -> (Verdict, Verdict) {
        match self {
            Self::All => (by_key, by_name),
            Self::ByKey => (by_key, Fine),
            Self::ByName => (Fine, by_name),
        }
    }
}

const MAX_CHANGES: usize = 1_000;

/// The most uses in all changes together, as [`Change::uses`] says.
const MAX_USES: usize = 20_000;

/// Collects changes.
pub(super) struct Report<'d> {
    graph: Graph<'d>,
    /// In the order of methods. What they meet in types is known at the end.
    methods: Vec<(String, MethodChanges, Audience)>,
    told: Told,
}

/// What is told so far.
#[derive(Default)]
struct Told {
    changes: Vec<Change>,
    /// Where changes are in this list, by place and text.
    known: HashMap<(String, String), usize>,
    /// The methods and the parts of them that are told, for each change.
    used: HashSet<(usize, String, String)>,
    is_full: bool,
}

impl<'d> Report<'d> {
    pub(super) fn new(old: &'d Description, new: &'d Description) -> Self {
        Self {
            graph: Graph::new(old, new),
            methods: Vec::new(),
            told: Told::default(),
        }
    }

    pub(super) fn descriptions(&self) -> (&'d Description, &'d Description) {
        self.graph.descriptions()
    }

    /// Tells of a service.
    pub(super) fn say(&mut self, place: String, what: &str, verdicts: (Verdict, Verdict)) {
        self.told.change(place, what.to_owned(), verdicts);
    }

    /// Tells of a whole method.
    pub(super) fn say_of(
        &mut self,
        method: String,
        what: &str,
        verdicts: (Verdict, Verdict),
        audience: Audience,
    ) {
        let verdicts = audience.heard(verdicts);
        let told = self.told.change(method.clone(), what.to_owned(), verdicts);
        let path = String::new();
        self.told.add_use(told, Use { method, path });
    }

    pub(super) fn compare(
        &mut self,
        name: String,
        old: &'d MethodDescription,
        new: &'d MethodDescription,
        audience: Audience,
    ) {
        let changes = compare_methods(&mut self.graph, old, new, audience.encodings(), true);
        self.methods.push((name, changes, audience));
    }

    pub(super) fn into_changes(self) -> Vec<Change> {
        let Self {
            graph,
            methods,
            mut told,
        } = self;
        let mut reach = Reach::new(&graph);
        for (name, changes, audience) in methods {
            for remark in &changes.remarks {
                let verdicts = audience.heard((remark.by_key, remark.by_name));
                let change = told.change(name.clone(), remark.wording.of_both(), verdicts);
                let used = Use {
                    method: name.clone(),
                    path: remark.path.clone(),
                };
                told.add_use(change, used);
            }
            for root in &changes.roots {
                for sighting in reach.sightings(root.node, &root.start) {
                    if !changes.counts(&sighting) {
                        continue;
                    }
                    let place = sighting.place.unwrap_or_else(|| name.clone());
                    let verdicts = if root.encoding.is_by_key() {
                        (sighting.finding.verdict, Fine)
                    } else {
                        (Fine, sighting.finding.verdict)
                    };
                    let what = sighting.finding.wording.of_both();
                    let change = told.change(place, what, verdicts);
                    let used = Use {
                        method: name.clone(),
                        path: sighting.path,
                    };
                    told.add_use(change, used);
                }
            }
            if told.is_full {
                break;
            }
        }
        if told.is_full || graph.is_exhausted() || reach.is_exhausted() {
            let (old, new) = graph.descriptions();
            let is_same = old == new;
            if !is_same {
                told.changes.push(Change {
                    place: "everything".to_owned(),
                    what:
                        "the descriptions are too large, or too different, to be compared in full"
                            .to_owned(),
                    by_key: Breaks,
                    by_name: Breaks,
                    uses: Vec::new(),
                });
            }
        }
        told.changes
    }
}

impl Told {
    /// Returns the change at a place, with verdicts that are no better than these; `None` if there are too many.
    fn change(
        &mut self,
        place: String,
        what: String,
        (by_key, by_name): (Verdict, Verdict),
    ) -> Option<usize> {
        let key = (place, what);
        let index = match self.known.get(&key) {
            Some(index) => *index,
            None if self.changes.len() == MAX_CHANGES => {
                self.is_full = true;
                return None;
            }
            None => {
                self.changes.push(Change {
                    place: key.0.clone(),
                    what: key.1.clone(),
                    by_key: Fine,
                    by_name: Fine,
                    uses: Vec::new(),
                });
                self.known.insert(key, self.changes.len() - 1);
                self.changes.len() - 1
            }
        };
        let change = &mut self.changes[index];
        change.by_key = change.by_key.max(by_key);
        change.by_name = change.by_name.max(by_name);
        Some(index)
    }

    /// Adds a use, unless the same part of the same method is there.
    fn add_use(&mut self, change: Option<usize>, used: Use) {
        let Some(change) = change else {
            return;
        };
        let end = used.path.find(['.', '[']).unwrap_or(used.path.len());
        let part = used.path[..end].to_owned();
        if self.used.len() < MAX_USES && self.used.insert((change, used.method.clone(), part)) {
            self.changes[change].uses.push(used);
        }
    }
}
