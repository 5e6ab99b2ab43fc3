//! Reads values of any shape, as the code of serde's derive would.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};

use super::super::super::{Body, Fields, Payload, Shape, Variants};
use super::Side;
use super::item::{Item, leaked};
use crate::codec::Bytes;

thread_local! {
    /// What `Read` reads.
    static SIDE: Cell<Option<&'static Side>> = const { Cell::new(None) };
}

/// Calls a function that reads values of a side.
pub(super) fn reading<T>(side: &'static Side, read: impl FnOnce() -> T) -> T {
    SIDE.set(Some(side));
    let read = read();
    SIDE.set(None);
    read
}

pub(super) struct Read(pub(super) Item);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let side = SIDE.get().unwrap();
        ShapeSeed(side, &side.shape)
            .deserialize(deserializer)
            .map(Self)
    }
}

#[derive(Clone, Copy)]
struct ShapeSeed<'s>(&'static Side, &'s Shape);

impl<'de> DeserializeSeed<'de> for ShapeSeed<'_> {
    type Value = Item;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Item, D::Error> {
        let Self(side, shape) = self;
        match &side.body(shape) {
            Body::Is(shape) => of_shape(side, shape, deserializer),
            Body::Unit => deserializer.deserialize_unit_struct("T", NothingVisitor),
            Body::Tuple(parts) => {
                let visitor = TupleVisitor(side, parts.iter().collect());
                deserializer.deserialize_tuple_struct("T", parts.len(), visitor)
            }
            Body::Struct(fields) => {
                deserializer.deserialize_struct("T", names(fields), FieldsVisitor(side, fields))
            }
            Body::Enum(variants) => {
                let all = variants.variants.iter();
                let names: Vec<&str> = all.map(|variant| leaked(&variant.name)).collect();
                deserializer.deserialize_enum("T", names.leak(), VariantVisitor(side, variants))
            }
            Body::Open(_) => unreachable!(),
        }
    }
}

fn names(fields: &Fields) -> &'static [&'static str] {
    let all = fields.fields.iter();
    all.map(|field| leaked(&field.name))
        .collect::<Vec<_>>()
        .leak()
}

fn of_shape<'de, D: Deserializer<'de>>(
    side: &'static Side,
    shape: &Shape,
    deserializer: D,
) -> Result<Item, D::Error> {
    fn signed<T: Into<i128>>(number: T) -> Item {
        Item::Signed(number.into())
    }
    fn unsigned<T: Into<u128>>(number: T) -> Item {
        Item::Unsigned(number.into())
    }
    match shape {
        Shape::Bool => bool::deserialize(deserializer).map(Item::Bool),
        Shape::I8 => i8::deserialize(deserializer).map(signed),
        Shape::I16 => i16::deserialize(deserializer).map(signed),
        Shape::I32 => i32::deserialize(deserializer).map(signed),
        Shape::I64 => i64::deserialize(deserializer).map(signed),
        Shape::I128 => i128::deserialize(deserializer).map(signed),
        Shape::U8 => u8::deserialize(deserializer).map(unsigned),
        Shape::U16 => u16::deserialize(deserializer).map(unsigned),
        Shape::U32 => u32::deserialize(deserializer).map(unsigned),
        Shape::U64 => u64::deserialize(deserializer).map(unsigned),
        Shape::U128 => u128::deserialize(deserializer).map(unsigned),
        Shape::F32 => f32::deserialize(deserializer).map(Item::F32),
        Shape::F64 => f64::deserialize(deserializer).map(Item::F64),
        Shape::Char => char::deserialize(deserializer).map(|char| Item::Text(char.to_string())),
        Shape::String => String::deserialize(deserializer).map(Item::Text),
        Shape::Bytes => Bytes::deserialize(deserializer).map(|bytes| Item::Bytes(bytes.into_vec())),
        Shape::Unit => <()>::deserialize(deserializer).map(|()| Item::Nothing),
        Shape::Option(inner) => deserializer.deserialize_option(OptionVisitor(side, inner)),
        Shape::List(element) => deserializer.deserialize_seq(ListVisitor(side, element)),
        Shape::Map(key, value) => deserializer.deserialize_map(EntriesVisitor(side, key, value)),
        Shape::Tuple(parts) => {
            let visitor = TupleVisitor(side, parts.iter().collect());
            deserializer.deserialize_tuple(parts.len(), visitor)
        }
        Shape::Array(element, len) => {
            let len = usize::try_from(*len).unwrap();
            deserializer.deserialize_tuple(len, TupleVisitor(side, vec![element; len]))
        }
        Shape::Type(_) => ShapeSeed(side, shape).deserialize(deserializer),
        Shape::Any | Shape::Unknown(_) => unreachable!(),
    }
}

macro_rules! expecting {
    () => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("something else")
        }
    };
}

struct NothingVisitor;

impl Visitor<'_> for NothingVisitor {
    type Value = Item;
    expecting!();

    fn visit_unit<E: Error>(self) -> Result<Item, E> {
        Ok(Item::Nothing)
    }
}

struct OptionVisitor<'s>(&'static Side, &'s Shape);

