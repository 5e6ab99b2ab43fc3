//! Reads shapes. Serde's derive would reject a whole description for one variant that a later version has added; here
//! it is unknown, and the rest is read.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::{Body, Payload, Shape};

/// An enum that is written as a name, or as a map from a name to its content.
trait Tagged: Sized {
    const EXPECTING: &'static str;

    /// Returns the variant that has no content; `None` if there is none of this name.
    fn unit(name: &str) -> Option<Self>;

    /// Reads the content of a variant; `None`, with nothing read, if there is none of this name.
    fn content<'de, A: MapAccess<'de>>(name: &str, map: &mut A) -> Result<Option<Self>, A::Error>;

    fn unknown(name: &str) -> Self;
}

struct TaggedVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Tagged> Visitor<'de> for TaggedVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTING)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        Ok(T::unit(name).unwrap_or_else(|| T::unknown(name)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let Some(name) = map.next_key::<String>()? else {
            return Err(A::Error::custom(
                "a map with the name of a variant is expected",
            ));
        };
        let value = if let Some(value) = T::content(&name, &mut map)? {
            value
        } else {
            map.next_value::<IgnoredAny>()?;
            T::unknown(&name)
        };
        match map.next_key::<IgnoredAny>()? {
            None => Ok(value),
            Some(_) => Err(A::Error::custom("a map with one variant is expected")),
        }
    }
}

fn read<'de, T: Tagged, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(TaggedVisitor(std::marker::PhantomData))
}

fn unknown(name: &str) -> Shape {
    let name: String = name.chars().take(40).collect();
    Shape::Unknown(format!("`{name}` is of a later version"))
}

impl Tagged for Shape {
    const EXPECTING: &'static str = "a shape";

    fn unit(name: &str) -> Option<Self> {
        Self::scalar(name)
    }

    fn content<'de, A: MapAccess<'de>>(name: &str, map: &mut A) -> Result<Option<Self>, A::Error> {
        Ok(Some(match name {
            "option" => Self::Option(map.next_value()?),
            "list" => Self::List(map.next_value()?),
            "map" => {
                let (key, value) = map.next_value()?;
                Self::Map(key, value)
            }
            "tuple" => Self::Tuple(map.next_value()?),
            "array" => {
                let (element, len) = map.next_value()?;
                Self::Array(element, len)
            }
            "type" => Self::Type(map.next_value()?),
            "unknown" => Self::Unknown(map.next_value()?),
            _ => return Ok(None),
        }))
    }

    fn unknown(name: &str) -> Self {
        unknown(name)
    }
}

impl Tagged for Body {
    const EXPECTING: &'static str = "the body of a type";

    fn unit(name: &str) -> Option<Self> {
        (name == "unit").then_some(Self::Unit)
    }

    fn content<'de, A: MapAccess<'de>>(name: &str, map: &mut A) -> Result<Option<Self>, A::Error> {
        Ok(Some(match name {
            "is" => Self::Is(map.next_value()?),
            "tuple" => Self::Tuple(map.next_value()?),
            "struct" => Self::Struct(map.next_value()?),
            "enum" => Self::Enum(map.next_value()?),
            "open" => Self::Open(map.next_value()?),
            _ => return Ok(None),
        }))
    }

    fn unknown(name: &str) -> Self {
        Self::Is(unknown(name))
    }
}

impl Tagged for Payload {
    const EXPECTING: &'static str = "what a variant holds";

    fn unit(name: &str) -> Option<Self> {
        (name == "unit").then_some(Self::Unit)
    }

    fn content<'de, A: MapAccess<'de>>(name: &str, map: &mut A) -> Result<Option<Self>, A::Error> {
        Ok(Some(match name {
            "one" => Self::One(map.next_value()?),
            "tuple" => Self::Tuple(map.next_value()?),
            "struct" => Self::Struct(map.next_value()?),
            _ => return Ok(None),
        }))
    }

    fn unknown(name: &str) -> Self {
        Self::One(unknown(name))
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer)
    }
}
