//! What is known of types while they are traced.

use std::mem::discriminant;

use crate::codec::erased::ErasedVisitor;
use crate::description::Shape;

/// A place in a type where a value is read: an element, a field, an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PlaceId(pub(super) usize);

/// A type with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct TypeNodeId(pub(super) usize);

/// The fields of a struct or of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FieldsId(pub(super) usize);

/// What is known of a place.
#[derive(Clone, Debug)]
pub(super) enum Found {
    Pending,
    /// What has no parts, or cannot be known.
    Leaf(Shape),
    Option(PlaceId),
    List(PlaceId),
    Array(PlaceId, usize),
    Map(PlaceId, PlaceId),
    Tuple(Vec<PlaceId>),
    Type(TypeNodeId),
}

impl Found {
    /// Returns whether a type asks for the same in both.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Leaf(shape), Self::Leaf(other)) => shape == other,
            (Self::Type(id), Self::Type(other)) => id == other,
            (Self::Array(_, len), Self::Array(_, other)) => len == other,
            (Self::Tuple(parts), Self::Tuple(others)) => parts.len() == others.len(),
            _ => discriminant(self) == discriminant(other),
        }
    }
}

/// What is known of a type before it is read. Two versions of a crate, or two blocks of a function, may have types of one
/// name, which differ in size at best.
#[derive(Clone, Copy, Debug)]
pub(super) struct RustType {
    pub(super) name: &'static str,
    pub(super) size: usize,
}

impl RustType {
    /// Returns the type that a visitor makes.
    pub(super) fn of(visitor: &dyn ErasedVisitor<'_>) -> Self {
        Self {
            name: visitor.makes(),
            size: visitor.size(),
        }
    }
}

/// A type with a name.
#[derive(Debug)]
pub(super) struct TypeNode {
    /// As the compiler names it.
    pub(super) rust: String,
    pub(super) size: usize,
    pub(super) kind: NodeKind,
    /// A value that was accepted.
    pub(super) example: Option<String>,
    /// Why its `Deserialize` refused all that it was offered.
    pub(super) refuses: Option<String>,
    pub(super) accepted: bool,
    /// Nothing in it is pending.
    pub(super) complete: bool,
    /// How often it is being read, within itself.
    pub(super) open: usize,
    /// The number of the variant by which a recursion may end.
    pub(super) base: usize,
}

#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    /// A scalar, or text or bytes with a meaning.
    Leaf(Shape),
    Unit,
    Newtype(PlaceId),
    Tuple(Vec<PlaceId>),
    Struct(FieldsId),
    /// A struct with a flattened part.
    Open(FieldsId),
    Enum(EnumFound),
}

/// What is known of a set of fields.
#[derive(Debug)]
pub(super) struct FieldsFound {
    pub(super) fields: Vec<FieldFound>,
    /// Whether fields that are not known are refused.
    pub(super) closed: Trial,
    /// Whether a value with all fields was accepted.
    pub(super) accepted: Trial,
    /// They are read in their order alone, without names.
    pub(super) by_order: bool,
}

impl FieldsFound {
    /// Returns the name of the field that a field is another name of.
    pub(super) fn alias_of(&self, field: &FieldFound) -> Option<&'static str> {
        // One that refuses all was never offered twice.
        let same = |other: &&FieldFound| other.number == field.number && other.alias_of.is_none();
        let first = self.fields.iter().find(same).map(|first| first.name);
        let by_number = first.filter(|first| field.number.is_some() && *first != field.name);
        field.alias_of.or(by_number)
    }
}

#[derive(Debug)]
pub(super) struct FieldFound {
    pub(super) name: &'static str,
    pub(super) place: PlaceId,
    pub(super) required: Trial,
    /// Serde lists the aliases among the names: the field that this is another name of.
    pub(super) alias_of: Option<&'static str>,
    /// It has to be offered before its aliases, so that they are found out to be that.
    pub(super) front: bool,
    /// Names with the same number are names of one field.
    pub(super) number: Option<u64>,
}

#[derive(Clone, Debug)]
pub(super) struct EnumFound {
    pub(super) variants: Vec<VariantFound>,
    /// Whether there is a variant that takes all other names.
    pub(super) open: Trial,
    /// Variants are known by their numbers, and not by their names.
    pub(super) by_number: bool,
}

#[derive(Clone, Debug)]
pub(super) struct VariantFound {
    pub(super) name: &'static str,
    pub(super) payload: Option<PayloadFound>,
    pub(super) alias_of: Option<&'static str>,
    /// Names with the same number are names of one variant.
    pub(super) number: Option<u64>,
    /// How often it was tried in vain.
    pub(super) failed: usize,
}

#[derive(Clone, Debug)]
pub(super) enum PayloadFound {
    Unit,
    One(PlaceId),
    Tuple(Vec<PlaceId>),
    Struct(FieldsId),
}

/// A question that is answered by trying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trial {
    Due,
    Yes,
    No,
}
