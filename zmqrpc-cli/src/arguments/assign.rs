//! Values for parts of an argument: `order.lines[0].sku=x`.

use zmqrpc::schema::{Fields, Payload, Shape};

use super::fit::{no_field, no_variant};
use super::shapes::{field_of, variant_of};
use super::{Form, Misfit, Shapes};
use crate::document::Document;

impl<'d> Shapes<'d> {
    /// Sets the part of a value to which `path` leads, which begins with a dot or a bracket or is empty. What is on the way
    /// there is made.
    pub(super) fn assign(
        self,
        shape: &'d Shape,
        into: &mut Document,
        path: &str,
        word: &str,
    ) -> Result<(), Misfit> {
        if path.is_empty() {
            *into = self.word(shape, word)?;
            return Ok(());
        }
        let shape = self.within_options(shape);
        let form = self.form(shape);
        if let Some(rest) = path.strip_prefix('[') {
            let (index, rest) = rest
                .split_once(']')
                .ok_or_else(|| Misfit::new("a `]` is missing"))?;
            let part = |at: usize| match form {
                Form::Shape(Shape::List(inner) | Shape::Array(inner, _)) => Some(&**inner),
                Form::Shape(Shape::Tuple(parts)) => parts.get(at),
                Form::Tuple(parts) => parts.get(at),
                _ => None,
            };
            return self.assign_element(&self.name(shape), part, into, (index, rest), word);
        }
        let (name, rest) = first_name(path);
        match form {
            Form::Struct(fields) | Form::Open(fields) => {
                self.assign_field(&self.name(shape), fields, into, (name, rest), word)
            }
            Form::Enum(variants) => {
                let variant = variant_of(variants, name);
                let variant =
                    variant.ok_or_else(|| no_variant(&self.name(shape), variants, name))?;
                let content = only_entry(into, name);
                let assigned = match &variant.body {
                    Payload::One(inner) => self.assign(inner, content, rest, word),
                    Payload::Struct(fields) => {
                        self.assign_field(name, fields, content, first_name(rest), word)
                    }
                    Payload::Tuple(parts) => match rest.strip_prefix('[') {
                        Some(rest) => {
                            let step = rest.split_once(']');
                            let step = step.ok_or_else(|| Misfit::new("a `]` is missing"))?;
                            self.assign_element(name, |at| parts.get(at), content, step, word)
                        }
                        None => Err(Misfit::new(format!("`{name}` is a list of values"))),
                    },
                    _ => Err(Misfit::new(format!("`{name}` has no content"))),
                };
                assigned.map_err(|misfit| misfit.at(name))
            }
            Form::Shape(Shape::Map(_, value)) => {
                let slot = entry(into, name);
                let assigned = self.assign(value, slot, rest, word);
                assigned.map_err(|misfit| misfit.at(name))
            }
            _ => Err(Misfit::new(format!("{} has no fields", self.name(shape)))),
        }
    }

    fn assign_field(
        self,
        owner: &str,
        fields: &'d Fields,
        into: &mut Document,
        (name, rest): (&str, &str),
        word: &str,
    ) -> Result<(), Misfit> {
        let field = field_of(fields, name).ok_or_else(|| no_field(owner, fields, name))?;
        let assigned = self.assign(&field.shape, entry(into, name), rest, word);
        assigned.map_err(|misfit| misfit.at(name))
    }

    /// Sets an element; without an index a new one.
    fn assign_element(
        self,
        owner: &str,
        part: impl Fn(usize) -> Option<&'d Shape>,
        into: &mut Document,
        (index, rest): (&str, &str),
        word: &str,
    ) -> Result<(), Misfit> {
        let elements = list(into);
        let at = match index {
            "" => elements.len(),
            index => index
                .parse()
                .map_err(|_| Misfit::new(format!("`[{index}]` is no number of an element")))?,
        };
        if at > elements.len() {
            let len = elements.len();
            return Err(Misfit::new(format!(
                "element {at} cannot be set before element {len}"
            )));
        }
        let shape = part(at).ok_or_else(|| Misfit::new(format!("{owner} has no element {at}")))?;
        if at == elements.len() {
            elements.push(Document::Null);
        }
        let assigned = self.assign(shape, &mut elements[at], rest, word);
        assigned.map_err(|misfit| misfit.at_index(at))
    }
}

/// Returns the name with which a path begins, behind its dot, and the rest.
fn first_name(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('.').unwrap_or(path);
    path.split_at(path.find(['.', '[']).unwrap_or(path.len()))
}

fn list(document: &mut Document) -> &mut Vec<Document> {
    if !matches!(document, Document::List(_)) {
        *document = Document::List(Vec::new());
    }
    match document {
        Document::List(elements) => elements,
        _ => unreachable!("it has just been made a list"),
    }
}

fn object(document: &mut Document) -> &mut Vec<(String, Document)> {
    if !matches!(document, Document::Object(_)) {
        *document = Document::Object(Vec::new());
    }
    match document {
        Document::Object(entries) => entries,
        _ => unreachable!("it has just been made an object"),
    }
}

fn entry<'a>(document: &'a mut Document, name: &str) -> &'a mut Document {
    let entries = object(document);
    let at = entries.iter().position(|(known, _)| known == name);
    let at = at.unwrap_or_else(|| {
        entries.push((name.to_owned(), Document::Null));
        entries.len() - 1
    });
    &mut entries[at].1
}

/// Returns the content of a variant, which takes the place of another variant's.
fn only_entry<'a>(document: &'a mut Document, name: &str) -> &'a mut Document {
    object(document).retain(|(known, _)| known == name);
    entry(document, name)
}
