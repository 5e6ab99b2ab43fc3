//! The one visitor that formats see.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess, Visitor};

use super::Rules;
use super::access::{FormatEnum, FormatMembers};
use super::deserializer::FormatDeserializer;
use super::scope::{FormatScope, Key};
use crate::codec::erased::{ErasedVisitor, Hint, Scalar, ValueError};

/// Passes what a format finds to a type's visitor, and charges for it.
///
/// A format's errors have no room for ours: what fails is kept by the [scope](FormatScope::note), and the format's error says
/// no more than that.
///
/// No more than a reference: without optimisation each way on which a format may pass a visitor on takes its size on the
/// stack, at each level of a value.
pub(in crate::codec) struct FormatVisitor<'s, 'v, 'g, 'de, R: ?Sized>(
    pub(super) &'s mut VisitorState<'v, 'g, 'de, R>,
);

pub(in crate::codec) struct VisitorState<'v, 'g, 'de, R: ?Sized> {
    visitor: &'v mut dyn ErasedVisitor<'de>,
    hint: Hint,
    scope: FormatScope<'g, R>,
    key: Option<&'v mut Key<'de>>,
}

impl<'v, 'g, 'de, R: Rules> VisitorState<'v, 'g, 'de, R> {
    pub(super) fn new(
        visitor: &'v mut dyn ErasedVisitor<'de>,
        hint: Hint,
        scope: FormatScope<'g, R>,
        key: Option<&'v mut Key<'de>>,
    ) -> Self {
        Self {
            visitor,
            hint,
            scope,
            key,
        }
    }

    fn scalar(&mut self, value: Scalar<'_, 'de>) -> Result<(), ValueError> {
        let value = match value {
            Scalar::Str(text) | Scalar::BorrowedStr(text) if self.hint == Hint::Bytes => {
                match R::bytes_of_text(text) {
                    Some(bytes) => Scalar::ByteBuf(bytes?),
                    None => value,
                }
            }
            Scalar::Bytes(bytes) | Scalar::BorrowedBytes(bytes) => {
                wide(self.hint, bytes).unwrap_or(value)
            }
            value => value,
        };
        let memory = match &value {
            Scalar::Str(text) | Scalar::BorrowedStr(text) => text.len(),
            Scalar::Bytes(bytes) | Scalar::BorrowedBytes(bytes) => bytes.len(),
            Scalar::ByteBuf(bytes) => bytes.len(),
            _ => 0,
        };
        self.scope.charge_memory(memory)?;
        if let Some(key) = &mut self.key {
            **key = match value {
                Scalar::BorrowedStr(text) => Key::Name(Cow::Borrowed(text)),
                Scalar::Str(text) => Key::Name(Cow::Owned(text.to_owned())),
                Scalar::I64(number) => Key::Number(number.into()),
                Scalar::U64(number) => Key::Number(number.into()),
                _ => Key::Unknown,
            };
        }
        self.visitor.scalar(value)
    }

