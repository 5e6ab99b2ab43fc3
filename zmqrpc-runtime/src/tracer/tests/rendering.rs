//! Types in a line, as tests write them down.

use std::fmt::{self, Display, Formatter};

use crate::description::{Body, Fields, Payload, Shape, Type, Variants};

/// `{ value: u32, left?: Tree?, a|alias: [u8] }`, `One | Two(u8) | ..`; then the body in JSON, an example, and what it
/// says to all values.
pub(super) struct Rendered<'t>(pub(super) &'t Type);

impl Display for Rendered<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        body(&self.0.body, f)?;
        if let Some(text) = &self.0.text {
            f.write_str("; in JSON ")?;
            body(text, f)?;
        }
        if let Some(example) = &self.0.example {
            write!(f, "; such as {example}")?;
        }
        if let Some(reason) = &self.0.refuses {
            write!(f, "; refuses: {reason}")?;
        }
        Ok(())
    }
}

fn body(body: &Body, f: &mut Formatter<'_>) -> fmt::Result {
    match body {
        Body::Is(shape) => self::shape(shape, f),
        Body::Unit => f.write_str("unit struct"),
        Body::Tuple(parts) => write!(f, "{}", Shape::Tuple(parts.clone())),
        Body::Struct(found) => fields(found, f),
        Body::Open(found) => {
            fields(found, f)?;
            f.write_str(" and others")
        }
        Body::Enum(found) => variants(found, f),
    }
}

fn shape(shape: &Shape, f: &mut Formatter<'_>) -> fmt::Result {
    match shape {
        Shape::Unknown(reason) => write!(f, "unknown ({reason})"),
        shape => shape.fmt(f),
    }
}

fn fields(found: &Fields, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(if found.closed { "closed { " } else { "{ " })?;
    for (index, field) in found.fields.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        f.write_str(&field.name)?;
        for alias in &field.aliases {
            write!(f, "|{alias}")?;
        }
        f.write_str(if field.optional { "?: " } else { ": " })?;
        shape(&field.shape, f)?;
    }
    f.write_str(" }")
}

fn variants(found: &Variants, f: &mut Formatter<'_>) -> fmt::Result {
    for (index, variant) in found.variants.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { " | " })?;
        f.write_str(&variant.name)?;
        for alias in &variant.aliases {
            write!(f, "/{alias}")?;
        }
        match &variant.body {
            Payload::Unit => {}
            Payload::One(Shape::Tuple(parts)) => {
                write!(f, "({})", Shape::Tuple(parts.clone()))?;
            }
            Payload::One(one) => write!(f, "({one})")?,
            Payload::Tuple(parts) => write!(f, "{}", Shape::Tuple(parts.clone()))?,
            Payload::Struct(found) => fields(found, f)?,
        }
    }
    f.write_str(if found.open { " | .." } else { "" })
}
