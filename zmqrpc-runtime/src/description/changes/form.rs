//! Forms: what the values of a shape are, in one encoding.

use super::super::{Body, Fields, Shape, Variants};

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Encoding {
    Postcard,
    MessagePack,
    Json,
}

impl Encoding {
    pub(super) const ALL: [Self; 3] = [Self::Postcard, Self::MessagePack, Self::Json];

    /// Returns whether it is the one of clients by key.
    pub(super) fn is_by_key(self) -> bool {
        self == Self::Postcard
    }
}

/// What a shape comes down to.
#[derive(Clone, Copy)]
pub(super) enum Form<'d> {
    /// A value without parts.
    Scalar(&'d Shape),
    /// `()`, and a variant that holds nothing: no bytes by key.
    Unit,
    UnitStruct,
    Option(&'d Shape),
    List(&'d Shape),
    Map(&'d Shape, &'d Shape),
    /// A value of each shape.
    Tuple(&'d [Shape]),
    /// As many values of one shape.
    Array(&'d Shape, u64),
    Struct(&'d Fields),
    Open(&'d Fields),
    Enum(&'d Variants),
    Any,
    Unknown,
}

impl<'d> Form<'d> {
    pub(super) fn of_shape(shape: &'d Shape) -> Self {
        match shape {
            Shape::Unit => Self::Unit,
            Shape::Option(inner) => Self::Option(inner),
            Shape::List(element) => Self::List(element),
            Shape::Map(key, value) => Self::Map(key, value),
            Shape::Tuple(parts) => Self::Tuple(parts),
            // What the elements would be makes no difference.
            Shape::Array(_, 0) => Self::Tuple(&[]),
            Shape::Array(element, len) => Self::Array(element, *len),
            Shape::Any => Self::Any,
            Shape::Type(_) | Shape::Unknown(_) => Self::Unknown,
            scalar => Self::Scalar(scalar),
        }
    }

    pub(super) fn of_body(body: &'d Body) -> Self {
        match body {
            Body::Is(shape) => Self::of_shape(shape),
            Body::Unit => Self::UnitStruct,
            Body::Tuple(parts) => Self::Tuple(parts),
            Body::Struct(fields) => Self::Struct(fields),
            Body::Open(fields) => Self::Open(fields),
            Body::Enum(variants) => Self::Enum(variants),
        }
    }

    pub(super) fn has_parts(self) -> bool {
        !matches!(
            self,
            Self::Scalar(_) | Self::Unit | Self::UnitStruct | Self::Any | Self::Unknown
        )
    }

    /// Returns how many parts a form has that is no more than its parts, by key.
    pub(super) fn arity(self) -> Option<u64> {
        match self {
            Self::Unit | Self::UnitStruct => Some(0),
            Self::Tuple(parts) => Some(parts.len() as u64),
            Self::Array(_, len) => Some(len),
            Self::Struct(fields) => Some(fields.fields.len() as u64),
            _ => None,
        }
    }

    /// Returns a part of a form that is no more than its parts.
    pub(super) fn part(self, index: usize) -> Option<&'d Shape> {
        match self {
            Self::Tuple(parts) => parts.get(index),
            Self::Array(element, len) => ((index as u64) < len).then_some(element),
            Self::Struct(fields) => fields.fields.get(index).map(|field| &field.shape),
            _ => None,
        }
    }

    /// Returns whether a value may be nil by name.
    pub(super) fn may_be_nil(self) -> bool {
        matches!(
            self,
            Self::Unit | Self::UnitStruct | Self::Option(_) | Self::Any | Self::Unknown
        )
    }
}
