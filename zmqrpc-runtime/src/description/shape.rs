//! Shapes: how values are written.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a value is written, in every codec.
///
/// In JSON a shape is `"u32"`, `{"list": "u32"}`, `{"map": ["string", "u32"]}`, `{"array": ["u8", 4]}` or
/// `{"type": "Order"}`. One that this version does not know is read as [`Unknown`](Self::Unknown).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Shape {
    /// `bool`
    Bool,
    /// An integer; the name says the sign and the bits. `usize` is `u64`, `isize` is `i64`.
    I8,
    /// See [`I8`](Self::I8).
    I16,
    /// See [`I8`](Self::I8).
    I32,
    /// See [`I8`](Self::I8).
    I64,
    /// See [`I8`](Self::I8).
    I128,
    /// See [`I8`](Self::I8).
    U8,
    /// See [`I8`](Self::I8).
    U16,
    /// See [`I8`](Self::I8).
    U32,
    /// See [`I8`](Self::I8).
    U64,
    /// See [`I8`](Self::I8).
    U128,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// One Unicode scalar value.
    Char,
    /// Text.
    String,
    /// Bytes; base64 in JSON.
    Bytes,
    /// Nothing: `()`, and null by name.
    Unit,
    /// A value or none; null by name.
    Option(Box<Self>),
    /// Any number of values of one shape.
    List(Box<Self>),
    /// Keys and values.
    Map(Box<Self>, Box<Self>),
    /// A value of each shape, in this order.
    Tuple(Vec<Self>),
    /// As many values of one shape.
    Array(Box<Self>, u64),
    /// The type of this name among [`Description::types`](super::Description::types).
    Type(String),
    /// Whatever the format says: only formats that describe themselves can carry it.
    Any,
    /// It could not be found out, for this reason.
    Unknown(String),
}

impl Shape {
    /// Returns the shape without parts that has this name.
    pub(super) fn scalar(name: &str) -> Option<Self> {
        Some(match name {
            "bool" => Self::Bool,
            "i8" => Self::I8,
            "i16" => Self::I16,
            "i32" => Self::I32,
            "i64" => Self::I64,
            "i128" => Self::I128,
            "u8" => Self::U8,
            "u16" => Self::U16,
            "u32" => Self::U32,
            "u64" => Self::U64,
            "u128" => Self::U128,
            "f32" => Self::F32,
            "f64" => Self::F64,
            "char" => Self::Char,
            "string" => Self::String,
            "bytes" => Self::Bytes,
            "unit" => Self::Unit,
            "any" => Self::Any,
            _ => return None,
        })
    }

    /// Returns the name of what has no parts, and of the other shapes what they are.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::I128 => "i128",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::U128 => "u128",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Char => "char",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Unit => "unit",
            Self::Option(_) => "option",
            Self::List(_) => "list",
            Self::Map(..) => "map",
            Self::Tuple(_) => "tuple",
            Self::Array(..) => "array",
            Self::Type(_) => "type",
            Self::Any => "any",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl Shape {
    /// Returns the shapes that this one is made of.
    pub(crate) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Option(inner) | Self::List(inner) | Self::Array(inner, _) => vec![inner],
            Self::Map(key, value) => vec![key, value],
            Self::Tuple(parts) => parts.iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// For people: `u32`, `string?`, `[Line]`, `{string: u32}`, `(i64, f64)`, `[u8; 4]`, `Order`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(inner) => write!(f, "{inner}?"),
            Self::List(element) => write!(f, "[{element}]"),
            Self::Map(key, value) => write!(f, "{{{key}: {value}}}"),
            Self::Array(element, len) => write!(f, "[{element}; {len}]"),
            Self::Type(name) => f.write_str(name),
            Self::Tuple(parts) => {
                f.write_str("(")?;
                for (index, part) in parts.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}{part}")?;
                }
                f.write_str(")")
            }
            _ => f.write_str(self.name()),
        }
    }
}

