//! The bodies of types: structs and enums.

use serde_json::Value;

use super::writer::{SchemaDraft, SchemaWriter, anything, distinct, members};
use crate::description::{Body, Field, Fields, Payload, Shape, Type, Variant, Variants};
use crate::export::meaning::Meaning;
use crate::export::ordered_json::OrderedJson;

impl SchemaWriter<'_> {
    /// Returns a type, with what is said about it.
    pub(super) fn described(&self, name: &str, found: &Type) -> OrderedJson {
        let mut docs = found.docs.clone();
        if let Some(why) = &found.refuses {
            let gap = if docs.is_empty() { "" } else { "\n\n" };
            docs.push_str(gap);
            docs.push_str("No value was found that it accepts: ");
            docs.push_str(why);
        }
        let body = match self.meanings.of(name) {
            // A schema that refers to itself is none.
            Meaning::Nothing => anything(),
            _ => self.body(found.body(true)),
        };
        let mut schema = OrderedJson::object([("title", name.into())])
            .with_text("description", &docs)
            .with_all(body);
        if let Some(example) = &found.example {
            schema = schema.with("examples", vec![self.example(name, example)]);
        }
        schema.with_text("x-rust", &found.rust)
    }

    /// Returns an example, which is JSON; or the text itself, where it is no JSON or the type takes texts alone.
    fn example(&self, name: &str, example: &str) -> OrderedJson {
        let takes_texts = matches!(self.meanings.of(name), Meaning::Shape(_, Shape::String));
        match serde_json::from_str::<Value>(example) {
            Ok(value) if value.is_string() || !takes_texts => OrderedJson::Value(value),
            _ => example.into(),
        }
    }

    fn body(&self, body: &Body) -> OrderedJson {
        match body {
            Body::Is(shape) => self.beside_others(shape),
            Body::Unit => self.shape(&Shape::Unit),
            Body::Tuple(parts) => self.list_of(parts.iter(), 0),
            Body::Struct(fields) => self.fields(fields, fields.closed),
            Body::Open(fields) => self.fields(fields, false),
            Body::Enum(variants) => self.variants(variants),
        }
    }

    /// Returns the schema of a shape for an object that says more: in draft 7 nothing counts beside a `$ref`.
    fn beside_others(&self, shape: &Shape) -> OrderedJson {
        let schema = self.shape(shape);
        if self.draft == SchemaDraft::Seven && matches!(shape, Shape::Type(_)) {
            OrderedJson::object([("allOf", vec![schema].into())])
        } else {
            schema
        }
    }

    fn fields(&self, fields: &Fields, is_closed: bool) -> OrderedJson {
        let (plain, renamed): (Vec<&Field>, Vec<&Field>) = fields
            .fields
            .iter()
            .partition(|field| field.aliases.is_empty());
        let required = plain.iter().filter(|field| !field.optional);
        let required = distinct(required.map(|field| &*field.name));
        let properties = plain
            .iter()
            .map(|field| (field.name.clone(), self.field(field)));
        let mut schema = OrderedJson::object([
            ("type", "object".into()),
            ("properties", members(properties)),
        ])
        .with_list("required", required);
        if !renamed.is_empty() {
            let patterns = renamed
                .iter()
                .map(|field| (pattern(&field.name, &field.aliases), self.field(field)));
            schema = schema.with("patternProperties", members(patterns));
            let required = renamed.iter().filter(|field| !field.optional);
            let required: Vec<_> = required.map(|field| one_of_names(field)).collect();
            schema = schema.with_list("allOf", required);
        }
        if is_closed {
            schema = schema.with("additionalProperties", false);
        }
        schema
    }

    fn field(&self, field: &Field) -> OrderedJson {
        if field.docs.is_empty() {
            return self.shape(&field.shape);
        }
        OrderedJson::object([("description", field.docs.as_str().into())])
            .with_all(self.beside_others(&field.shape))
    }

    fn variants(&self, variants: &Variants) -> OrderedJson {
        let is_plain =
            |variant: &&Variant| variant.body == Payload::Unit && variant.docs.is_empty();
        let plain = variants.variants.iter().filter(is_plain);
        let names = distinct(plain.flat_map(names_of));
        let mut forms = Vec::new();
        if !names.is_empty() {
            forms.push(OrderedJson::object([("enum", names.into())]));
        }
        let others = variants.variants.iter();
        let others = others.filter(|variant| !is_plain(variant));
        forms.extend(others.map(|variant| self.variant(variant)));
        if variants.open {
            forms.push(OrderedJson::object([("type", "string".into())]));
        }
        match forms.len() {
            // No value is one of no variants.
            0 => OrderedJson::object([("not", anything())]),
            1 => forms.remove(0),
            // Not `oneOf`: where any text is a variant, the texts of others are too.
            _ => OrderedJson::object([("anyOf", forms.into())]),
        }
    }

    fn variant(&self, variant: &Variant) -> OrderedJson {
        let content = match &variant.body {
            Payload::Unit => {
                return OrderedJson::object([("enum", distinct(names_of(variant)).into())])
                    .with_text("description", &variant.docs);
            }
            Payload::One(shape) => self.shape(shape),
            Payload::Tuple(parts) => self.list_of(parts.iter(), 0),
            Payload::Struct(fields) => self.fields(fields, fields.closed),
        };
        let schema = OrderedJson::object([("type", "object".into())])
            .with_text("description", &variant.docs);
        let schema = if variant.aliases.is_empty() {
            schema
                .with("properties", members([(variant.name.clone(), content)]))
                .with("required", vec![variant.name.as_str().into()])
        } else {
            let pattern = pattern(&variant.name, &variant.aliases);
            schema
                .with("patternProperties", members([(pattern, content)]))
                .with("minProperties", 1)
                .with("maxProperties", 1)
        };
        schema.with("additionalProperties", false)
    }
}

fn names_of(variant: &Variant) -> impl Iterator<Item = &str> {
    std::iter::once(&*variant.name).chain(variant.aliases.iter().map(|alias| &**alias))
}

/// Returns a schema that takes an object which has the field, under any of its names.
fn one_of_names(field: &Field) -> OrderedJson {
    let names = std::iter::once(&field.name).chain(&field.aliases);
    let forms: Vec<_> = names
        .map(|name| OrderedJson::object([("required", vec![name.as_str().into()].into())]))
        .collect();
    OrderedJson::object([("anyOf", forms.into())])
}

/// Returns a regular expression of these names and no others. A schema for each of them would be written many times.
fn pattern(name: &str, aliases: &[String]) -> String {
    let mut pattern = String::from("^(");
    for (index, name) in std::iter::once(name)
        .chain(aliases.iter().map(|alias| &**alias))
        .enumerate()
    {
        if index > 0 {
            pattern.push('|');
        }
        for char in name.chars() {
            if r"\^$.|?*+()[]{}/".contains(char) {
                pattern.push('\\');
            }
            pattern.push(char);
        }
    }
    pattern.push_str(")$");
    pattern
}
