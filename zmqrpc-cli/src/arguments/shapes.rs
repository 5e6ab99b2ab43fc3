//! What a shape stands for, and how it is called.

use zmqrpc::schema::{Body, Description, Field, Fields, Shape, Type, Variant, Variants};

use super::number::range;

/// More than this many types in a row that are nothing but another one hold themselves.
const MAX_NAMES: usize = 64;

/// The shapes of a server's values, as they are written in JSON.
#[derive(Clone, Copy)]
pub(crate) struct Shapes<'d>(pub(crate) &'d Description);

/// What a value is made of, whatever its type is called.
#[derive(Clone, Copy)]
pub(crate) enum Form<'d> {
    /// One that is no type with a name.
    Shape(&'d Shape),
    /// A struct without fields.
    Unit,
    Tuple(&'d [Shape]),
    Struct(&'d Fields),
    /// A struct that has other fields, too.
    Open(&'d Fields),
    Enum(&'d Variants),
}

impl<'d> Shapes<'d> {
    pub(crate) fn form(self, shape: &'d Shape) -> Form<'d> {
        let mut shape = shape;
        for _ in 0..MAX_NAMES {
            let Some(found) = self.0.type_of(shape) else {
                return Form::Shape(shape);
            };
            match found.body(true) {
                Body::Is(inner) => shape = inner,
                Body::Unit => return Form::Unit,
                Body::Tuple(parts) => return Form::Tuple(parts),
                Body::Struct(fields) => return Form::Struct(fields),
                Body::Open(fields) => return Form::Open(fields),
                Body::Enum(variants) => return Form::Enum(variants),
                _ => break,
            }
        }
        Form::Shape(&Shape::Any)
    }

    /// Returns the shape within options; any value where there is no end of them.
    pub(crate) fn within_options(self, shape: &'d Shape) -> &'d Shape {
        let mut shape = shape;
        for _ in 0..MAX_NAMES {
            match self.form(shape) {
                Form::Shape(Shape::Option(inner)) => shape = inner,
                _ => return shape,
            }
        }
        &Shape::Any
    }

    pub(super) fn is_option(self, shape: &'d Shape) -> bool {
        matches!(self.form(shape), Form::Shape(Shape::Option(_)))
    }

    pub(super) fn is_duration(self, shape: &Shape) -> bool {
        let found = self.0.type_of(shape).map(|found: &Type| &*found.rust);
        found == Some("core::time::Duration")
    }

    /// Returns what a value of this shape is called in messages.
    pub(crate) fn name(self, shape: &'d Shape) -> String {
        match shape {
            // What it is made of may hold it.
            Shape::Type(name) => match self.form(shape) {
                Form::Shape(
                    Shape::Option(_)
                    | Shape::List(_)
                    | Shape::Map(..)
                    | Shape::Tuple(_)
                    | Shape::Array(..)
                    | Shape::Any,
                ) => name.clone(),
                Form::Shape(inner) => format!("{name} ({})", self.name(inner)),
                _ => name.clone(),
            },
            Shape::Option(inner) => format!("{} or null", self.name(inner)),
            Shape::List(inner) => format!("a list of {}", self.name(inner)),
            Shape::Array(inner, len) => format!("a list of {len} of {}", self.name(inner)),
            Shape::Map(key, value) => {
                format!("an object from {} to {}", self.name(key), self.name(value))
            }
            Shape::Tuple(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.name(part)).collect();
                format!("a list of {}", parts.join(", "))
            }
            Shape::Unit => "null".into(),
            Shape::String => "a text".into(),
            Shape::Char => "a text of one character".into(),
            Shape::Bytes => "bytes".into(),
            Shape::Bool => "true or false".into(),
            Shape::F32 | Shape::F64 => "a number".into(),
            other => match range(other) {
                Some((least, greatest)) => format!("a whole number from {least} to {greatest}"),
                None => "any value".into(),
            },
        }
    }
}

/// Returns the field that is read under this name.
pub(super) fn field_of<'d>(fields: &'d Fields, name: &str) -> Option<&'d Field> {
    fields.fields.iter().find(|field| is_called(field, name))
}

pub(super) fn is_called(field: &Field, name: &str) -> bool {
    field.name == name || field.aliases.iter().any(|alias| alias == name)
}

/// Returns the variant that is read under this name.
pub(super) fn variant_of<'d>(variants: &'d Variants, name: &str) -> Option<&'d Variant> {
    let mut variants = variants.variants.iter();
    variants
        .find(|variant| variant.name == name || variant.aliases.iter().any(|alias| alias == name))
}
