//! One pair of forms: a writer's and a reader's.

use super::super::{Payload, Shape};
use super::Verdict::{self, Breaks};
use super::form::Form;
use super::graph::{Finding, Graph, Lens, NodeId, Step, StepId, Way, Wording};
use super::resolved::Resolved;
use super::scalar;

/// How deep one shape is followed, without the types that it names: as deep as shapes are read.
pub(super) const MAX_DEPTH: usize = 128;

/// Compares the two types of a node.
pub(super) struct Pairing<'g, 'd> {
    pub(super) graph: &'g mut Graph<'d>,
    node: NodeId,
    pub(super) lens: Lens,
}

/// A place within the value of a node.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    step: StepId,
    depth: usize,
}

/// What is written, and as what it is read.
pub(super) type Pair<'d> = (Resolved<'d>, Resolved<'d>);

impl<'g, 'd> Pairing<'g, 'd> {
    pub(super) fn new(graph: &'g mut Graph<'d>, node: NodeId, lens: Lens) -> Self {
        Self { graph, node, lens }
    }

    /// Compares types that have parts.
    pub(super) fn types(&mut self, written: &'d str, read: &'d str) {
        let encoding = self.lens.encoding;
        let (writer, reader) = self.graph.sides(self.lens.way);
        let pair = (
            writer.resolve_name(written, encoding),
            reader.resolve_name(read, encoding),
        );
        let verdict = self.forms(Spot::START, pair);
        self.say_became(Spot::START, pair, verdict);
    }

    pub(super) fn shapes(&mut self, at: Spot, written: &'d Shape, read: &'d Shape) {
        let pair = (self.written(written), self.read(read));
        let verdict = self.resolved(at, pair);
        self.say_became(at, pair, verdict);
    }

    /// Compares what two variants hold.
    pub(super) fn payloads(&mut self, at: Spot, written: &'d Payload, read: &'d Payload) {
        let encoding = self.lens.encoding;
        let (writer, reader) = self.graph.sides(self.lens.way);
        let pair = (
            writer.resolve_payload(written, encoding),
            reader.resolve_payload(read, encoding),
        );
        let is_unit = |payload: &Payload| matches!(payload, Payload::Unit);
        let verdict = if is_unit(written) != is_unit(read) && !encoding.is_by_key() {
            // The one is a name, the other one a map of it to the content.
            Some(Breaks)
        } else {
            self.resolved(at, pair)
        };
        match (written, read, verdict) {
            (Payload::One(_), Payload::One(_), _) => self.say_became(at, pair, verdict),
            (_, _, Some(verdict)) => self.say(at, "the variant holds something else", verdict),
            _ => {}
        }
    }

    /// Returns the verdict on what is of different kinds; what is different within has been said.
    pub(super) fn resolved(&mut self, at: Spot, pair: Pair<'d>) -> Option<Verdict> {
        if let (Some(written), Some(read)) = (pair.0.name, pair.1.name) {
            if self.graph.charge(written.len() + read.len()) {
                let place = (self.node, at.step);
                self.graph.meet(place, self.lens, (written, read));
            }
            return None;
        }
        self.forms(at, pair)
    }

    fn forms(&mut self, at: Spot, pair: Pair<'d>) -> Option<Verdict> {
        if !self.graph.charge(0) {
            return None;
        }
        let Some(at) = at.deeper() else {
            if !pair.0.is_like(&pair.1) {
                return Some(Breaks);
            }
            self.doubt(at, "too deep to be followed");
            return None;
        };
        match (pair.0.form, pair.1.form) {
            (Form::Any, Form::Any) => self.doubt(at, "whatever the format says"),
            (Form::Unknown, Form::Unknown) => self.doubt(at, "not known"),
            (Form::Any | Form::Unknown, _) | (_, Form::Any | Form::Unknown) => return Some(Breaks),
            (Form::Scalar(written), Form::Scalar(read)) => {
                let verdict = scalar::verdict(written, read, self.lens.encoding);
                return (written != read).then_some(verdict);
            }
            (Form::Unit, Form::Unit) | (Form::UnitStruct, Form::UnitStruct) => {}
            (Form::Option(written), Form::Option(read)) => self.shapes(at, written, read),
            (Form::List(written), Form::List(read)) => self.elements(at, written, read),
            (Form::Map(key, value), Form::Map(read_key, read_value)) => {
                let inside = self.step(at, Step::Key);
                let lens = self.lens;
                self.lens.is_key = true;
                self.shapes(inside, key, read_key);
                self.lens = lens;
                self.elements(at, value, read_value);
            }
            (Form::Struct(written), Form::Struct(read)) => self.fields(at, written, read),
            (Form::Open(written), Form::Open(read)) => {
                self.fields(at, written, read);
                self.doubt(at, "of any further fields");
            }
            (Form::Enum(written), Form::Enum(read)) => self.variants(at, written, read),
            _ if self.lens.encoding.is_by_key() => return self.by_key(at, pair),
            _ => return self.by_name(at, pair),
        }
        None
    }