    fn some<D: Deserializer<'de>>(&mut self, value: D) -> Result<(), ValueError> {
        let scope = self.scope.descend()?;
        scope.charge_boxed(self.visitor.size())?;
        let key = self.key.as_deref_mut();
        self.visitor
            .some(&mut FormatDeserializer::new(value, scope, key))
    }

    fn newtype_struct<D: Deserializer<'de>>(&mut self, value: D) -> Result<(), ValueError> {
        let scope = self.scope.descend_struct()?;
        let key = self.key.as_deref_mut();
        self.visitor
            .newtype_struct(&mut FormatDeserializer::new(value, scope, key))
    }

    fn seq<A: SeqAccess<'de>>(&mut self, elements: A) -> Result<(), ValueError> {
        let announced = elements.size_hint();
        let mut elements = self.enter(elements, announced)?;
        self.visitor.seq(&mut elements)
    }

    fn map<A: MapAccess<'de>>(&mut self, entries: A) -> Result<(), ValueError> {
        let announced = entries.size_hint();
        let mut entries = self.enter(entries, announced)?;
        self.visitor.map(&mut entries)
    }

    fn variant<A: EnumAccess<'de>>(&mut self, variant: A) -> Result<(), ValueError> {
        let scope = self.scope.descend()?;
        scope.charge_boxed(self.visitor.size())?;
        self.visitor.variant(&mut FormatEnum::new(variant, scope))
    }

    /// Returns whether the message, rather than the type, determines the number of members.
    fn is_counted(&self) -> bool {
        !matches!(
            self.hint,
            Hint::Tuple(_) | Hint::TupleStruct(..) | Hint::Struct(..)
        )
    }

    /// Enters a sequence or map, and charges the announced members.
    fn enter<A>(
        &self,
        members: A,
        announced: Option<usize>,
    ) -> Result<FormatMembers<'g, 'de, A, R>, ValueError> {
        self.scope.charge_boxed(self.visitor.size())?;
        if !self.is_counted() {
            let scope = self.scope.descend_struct()?;
            return Ok(FormatMembers::of_type(members, scope));
        }
        let scope = self.scope.descend()?;
        let announced = announced.unwrap_or(0);
        scope.charge_elements(announced)?;
        let is_ignored = self.hint == Hint::IgnoredAny;
        Ok(FormatMembers::counted(
            members, scope, announced, is_ignored,
        ))
    }
}

impl<R> Expected for VisitorState<'_, '_, '_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }
}

impl<'de, R: Rules> FormatVisitor<'_, '_, '_, 'de, R> {
    /// Passes a value on that the format's own crate cannot read.
    pub(in crate::codec) fn accept<E: de::Error>(self, value: Scalar<'_, 'de>) -> Result<(), E> {
        let scope = self.0.scope;
        self.0.scalar(value).map_err(|error| scope.note(error))
    }
}

macro_rules! scalars {
    ($($method:ident($($type:ty)?) $scalar:ident;)*) => {$(
        scalars!(@ $method($($type)?) $scalar);
    )*};
    (@ $method:ident() $scalar:ident) => {
        fn $method<E: de::Error>(self) -> Result<(), E> {
            self.accept(Scalar::$scalar)
        }
    };
    (@ $method:ident($type:ty) $scalar:ident) => {
        fn $method<E: de::Error>(self, value: $type) -> Result<(), E> {
            self.accept(Scalar::$scalar(value))
        }
    };
}

impl<'de, R: Rules> Visitor<'de> for FormatVisitor<'_, '_, '_, 'de, R> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.visitor.expecting(f)
    }

    scalars! {
        visit_bool(bool) Bool;
        visit_i64(i64) I64;
        visit_i128(i128) I128;
        visit_u64(u64) U64;
        visit_u128(u128) U128;
        visit_f32(f32) F32;
        visit_f64(f64) F64;
        visit_str(&str) Str;
        visit_borrowed_str(&'de str) BorrowedStr;
        visit_bytes(&[u8]) Bytes;
        visit_borrowed_bytes(&'de [u8]) BorrowedBytes;
        visit_byte_buf(Vec<u8>) ByteBuf;
        visit_none() None;
        visit_unit() Unit;
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        self.0.some(value).map_err(|error| self.0.scope.note(error))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        let read = self.0.newtype_struct(value);
        read.map_err(|error| self.0.scope.note(error))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<(), A::Error> {
        let read = self.0.seq(elements);
        read.map_err(|error| self.0.scope.note(error))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        let read = self.0.map(entries);
        read.map_err(|error| self.0.scope.note(error))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<(), A::Error> {
        let read = self.0.variant(variant);
        read.map_err(|error| self.0.scope.note(error))
    }
}

/// Returns the number of 128 bits that bytes stand for, where one is asked for.
fn wide<'a, 'de>(hint: Hint, bytes: &[u8]) -> Option<Scalar<'a, 'de>> {
    let bytes = || <[u8; 16]>::try_from(bytes).ok();
    match hint {
        Hint::I128 => bytes().map(|bytes| Scalar::I128(i128::from_be_bytes(bytes))),
        Hint::U128 => bytes().map(|bytes| Scalar::U128(u128::from_be_bytes(bytes))),
        _ => None,
    }
}
