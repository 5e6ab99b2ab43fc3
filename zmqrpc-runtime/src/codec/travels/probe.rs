//! Creates a value of a type without a message: a deserializer that a script controls.

use super::trace::{Script, TraceStep};
use crate::codec::erased::{
    ErasedDeserializer, ErasedEnum, ErasedMap, ErasedSeed, ErasedSeq, ErasedVisitor, Hint, Scalar,
    ValueError,
};

/// The levels down to which lists have an element and options a value.
const FULL_LEVELS: usize = 6;

/// The levels after which a type is given up.
const MAX_LEVELS: usize = 64;

/// A deserializer for one value.
#[derive(Clone, Copy)]
pub(super) struct Probe<'s> {
    script: &'s Script,
    depth: usize,
}

impl<'s> Probe<'s> {
    pub(super) fn of(script: &'s Script) -> Self {
        Self { script, depth: 0 }
    }

    fn below(self) -> Result<Self, ValueError> {
        if self.depth == MAX_LEVELS || !self.script.count_value() {
            return Err(ValueError::new("it has no end"));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    /// Returns access to `left` parts, of the struct at `index` in the trace if it is one.
    fn parts(self, left: usize, index: Option<usize>) -> ProbeParts<'s> {
        ProbeParts {
            probe: self,
            left,
            index,
        }
    }

    fn members(self) -> ProbeParts<'s> {
        self.parts(usize::from(self.depth < FULL_LEVELS), None)
    }

    /// Returns access to as many fields as the type reads: the declared names may contain aliases.
    fn fields(self, name: &'static str) -> ProbeParts<'s> {
        let index = self.script.read.push(TraceStep::Fields(name, 0));
        self.parts(usize::MAX, Some(index))
    }

    fn variant(
        self,
        name: &'static str,
        variants: usize,
        makes: &'static str,
    ) -> Result<ProbeVariant<'s>, ValueError> {
        let number = self.script.choose(makes, variants, self.depth);
        self.script.read.push(TraceStep::Variant(name, number, ""));
        Ok(ProbeVariant {
            probe: self.below()?,
            name,
            number,
        })
    }
}

impl<'de> ErasedDeserializer<'de> for Probe<'_> {
    fn deserialize(
        &mut self,
        hint: Hint,
        visitor: &mut dyn ErasedVisitor<'de>,
    ) -> Result<(), ValueError> {
        match hint {
            Hint::Any => Err(ValueError::new("it asks what comes next")),
            Hint::Identifier => Err(ValueError::new("it asks for a name")),
            Hint::Bool => visitor.scalar(Scalar::Bool(true)),
            // Not zero: some types, such as `NonZeroU32`, reject it.
            Hint::I8 | Hint::I16 | Hint::I32 | Hint::I64 => visitor.scalar(Scalar::I64(1)),
            Hint::U8 | Hint::U16 | Hint::U32 | Hint::U64 => visitor.scalar(Scalar::U64(1)),
            Hint::I128 => visitor.scalar(Scalar::I128(1)),
            Hint::U128 => visitor.scalar(Scalar::U128(1)),
            Hint::F32 => visitor.scalar(Scalar::F32(1.0)),
            Hint::F64 => visitor.scalar(Scalar::F64(1.0)),
            Hint::Char | Hint::Str => visitor.scalar(Scalar::BorrowedStr("1")),
            Hint::Bytes => visitor.scalar(Scalar::BorrowedBytes(&[1])),
            Hint::Unit | Hint::UnitStruct(_) | Hint::IgnoredAny => visitor.scalar(Scalar::Unit),
            Hint::Option if self.depth < FULL_LEVELS => visitor.some(&mut self.below()?),
            Hint::Option => visitor.scalar(Scalar::None),
            Hint::NewtypeStruct(_) => visitor.newtype_struct(self),
            Hint::Seq => visitor.seq(&mut self.members()),
            Hint::Map => visitor.map(&mut self.members()),
            Hint::Tuple(len) => visitor.seq(&mut self.parts(len, None)),
            Hint::TupleStruct(name, _) | Hint::Struct(name, _) => {
                visitor.seq(&mut self.fields(name))
            }
            Hint::Enum(name, variants) => {
                let mut variant = self.variant(name, variants.len(), visitor.makes())?;
                visitor.variant(&mut variant)
            }
        }
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The parts of a list, map, tuple or struct.
struct ProbeParts<'s> {
    probe: Probe<'s>,
    left: usize,
    index: Option<usize>,
}

impl<'de> ErasedSeq<'de> for ProbeParts<'_> {
    fn next(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<bool, ValueError> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        if let Some(index) = self.index {
            self.probe.script.read.add_field(index);
        }
        seed.deserialize(&mut self.probe.below()?)?;
        Ok(true)
    }

    fn size_hint(&self) -> Option<usize> {
        None
    }
}

impl<'de> ErasedMap<'de> for ProbeParts<'_> {
    fn next_key(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<bool, ValueError> {
        self.next(seed)
    }

    fn next_value(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError> {
        seed.deserialize(&mut self.probe.below()?)
    }

    fn size_hint(&self) -> Option<usize> {
        None
    }
}

/// The variant that the script has selected.
struct ProbeVariant<'s> {
    probe: Probe<'s>,
    /// The enum's name.
    name: &'static str,
    number: u32,
}

impl<'de> ErasedEnum<'de> for ProbeVariant<'_> {
    fn name(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError> {
        seed.deserialize(&mut VariantNumber(self.number))
    }

    fn unit(&mut self) -> Result<(), ValueError> {
        Ok(())
    }

    fn newtype(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError> {
        seed.deserialize(&mut self.probe)
    }

    fn tuple(&mut self, _: usize, visitor: &mut dyn ErasedVisitor<'de>) -> Result<(), ValueError> {
        visitor.seq(&mut self.probe.fields(self.name))
    }

    fn fields(
        &mut self,
        _: &'static [&'static str],
        visitor: &mut dyn ErasedVisitor<'de>,
    ) -> Result<(), ValueError> {
        visitor.seq(&mut self.probe.fields(self.name))
    }
}

/// The number of a variant, by which postcard knows it.
struct VariantNumber(u32);

impl<'de> ErasedDeserializer<'de> for VariantNumber {
    fn deserialize(
        &mut self,
        _: Hint,
        visitor: &mut dyn ErasedVisitor<'de>,
    ) -> Result<(), ValueError> {
        visitor.scalar(Scalar::U64(self.0.into()))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}
