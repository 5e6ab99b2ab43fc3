//! A format's deserializer behind a trait object.

use serde::de::Deserializer;

use super::scope::{FormatScope, Key, Message};
use super::visitor::VisitorState;
use super::{FormatVisitor, Rules};
use crate::codec::budget::Budget;
use crate::codec::erased::{ErasedDeserializer, ErasedSeed, ErasedVisitor, Hint, ValueError};

/// A value of a format.
pub(in crate::codec) struct FormatDeserializer<'g, 'de, D, R> {
    inner: Option<D>,
    scope: FormatScope<'g, R>,
    /// Where the name is to be kept, if the value is one.
    key: Option<&'g mut Key<'de>>,
}

impl<'g, 'de, D, R> FormatDeserializer<'g, 'de, D, R>
where
    D: Deserializer<'de>,
    R: Rules,
{
    pub(super) fn new(inner: D, scope: FormatScope<'g, R>, key: Option<&'g mut Key<'de>>) -> Self {
        Self {
            inner: Some(inner),
            scope,
            key,
        }
    }

    /// Reads the value that a deserializer stands before.
    pub(in crate::codec) fn read(
        inner: D,
        budget: &Budget,
        seed: &mut dyn ErasedSeed<'de>,
    ) -> Result<(), ValueError> {
        let message = Message::<R>::new(budget);
        let scope = FormatScope::of(&message).with_slot(seed.size());
        seed.deserialize(&mut FormatDeserializer::new(inner, scope, None))
    }
}

impl<'de, D, R> ErasedDeserializer<'de> for FormatDeserializer<'_, 'de, D, R>
where
    D: Deserializer<'de>,
    R: Rules,
{
    fn deserialize(
        &mut self,
        hint: Hint,
        visitor: &mut dyn ErasedVisitor<'de>,
    ) -> Result<(), ValueError> {
        let inner = self
            .inner
            .take()
            .ok_or_else(|| ValueError::new("a value was decoded twice"))?;
        let mut state = VisitorState::new(visitor, hint, self.scope, self.key.as_deref_mut());
        let read = R::deserialize(hint, inner, FormatVisitor(&mut state));
        read.map_err(|error| self.scope.recall_of(&error, &state))
    }

    fn is_human_readable(&self) -> bool {
        R::HUMAN_READABLE
    }
}

/// Has `inner` visit its value, by the method of serde's that `hint` stands for.
pub(in crate::codec) fn forward<'de, D, R>(
    hint: Hint,
    inner: D,
    visitor: FormatVisitor<'_, '_, '_, 'de, R>,
) -> Result<(), D::Error>
where
    D: Deserializer<'de>,
    R: Rules,
{
    match hint {
        Hint::Any => inner.deserialize_any(visitor),
        Hint::IgnoredAny => inner.deserialize_ignored_any(visitor),
        Hint::Identifier => inner.deserialize_identifier(visitor),
        Hint::Bool => inner.deserialize_bool(visitor),
        Hint::I8 => inner.deserialize_i8(visitor),
        Hint::I16 => inner.deserialize_i16(visitor),
        Hint::I32 => inner.deserialize_i32(visitor),
        Hint::I64 => inner.deserialize_i64(visitor),
        Hint::I128 => inner.deserialize_i128(visitor),
        Hint::U8 => inner.deserialize_u8(visitor),
        Hint::U16 => inner.deserialize_u16(visitor),
        Hint::U32 => inner.deserialize_u32(visitor),
        Hint::U64 => inner.deserialize_u64(visitor),
        Hint::U128 => inner.deserialize_u128(visitor),
        Hint::F32 => inner.deserialize_f32(visitor),
        Hint::F64 => inner.deserialize_f64(visitor),
        Hint::Char => inner.deserialize_char(visitor),
        Hint::Str => inner.deserialize_str(visitor),
        Hint::Bytes => inner.deserialize_bytes(visitor),
        Hint::Option => inner.deserialize_option(visitor),
        Hint::Unit => inner.deserialize_unit(visitor),
        Hint::UnitStruct(name) => inner.deserialize_unit_struct(name, visitor),
        Hint::NewtypeStruct(name) => inner.deserialize_newtype_struct(name, visitor),
        Hint::Seq => inner.deserialize_seq(visitor),
        Hint::Tuple(len) => inner.deserialize_tuple(len, visitor),
        Hint::TupleStruct(name, len) => inner.deserialize_tuple_struct(name, len, visitor),
        Hint::Map => inner.deserialize_map(visitor),
        Hint::Struct(name, fields) => inner.deserialize_struct(name, fields, visitor),
        Hint::Enum(name, variants) => inner.deserialize_enum(name, variants, visitor),
    }
}
