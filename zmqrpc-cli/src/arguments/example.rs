//! Values that fit.

use zmqrpc::schema::{Fields, Payload, Shape, Variants};

use super::{Form, Shapes};
use crate::document::Document;

/// Below this many levels, lists are empty and enums the simplest that there is.
const FULL_LEVELS: usize = 4;

impl<'d> Shapes<'d> {
    /// Returns a value of a shape, in JSON.
    pub(crate) fn example(self, shape: &'d Shape) -> Document {
        self.sample(shape, 0)
    }

    fn sample(self, shape: &'d Shape, level: usize) -> Document {
        let found = self.0.type_of(shape);
        if let Some(example) = found.and_then(|found| found.example.as_deref()) {
            return crate::document::read(example).unwrap_or_else(|_| Document::text(example));
        }
        let is_deep = level > FULL_LEVELS;
        let below = |shape| self.sample(shape, level + 1);
        match self.form(shape) {
            Form::Unit => Document::Null,
            Form::Tuple(parts) => Document::List(parts.iter().map(below).collect()),
            Form::Struct(fields) | Form::Open(fields) => self.sample_fields(fields, level),
            Form::Enum(variants) => self.sample_variant(variants, level),
            Form::Shape(shape) => match shape {
                Shape::Bool => Document::Bool(true),
                Shape::F32 | Shape::F64 => Document::number(1.5),
                Shape::Char => Document::text("a"),
                Shape::String => Document::text("text"),
                Shape::Bytes => Document::text("AP8="),
                Shape::Option(inner) if !is_deep => below(inner),
                Shape::List(_) if is_deep => Document::List(Vec::new()),
                Shape::List(inner) => Document::List(vec![below(inner)]),
                Shape::Array(inner, len) => {
                    let len = usize::try_from(*len).unwrap_or(0).min(64);
                    Document::List((0..len).map(|_| below(inner)).collect())
                }
                Shape::Map(key, value) => Document::Object(vec![(name(&below(key)), below(value))]),
                Shape::Tuple(parts) => Document::List(parts.iter().map(below).collect()),
                other if super::number::range(other).is_some() => Document::number(1),
                _ => Document::Null,
            },
        }
    }

    fn sample_fields(self, fields: &'d Fields, level: usize) -> Document {
        let entries = fields.fields.iter().map(|field| {
            let value = self.sample(&field.shape, level + 1);
            (field.name.clone(), value)
        });
        Document::Object(entries.collect())
    }

    fn sample_variant(self, variants: &'d Variants, level: usize) -> Document {
        let mut simple = variants.variants.iter();
        let simple = simple.find(|variant| variant.body == Payload::Unit);
        let chosen = simple.filter(|_| level > FULL_LEVELS);
        let Some(variant) = chosen.or(variants.variants.first()) else {
            return Document::Null;
        };
        let content = match &variant.body {
            Payload::One(shape) => self.sample(shape, level + 1),
            Payload::Tuple(parts) => {
                let parts = parts.iter().map(|part| self.sample(part, level + 1));
                Document::List(parts.collect())
            }
            Payload::Struct(fields) => self.sample_fields(fields, level),
            _ => return Document::text(&*variant.name),
        };
        Document::Object(vec![(variant.name.clone(), content)])
    }
}

/// Returns a key of an object, which is a text whatever it stands for.
fn name(key: &Document) -> String {
    match key {
        Document::Text(text) => text.clone(),
        other => other.to_string(),
    }
}
