//! The guarded visitor: forwards between the format and the type, and counts what nests.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor};

use super::access::GuardedAccess;
use super::scope::Scope;
use crate::codec::postcard::noted::Noted;

/// What the members of a sequence or map are to the type that decodes it.
pub(super) trait Members {
    /// Whether the message, rather than the type, determines their number.
    const COUNTED: bool;
}

/// Elements of a list or map: as many as the message announces.
pub(super) struct Listed;

/// Declared of a struct or tuple: as many as the type has.
pub(super) struct Declared;

impl Members for Listed {
    const COUNTED: bool = true;
}

impl Members for Declared {
    const COUNTED: bool = false;
}

/// A type's visitor under guard.
pub(super) struct GuardedVisitor<'g, V, M> {
    inner: V,
    scope: Scope<'g>,
    members: PhantomData<M>,
}

impl<'g, V, M: Members> GuardedVisitor<'g, V, M> {
    #[inline]
    pub(super) fn new(inner: V, scope: Scope<'g>) -> Self {
        Self {
            inner,
            scope,
            members: PhantomData,
        }
    }

    /// Enters a sequence or map that becomes a `T`, and charges the announced members.
    #[inline]
    fn enter<T, A, E: de::Error>(
        &self,
        access: A,
        announced: Option<usize>,
    ) -> Result<GuardedAccess<'g, A, M>, E> {
        self.scope.charge_boxed::<T, _>()?;
        if !M::COUNTED {
            return Ok(GuardedAccess::new(access, self.scope.descend_struct()?, 0));
        }
        let scope = self.scope.descend()?;
        let announced = announced.unwrap_or(0);
        scope.charge(announced)?;
        Ok(GuardedAccess::new(access, scope, announced))
    }
}

/// Forwards `visit_*` methods for values without parts.
macro_rules! forward {
    ($($method:ident($($value:ident: $type:ty)?))*) => {$(
        #[inline]
        fn $method<E: de::Error>(self, $($value: $type)?) -> Result<Self::Value, E> {
            self.inner.$method($($value)?).map_err(Noted::into_inner)
        }
    )*};
}

/// Forwards `visit_*` methods for text and bytes.
macro_rules! forward_text {
    ($($method:ident($value:ident: $type:ty))*) => {$(
        #[inline]
        fn $method<E: de::Error>(self, $value: $type) -> Result<Self::Value, E> {
            self.scope.charge_memory($value.len())?;
            self.inner.$method($value).map_err(Noted::into_inner)
        }
    )*};
}

impl<'de, V: Visitor<'de>, M: Members> Visitor<'de> for GuardedVisitor<'_, V, M> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(formatter)
    }

    forward! {
        visit_bool(value: bool)
        visit_i8(value: i8) visit_i16(value: i16) visit_i32(value: i32) visit_i64(value: i64)
        visit_i128(value: i128)
        visit_u8(value: u8) visit_u16(value: u16) visit_u32(value: u32) visit_u64(value: u64)
        visit_u128(value: u128)
        visit_f32(value: f32) visit_f64(value: f64)
        visit_char(value: char)
        visit_none() visit_unit()
    }

    forward_text! {
        visit_str(value: &str) visit_borrowed_str(value: &'de str) visit_string(value: String)
        visit_bytes(value: &[u8]) visit_borrowed_bytes(value: &'de [u8])
        visit_byte_buf(value: Vec<u8>)
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<Self::Value, D::Error> {
        let scope = self.scope.descend()?;
        scope.charge_boxed::<V::Value, _>()?;
        let result = self.inner.visit_some(scope.guard(value));
        result.map_err(Noted::into_inner)
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<Self::Value, D::Error> {
        let scope = self.scope.descend_struct()?;
        let result = self.inner.visit_newtype_struct(scope.guard(value));
        result.map_err(Noted::into_inner)
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        let hint = elements.size_hint();
        let elements = self.enter::<V::Value, _, _>(elements, hint)?;
        let result = self.inner.visit_seq(elements);
        result.map_err(Noted::into_inner)
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        let hint = entries.size_hint();
        let entries = self.enter::<V::Value, _, _>(entries, hint)?;
        let result = self.inner.visit_map(entries);
        result.map_err(Noted::into_inner)
    }

    #[inline]
    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<Self::Value, A::Error> {
        let scope = self.scope.descend()?;
        scope.charge_boxed::<V::Value, _>()?;
        let result = self.inner.visit_enum(scope.guard(variant));
        result.map_err(Noted::into_inner)
    }
}
