//! Methods: what is different in how they are called.

use std::collections::HashMap;

use super::super::{MethodDescription, Shape};
use super::Verdict::{self, Breaks, Depends, Fine};
use super::form::{Encoding, Form};
use super::graph::{Graph, Lens, NodeId, Way, Wording};
use super::reach::Sighting;
use super::text::short;

/// What is different in a method, beside the types that it uses.
#[derive(Default)]
pub(super) struct MethodChanges {
    pub(super) remarks: Vec<Remark>,
    pub(super) roots: Vec<Root>,
    has_same_fingerprint: bool,
    has_same_signature: bool,
    has_signature: bool,
}

/// A difference that is of the method itself.
pub(super) struct Remark {
    /// The argument; empty for what is of the whole method.
    pub(super) path: String,
    pub(super) wording: Wording,
    pub(super) by_key: Verdict,
    pub(super) by_name: Verdict,
}

/// An argument, the reply or the error, in one encoding.
pub(super) struct Root {
    /// `order`, `reply`, `error`
    pub(super) start: String,
    pub(super) encoding: Encoding,
    pub(super) node: NodeId,
}

/// Compares a method with what it has become: its arguments, and if `is_answered` its reply and error.
pub(super) fn compare_methods<'d>(
    graph: &mut Graph<'d>,
    old: &'d MethodDescription,
    new: &'d MethodDescription,
    encodings: &[Encoding],
    is_answered: bool,
) -> MethodChanges {
    let mut changes = MethodChanges {
        has_same_fingerprint: old.fingerprint == new.fingerprint,
        has_same_signature: old.signature == new.signature,
        has_signature: !old.signature.is_empty(),
        ..MethodChanges::default()
    };
    if !changes.has_same_signature {
        let text = |signature: &str| format!("`{}`", short(signature));
        let wording = Wording::Became(text(&old.signature), text(&new.signature));
        changes.remark("", wording, (Fine, Fine));
    }
    if old.arguments.len() == new.arguments.len() {
        changes.arguments(graph, old, new, encodings);
    } else {
        changes.other_arguments(graph, old, new, encodings);
    }
    if !is_answered {
        return changes;
    }
    match (old.oneway, new.oneway) {
        (false, false) => {
            changes.roots(
                graph,
                "reply",
                encodings,
                Way::Back,
                (&old.reply, &new.reply),
            );
            changes.errors(graph, old, new, encodings);
        }
        (false, true) => changes.say("it answers no more", (Breaks, Breaks)),
        (true, false) => changes.say("it answers now", (Breaks, Breaks)),
        (true, true) => {}
    }
    if old.idempotent && !new.idempotent {
        let text = "it is not idempotent any more, yet may be repeated by those who think so";
        changes.say(text, (Depends, Fine));
    }
    changes
}

impl MethodChanges {
    /// Returns whether a difference is one of this method.
    ///
    /// What is known of neither side is taken for the same while the fingerprints are, as it is wherever calls are not
    /// judged. Within a method's own shapes the signature stands in for what is not known.
    pub(super) fn counts(&self, sighting: &Sighting<'_>) -> bool {
        if !sighting.finding.is_doubt {
            return true;
        }
        let is_own = sighting.place.is_none() && self.has_signature;
        !(self.has_same_signature && (self.has_same_fingerprint || is_own))
    }

