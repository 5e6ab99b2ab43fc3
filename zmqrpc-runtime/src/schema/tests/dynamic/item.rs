//! Values of any shape, how they are written, and when two of them mean the same.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleVariant, Serializer,
};

use super::super::super::{Body, Fields, Payload, Shape};
use super::Side;
use super::chance::Chance;
use crate::codec::Bytes;

#[derive(Clone, Debug)]
pub(super) enum Item {
    Bool(bool),
    Signed(i128),
    Unsigned(u128),
    F32(f32),
    F64(f64),
    Text(String),
    Bytes(Vec<u8>),
    Nothing,
    None,
    Some(Box<Self>),
    List(Vec<Self>),
    Map(Vec<(Self, Self)>),
    Fields(Vec<(String, Self)>),
    Variant(String, Box<Self>),
    /// A field that was left out.
    Missing,
}

impl Item {
    pub(super) fn random(chance: &mut Chance, side: &Side, shape: &Shape) -> Self {
        match side.body(shape) {
            Body::Is(shape) => Self::of_shape(chance, side, &shape),
            Body::Unit => Self::Nothing,
            Body::Tuple(parts) => Self::of_parts(chance, side, &parts),
            Body::Struct(fields) | Body::Open(fields) => Self::of_fields(chance, side, &fields),
            Body::Enum(variants) => {
                let variant = chance.of(&variants.variants);
                let content = match &variant.body {
                    Payload::Unit => Self::Nothing,
                    Payload::One(shape) => Self::random(chance, side, shape),
                    Payload::Tuple(parts) => Self::of_parts(chance, side, parts),
                    Payload::Struct(fields) => Self::of_fields(chance, side, fields),
                };
                Self::Variant(variant.name, Box::new(content))
            }
        }
    }

    fn of_shape(chance: &mut Chance, side: &Side, shape: &Shape) -> Self {
        let bits = u128::from(chance.next()) << 64 | u128::from(chance.next());
        // Small and large ones alike.
        let bits = bits >> chance.below(128);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            reason = "any will do"
        )]
        match shape {
            Shape::Bool => Self::Bool(bits & 1 == 1),
            Shape::I8 => Self::Signed((bits as i8).into()),
            Shape::I16 => Self::Signed((bits as i16).into()),
            Shape::I32 => Self::Signed((bits as i32).into()),
            Shape::I64 => Self::Signed((bits as i64).into()),
            Shape::I128 => Self::Signed(bits as i128),
            Shape::U8 => Self::Unsigned((bits as u8).into()),
            Shape::U16 => Self::Unsigned((bits as u16).into()),
            Shape::U32 => Self::Unsigned((bits as u32).into()),
            Shape::U64 => Self::Unsigned((bits as u64).into()),
            Shape::U128 => Self::Unsigned(bits),
            Shape::F32 => Self::F32(chance.of(&[0.0, 0.1, -1.5e30, f32::MAX, f32::INFINITY])),
            Shape::F64 => Self::F64(chance.of(&[0.0, 0.1, -1.5e300, f64::MAX, 16_777_217.0])),
            Shape::Char => Self::Text(chance.of(&['a', 'ß', '€', '🦀', '\0']).to_string()),
            Shape::String => Self::Text(
                chance
                    .of(&["", "a", "ab", "🦀", "null", "1", "AAAA"])
                    .to_owned(),
            ),
            Shape::Bytes => {
                Self::Bytes(chance.of(&[&b""[..], b"a", b"abcd", b"\xff\xfe"]).to_vec())
            }
            Shape::Unit => Self::Nothing,
            Shape::Option(_) if chance.once_in(3) => Self::None,
            Shape::Option(inner) => Self::Some(Box::new(Self::random(chance, side, inner))),
            Shape::List(element) => {
                let len = chance.of(&[0, 1, 2, 2, 3]);
                Self::List(
                    (0..len)
                        .map(|_| Self::random(chance, side, element))
                        .collect(),
                )
            }
            Shape::Array(element, len) => Self::List(
                (0..*len)
                    .map(|_| Self::random(chance, side, element))
                    .collect(),
            ),
            Shape::Tuple(parts) => Self::of_parts(chance, side, parts),
            Shape::Map(key, value) => {
                let mut entry = || {
                    (
                        Self::random(chance, side, key),
                        Self::random(chance, side, value),
                    )
                };
                Self::Map(vec![entry()])
            }
            Shape::Type(_) => Self::random(chance, side, shape),
            Shape::Any | Shape::Unknown(_) => unreachable!(),
        }
    }

    fn of_parts(chance: &mut Chance, side: &Side, parts: &[Shape]) -> Self {
        let parts = parts.iter();
        Self::List(parts.map(|part| Self::random(chance, side, part)).collect())
    }

    fn of_fields(chance: &mut Chance, side: &Side, fields: &Fields) -> Self {
        let fields = fields.fields.iter();
        let value = |field: &super::super::super::Field| {
            (field.name.clone(), Self::random(chance, side, &field.shape))
        };
        Self::Fields(fields.map(value).collect())
    }

    /// Returns the value without what is around a single one.
    fn bare(&self) -> &Self {
        match self {
            Self::Some(inner) => inner.bare(),
            Self::List(parts) if parts.len() == 1 => parts[0].bare(),
            Self::Fields(fields) if fields.len() == 1 => fields[0].1.bare(),
            bare => bare,
        }
    }

    /// Returns the bytes that text, bytes and a list of numbers have in common.
    fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.as_bytes().to_vec()),
            Self::Bytes(bytes) => Some(bytes.clone()),
            Self::List(elements) => elements
                .iter()
                .map(|element| match element {
                    Self::Unsigned(number) => u8::try_from(*number).ok(),
                    _ => None,
                })
                .collect(),
            _ => None,
        }
    }

    fn number(&self) -> Option<String> {
        match self {
            Self::Signed(number) => Some(number.to_string()),
            Self::Unsigned(number) => Some(number.to_string()),
            Self::F64(number) => Some(format!("{number:.0}")),
            Self::F32(number) => Some(format!("{number:.0}")),
            _ => None,
        }
    }

    fn parts(&self) -> Option<Vec<&Self>> {
        match self {
            Self::List(parts) => Some(parts.iter().collect()),
            Self::Fields(fields) => Some(fields.iter().map(|(_, value)| value).collect()),
            Self::Nothing => Some(Vec::new()),
            _ => None,
        }
    }
}

