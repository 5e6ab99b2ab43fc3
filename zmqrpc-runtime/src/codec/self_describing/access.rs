//! The parts of a value: elements, entries and variants, each of which knows its name.

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess};

use super::deserializer::FormatDeserializer;
use super::scope::{FormatScope, Key};
use super::visitor::VisitorState;
use super::{FormatVisitor, Rules};
use crate::codec::erased::{
    ErasedEnum, ErasedMap, ErasedSeed, ErasedSeq, ErasedVisitor, Hint, PathStep, ValueError,
};

/// An erased seed as one of serde's.
struct FormatSeed<'s, 'g, 'de, R> {
    seed: &'s mut dyn ErasedSeed<'de>,
    scope: FormatScope<'g, R>,
    key: Option<&'s mut Key<'de>>,
}

impl<'s, 'g, 'de, R: Rules> FormatSeed<'s, 'g, 'de, R> {
    fn new(seed: &'s mut dyn ErasedSeed<'de>, scope: FormatScope<'g, R>) -> Self {
        let scope = scope.with_slot(seed.size());
        Self {
            seed,
            scope,
            key: None,
        }
    }

    fn with_key(self, key: &'s mut Key<'de>) -> Self {
        let key = Some(key);
        Self { key, ..self }
    }
}

impl<'de, R: Rules> DeserializeSeed<'de> for FormatSeed<'_, '_, 'de, R> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<(), D::Error> {
        let Self { seed, scope, key } = self;
        seed.deserialize(&mut FormatDeserializer::new(inner, scope, key))
            .map_err(|error| scope.note(error))
    }
}

/// The members of a sequence, a map or a struct.
pub(super) struct FormatMembers<'g, 'de, A, R> {
    inner: A,
    scope: FormatScope<'g, R>,
    /// Whether the message, rather than the type, determines their number.
    counted: bool,
    /// Whether the members are passed over.
    is_ignored: bool,
    /// The members still to come that were charged on entry, when the message announced them.
    prepaid: usize,
    /// The memory that was charged for each prepaid member.
    size: usize,
    /// The number of members that have been read.
    index: usize,
    /// The last key.
    key: Key<'de>,
}

impl<'g, A, R: Rules> FormatMembers<'g, '_, A, R> {
    /// Returns the members of a struct or tuple: as many as the type has.
    pub(super) fn of_type(inner: A, scope: FormatScope<'g, R>) -> Self {
        Self {
            inner,
            scope,
            counted: false,
            is_ignored: false,
            prepaid: 0,
            size: 0,
            index: 0,
            key: Key::Unknown,
        }
    }

    /// Returns the members of a list or map, of which `prepaid` have been charged.
    pub(super) fn counted(
        inner: A,
        scope: FormatScope<'g, R>,
        prepaid: usize,
        is_ignored: bool,
    ) -> Self {
        Self {
            counted: true,
            is_ignored,
            prepaid,
            ..Self::of_type(inner, scope)
        }
    }

    /// Charges the memory of the prepaid members, now that their size is known.
    ///
    /// So a list that would become too large fails before any of its elements is decoded.
    fn charge_prepaid(&mut self, size: usize) -> Result<(), ValueError> {
        if self.counted && size > self.size {
            let more = size - self.size;
            self.size = size;
            self.scope
                .charge_memory(self.prepaid.saturating_mul(more))?;
        }
        Ok(())
    }

    /// Charges a member of this size that was decoded.
    fn charge_member(&mut self, size: usize) -> Result<(), ValueError> {
        if !self.counted {
            return Ok(());
        }
        // What is passed over has no size either, but takes bytes of the message.
        if size == 0 && !self.is_ignored {
            return self.scope.charge_empty();
        }
        if let Some(prepaid) = self.prepaid.checked_sub(1) {
            self.prepaid = prepaid;
            return Ok(());
        }
        self.scope.charge_elements(1)?;
        self.scope.charge_memory(size)
    }
}

