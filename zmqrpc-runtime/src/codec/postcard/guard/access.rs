//! Guarded access to the parts of a value: elements, entries and variants.

use std::marker::PhantomData;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::scope::{Guard, Scope};
use super::visitor::{Declared, GuardedVisitor, Members};
use crate::codec::postcard::noted::Noted;

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Guard<'_, S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let scope = self.scope.with_slot_of::<S::Value>();
        self.inner
            .deserialize(scope.guard(deserializer))
            .map_err(Noted::into_inner_of::<S::Value>)
    }
}

/// Access to a sequence or map, which charges the budget for its members.
pub(super) struct GuardedAccess<'g, A, M> {
    inner: A,
    scope: Scope<'g>,
    /// The members still to come that were charged on entry, when the message announced them.
    prepaid: usize,
    /// The memory that was charged for each prepaid member.
    size: usize,
    members: PhantomData<M>,
}

impl<'g, A, M: Members> GuardedAccess<'g, A, M> {
    #[inline]
    pub(super) fn new(inner: A, scope: Scope<'g>, prepaid: usize) -> Self {
        Self {
            inner,
            scope,
            prepaid,
            size: 0,
            members: PhantomData,
        }
    }

    /// Charges the memory of the prepaid members, now that their type `T` is known.
    ///
    /// So a list that would become too large fails before any of its elements is decoded.
    #[inline]
    fn charge_prepaid<T, E: de::Error>(&mut self) -> Result<(), E> {
        if M::COUNTED && size_of::<T>() > self.size {
            let more = size_of::<T>() - self.size;
            self.size = size_of::<T>();
            self.scope
                .charge_memory(self.prepaid.saturating_mul(more))?;
        }
        Ok(())
    }

    /// Charges one decoded member, a `T`.
    ///
    /// The length may be unknown beforehand; and postcard gives no size hint for a length that
    /// exceeds the bytes left, as it does for elements that take no bytes.
    #[inline]
    fn charge_member<T, E: de::Error>(&mut self) -> Result<(), E> {
        if !M::COUNTED {
            return Ok(());
        }
        if size_of::<T>() == 0 {
            return self.scope.charge_empty();
        }
        if let Some(prepaid) = self.prepaid.checked_sub(1) {
            self.prepaid = prepaid;
            return Ok(());
        }
        self.scope.charge(1)?;
        self.scope.charge_memory(size_of::<T>())
    }
}

impl<'de, A: SeqAccess<'de>, M: Members> SeqAccess<'de> for GuardedAccess<'_, A, M> {
    type Error = Noted<A::Error>;

    #[inline]
    fn next_element_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, Self::Error>
    where
        S: DeserializeSeed<'de>,
    {
        self.charge_prepaid::<S::Value, _>().map_err(Noted::new)?;
        let seed = self.scope.guard(seed);
        let element = self.inner.next_element_seed(seed).map_err(Noted::new)?;
        if element.is_some() {
            self.charge_member::<S::Value, _>().map_err(Noted::new)?;
        }
        Ok(element)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>, M: Members> MapAccess<'de> for GuardedAccess<'_, A, M> {
    type Error = Noted<A::Error>;

    #[inline]
    fn next_key_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, Self::Error>
    where
        S: DeserializeSeed<'de>,
    {
        self.charge_prepaid::<S::Value, _>().map_err(Noted::new)?;
        let seed = self.scope.guard(seed);
        let key = self.inner.next_key_seed(seed).map_err(Noted::new)?;
        if key.is_some() {
            self.charge_member::<S::Value, _>().map_err(Noted::new)?;
        }
        Ok(key)
    }

    #[inline]
    fn next_value_seed<S>(&mut self, seed: S) -> Result<S::Value, Self::Error>
    where
        S: DeserializeSeed<'de>,
    {
        if M::COUNTED {
            let size = size_of::<S::Value>();
            self.scope.charge_memory(size).map_err(Noted::new)?;
        }
        let seed = self.scope.guard(seed);
        self.inner.next_value_seed(seed).map_err(Noted::new)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, 'g, A: EnumAccess<'de>> EnumAccess<'de> for Guard<'g, A> {
    type Error = Noted<A::Error>;
    type Variant = Guard<'g, A::Variant>;

    #[inline]
    fn variant_seed<S>(self, seed: S) -> Result<(S::Value, Self::Variant), Self::Error>
    where
        S: DeserializeSeed<'de>,
    {
        let scope = self.scope;
        match self.inner.variant_seed(scope.guard(seed)) {
            Ok((value, variant)) => Ok((value, scope.guard(variant))),
            Err(error) => Err(Noted::new(error)),
        }
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Guard<'_, A> {
    type Error = Noted<A::Error>;

    #[inline]
    fn unit_variant(self) -> Result<(), Self::Error> {
        self.inner.unit_variant().map_err(Noted::new)
    }

    #[inline]
    fn newtype_variant_seed<S>(self, seed: S) -> Result<S::Value, Self::Error>
    where
        S: DeserializeSeed<'de>,
    {
        let seed = self.scope.guard(seed);
        self.inner.newtype_variant_seed(seed).map_err(Noted::new)
    }

    #[inline]
    fn tuple_variant<V>(self, len: usize, visitor: V) -> Result<V::Value, Self::Error>
    where
        V: Visitor<'de>,
    {
        let visitor = GuardedVisitor::<_, Declared>::new(visitor, self.scope);
        self.inner.tuple_variant(len, visitor).map_err(Noted::new)
    }

    #[inline]
    fn struct_variant<V>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error>
    where
        V: Visitor<'de>,
    {
        let visitor = GuardedVisitor::<_, Declared>::new(visitor, self.scope);
        self.inner
            .struct_variant(fields, visitor)
            .map_err(Noted::new)
    }
}
