//! The serializer: passes values to postcard's own, and counts their parts.

use std::fmt::Display;

use serde::ser::{Error as _, Serialize, Serializer};

use super::parts::ExactParts;
use crate::codec::Error;
use crate::codec::postcard::noted::{Noted, keep_reason};

/// A serializer that fails for values that it could not restore.
pub(in crate::codec::postcard) struct Exact<S>(S);

/// A part of a value, which puts an [`Exact`] around the serializer that it is given.
pub(super) struct Part<'v, T: ?Sized>(&'v T);

impl<'v, T: ?Sized> Part<'v, T> {
    #[inline]
    pub(super) fn new(value: &'v T) -> Self {
        Self(value)
    }
}

impl<T: Serialize + ?Sized> Serialize for Part<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0
            .serialize(Exact(serializer))
            .map_err(Noted::into_inner_of::<T>)
    }
}

impl<S: Serializer> Exact<S> {
    /// Serializes a whole value.
    #[inline]
    pub(in crate::codec::postcard) fn serialize<T>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error>
    where
        T: Serialize + ?Sized,
    {
        Part::new(value).serialize(serializer)
    }

    /// Begins a value of `len` parts, called `name` in errors.
    #[inline]
    fn begin_parts<C>(
        self,
        name: &'static str,
        len: usize,
        begin: impl FnOnce(S) -> Result<C, S::Error>,
    ) -> Result<ExactParts<C>, Noted<S::Error>> {
        let inner = begin(self.0).map_err(Noted::new)?;
        Ok(ExactParts::new(inner, name, len))
    }

    /// Returns the announced number of parts; fails if there is none, as postcard writes it first.
    #[inline]
    fn announced(len: Option<usize>) -> Result<usize, Noted<S::Error>> {
        len.ok_or_else(|| {
            Noted::new(S::Error::custom(keep_reason(Error::UnknownLength {
                name: "",
            })))
        })
    }
}

type Written<S> = Result<<S as Serializer>::Ok, Noted<<S as Serializer>::Error>>;

/// Forwards `serialize_*` methods for values without parts.
macro_rules! forward {
    ($($method:ident($($name:ident: $arg:ty),*))*) => {$(
        #[inline]
        fn $method(self, $($name: $arg),*) -> Result<Self::Ok, Self::Error> {
            self.0.$method($($name),*).map_err(Noted::new)
        }
    )*};
}

impl<S: Serializer> Serializer for Exact<S> {
    type Ok = S::Ok;
    type Error = Noted<S::Error>;
    type SerializeSeq = ExactParts<S::SerializeSeq>;
    type SerializeTuple = ExactParts<S::SerializeTuple>;
    type SerializeTupleStruct = ExactParts<S::SerializeTupleStruct>;
    type SerializeTupleVariant = ExactParts<S::SerializeTupleVariant>;
    type SerializeMap = ExactParts<S::SerializeMap>;
    type SerializeStruct = ExactParts<S::SerializeStruct>;
    type SerializeStructVariant = ExactParts<S::SerializeStructVariant>;

    forward! {
        serialize_bool(value: bool)
        serialize_i8(value: i8) serialize_i16(value: i16) serialize_i32(value: i32)
        serialize_i64(value: i64) serialize_i128(value: i128)
        serialize_u8(value: u8) serialize_u16(value: u16) serialize_u32(value: u32)
        serialize_u64(value: u64) serialize_u128(value: u128)
        serialize_f32(value: f32) serialize_f64(value: f64)
        serialize_none() serialize_unit()
        serialize_char(value: char) serialize_str(value: &str) serialize_bytes(value: &[u8])
        serialize_unit_struct(name: &'static str)
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written<S> {
        self.0.serialize_some(&Part(value)).map_err(Noted::new)
    }

    #[inline]
    fn serialize_newtype_struct<T>(self, name: &'static str, value: &T) -> Written<S>
    where
        T: Serialize + ?Sized,
    {
        let written = self.0.serialize_newtype_struct(name, &Part(value));
        written.map_err(Noted::new)
    }

    #[inline]
    fn serialize_newtype_variant<T>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Written<S>
    where
        T: Serialize + ?Sized,
    {
        let written = self
            .0
            .serialize_newtype_variant(name, index, variant, &Part(value));
        written.map_err(Noted::new)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, Self::Error> {
        let announced = Self::announced(len)?;
        self.begin_parts("a list", announced, |inner| inner.serialize_seq(len))
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, Self::Error> {
        let announced = Self::announced(len)?;
        self.begin_parts("a map", announced, |inner| inner.serialize_map(len))
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, Self::Error> {
        self.begin_parts("a tuple", len, |inner| inner.serialize_tuple(len))
    }

    #[inline]
    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, Self::Error> {
        self.begin_parts(name, len, |inner| inner.serialize_tuple_struct(name, len))
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, Self::Error> {
        self.begin_parts(name, len, |inner| {
            inner.serialize_tuple_variant(name, index, variant, len)
        })
    }

    #[inline]
    fn serialize_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, Self::Error> {
        self.begin_parts(name, len, |inner| inner.serialize_struct(name, len))
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, Self::Error> {
        self.begin_parts(name, len, |inner| {
            inner.serialize_struct_variant(name, index, variant, len)
        })
    }

    #[inline]
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Written<S> {
        self.0.collect_str(value).map_err(Noted::new)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}