/// Returns whether what was read means what was written.
pub(super) fn alike(old: &Item, new: &Item) -> bool {
    match (old, new) {
        (Item::Bool(old), Item::Bool(new)) => old == new,
        (Item::F32(old), Item::F32(new)) => old.to_bits() == new.to_bits(),
        (Item::F64(old), Item::F64(new)) => old.to_bits() == new.to_bits(),
        #[expect(clippy::cast_possible_truncation, reason = "it was one of 32 bits")]
        (Item::F32(old), Item::F64(new)) => old.to_bits() == (*new as f32).to_bits(),
        (Item::F64(_), Item::F32(_)) => false,
        (Item::None, Item::None) => true,
        (Item::Some(old), Item::Some(new)) => alike(old, new),
        (Item::Some(old), new) => alike(old, new),
        (old, Item::Some(new)) => alike(old, new),
        (Item::Variant(old, content), Item::Variant(new, read)) => {
            new == "other" || old[..1] == new[..1] && alike(content, read)
        }
        (Item::Map(old), Item::Map(new)) => {
            let entry = |(old, new): (&(Item, Item), &(Item, Item))| {
                alike(&old.0, &new.0) && alike(&old.1, &new.1)
            };
            old.len() == new.len() && old.iter().zip(new).all(entry)
        }
        (Item::Fields(old), Item::Fields(new)) => fields_alike(old, new),
        _ => {
            if let (Some(old), Some(new)) = (old.number(), new.number()) {
                return old == new;
            }
            if let (Some(old), Some(new)) = (old.bytes(), new.bytes()) {
                return old == new;
            }
            if let (Some(old), Some(new)) = (old.parts(), new.parts())
                && old.len() == new.len()
            {
                return old.iter().zip(new).all(|(old, new)| alike(old, new));
            }
            let (bare, read) = (old.bare(), new.bare());
            let is_done = std::ptr::eq(bare, old) && std::ptr::eq(read, new);
            !is_done && alike(bare, read)
        }
    }
}

fn fields_alike(old: &[(String, Item)], new: &[(String, Item)]) -> bool {
    let is_known = |name: &str| old.iter().any(|(known, _)| known[..1] == name[..1]);
    new.iter().enumerate().all(|(index, (name, value))| {
        let meant = old.iter().find(|(known, _)| known[..1] == name[..1]);
        // Another name in the same place is a field that was renamed.
        let here = old.get(index).filter(|(here, _)| {
            let is_lost = !new.iter().any(|(name, _)| name[..1] == here[..1]);
            old.len() == new.len() && is_lost && !is_known(name)
        });
        match (meant.or(here), value) {
            // What has another name and is optional is another field, unless it has an alias, by which it is read.
            (meant, Item::Missing) => meant.is_none_or(|(known, _)| known != name),
            (Some((_, meant)), value) => alike(meant, value),
            (None, _) => false,
        }
    })
}

/// A value of a shape, to be written.
pub(super) struct Written<'a> {
    pub(super) side: &'static Side,
    pub(super) shape: &'a Shape,
    pub(super) item: &'a Item,
}

impl<'a> Written<'a> {
    fn of(&self, shape: &'a Shape, item: &'a Item) -> Written<'a> {
        Written {
            side: self.side,
            shape,
            item,
        }
    }
}

