//! The guarded deserializer: passes guarded visitors to the format's own deserializer.

use serde::de::{Deserializer, Visitor};

use super::scope::{Guard, Scope};
use super::visitor::{Declared, GuardedVisitor, Listed};
use crate::codec::postcard::noted::Noted;

/// Forwards `deserialize_*` methods with these arguments, treating the members of sequences and
/// maps as `$kind`.
macro_rules! forward {
    ($kind:ty: $($method:ident($($name:ident: $arg:ty),*))*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(
            self,
            $($name: $arg,)*
            visitor: V,
        ) -> Result<V::Value, Self::Error> {
            let visitor = GuardedVisitor::<V, $kind>::new(visitor, self.scope);
            self.inner.$method($($name,)* visitor).map_err(Noted::new)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Guard<'_, D> {
    type Error = Noted<D::Error>;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let visitor = GuardedVisitor::<V, Listed>::new(visitor, self.scope);
        let result = self.inner.deserialize_any(visitor);
        result.map_err(Scope::explain)
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let visitor = GuardedVisitor::<V, Listed>::new(visitor, self.scope);
        let result = self.inner.deserialize_ignored_any(visitor);
        result.map_err(Scope::explain)
    }

    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let visitor = GuardedVisitor::<V, Listed>::new(visitor, self.scope);
        let result = self.inner.deserialize_identifier(visitor);
        result.map_err(Scope::explain)
    }

    forward! { Listed:
        deserialize_bool()
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64()
        deserialize_char() deserialize_str() deserialize_string()
        deserialize_bytes() deserialize_byte_buf()
        deserialize_option() deserialize_unit()
        deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_seq() deserialize_map()
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    forward! { Declared:
        deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}