    /// Compares as many arguments: all callers by key and some by name send them in order.
    fn arguments<'d>(
        &mut self,
        graph: &mut Graph<'d>,
        old: &'d MethodDescription,
        new: &'d MethodDescription,
        encodings: &[Encoding],
    ) {
        let places: HashMap<&str, usize> = names(new).rev().collect();
        let old_places: HashMap<&str, usize> = names(old).rev().collect();
        for (index, (before, now)) in old.arguments.iter().zip(&new.arguments).enumerate() {
            let start = short(&before.name);
            if before.name != now.name {
                let is_elsewhere = places.contains_key(&*before.name)
                    || old_places
                        .get(&*now.name)
                        .is_some_and(|place| *place != index);
                if is_elsewhere {
                    let wording = Wording::Said("the argument stands elsewhere".to_owned());
                    self.remark(&start, wording, (Breaks, Breaks));
                } else {
                    let text = format!("the argument's name is `{}` now", short(&now.name));
                    self.remark(&start, Wording::Said(text), (Fine, Breaks));
                }
            }
            let shapes = (&before.shape, &now.shape);
            self.roots(graph, &start, encodings, Way::Forth, shapes);
        }
    }

    /// Compares another number of arguments, which only callers that name them can send.
    fn other_arguments<'d>(
        &mut self,
        graph: &mut Graph<'d>,
        old: &'d MethodDescription,
        new: &'d MethodDescription,
        encodings: &[Encoding],
    ) {
        let by_name: Vec<Encoding> = encodings
            .iter()
            .copied()
            .filter(|encoding| !encoding.is_by_key())
            .collect();
        let mut before: HashMap<&str, &Shape> = HashMap::new();
        for argument in &old.arguments {
            before.insert(&argument.name, &argument.shape);
        }
        let mut verdict = Depends;
        for argument in &new.arguments {
            match before.remove(&*argument.name) {
                Some(shape) => {
                    let start = short(&argument.name);
                    let shapes = (shape, &argument.shape);
                    self.roots(graph, &start, &by_name, Way::Forth, shapes);
                }
                None if is_option(graph, &argument.shape) => {}
                None => verdict = Breaks,
            }
        }
        if !before.is_empty() {
            verdict = Breaks;
        }
        let number = |arguments: usize| match arguments {
            1 => "1 argument".to_owned(),
            number => format!("{number} arguments"),
        };
        let wording = Wording::Became(number(old.arguments.len()), number(new.arguments.len()));
        self.remark("", wording, (Breaks, verdict));
    }

    fn errors<'d>(
        &mut self,
        graph: &mut Graph<'d>,
        old: &'d MethodDescription,
        new: &'d MethodDescription,
        encodings: &[Encoding],
    ) {
        match (&old.error, &new.error) {
            (Some(before), Some(now)) => {
                self.roots(graph, "error", encodings, Way::Back, (before, now));
            }
            // Whoever does not expect one has an error all the same.
            (None, Some(_)) => self.say("it has an error of its own now", (Depends, Depends)),
            (Some(_), None) => self.say("it has no error of its own any more", (Fine, Fine)),
            (None, None) => {}
        }
    }

    fn roots<'d>(
        &mut self,
        graph: &mut Graph<'d>,
        start: &str,
        encodings: &[Encoding],
        way: Way,
        (old, new): (&'d Shape, &'d Shape),
    ) {
        for encoding in encodings.iter().copied() {
            let lens = Lens {
                encoding,
                way,
                is_key: false,
            };
            self.roots.push(Root {
                start: start.to_owned(),
                encoding,
                node: graph.root(lens, old, new),
            });
        }
    }

    fn say(&mut self, text: &str, verdicts: (Verdict, Verdict)) {
        self.remark("", Wording::Said(text.to_owned()), verdicts);
    }

    fn remark(&mut self, path: &str, wording: Wording, (by_key, by_name): (Verdict, Verdict)) {
        self.remarks.push(Remark {
            path: path.to_owned(),
            wording,
            by_key,
            by_name,
        });
    }
}

fn names(method: &MethodDescription) -> impl DoubleEndedIterator<Item = (&str, usize)> {
    let arguments = method.arguments.iter().enumerate();
    arguments.map(|(index, argument)| (&*argument.name, index))
}

/// Returns whether an argument may be left out by name.
fn is_option<'d>(graph: &mut Graph<'d>, shape: &'d Shape) -> bool {
    let (_, new) = graph.sides(Way::Forth);
    [Encoding::MessagePack, Encoding::Json]
        .into_iter()
        .all(|encoding| matches!(new.resolve(shape, encoding).form, Form::Option(_)))
}