/// A name that lives as long as the program.
pub(super) fn leaked(name: &str) -> &'static str {
    Box::leak(name.to_owned().into_boxed_str())
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let body = self.side.body(self.shape);
        match (&body, self.item) {
            (Body::Is(shape), item) => self.of(shape, item).serialize_shape(serializer),
            (Body::Unit, _) => serializer.serialize_unit_struct("T"),
            (Body::Tuple(parts), Item::List(items)) => {
                let mut tuple = serializer.serialize_tuple(parts.len())?;
                for (part, item) in parts.iter().zip(items) {
                    tuple.serialize_element(&self.of(part, item))?;
                }
                tuple.end()
            }
            (Body::Struct(fields), Item::Fields(items)) => {
                let mut written = serializer.serialize_struct("T", items.len())?;
                for (field, (name, item)) in fields.fields.iter().zip(items) {
                    written.serialize_field(leaked(name), &self.of(&field.shape, item))?;
                }
                written.end()
            }
            (Body::Enum(variants), Item::Variant(name, item)) => {
                let mut all = variants.variants.iter();
                let index = all.position(|variant| variant.name == *name).unwrap();
                let number = u32::try_from(index).unwrap();
                let name = leaked(name);
                match (&variants.variants[index].body, &**item) {
                    (Payload::Unit, _) => serializer.serialize_unit_variant("T", number, name),
                    (Payload::One(shape), item) => serializer.serialize_newtype_variant(
                        "T",
                        number,
                        name,
                        &self.of(shape, item),
                    ),
                    (Payload::Tuple(parts), Item::List(items)) => {
                        let mut tuple =
                            serializer.serialize_tuple_variant("T", number, name, parts.len())?;
                        for (part, item) in parts.iter().zip(items) {
                            tuple.serialize_field(&self.of(part, item))?;
                        }
                        tuple.end()
                    }
                    (Payload::Struct(fields), Item::Fields(items)) => {
                        let mut written =
                            serializer.serialize_struct_variant("T", number, name, items.len())?;
                        for (field, (name, item)) in fields.fields.iter().zip(items) {
                            written.serialize_field(leaked(name), &self.of(&field.shape, item))?;
                        }
                        written.end()
                    }
                    other => unreachable!("{other:?}"),
                }
            }
            other => unreachable!("{other:?}"),
        }
    }
}

impl Written<'_> {
    #[expect(clippy::cast_possible_truncation, reason = "it is of that type")]
    fn serialize_shape<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.shape, self.item) {
            (Shape::Type(_), _) => self.serialize(serializer),
            (_, Item::Bool(value)) => serializer.serialize_bool(*value),
            (Shape::I8, Item::Signed(number)) => serializer.serialize_i8(*number as i8),
            (Shape::I16, Item::Signed(number)) => serializer.serialize_i16(*number as i16),
            (Shape::I32, Item::Signed(number)) => serializer.serialize_i32(*number as i32),
            (Shape::I64, Item::Signed(number)) => serializer.serialize_i64(*number as i64),
            (_, Item::Signed(number)) => serializer.serialize_i128(*number),
            (Shape::U8, Item::Unsigned(number)) => serializer.serialize_u8(*number as u8),
            (Shape::U16, Item::Unsigned(number)) => serializer.serialize_u16(*number as u16),
            (Shape::U32, Item::Unsigned(number)) => serializer.serialize_u32(*number as u32),
            (Shape::U64, Item::Unsigned(number)) => serializer.serialize_u64(*number as u64),
            (_, Item::Unsigned(number)) => serializer.serialize_u128(*number),
            (_, Item::F32(number)) => serializer.serialize_f32(*number),
            (_, Item::F64(number)) => serializer.serialize_f64(*number),
            (Shape::Char, Item::Text(text)) => {
                serializer.serialize_char(text.chars().next().unwrap())
            }
            (_, Item::Text(text)) => serializer.serialize_str(text),
            (_, Item::Bytes(bytes)) => Bytes::new(bytes).serialize(serializer),
            (_, Item::Nothing) if *self.shape == Shape::Unit => serializer.serialize_unit(),
            (_, Item::None) => serializer.serialize_none(),
            (Shape::Option(inner), Item::Some(item)) => {
                serializer.serialize_some(&self.of(inner, item))
            }
            (Shape::List(element), Item::List(items)) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&self.of(element, item))?;
                }
                list.end()
            }
            (Shape::Array(element, _), Item::List(items)) => {
                let mut tuple = serializer.serialize_tuple(items.len())?;
                for item in items {
                    tuple.serialize_element(&self.of(element, item))?;
                }
                tuple.end()
            }
            (Shape::Tuple(parts), Item::List(items)) => {
                let mut tuple = serializer.serialize_tuple(parts.len())?;
                for (part, item) in parts.iter().zip(items) {
                    tuple.serialize_element(&self.of(part, item))?;
                }
                tuple.end()
            }
            (Shape::Map(key, value), Item::Map(entries)) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key_item, item) in entries {
                    map.serialize_entry(&self.of(key, key_item), &self.of(value, item))?;
                }
                map.end()
            }
            other => unreachable!("{other:?}"),
        }
    }
}
