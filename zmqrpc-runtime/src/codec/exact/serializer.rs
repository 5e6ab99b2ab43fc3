//! The serializer: passes values to the format's own serializer, and counts their parts.

use std::fmt::Display;
use std::marker::PhantomData;

use serde::ser::{Error as _, Serialize, Serializer};

use super::Rules;
use super::parts::{ExactParts, UNKNOWN};
use crate::codec::Error;
use crate::codec::noted::{Noted, keep_reason};

/// A format's serializer that fails for values that the format could not restore.
pub(in crate::codec) struct Exact<S, R> {
    inner: S,
    /// Whether the value is the content of a `Some`.
    in_some: bool,
    rules: PhantomData<R>,
}

/// A part of a value, which puts an [`Exact`] around the serializer that it is given.
pub(super) struct Part<'v, T: ?Sized, R> {
    value: &'v T,
    in_some: bool,
    rules: PhantomData<R>,
}

impl<'v, T: ?Sized, R> Part<'v, T, R> {
    #[inline]
    pub(super) fn new(value: &'v T) -> Self {
        Self {
            value,
            in_some: false,
            rules: PhantomData,
        }
    }
}

impl<T: Serialize + ?Sized, R: Rules> Serialize for Part<'_, T, R> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let serializer = Exact::<S, R> {
            inner: serializer,
            in_some: self.in_some,
            rules: PhantomData,
        };
        self.value
            .serialize(serializer)
            .map_err(Noted::into_inner_of::<T>)
    }
}

impl<S: Serializer, R: Rules> Exact<S, R> {
    /// Serializes a whole value.
    #[inline]
    pub(in crate::codec) fn serialize<T>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
    where
        T: Serialize + ?Sized,
    {
        Part::<T, R>::new(value).serialize(serializer)
    }

    #[inline]
    fn serialize_nil(self, write: impl FnOnce(S) -> Result<S::Ok, S::Error>) -> Written<S> {
        if !R::HAS_SOME && self.in_some {
            return Err(Noted::new(S::Error::custom(keep_reason(
                Error::SomeOfNothing,
            ))));
        }
        write(self.inner).map_err(Noted::new)
    }

    /// Begins a value of `len` parts, called `name` in errors.
    #[inline]
    fn begin_parts<C>(
        self,
        name: &'static str,
        len: usize,
        begin: impl FnOnce(S) -> Result<C, S::Error>,
    ) -> Result<ExactParts<C, R>, Noted<S::Error>> {
        let inner = begin(self.inner).map_err(Noted::new)?;
        Ok(ExactParts::new(inner, name, len))
    }

    /// Returns the announced number of parts; fails if the format needs one and `len` is `None`.
    #[inline]
    fn announced(len: Option<usize>) -> Result<usize, Noted<S::Error>> {
        match len {
            Some(len) => Ok(len),
            None if R::HAS_NAMES => Ok(UNKNOWN),
            None => Err(Noted::new(S::Error::custom(keep_reason(
                Error::UnknownLength { name: "" },
            )))),
        }
    }
}

type Written<S> = Result<<S as Serializer>::Ok, Noted<<S as Serializer>::Error>>;

/// Forwards `serialize_*` methods for values without parts.
macro_rules! forward {
    ($($method:ident($($name:ident: $arg:ty),*))*) => {$(
        #[inline]
        fn $method(self, $($name: $arg),*) -> Result<Self::Ok, Self::Error> {
            self.inner.$method($($name),*).map_err(Noted::new)
        }
    )*};
}

impl<S: Serializer, R: Rules> Serializer for Exact<S, R> {
    type Ok = S::Ok;
    type Error = Noted<S::Error>;
    type SerializeSeq = ExactParts<S::SerializeSeq, R>;
    type SerializeTuple = ExactParts<S::SerializeTuple, R>;
    type SerializeTupleStruct = ExactParts<S::SerializeTupleStruct, R>;
    type SerializeTupleVariant = ExactParts<S::SerializeTupleVariant, R>;
    type SerializeMap = ExactParts<S::SerializeMap, R>;
    type SerializeStruct = ExactParts<S::SerializeStruct, R>;
    type SerializeStructVariant = ExactParts<S::SerializeStructVariant, R>;

    forward! {
        serialize_bool(value: bool)
        serialize_i8(value: i8) serialize_i16(value: i16) serialize_i32(value: i32)
        serialize_i64(value: i64) serialize_i128(value: i128)
        serialize_u8(value: u8) serialize_u16(value: u16) serialize_u32(value: u32)
        serialize_u64(value: u64) serialize_u128(value: u128)
        serialize_f32(value: f32) serialize_f64(value: f64)
        serialize_char(value: char) serialize_str(value: &str) serialize_bytes(value: &[u8])
        serialize_unit_struct(name: &'static str)
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str)
    }

    #[inline]
    fn serialize_none(self) -> Written<S> {
        self.serialize_nil(S::serialize_none)
    }

    #[inline]
    fn serialize_unit(self) -> Written<S> {
        self.serialize_nil(S::serialize_unit)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written<S> {
        let part = Part::<T, R> {
            value,
            in_some: true,
            rules: PhantomData,
        };
        self.inner.serialize_some(&part).map_err(Noted::new)
    }

    #[inline]
    fn serialize_newtype_struct<T>(self, name: &'static str, value: &T) -> Written<S>
    where
        T: Serialize + ?Sized,
    {
        let part = Part::<T, R> {
            value,
            in_some: self.in_some,
            rules: PhantomData,
        };
        let written = self.inner.serialize_newtype_struct(name, &part);
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
        let part = Part::<T, R>::new(value);
        let written = self
            .inner
            .serialize_newtype_variant(name, index, variant, &part);
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
        self.inner.collect_str(value).map_err(Noted::new)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}
