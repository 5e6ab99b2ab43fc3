//! Verdicts on values without parts: what a writer writes, as a reader reads it.

use super::super::Shape;
use super::Verdict::{self, Breaks, Depends, Fine};
use super::form::Encoding;

/// Returns what becomes of the values of one shape that are read as another one.
pub(super) fn verdict(written: &Shape, read: &Shape, encoding: Encoding) -> Verdict {
    if written == read {
        return Fine;
    }
    match (Integer::of(written), Integer::of(read)) {
        (Some(written), Some(read)) => return written.read_as(read, encoding),
        (Some(written), None) => return written.read_as_float(read, encoding),
        _ => {}
    }
    match (written, read) {
        // Of 64 bits the reader makes 32 without a word.
        (Shape::F32, Shape::F64) if !encoding.is_by_key() => Fine,
        (Shape::Char, Shape::String) => Fine,
        // postcard takes the first character and drops the others.
        (Shape::String, Shape::Char) if !encoding.is_by_key() => Depends,
        // In JSON bytes are base64, which is text, too, and means something else.
        (Shape::String | Shape::Char, Shape::Bytes) if encoding != Encoding::Json => Fine,
        (Shape::Bytes, Shape::String) if encoding != Encoding::Json => Depends,
        _ => Breaks,
    }
}

#[derive(Clone, Copy)]
struct Integer {
    is_signed: bool,
    bits: u32,
}

impl Integer {
    fn of(shape: &Shape) -> Option<Self> {
        let (is_signed, bits) = match shape {
            Shape::I8 => (true, 8),
            Shape::I16 => (true, 16),
            Shape::I32 => (true, 32),
            Shape::I64 => (true, 64),
            Shape::I128 => (true, 128),
            Shape::U8 => (false, 8),
            Shape::U16 => (false, 16),
            Shape::U32 => (false, 32),
            Shape::U64 => (false, 64),
            Shape::U128 => (false, 128),
            _ => return None,
        };
        Some(Self { is_signed, bits })
    }

    fn fits(self, read: Self) -> bool {
        if self.is_signed == read.is_signed {
            self.bits <= read.bits
        } else {
            read.is_signed && self.bits < read.bits
        }
    }

    fn read_as(self, read: Self, encoding: Encoding) -> Verdict {
        let by_value = if self.fits(read) { Fine } else { Depends };
        let is_same_sign = self.is_signed == read.is_signed;
        match encoding {
            // All widths have the same bytes but the smallest, which is one byte; the signs have different ones.
            Encoding::Postcard if is_same_sign && self.bits > 8 && read.bits > 8 => by_value,
            Encoding::Postcard => Breaks,
            // 128 bits are 16 bytes without a sign, which no other width is read from.
            Encoding::MessagePack if self.bits == 128 => Breaks,
            Encoding::MessagePack | Encoding::Json => by_value,
        }
    }

    /// Beyond the float's own digits the nearest number is read, without a word.
    fn read_as_float(self, read: &Shape, encoding: Encoding) -> Verdict {
        let exact_bits = match read {
            Shape::F32 => 24,
            Shape::F64 => 53,
            _ => return Breaks,
        };
        if encoding.is_by_key() || self.bits > exact_bits {
            Breaks
        } else {
            Fine
        }
    }
}
