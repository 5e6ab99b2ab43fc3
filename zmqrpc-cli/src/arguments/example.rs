//! Values that fit.

use zmqrpc::schema::{Fields, Payload, Shape, Variants};

use super::{Form, Shapes};
use crate::document::Document;

/// Below this many levels, lists are empty and enums the simplest that there is.
const FULL_LEVELS: usize = 4;

/// Below this many levels there is nothing: the type has no end.
const MAX_LEVELS: usize = 12;

/// The most values in an example.
const MAX_VALUES: usize = 2_000;

impl<'d> Shapes<'d> {
    /// Returns a value of a shape, in JSON.
    pub(crate) fn example(self, shape: &'d Shape) -> Document {
        let mut sampler = Sampler {
            shapes: self,
            left: MAX_VALUES,
        };
        sampler.value(shape, 0)
    }
}

/// Makes up values, of which so many are left.
struct Sampler<'d> {
    shapes: Shapes<'d>,
    left: usize,
}

impl<'d> Sampler<'d> {
    fn value(&mut self, shape: &'d Shape, level: usize) -> Document {
        if level > MAX_LEVELS || self.left == 0 {
            return Document::Null;
        }
        self.left -= 1;
        let found = self.shapes.0.type_of(shape);
        if let Some(example) = found.and_then(|found| found.example.as_deref()) {
            return crate::document::read(example).unwrap_or_else(|_| Document::text(example));
        }
        match self.shapes.form(shape) {
            Form::Unit => Document::Null,
            Form::Tuple(parts) => self.parts(parts, level),
            Form::Struct(fields) | Form::Open(fields) => self.fields(fields, level),
            Form::Enum(variants) => self.variant(variants, level),
            Form::Shape(shape) => self.plain(shape, level),
        }
    }

    /// Returns a value of what is no type with a name.
    fn plain(&mut self, shape: &'d Shape, level: usize) -> Document {
        let (is_deep, below) = (level > FULL_LEVELS, level + 1);
        match shape {
            Shape::Bool => Document::Bool(true),
            Shape::F32 | Shape::F64 => Document::number(1.5),
            Shape::Char => Document::text("a"),
            Shape::String => Document::text("text"),
            Shape::Bytes => Document::text("AP8="),
            Shape::Option(inner) if !is_deep => self.value(inner, below),
            Shape::List(_) if is_deep => Document::List(Vec::new()),
            Shape::List(inner) => Document::List(vec![self.value(inner, below)]),
            Shape::Array(inner, len) => {
                let len = usize::try_from(*len).unwrap_or(0).min(64);
                Document::List((0..len).map(|_| self.value(inner, below)).collect())
            }
            Shape::Map(..) if is_deep => Document::Object(Vec::new()),
            Shape::Map(key, value) => {
                let key = name(&self.value(key, below));
                Document::Object(vec![(key, self.value(value, below))])
            }
            Shape::Tuple(parts) => self.parts(parts, level),
            other if super::number::range(other).is_some() => Document::number(1),
            _ => Document::Null,
        }
    }

    fn parts(&mut self, parts: &'d [Shape], level: usize) -> Document {
        let parts = parts.iter().map(|part| self.value(part, level + 1));
        Document::List(parts.collect())
    }

    fn fields(&mut self, fields: &'d Fields, level: usize) -> Document {
        let entries = fields.fields.iter().map(|field| {
            let value = self.value(&field.shape, level + 1);
            (field.name.clone(), value)
        });
        Document::Object(entries.collect())
    }

    fn variant(&mut self, variants: &'d Variants, level: usize) -> Document {
        let all = &variants.variants;
        let simplest = all.iter().min_by_key(|variant| match &variant.body {
            Payload::Unit => 0,
            Payload::One(Shape::Type(_)) => 2,
            Payload::One(_) => 1,
            _ => 3,
        });
        let chosen = simplest.filter(|_| level > FULL_LEVELS).or(all.first());
        let Some(variant) = chosen else {
            return Document::Null;
        };
        let content = match &variant.body {
            Payload::One(shape) => self.value(shape, level + 1),
            Payload::Tuple(parts) => self.parts(parts, level),
            Payload::Struct(fields) => self.fields(fields, level),
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
