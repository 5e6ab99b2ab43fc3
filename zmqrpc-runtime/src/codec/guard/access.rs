//! Guarded access to the parts of a value: elements, entries and variants.

use std::marker::PhantomData;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::limits::{Guard, Scope};
use super::visitor::{Fields, GuardedVisitor, Members};
use crate::codec::noted::Noted;

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Guard<'_, S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let scope = self.scope.at::<S::Value>();
        self.inner
            .deserialize(scope.guard(deserializer))
            .map_err(Noted::leave::<S::Value>)
    }
}

/// Access to a sequence or map, whose announced members are paid for.
pub(super) struct Paid<'g, A, M> {
    inner: A,
    scope: Scope<'g>,
    /// The members still to come that were charged on entry.
    prepaid: usize,
    /// The memory that was charged for each of these.
    size: usize,
    members: PhantomData<M>,
}

impl<'g, A, M: Members> Paid<'g, A, M> {
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

    /// Pays for the memory of the members to come, now that one of them says that it is a `T`.
    ///
    /// So a list that would become too large is refused before anything of it is decoded.
    #[inline]
    fn pay_memory<T, E: de::Error>(&mut self) -> Result<(), E> {
        if M::COUNTED && size_of::<T>() > self.size {
            let more = size_of::<T>() - self.size;
            self.size = size_of::<T>();
            self.scope
                .charge_memory(self.prepaid.saturating_mul(more))?;
        }
        Ok(())
    }

    /// Pays for one member, a `T`.
    ///
    /// A format need not know the length beforehand, and postcard does not tell one that exceeds
    /// the bytes left, which is where the members that take no bytes come in.
    #[inline]
    fn pay<T, E: de::Error>(&mut self) -> Result<(), E> {
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

impl<'de, A: SeqAccess<'de>, M: Members> SeqAccess<'de> for Paid<'_, A, M> {
    type Error = Noted<A::Error>;

    #[inline]
    fn next_element_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, Self::Error>
    where
        S: DeserializeSeed<'de>,
    {
        self.pay_memory::<S::Value, _>().map_err(Noted::new)?;
        let seed = self.scope.guard(seed);
        let element = self.inner.next_element_seed(seed).map_err(Noted::new)?;
        if element.is_some() {
            self.pay::<S::Value, _>().map_err(Noted::new)?;
        }
        Ok(element)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>, M: Members> MapAccess<'de> for Paid<'_, A, M> {
    type Error = Noted<A::Error>;

    #[inline]
    fn next_key_seed<S>(&mut self, seed: S) -> Result<Option<S::Value>, Self::Error>
    where
        S: DeserializeSeed<'de>,
    {
        self.pay_memory::<S::Value, _>().map_err(Noted::new)?;
        let seed = self.scope.guard(seed);
        let key = self.inner.next_key_seed(seed).map_err(Noted::new)?;
        if key.is_some() {
            self.pay::<S::Value, _>().map_err(Noted::new)?;
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
        let visitor = GuardedVisitor::<_, Fields>::new(visitor, self.scope);
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
        let visitor = GuardedVisitor::<_, Fields>::new(visitor, self.scope);
        self.inner
            .struct_variant(fields, visitor)
            .map_err(Noted::new)
    }
}