    pub(super) fn elements(&mut self, at: Spot, written: &'d Shape, read: &'d Shape) {
        let at = self.step(at, Step::Element);
        self.shapes(at, written, read);
    }

    /// Compares the parts of two forms that have the same number of them.
    pub(super) fn parts(&mut self, at: Spot, writer: Form<'d>, reader: Form<'d>) {
        if let (Form::Array(written, _), Form::Array(read, _)) = (writer, reader) {
            return self.elements(at, written, read);
        }
        let written = (0..).map_while(|index| writer.part(index));
        let read = (0..).map_while(|index| reader.part(index));
        self.each(at, written.zip(read));
    }

    pub(super) fn each(&mut self, at: Spot, pairs: impl Iterator<Item = (&'d Shape, &'d Shape)>) {
        for (index, (written, read)) in pairs.enumerate() {
            if self.graph.is_exhausted() {
                return;
            }
            let at = self.step(at, Step::Index(index));
            self.shapes(at, written, read);
        }
    }

    pub(super) fn written(&mut self, shape: &'d Shape) -> Resolved<'d> {
        let encoding = self.lens.encoding;
        self.graph.sides(self.lens.way).0.resolve(shape, encoding)
    }

    pub(super) fn read(&mut self, shape: &'d Shape) -> Resolved<'d> {
        let encoding = self.lens.encoding;
        self.graph.sides(self.lens.way).1.resolve(shape, encoding)
    }

    pub(super) fn step(&mut self, at: Spot, step: Step<'d>) -> Spot {
        let step = self.graph.step(at.step, step);
        Spot { step, ..at }
    }

    pub(super) fn say(&mut self, at: Spot, text: impl Into<String>, verdict: Verdict) {
        self.find(at, Wording::Said(text.into()), verdict, false);
    }

    /// Says that it cannot be told whether something is the same.
    fn doubt(&mut self, at: Spot, what: &str) {
        let text = format!("it is {what}, on both sides: whether it is the same cannot be told");
        self.find(at, Wording::Said(text), Breaks, true);
    }

    fn say_became(&mut self, at: Spot, pair: Pair<'d>, verdict: Option<Verdict>) {
        let Some(verdict) = verdict else {
            return;
        };
        let mut texts = (
            format!("`{}`", pair.0.text()),
            format!("`{}`", pair.1.text()),
        );
        if texts.0 == texts.1 {
            texts = (kind(pair.0.form).to_owned(), kind(pair.1.form).to_owned());
        }
        let (old, new) = match self.lens.way {
            Way::Forth => texts,
            Way::Back => (texts.1, texts.0),
        };
        self.find(at, Wording::Became(old, new), verdict, false);
    }

    fn find(&mut self, at: Spot, wording: Wording, verdict: Verdict, is_doubt: bool) {
        let finding = Finding {
            step: at.step,
            wording,
            verdict,
            is_doubt,
        };
        self.graph.find(self.node, finding);
    }
}

impl Spot {
    pub(super) const START: Self = Self {
        step: StepId::START,
        depth: 0,
    };

    pub(super) fn deeper(self) -> Option<Self> {
        let depth = self.depth + 1;
        (depth <= MAX_DEPTH).then_some(Self { depth, ..self })
    }
}

fn kind(form: Form<'_>) -> &'static str {
    match form {
        Form::Scalar(_) => "a single value",
        Form::Unit | Form::UnitStruct => "nothing",
        Form::Option(_) => "an option",
        Form::List(_) => "a list",
        Form::Map(..) => "a map",
        Form::Tuple(_) | Form::Array(..) => "a tuple",
        Form::Struct(_) => "a struct",
        Form::Open(_) => "a struct of any fields",
        Form::Enum(_) => "an enum",
        Form::Any => "whatever the format says",
        Form::Unknown => "something unknown",
    }
}