impl<'de, A: SeqAccess<'de>, R: Rules> ErasedSeq<'de> for FormatMembers<'_, 'de, A, R> {
    fn next(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<bool, ValueError> {
        let size = seed.size();
        self.charge_prepaid(size)?;
        let seed = FormatSeed::new(seed, self.scope);
        let element = self.inner.next_element_seed(seed);
        let element =
            element.map_err(|error| self.scope.recall(&error).at(PathStep::Index(self.index)))?;
        if element.is_none() {
            return Ok(false);
        }
        self.index += 1;
        self.charge_member(size)?;
        Ok(true)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>, R: Rules> ErasedMap<'de> for FormatMembers<'_, 'de, A, R> {
    fn next_key(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<bool, ValueError> {
        let size = seed.size();
        self.charge_prepaid(size)?;
        let seed = FormatSeed::new(seed, self.scope).with_key(&mut self.key);
        let key = self.inner.next_key_seed(seed);
        if key.map_err(|error| self.scope.recall(&error))?.is_none() {
            return Ok(false);
        }
        self.charge_member(size)?;
        Ok(true)
    }

    fn next_value(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError> {
        if self.counted {
            self.scope.charge_memory(seed.size())?;
        }
        let seed = FormatSeed::new(seed, self.scope);
        let value = self.inner.next_value_seed(seed);
        value.map_err(|error| self.scope.recall(&error).at(self.key.step()))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// A variant: its name, then what it holds.
pub(super) struct FormatEnum<'g, 'de, A: EnumAccess<'de>, R> {
    named: Option<A>,
    content: Option<A::Variant>,
    scope: FormatScope<'g, R>,
    name: Key<'de>,
}

impl<'g, 'de, A: EnumAccess<'de>, R: Rules> FormatEnum<'g, 'de, A, R> {
    pub(super) fn new(inner: A, scope: FormatScope<'g, R>) -> Self {
        Self {
            named: Some(inner),
            content: None,
            scope,
            name: Key::Unknown,
        }
    }

    /// Reads what the variant holds.
    fn read<E: serde::de::Error>(
        &mut self,
        read: impl FnOnce(A::Variant, FormatScope<'g, R>) -> Result<(), E>,
    ) -> Result<(), ValueError> {
        let content = self.content.take();
        let content = content.ok_or_else(|| ValueError::new("a variant was decoded twice"))?;
        read(content, self.scope).map_err(|error| self.scope.recall(&error).at(self.name.step()))
    }
}

impl<'de, A: EnumAccess<'de>, R: Rules> ErasedEnum<'de> for FormatEnum<'_, 'de, A, R> {
    fn name(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError> {
        let named = self.named.take();
        let named = named.ok_or_else(|| ValueError::new("a variant was decoded twice"))?;
        let seed = FormatSeed::new(seed, self.scope).with_key(&mut self.name);
        let ((), content) = named
            .variant_seed(seed)
            .map_err(|error| self.scope.recall(&error))?;
        self.content = Some(content);
        Ok(())
    }

    fn unit(&mut self) -> Result<(), ValueError> {
        self.read(|content, _| content.unit_variant())
    }

    fn newtype(&mut self, seed: &mut dyn ErasedSeed<'de>) -> Result<(), ValueError> {
        self.read(|content, scope| content.newtype_variant_seed(FormatSeed::new(seed, scope)))
    }

    fn tuple(
        &mut self,
        len: usize,
        visitor: &mut dyn ErasedVisitor<'de>,
    ) -> Result<(), ValueError> {
        self.read(|content, scope| {
            let mut state = VisitorState::new(visitor, Hint::Tuple(len), scope, None);
            content.tuple_variant(len, FormatVisitor(&mut state))
        })
    }

    fn fields(
        &mut self,
        fields: &'static [&'static str],
        visitor: &mut dyn ErasedVisitor<'de>,
    ) -> Result<(), ValueError> {
        self.read(|content, scope| {
            let mut state = VisitorState::new(visitor, Hint::Struct("", fields), scope, None);
            content.struct_variant(fields, FormatVisitor(&mut state))
        })
    }
}
