//! Types that have names.

use std::collections::BTreeSet;

use zmqrpc::schema::{Body, Description, Fields, Payload, Shape, Variants};

/// Returns the types that are met in these shapes, one on each line.
pub(crate) fn types<'d>(
    description: &'d Description,
    shapes: impl IntoIterator<Item = &'d Shape>,
) -> String {
    let mut met = BTreeSet::new();
    let mut open: Vec<&Shape> = shapes.into_iter().collect();
    while let Some(shape) = open.pop() {
        match shape {
            Shape::Type(name) if met.insert(name) => {
                if let Some(found) = description.types.get(name) {
                    let bodies = [Some(&found.body), found.text.as_ref()];
                    bodies
                        .into_iter()
                        .flatten()
                        .for_each(|body| add_parts(body, &mut open));
                }
            }
            Shape::Option(inner) | Shape::List(inner) | Shape::Array(inner, _) => open.push(inner),
            Shape::Map(key, value) => open.extend([&**key, &**value]),
            Shape::Tuple(parts) => open.extend(parts),
            _ => {}
        }
    }
    met.into_iter()
        .map(|name| line(description, name))
        .collect()
}

/// Adds the shapes in a body.
fn add_parts<'d>(body: &'d Body, shapes: &mut Vec<&'d Shape>) {
    let fields = |fields: &'d Fields| fields.fields.iter().map(|field| &field.shape);
    match body {
        Body::Is(shape) => shapes.push(shape),
        Body::Tuple(parts) => shapes.extend(parts),
        Body::Struct(found) | Body::Open(found) => shapes.extend(fields(found)),
        Body::Enum(variants) => {
            for variant in &variants.variants {
                match &variant.body {
                    Payload::One(shape) => shapes.push(shape),
                    Payload::Tuple(parts) => shapes.extend(parts),
                    Payload::Struct(found) => shapes.extend(fields(found)),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn line(description: &Description, name: &str) -> String {
    let Some(found) = description.types.get(name) else {
        return String::new();
    };
    let or_none = |part: Option<String>| part.unwrap_or_default();
    let text = found.text.as_ref();
    let text = text.map(|text| format!(", in JSON {}", body_text(text)));
    let example = found.example.as_ref();
    let example = example.map(|example| format!(", such as {example}"));
    let refuses = found.refuses.as_ref();
    let refuses = refuses.map(|why| format!("  (more is asked of it: {why})"));
    let docs = found.docs.lines().next();
    let docs = docs.map(|docs| format!("\n      {docs}"));
    let rest = [text, example, refuses, docs].map(or_none).concat();
    format!("  {name} = {}{rest}\n", body_text(&found.body))
}

fn body_text(body: &Body) -> String {
    match body {
        Body::Is(shape) => shape.to_string(),
        Body::Tuple(parts) => Shape::Tuple(parts.clone()).to_string(),
        Body::Struct(fields) => fields_text(fields, ""),
        Body::Open(fields) => fields_text(fields, ", .."),
        Body::Enum(variants) => variants_text(variants),
        _ => "()".to_owned(),
    }
}

fn fields_text(fields: &Fields, end: &str) -> String {
    let fields = fields.fields.iter().map(|field| {
        // An option says itself that it may be left out.
        let is_option = matches!(field.shape, Shape::Option(_));
        let mark = if field.optional && !is_option {
            "?"
        } else {
            ""
        };
        format!("{}{mark}: {}", field.name, field.shape)
    });
    let fields: Vec<String> = fields.collect();
    format!("{{ {}{end} }}", fields.join(", "))
}

fn variants_text(variants: &Variants) -> String {
    let texts = variants.variants.iter().map(|variant| {
        let name = &variant.name;
        match &variant.body {
            Payload::One(shape) => format!("{name}({shape})"),
            Payload::Tuple(parts) => format!("{name}{}", Shape::Tuple(parts.clone())),
            Payload::Struct(fields) => format!("{name} {}", fields_text(fields, "")),
            _ => name.clone(),
        }
    });
    let mut texts: Vec<String> = texts.collect();
    if variants.open {
        texts.push("..".to_owned());
    }
    texts.join(" | ")
}
