//! Records what a value writes: a serializer without a format.

use serde::de::value::Error;
use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::trace::{Step, Trace};

/// A serializer for one part of a value, and the trace's index of the struct that it is in.
#[derive(Clone, Copy)]
pub(super) struct Recorder<'t> {
    trace: &'t Trace,
    index: Option<usize>,
}

impl<'t> Recorder<'t> {
    pub(super) fn on(trace: &'t Trace) -> Self {
        Self { trace, index: None }
    }

    fn fields(self, name: &'static str) -> Self {
        let index = self.trace.push(Step::Fields(name, 0));
        Self {
            index: Some(index),
            ..self
        }
    }

    fn part<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        if let Some(index) = self.index {
            self.trace.add_field(index);
        }
        value.serialize(Self::on(self.trace))
    }
}

/// Accepts scalars.
macro_rules! accept_scalars {
    ($($method:ident($($type:ty),*))*) => {$(
        fn $method(self, $(_: $type),*) -> Result<(), Error> {
            Ok(())
        }
    )*};
}

impl Serializer for Recorder<'_> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    accept_scalars! {
        serialize_bool(bool)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
        serialize_u128(u128)
        serialize_f32(f32) serialize_f64(f64)
        serialize_char(char) serialize_str(&str) serialize_bytes(&[u8])
        serialize_none() serialize_unit() serialize_unit_struct(&'static str)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        number: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.trace.push(Step::Variant(name, number, variant));
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        number: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.trace.push(Step::Variant(name, number, variant));
        value.serialize(Self::on(self.trace))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Error> {
        Ok(Self::on(self.trace))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Error> {
        Ok(Self::on(self.trace))
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self.fields(name))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        number: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, Error> {
        self.trace.push(Step::Variant(name, number, variant));
        Ok(self.fields(name))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Error> {
        Ok(Self::on(self.trace))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self.fields(name))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        number: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, Error> {
        self.trace.push(Step::Variant(name, number, variant));
        Ok(self.fields(name))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// Accepts parts, one after the other.
macro_rules! accept_parts {
    ($($trait:ident: $($method:ident)*;)*) => {$(
        impl $trait for Recorder<'_> {
            type Ok = ();
            type Error = Error;

            $(
                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                    self.part(value)
                }
            )*

            fn end(self) -> Result<(), Error> {
                Ok(())
            }
        }
    )*};
}

accept_parts! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
    SerializeMap: serialize_key serialize_value;
}

/// Accepts named fields, including fields that this value leaves out: `exact` rejects those.
macro_rules! accept_fields {
    ($($trait:ident)*) => {$(
        impl $trait for Recorder<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                _: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.part(value)
            }

            fn skip_field(&mut self, _: &'static str) -> Result<(), Error> {
                self.part(&())
            }

            fn end(self) -> Result<(), Error> {
                Ok(())
            }
        }
    )*};
}

accept_fields! { SerializeStruct SerializeStructVariant }
