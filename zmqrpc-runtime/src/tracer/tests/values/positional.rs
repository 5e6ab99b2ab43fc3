//! Postcard, read with nothing but shapes: this is what a fingerprint promises.

use super::neutral::{Mismatch, Neutral, ShapedReader, read};
use crate::description::{Description, Fields, Payload, Shape, Variants};

pub(super) struct PositionalReader<'d> {
    description: &'d Description,
    bytes: &'d [u8],
}

/// Reads all of the bytes as one value.
pub(super) fn positional(
    description: &Description,
    shape: &Shape,
    bytes: &[u8],
) -> Result<Neutral, Mismatch> {
    let mut reader = PositionalReader { description, bytes };
    let value = read(&mut reader, shape, ())?;
    match reader.bytes.len() {
        0 => Ok(value),
        left => Err(format!("{left} bytes are left behind {value:?}")),
    }
}

impl PositionalReader<'_> {
    fn take(&mut self, len: usize) -> Result<Vec<u8>, Mismatch> {
        let taken = self.bytes.split_at_checked(len);
        let (taken, rest) = taken.ok_or("the bytes are at their end")?;
        self.bytes = rest;
        Ok(taken.to_vec())
    }

    fn byte(&mut self) -> Result<u8, Mismatch> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn varint(&mut self) -> Result<u128, Mismatch> {
        let mut number = 0;
        for shift in (0..128).step_by(7) {
            let byte = self.byte()?;
            number |= u128::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("a number does not end".to_owned())
    }

    fn zigzag(&mut self) -> Result<i128, Mismatch> {
        let number = self.varint()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn length(&mut self) -> Result<usize, Mismatch> {
        usize::try_from(self.varint()?).map_err(|error| error.to_string())
    }

    fn text(&mut self) -> Result<String, Mismatch> {
        let len = self.length()?;
        String::from_utf8(self.take(len)?).map_err(|error| error.to_string())
    }

    fn flag(&mut self) -> Result<bool, Mismatch> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(format!("{other} is neither 0 nor 1")),
        }
    }
}

impl ShapedReader for PositionalReader<'_> {
    /// What comes next is next.
    type Part = ();

    const TEXT: bool = false;

    fn description(&self) -> &Description {
        self.description
    }

    fn scalar(&mut self, shape: &Shape, (): ()) -> Result<Neutral, Mismatch> {
        Ok(match shape {
            Shape::Bool => Neutral::Bool(self.flag()?),
            Shape::U8 => Neutral::Unsigned(self.byte()?.into()),
            Shape::I8 => Neutral::Signed(self.byte()?.cast_signed().into()),
            Shape::U16 | Shape::U32 | Shape::U64 | Shape::U128 => Neutral::Unsigned(self.varint()?),
            Shape::I16 | Shape::I32 | Shape::I64 | Shape::I128 => Neutral::Signed(self.zigzag()?),
            Shape::F32 => {
                let bytes = self.take(4)?.try_into().unwrap();
                Neutral::F32(u32::from_le_bytes(bytes))
            }
            Shape::F64 => {
                let bytes = self.take(8)?.try_into().unwrap();
                Neutral::F64(u64::from_le_bytes(bytes))
            }
            Shape::Char | Shape::String => Neutral::Text(self.text()?),
            Shape::Bytes => {
                let len = self.length()?;
                Neutral::Bytes(self.take(len)?)
            }
            Shape::Unit => Neutral::Nothing,
            other => return Err(format!("{other} is no scalar")),
        })
    }

    fn optional(&mut self, (): ()) -> Result<Option<()>, Mismatch> {
        Ok(self.flag()?.then_some(()))
    }

    fn unit_struct(&mut self, (): ()) -> Result<(), Mismatch> {
        Ok(())
    }

    fn list(&mut self, element: &Shape, (): ()) -> Result<Vec<Neutral>, Mismatch> {
        let len = self.length()?;
        (0..len).map(|_| read(self, element, ())).collect()
    }

    fn map(&mut self, key: &Shape, value: &Shape, (): ()) -> Result<Neutral, Mismatch> {
        let len = self.length()?;
        let entries = (0..len).map(|_| Ok((read(self, key, ())?, read(self, value, ())?)));
        entries.collect::<Result<_, _>>().map(Neutral::Map)
    }

    fn tuple(&mut self, shapes: &[Shape], (): ()) -> Result<Vec<Neutral>, Mismatch> {
        shapes.iter().map(|shape| read(self, shape, ())).collect()
    }

    fn fields(&mut self, fields: &Fields, (): ()) -> Result<Neutral, Mismatch> {
        let fields = fields.fields.iter();
        let fields = fields.map(|field| {
            let value = read(self, &field.shape, ());
            let value = value.map_err(|error| format!("{}: {error}", field.name))?;
            Ok((field.name.clone(), value))
        });
        fields.collect::<Result<_, Mismatch>>().map(Neutral::Struct)
    }

    fn variant(&mut self, variants: &Variants, (): ()) -> Result<(usize, Option<()>), Mismatch> {
        let index = self.length()?;
        let body = variants.variants.get(index).map(|variant| &variant.body);
        let holds = body.is_some_and(|body| *body != Payload::Unit);
        Ok((index, holds.then_some(())))
    }
}
