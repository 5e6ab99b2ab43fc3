//! What shapes come down to, through the names of types.

use std::collections::HashMap;

use super::super::{Body, Description, Payload, Shape};
use super::form::{Encoding, Form};
use super::text::{brief, short};

/// A shape behind all names that stand for another one's bytes.
#[derive(Clone, Copy)]
pub(super) struct Resolved<'d> {
    /// The type that has parts, and so may be among its own.
    pub(super) name: Option<&'d str>,
    pub(super) form: Form<'d>,
    /// What has no parts, or no name.
    shape: &'d Shape,
}

static UNKNOWN: Shape = Shape::Unknown(String::new());

impl<'d> Resolved<'d> {
    const UNKNOWN: Self = Self {
        name: None,
        form: Form::Unknown,
        shape: &UNKNOWN,
    };

    fn of_shape(shape: &'d Shape) -> Self {
        let name = None;
        let form = Form::of_shape(shape);
        Self { name, form, shape }
    }

    fn of_parts(form: Form<'d>) -> Self {
        let name = None;
        let shape = &Shape::Unit;
        Self { name, form, shape }
    }

    /// Returns whether both are of one kind, and the same where they have no parts.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self.form, other.form) {
            (Form::Scalar(one), Form::Scalar(other)) => one == other,
            (one, other) => std::mem::discriminant(&one) == std::mem::discriminant(&other),
        }
    }

    /// Returns what it is for people.
    pub(super) fn text(&self) -> String {
        match self.name {
            Some(name) => short(name),
            None => brief(self.shape),
        }
    }
}

/// One of the two descriptions, which remembers what its names stand for: a stranger's may be long chains of them.
pub(super) struct Side<'d> {
    description: &'d Description,
    binary: HashMap<&'d str, Resolved<'d>>,
    text: HashMap<&'d str, Resolved<'d>>,
}

impl<'d> Side<'d> {
    pub(super) fn new(description: &'d Description) -> Self {
        Self {
            description,
            binary: HashMap::new(),
            text: HashMap::new(),
        }
    }

    pub(super) fn description(&self) -> &'d Description {
        self.description
    }

    pub(super) fn resolve(&mut self, shape: &'d Shape, encoding: Encoding) -> Resolved<'d> {
        match shape {
            Shape::Type(name) => self.resolve_name(name, encoding),
            shape => Resolved::of_shape(shape),
        }
    }

    /// Returns what a variant holds: `V(x)` is `x`, in all encodings.
    pub(super) fn resolve_payload(
        &mut self,
        payload: &'d Payload,
        encoding: Encoding,
    ) -> Resolved<'d> {
        match payload {
            Payload::Unit => Resolved::of_parts(Form::Unit),
            Payload::One(shape) => self.resolve(shape, encoding),
            Payload::Tuple(parts) => Resolved::of_parts(Form::Tuple(parts)),
            Payload::Struct(fields) => Resolved::of_parts(Form::Struct(fields)),
        }
    }

    pub(super) fn resolve_name(&mut self, name: &'d str, encoding: Encoding) -> Resolved<'d> {
        let is_text = encoding == Encoding::Json;
        let known = if is_text {
            &mut self.text
        } else {
            &mut self.binary
        };
        let mut passed = Vec::new();
        let mut name = name;
        let found = loop {
            if let Some(found) = known.get(name) {
                break *found;
            }
            // Whoever comes back to a name that is under way finds a ring.
            known.insert(name, Resolved::UNKNOWN);
            passed.push(name);
            let Some(found) = self.description.types.get(name) else {
                break Resolved::UNKNOWN;
            };
            match found.body(is_text) {
                Body::Is(Shape::Type(next)) => name = next,
                Body::Is(shape) => {
                    let found = Resolved::of_shape(shape);
                    let name = found.form.has_parts().then_some(name);
                    break Resolved { name, ..found };
                }
                body => {
                    break Resolved {
                        name: Some(name),
                        ..Resolved::of_parts(Form::of_body(body))
                    };
                }
            }
        };
        known.extend(passed.into_iter().map(|name| (name, found)));
        found
    }
}
