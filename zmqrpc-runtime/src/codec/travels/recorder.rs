//! Notes what a value writes, without writing it: the serializer of no format.

use serde::de::value::Error;
use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::trail::{Step, Trail};

/// A place in a value, and in the trail if that is a struct's.
#[derive(Clone, Copy)]
pub(super) struct Recorder<'t> {
    trail: &'t Trail,
    place: Option<usize>,
}

impl<'t> Recorder<'t> {
    pub(super) fn on(trail: &'t Trail) -> Self {
        Self { trail, place: None }
    }

    fn fields(self, name: &'static str) -> Self {
        let place = self.trail.note(Step::Fields(name, 0));
        Self {
            place: Some(place),
            ..self
        }
    }

    fn part<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        if let Some(place) = self.place {
            self.trail.add_field(place);
        }
        value.serialize(Self::on(self.trail))
    }
}

/// Takes scalars.
macro_rules! take {
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

    take! {
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
        self.trail.note(Step::Variant(name, number, variant));
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
        self.trail.note(Step::Variant(name, number, variant));
        value.serialize(Self::on(self.trail))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Error> {
        Ok(Self::on(self.trail))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Error> {
        Ok(Self::on(self.trail))
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
        self.trail.note(Step::Variant(name, number, variant));
        Ok(self.fields(name))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Error> {
        Ok(Self::on(self.trail))
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
        self.trail.note(Step::Variant(name, number, variant));
        Ok(self.fields(name))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// Takes parts, one after the other.
macro_rules! take_parts {
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

take_parts! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
    SerializeMap: serialize_key serialize_value;
}

/// Takes named fields, those too that are left out of this value: `exact` refuses them.
macro_rules! take_fields {
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

take_fields! { SerializeStruct SerializeStructVariant }
