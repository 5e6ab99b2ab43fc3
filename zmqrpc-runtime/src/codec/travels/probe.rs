//! Creates a value of a type without a message: a deserializer that a script controls.

use serde::Deserializer;
use serde::de::value::{Error, U32Deserializer};
use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use std::any::type_name;

use super::trace::{Script, Step};

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

    fn below(self) -> Result<Self, Error> {
        if self.depth == MAX_LEVELS || !self.script.count_value() {
            return Err(Error::custom("it has no end"));
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
        let index = self.script.read.push(Step::Fields(name, 0));
        self.parts(usize::MAX, Some(index))
    }
}

/// Visits a fixed scalar.
macro_rules! visit_scalars {
    ($($method:ident: $visit:ident($($value:expr)?))*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit($($value)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    // Not zero: some types, such as `NonZeroU32`, reject it.
    visit_scalars! {
        deserialize_bool: visit_bool(true)
        deserialize_i8: visit_i8(1) deserialize_i16: visit_i16(1) deserialize_i32: visit_i32(1)
        deserialize_i64: visit_i64(1) deserialize_i128: visit_i128(1)
        deserialize_u8: visit_u8(1) deserialize_u16: visit_u16(1) deserialize_u32: visit_u32(1)
        deserialize_u64: visit_u64(1) deserialize_u128: visit_u128(1)
        deserialize_f32: visit_f32(1.0) deserialize_f64: visit_f64(1.0)
        deserialize_char: visit_char('1')
        deserialize_str: visit_borrowed_str("1") deserialize_string: visit_borrowed_str("1")
        deserialize_bytes: visit_borrowed_bytes(&[1]) deserialize_byte_buf: visit_borrowed_bytes(&[1])
        deserialize_unit: visit_unit() deserialize_ignored_any: visit_unit()
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("it asks what comes next"))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("it asks for a name"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.depth < FULL_LEVELS {
            visitor.visit_some(self.below()?)
        } else {
            visitor.visit_none()
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(self.members())
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(self.members())
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(self.parts(len, None))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(self.fields(name))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(self.fields(name))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let ty = type_name::<V::Value>();
        let number = self.script.choose(ty, variants.len(), self.depth);
        self.script.read.push(Step::Variant(name, number, ""));
        visitor.visit_enum(Variant {
            probe: self.below()?,
            name,
            number,
        })
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

impl<'s> ProbeParts<'s> {
    fn next(&mut self) -> Result<Option<Probe<'s>>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        if let Some(index) = self.index {
            self.probe.script.read.add_field(index);
        }
        self.probe.below().map(Some)
    }
}

impl<'de> SeqAccess<'de> for ProbeParts<'_> {
    type Error = Error;

    fn next_element_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, Error>
    where
        S: DeserializeSeed<'de>,
    {
        self.next()?
            .map(|probe| seed.deserialize(probe))
            .transpose()
    }
}

impl<'de> MapAccess<'de> for ProbeParts<'_> {
    type Error = Error;

    fn next_key_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, Error>
    where
        S: DeserializeSeed<'de>,
    {
        self.next()?
            .map(|probe| seed.deserialize(probe))
            .transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.probe.below()?)
    }
}

/// The variant that the script has selected.
struct Variant<'s> {
    probe: Probe<'s>,
    /// The enum's name.
    name: &'static str,
    number: u32,
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S>(self, seed: S) -> Result<(S::Value, Self), Error>
    where
        S: DeserializeSeed<'de>,
    {
        let number: U32Deserializer<Error> = self.number.into_deserializer();
        Ok((seed.deserialize(number)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.probe)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(self.probe.fields(self.name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(self.probe.fields(self.name))
    }
}
