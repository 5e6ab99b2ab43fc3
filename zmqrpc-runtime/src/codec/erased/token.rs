//! Writing: a value as a row of tokens.

use serde::Serialize;

use super::ValueError;
use super::serializer::TokenSerializer;

/// One step of a value's `Serialize`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Token<'a> {
    Bool(bool),
    I64(i64),
    I128(i128),
    U64(u64),
    U128(u128),
    F32(f32),
    F64(f64),
    Char(char),
    Str(&'a str),
    Bytes(&'a [u8]),
    None,
    /// Before the value of an `Option`.
    Some,
    /// Before the value of a struct with one unnamed field, which has this name.
    #[cfg_attr(not(feature = "msgpack"), allow(dead_code))]
    Newtype(&'static str),
    Unit,
    UnitStruct,
    /// A variant without fields.
    UnitVariant(VariantName),
    /// A variant with fields: one value follows, and the variant's [`End`](Self::End).
    Variant(VariantName),
    /// Begins a sequence, a tuple, a map or a struct: its name, and how many parts it announces.
    Seq(Option<usize>),
    Tuple(&'static str, usize),
    Map(Option<usize>),
    Struct(&'static str, usize),
    /// Before an element of a sequence or tuple.
    Element,
    /// Before a key of a map.
    Key,
    /// Before a value of a map.
    Value,
    /// Before the value of a struct's field.
    Field(&'static str),
    /// Ends what was begun last.
    End,
}

/// Which variant of which enum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VariantName {
    /// The enum.
    pub(crate) of: &'static str,
    /// The variant's number, by which postcard knows it.
    pub(crate) number: u32,
    pub(crate) name: &'static str,
}

/// The name of tuples, which have none.
pub(crate) const TUPLE: &str = "a tuple";

/// Where tokens go: a format.
pub(crate) trait TokenSink {
    fn put(&mut self, token: Token<'_>) -> Result<(), ValueError>;

    /// Tells that a part of the value has failed after some of its tokens. What was put is then of no use, also if the
    /// type ignores the error and goes on.
    fn abandon(&mut self);

    fn is_human_readable(&self) -> bool;
}

/// A value whose type is forgotten.
pub(crate) trait ErasedSerialize {
    fn serialize(&self, sink: &mut dyn TokenSink) -> Result<(), ValueError>;
}

impl<T: Serialize> ErasedSerialize for T {
    fn serialize(&self, sink: &mut dyn TokenSink) -> Result<(), ValueError> {
        Serialize::serialize(self, TokenSerializer(sink))
    }
}
