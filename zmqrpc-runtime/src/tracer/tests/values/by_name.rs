//! Formats that have names, read with nothing but shapes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::neutral::{Mismatch, Neutral, ShapedReader, read};
use super::raw_value::Raw;
use crate::description::{Description, Fields, Payload, Shape, Variants};

/// Reads `MessagePack`, or JSON if `TEXT`.
pub(super) struct NamedReader<'d, const TEXT: bool> {
    description: &'d Description,
}

pub(super) fn messagepack(
    description: &Description,
    shape: &Shape,
    bytes: &[u8],
) -> Result<Neutral, Mismatch> {
    let mut reader = NamedReader::<false> { description };
    read(&mut reader, shape, Raw::of_messagepack(bytes)?)
}

pub(super) fn json(
    description: &Description,
    shape: &Shape,
    text: &str,
) -> Result<Neutral, Mismatch> {
    let mut reader = NamedReader::<true> { description };
    read(&mut reader, shape, Raw::of_json(text)?)
}

fn digits(shape: &Shape, raw: Raw) -> Result<String, Mismatch> {
    match raw {
        // Keys are texts in JSON.
        Raw::Integer(digits) | Raw::Digits(digits) | Raw::Text(digits) => Ok(digits),
        other => mismatch(shape, &other),
    }
}

fn mismatch<T>(shape: &Shape, raw: &Raw) -> Result<T, Mismatch> {
    Err(format!("{raw:?} is no {shape}"))
}

fn list_of(raw: Raw) -> Result<Vec<Raw>, Mismatch> {
    match raw {
        Raw::List(parts) => Ok(parts),
        other => Err(format!("{other:?} is no list")),
    }
}

