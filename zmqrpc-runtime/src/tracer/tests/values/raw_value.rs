//! What JSON and `MessagePack` say of themselves, without any type.

use std::collections::BTreeMap;

use rmp::Marker;
use serde_json::value::RawValue;

use super::neutral::Mismatch;

#[derive(Clone, Debug)]
pub(super) enum Raw {
    Nil,
    Bool(bool),
    /// The digits.
    Integer(String),
    /// A number in JSON, which may be any.
    Digits(String),
    F32(f32),
    F64(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Self>),
    Map(Vec<(Self, Self)>),
}

impl Raw {
    /// Reads JSON.
    pub(super) fn of_json(text: &str) -> Result<Self, Mismatch> {
        fn of<'t, T: serde::Deserialize<'t>>(text: &'t str) -> Result<T, Mismatch> {
            serde_json::from_str(text).map_err(|error| format!("{error} in {text}"))
        }
        // It also sees that nothing follows.
        let text = of::<&RawValue>(text)?.get();
        Ok(match text.as_bytes()[0] {
            b'n' => Self::Nil,
            b't' | b'f' => Self::Bool(of(text)?),
            b'"' => Self::Text(of(text)?),
            b'[' => {
                let parts = of::<Vec<&RawValue>>(text)?.into_iter();
                let parts = parts.map(|part| Self::of_json(part.get()));
                Self::List(parts.collect::<Result<_, _>>()?)
            }
            b'{' => {
                let entries = of::<BTreeMap<String, &RawValue>>(text)?.into_iter();
                let entries =
                    entries.map(|(key, value)| Ok((Self::Text(key), Self::of_json(value.get())?)));
                Self::Map(entries.collect::<Result<_, Mismatch>>()?)
            }
            _ => Self::Digits(text.to_owned()),
        })
    }

    /// Reads `MessagePack`, which all of the bytes are to be.
    pub(super) fn of_messagepack(mut bytes: &[u8]) -> Result<Self, Mismatch> {
        let value = Self::next(&mut bytes)?;
        match bytes.len() {
            0 => Ok(value),
            left => Err(format!("{left} bytes are left behind {value:?}")),
        }
    }

    fn next(bytes: &mut &[u8]) -> Result<Self, Mismatch> {
        fn text(error: impl std::fmt::Debug) -> Mismatch {
            format!("{error:?}")
        }
        let marker = Marker::from_u8(*bytes.first().ok_or("the bytes are at their end")?);
        Ok(match marker {
            Marker::Null => {
                rmp::decode::read_nil(bytes).map_err(text)?;
                Self::Nil
            }
            Marker::True | Marker::False => {
                Self::Bool(rmp::decode::read_bool(bytes).map_err(text)?)
            }
            Marker::F32 => Self::F32(rmp::decode::read_f32(bytes).map_err(text)?),
            Marker::F64 => Self::F64(rmp::decode::read_f64(bytes).map_err(text)?),
            Marker::FixPos(_) | Marker::U8 | Marker::U16 | Marker::U32 | Marker::U64 => {
                let number: u64 = rmp::decode::read_int(bytes).map_err(text)?;
                Self::Integer(number.to_string())
            }
            Marker::FixNeg(_) | Marker::I8 | Marker::I16 | Marker::I32 | Marker::I64 => {
                let number: i64 = rmp::decode::read_int(bytes).map_err(text)?;
                Self::Integer(number.to_string())
            }
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => {
                let len = rmp::decode::read_str_len(bytes).map_err(text)?;
                Self::Text(String::from_utf8(take(bytes, len)?).map_err(text)?)
            }
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => {
                let len = rmp::decode::read_bin_len(bytes).map_err(text)?;
                Self::Bytes(take(bytes, len)?)
            }
            Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => {
                let len = rmp::decode::read_array_len(bytes).map_err(text)?;
                let parts = (0..len).map(|_| Self::next(bytes));
                Self::List(parts.collect::<Result<_, _>>()?)
            }
            Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => {
                let len = rmp::decode::read_map_len(bytes).map_err(text)?;
                let entries = (0..len).map(|_| Ok((Self::next(bytes)?, Self::next(bytes)?)));
                Self::Map(entries.collect::<Result<_, Mismatch>>()?)
            }
            other => return Err(format!("{other:?} is not written")),
        })
    }
}

fn take(bytes: &mut &[u8], len: u32) -> Result<Vec<u8>, Mismatch> {
    let len = usize::try_from(len).unwrap();
    let (taken, rest) = bytes
        .split_at_checked(len)
        .ok_or("the bytes are at their end")?;
    *bytes = rest;
    Ok(taken.to_vec())
}