impl<'de> Visitor<'de> for OptionVisitor<'_> {
    type Value = Item;
    expecting!();

    fn visit_none<E: Error>(self) -> Result<Item, E> {
        Ok(Item::None)
    }

    fn visit_unit<E: Error>(self) -> Result<Item, E> {
        Ok(Item::None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Item, D::Error> {
        let inner = ShapeSeed(self.0, self.1).deserialize(deserializer)?;
        Ok(Item::Some(Box::new(inner)))
    }
}

struct ListVisitor<'s>(&'static Side, &'s Shape);

impl<'de> Visitor<'de> for ListVisitor<'_> {
    type Value = Item;
    expecting!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Item, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = elements.next_element_seed(ShapeSeed(self.0, self.1))? {
            items.push(item);
        }
        Ok(Item::List(items))
    }
}

struct EntriesVisitor<'s>(&'static Side, &'s Shape, &'s Shape);

impl<'de> Visitor<'de> for EntriesVisitor<'_> {
    type Value = Item;
    expecting!();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
        let mut items = Vec::new();
        while let Some(key) = map.next_key_seed(ShapeSeed(self.0, self.1))? {
            items.push((key, map.next_value_seed(ShapeSeed(self.0, self.2))?));
        }
        Ok(Item::Map(items))
    }
}

struct TupleVisitor<'s>(&'static Side, Vec<&'s Shape>);

impl<'de> Visitor<'de> for TupleVisitor<'_> {
    type Value = Item;
    expecting!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Item, A::Error> {
        let mut items = Vec::new();
        for part in &self.1 {
            let item = elements.next_element_seed(ShapeSeed(self.0, part))?;
            items.push(item.ok_or_else(|| A::Error::invalid_length(items.len(), &self))?);
        }
        Ok(Item::List(items))
    }
}

struct FieldsVisitor<'s>(&'static Side, &'s Fields);

impl<'de> Visitor<'de> for FieldsVisitor<'_> {
    type Value = Item;
    expecting!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Item, A::Error> {
        let mut items = Vec::new();
        for field in &self.1.fields {
            let item = elements.next_element_seed(ShapeSeed(self.0, &field.shape))?;
            let item = item.ok_or_else(|| A::Error::invalid_length(items.len(), &self))?;
            items.push((field.name.clone(), item));
        }
        Ok(Item::Fields(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
        let Self(side, Fields { fields, closed, .. }) = self;
        let mut items = vec![None; fields.len()];
        while let Some(name) = map.next_key::<String>()? {
            let place = fields
                .iter()
                .position(|field| field.name == name || field.aliases.contains(&name));
            match place {
                Some(place) if items[place].is_some() => {
                    return Err(A::Error::custom("a field is there twice"));
                }
                Some(place) => {
                    let seed = ShapeSeed(side, &fields[place].shape);
                    items[place] = Some(map.next_value_seed(seed)?);
                }
                None if *closed => return Err(A::Error::custom("a field is not known")),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let mut found = Vec::new();
        for (field, item) in fields.iter().zip(items) {
            let item = match item {
                None if field.optional => Item::Missing,
                None => return Err(A::Error::custom("a field is missing")),
                Some(item) => item,
            };
            found.push((field.name.clone(), item));
        }
        Ok(Item::Fields(found))
    }
}

struct VariantVisitor<'s>(&'static Side, &'s Variants);

impl<'de> Visitor<'de> for VariantVisitor<'_> {
    type Value = Item;
    expecting!();

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<Item, A::Error> {
        let Self(side, variants) = self;
        let (place, content) = variant.variant_seed(PlaceSeed(variants))?;
        let variant = &variants.variants[place];
        let content = match &variant.body {
            Payload::Unit => content.unit_variant().map(|()| Item::Nothing)?,
            Payload::One(shape) => content.newtype_variant_seed(ShapeSeed(side, shape))?,
            Payload::Tuple(parts) => {
                let visitor = TupleVisitor(side, parts.iter().collect());
                content.tuple_variant(parts.len(), visitor)?
            }
            Payload::Struct(fields) => {
                content.struct_variant(names(fields), FieldsVisitor(side, fields))?
            }
        };
        Ok(Item::Variant(variant.name.clone(), Box::new(content)))
    }
}

/// Reads which variant it is.
struct PlaceSeed<'s>(&'s Variants);

impl<'de> DeserializeSeed<'de> for PlaceSeed<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl PlaceSeed<'_> {
    fn found<E: Error>(&self, place: Option<usize>) -> Result<usize, E> {
        let other = self.0.open.then(|| self.0.variants.len() - 1);
        place
            .or(other)
            .ok_or_else(|| E::custom("a variant is not known"))
    }
}

impl Visitor<'_> for PlaceSeed<'_> {
    type Value = usize;
    expecting!();

    fn visit_u64<E: Error>(self, number: u64) -> Result<usize, E> {
        let place = usize::try_from(number).ok();
        self.found(place.filter(|place| *place < self.0.variants.len()))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        let is_named = |known: &String| known == name;
        self.found(
            self.0.variants.iter().position(|variant| {
                is_named(&variant.name) || variant.aliases.iter().any(is_named)
            }),
        )
    }
}