impl<const TEXT: bool> ShapedReader for NamedReader<'_, TEXT> {
    type Part = Raw;

    const TEXT: bool = TEXT;

    fn description(&self) -> &Description {
        self.description
    }

    fn scalar(&mut self, shape: &Shape, raw: Raw) -> Result<Neutral, Mismatch> {
        let text = |error: &dyn std::fmt::Display| format!("{error}, for {shape}");
        Ok(match (shape, raw) {
            (Shape::Bool, Raw::Bool(value)) => Neutral::Bool(value),
            (Shape::Bool, Raw::Text(value)) => {
                Neutral::Bool(value.parse().map_err(|error| text(&error))?)
            }
            (Shape::I128, Raw::Bytes(bytes)) if !TEXT => {
                Neutral::Signed(i128::from_be_bytes(bytes.try_into().unwrap()))
            }
            (Shape::U128, Raw::Bytes(bytes)) if !TEXT => {
                Neutral::Unsigned(u128::from_be_bytes(bytes.try_into().unwrap()))
            }
            (Shape::U8 | Shape::U16 | Shape::U32 | Shape::U64 | Shape::U128, raw) => {
                let digits = digits(shape, raw)?;
                Neutral::Unsigned(digits.parse().map_err(|error| text(&error))?)
            }
            (Shape::I8 | Shape::I16 | Shape::I32 | Shape::I64 | Shape::I128, raw) => {
                let digits = digits(shape, raw)?;
                Neutral::Signed(digits.parse().map_err(|error| text(&error))?)
            }
            (Shape::F32, Raw::F32(number)) => Neutral::F32(number.to_bits()),
            (Shape::F64, Raw::F64(number)) => Neutral::F64(number.to_bits()),
            (Shape::F32, raw) if TEXT => {
                let number: f32 = digits(shape, raw)?.parse().map_err(|error| text(&error))?;
                Neutral::F32(number.to_bits())
            }
            (Shape::F64, raw) if TEXT => {
                let number: f64 = digits(shape, raw)?.parse().map_err(|error| text(&error))?;
                Neutral::F64(number.to_bits())
            }
            (Shape::Char | Shape::String, Raw::Text(text)) => Neutral::Text(text),
            (Shape::Bytes, Raw::Bytes(bytes)) if !TEXT => Neutral::Bytes(bytes),
            (Shape::Bytes, Raw::Text(base64)) if TEXT => {
                Neutral::Bytes(STANDARD.decode(base64).map_err(|error| text(&error))?)
            }
            (Shape::Unit, Raw::Nil) => Neutral::Nothing,
            (shape, raw) => return mismatch(shape, &raw),
        })
    }

    fn optional(&mut self, raw: Raw) -> Result<Option<Raw>, Mismatch> {
        Ok(Some(raw).filter(|raw| !matches!(raw, Raw::Nil)))
    }

    fn unit_struct(&mut self, raw: Raw) -> Result<(), Mismatch> {
        match raw {
            Raw::Nil if TEXT => Ok(()),
            Raw::List(parts) if !TEXT && parts.is_empty() => Ok(()),
            other => Err(format!("{other:?} is no struct without fields")),
        }
    }

    fn list(&mut self, element: &Shape, raw: Raw) -> Result<Vec<Neutral>, Mismatch> {
        let parts = list_of(raw)?.into_iter();
        parts.map(|part| read(self, element, part)).collect()
    }

    fn map(&mut self, key: &Shape, value: &Shape, raw: Raw) -> Result<Neutral, Mismatch> {
        let Raw::Map(entries) = raw else {
            return Err(format!("{raw:?} is no map"));
        };
        let entries = entries.into_iter();
        let entries =
            entries.map(|(own, its)| Ok((read(self, key, own)?, read(self, value, its)?)));
        entries.collect::<Result<_, Mismatch>>().map(Neutral::Map)
    }

    fn tuple(&mut self, shapes: &[Shape], raw: Raw) -> Result<Vec<Neutral>, Mismatch> {
        let parts = list_of(raw)?;
        if parts.len() != shapes.len() {
            return Err(format!("{parts:?} are not {} values", shapes.len()));
        }
        let parts = shapes.iter().zip(parts);
        parts.map(|(shape, part)| read(self, shape, part)).collect()
    }

    fn fields(&mut self, fields: &Fields, raw: Raw) -> Result<Neutral, Mismatch> {
        let Raw::Map(entries) = raw else {
            return Err(format!("{raw:?} has no fields"));
        };
        let mut named = Vec::new();
        for (name, value) in entries {
            let Raw::Text(name) = name else {
                return Err(format!("{name:?} is no name"));
            };
            named.push((name, value));
        }
        let mut read_fields = Vec::new();
        for field in &fields.fields {
            // Which of a field's names is written cannot be known.
            let is_its =
                |(name, _): &(String, Raw)| *name == field.name || field.aliases.contains(name);
            let at = named.iter().position(is_its);
            let at = at.ok_or_else(|| format!("{} is missing", field.name))?;
            let (_, value) = named.remove(at);
            let value = read(self, &field.shape, value);
            let value = value.map_err(|error| format!("{}: {error}", field.name))?;
            read_fields.push((field.name.clone(), value));
        }
        if !named.is_empty() {
            return Err(format!("{named:?} are no fields"));
        }
        Ok(Neutral::Struct(read_fields))
    }

    fn variant(&mut self, variants: &Variants, raw: Raw) -> Result<(usize, Option<Raw>), Mismatch> {
        let (name, payload) = match raw {
            Raw::Text(name) => (name, None),
            Raw::Map(mut entries) if entries.len() == 1 => match entries.remove(0) {
                (Raw::Text(name), payload) => (name, Some(payload)),
                (other, _) => return Err(format!("{other:?} is no variant")),
            },
            other => return Err(format!("{other:?} is no variant")),
        };
        let mut all = variants.variants.iter();
        let index = all.position(|variant| {
            let is_unit = variant.body == Payload::Unit;
            (variant.name == name || variant.aliases.contains(&name))
                && is_unit == payload.is_none()
        });
        let index = index.ok_or_else(|| format!("there is no variant {name}"))?;
        Ok((index, payload))
    }
}
