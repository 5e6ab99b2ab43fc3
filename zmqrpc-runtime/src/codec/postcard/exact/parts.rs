//! The parts of a value: counts them, and rejects skipped ones.

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
};

use super::serializer::Part;
use crate::codec::Error;
use crate::codec::postcard::noted::{Noted, keep_reason};

/// A value that is serialized part by part.
pub(in crate::codec::postcard) struct ExactParts<C> {
    inner: C,
    /// The type's name, or "a list" and the like, for errors.
    name: &'static str,
    announced: usize,
    written: usize,
    /// Whether the key of a map has been written whose value is to come.
    in_entry: bool,
}

impl<C> ExactParts<C> {
    #[inline]
    pub(super) fn new(inner: C, name: &'static str, announced: usize) -> Self {
        Self {
            inner,
            name,
            announced,
            written: 0,
            in_entry: false,
        }
    }

    /// Counts a part, unless it failed: a type that swallows the error is one part short.
    #[inline]
    fn count<E>(&mut self, part: Result<(), E>) -> Result<(), Noted<E>> {
        part.map_err(Noted::new)?;
        self.written += 1;
        Ok(())
    }

    /// Goes on to the value of an entry, or from it to the next key.
    #[inline]
    fn turn<E: ser::Error>(&mut self, in_entry: bool) -> Result<(), Noted<E>> {
        if self.in_entry == in_entry {
            return Err(Noted::new(E::custom(keep_reason(Error::HalfEntry))));
        }
        self.in_entry = in_entry;
        Ok(())
    }

    /// Returns the format's own serializer, if all parts were written.
    #[inline]
    fn finish<E: ser::Error>(self) -> Result<C, Noted<E>> {
        if self.written == self.announced {
            return Ok(self.inner);
        }
        Err(Noted::new(E::custom(keep_reason(Error::Miscounted {
            name: self.name,
            announced: self.announced,
            written: self.written,
        }))))
    }

    /// Rejects a field that the type leaves out.
    fn skip<E: ser::Error>(&self, field: &'static str) -> Result<(), Noted<E>> {
        Err(Noted::new(E::custom(keep_reason(Error::SkippedField {
            name: self.name,
            field,
        }))))
    }
}

/// Implements a trait whose parts are elements or unnamed fields.
macro_rules! unnamed {
    ($($trait:ident::$method:ident)*) => {$(
        impl<C: $trait> $trait for ExactParts<C> {
            type Ok = C::Ok;
            type Error = Noted<C::Error>;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Self::Error> {
                let written = self.inner.$method(&Part::new(value));
                self.count(written)
            }

            #[inline]
            fn end(self) -> Result<C::Ok, Self::Error> {
                self.finish()?.end().map_err(Noted::new)
            }
        }
    )*};
}

unnamed! {
    SerializeSeq::serialize_element
    SerializeTuple::serialize_element
    SerializeTupleStruct::serialize_field
    SerializeTupleVariant::serialize_field
}

/// Implements a trait whose parts are named fields.
macro_rules! named {
    ($($trait:ident)*) => {$(
        impl<C: $trait> $trait for ExactParts<C> {
            type Ok = C::Ok;
            type Error = Noted<C::Error>;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                field: &'static str,
                value: &T,
            ) -> Result<(), Self::Error> {
                let written = self.inner.serialize_field(field, &Part::new(value));
                self.count(written)
            }

            #[inline]
            fn skip_field(&mut self, field: &'static str) -> Result<(), Self::Error> {
                self.skip(field)
            }

            #[inline]
            fn end(self) -> Result<C::Ok, Self::Error> {
                self.finish()?.end().map_err(Noted::new)
            }
        }
    )*};
}

named! { SerializeStruct SerializeStructVariant }

impl<C: SerializeMap> SerializeMap for ExactParts<C> {
    type Ok = C::Ok;
    type Error = Noted<C::Error>;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Self::Error> {
        self.turn(true)?;
        let written = self.inner.serialize_key(&Part::new(key));
        written.map_err(Noted::new)
    }

    /// Counts the entry, which is complete with its value.
    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Self::Error> {
        self.turn(false)?;
        let written = self.inner.serialize_value(&Part::new(value));
        self.count(written)
    }

    #[inline]
    fn end(mut self) -> Result<C::Ok, Self::Error> {
        if self.in_entry {
            self.turn(true)?;
        }
        self.finish()?.end().map_err(Noted::new)
    }
}