/// A type that has a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Type {
    /// The type as the compiler of the server names it: for people, and not the same for each compiler.
    #[serde(default)]
    pub rust: String,
    /// Its documentation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// How it is written in postcard and `MessagePack`.
    pub body: Body,
    /// How it is written in JSON, where that differs: a UUID is 16 bytes, and text in JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Body>,
    /// A value, in JSON, that the type accepts, where not any value will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// What the type said to all values that it was offered, if it refused every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refuses: Option<String>,
}

impl Type {
    pub(crate) fn new(rust: String, body: Body) -> Self {
        Self {
            rust,
            docs: String::new(),
            body,
            text: None,
            example: None,
            refuses: None,
        }
    }

    /// Returns the shapes in it.
    pub(crate) fn shapes(&self) -> Vec<&Shape> {
        let mut shapes = self.body.shapes();
        shapes.extend(self.text.iter().flat_map(Body::shapes));
        shapes
    }

    /// Returns how the type is written: in JSON if `text`, else in postcard and `MessagePack`.
    #[must_use]
    pub fn body(&self, text: bool) -> &Body {
        match &self.text {
            Some(body) if text => body,
            _ => &self.body,
        }
    }
}

/// What a type is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Body {
    /// Another shape, with the same bytes.
    Is(Shape),
    /// Nothing: a struct without fields.
    Unit,
    /// A value of each shape, in this order.
    Tuple(Vec<Shape>),
    /// Fields with names.
    Struct(Fields),
    /// One of several variants.
    Enum(Variants),
    /// These fields and any others: a struct with a flattened part. Only formats that describe themselves can carry it.
    Open(Fields),
}

impl Body {
    /// Returns the shapes in it.
    pub(crate) fn shapes(&self) -> Vec<&Shape> {
        match self {
            Self::Unit => Vec::new(),
            Self::Is(shape) => vec![shape],
            Self::Tuple(parts) => parts.iter().collect(),
            Self::Struct(fields) | Self::Open(fields) => fields.shapes().collect(),
            Self::Enum(variants) => {
                let payloads = variants.variants.iter().map(|variant| &variant.body);
                payloads.flat_map(Payload::shapes).collect()
            }
        }
    }
}

/// The fields of a struct, or of a variant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fields {
    /// In the order in which they are written.
    pub fields: Vec<Field>,
    /// Other fields are refused.
    #[serde(default, skip_serializing_if = "is_false")]
    pub closed: bool,
}

/// A field of a struct, or of a variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Field {
    /// Its name in formats that have names.
    pub name: String,
    /// How its value is written.
    pub shape: Shape,
    /// It may be left out by name. By key it may not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// Other names under which it is read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Its documentation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
}

/// The variants of an enum.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Variants {
    /// In the order of their numbers, by which postcard knows them.
    pub variants: Vec<Variant>,
    /// There is a variant for all other names.
    #[serde(default, skip_serializing_if = "is_false")]
    pub open: bool,
}

/// A variant of an enum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Variant {
    /// Its name in formats that have names.
    pub name: String,
    /// What it holds.
    pub body: Payload,
    /// Other names under which it is read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Its documentation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
}

/// What a variant holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Payload {
    /// Nothing.
    Unit,
    /// One value.
    One(Shape),
    /// Several values.
    Tuple(Vec<Shape>),
    /// Fields with names.
    Struct(Fields),
}

impl Payload {
    fn shapes(&self) -> Vec<&Shape> {
        match self {
            Self::Unit => Vec::new(),
            Self::One(shape) => vec![shape],
            Self::Tuple(parts) => parts.iter().collect(),
            Self::Struct(fields) => fields.shapes().collect(),
        }
    }
}

impl Fields {
    fn shapes(&self) -> impl Iterator<Item = &Shape> {
        self.fields.iter().map(|field| &field.shape)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
pub(super) fn is_false(value: &bool) -> bool {
    !value
}
