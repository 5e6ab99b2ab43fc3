//! What a type's visitor is shown, and which of it is passed on.
//!
//! Serde's visitors have a method for whatever a format may find, and most of these refuse it. Each would be compiled for
//! each type. So those alone are that a type's question leads to where the format knows what comes, and for all else the
//! refusal is here, once, in serde's words.

use serde::de::{Error, Expected, Unexpected, Visitor};

use super::deserializer::{TypedDeserializer, TypedEnum, TypedMap, TypedSeq};
use super::{ErasedDeserializer, ErasedEnum, ErasedMap, ErasedSeq, Scalar, ValueError};

/// What a format has found.
pub(crate) enum Visit<'a, 'de> {
    Scalar(Scalar<'a, 'de>),
    Some(&'a mut dyn ErasedDeserializer<'de>),
    NewtypeStruct(&'a mut dyn ErasedDeserializer<'de>),
    Seq(&'a mut dyn ErasedSeq<'de>),
    Map(&'a mut dyn ErasedMap<'de>),
    Variant(&'a mut dyn ErasedEnum<'de>),
}

/// What a type has asked for, and what its visitor is shown then.
pub(super) trait Wanted {
    /// Shows a visitor what was found, or refuses it.
    fn show<'de, V: Visitor<'de>>(
        visitor: V,
        found: Visit<'_, 'de>,
    ) -> Result<V::Value, ValueError>;
}

macro_rules! wanted {
    ($($(#[$docs:meta])* $name:ident: $($found:ident)*;)*) => {$(
        $(#[$docs])*
        pub(super) struct $name;

        impl Wanted for $name {
            fn show<'de, V: Visitor<'de>>(
                visitor: V,
                found: Visit<'_, 'de>,
            ) -> Result<V::Value, ValueError> {
                match found {
                    $(wanted!(@ $found value) => wanted!(@ $found visitor value),)*
                    #[allow(unreachable_patterns, reason = "some take all")]
                    other => Err(refusal(&other, &visitor)),
                }
            }
        }
    )*};

    (@ Bool $value:ident) => { Visit::Scalar(Scalar::Bool($value)) };
    (@ I64 $value:ident) => { Visit::Scalar(Scalar::I64($value)) };
    (@ I128 $value:ident) => { Visit::Scalar(Scalar::I128($value)) };
    (@ U64 $value:ident) => { Visit::Scalar(Scalar::U64($value)) };
    (@ U128 $value:ident) => { Visit::Scalar(Scalar::U128($value)) };
    (@ F32 $value:ident) => { Visit::Scalar(Scalar::F32($value)) };
    (@ F64 $value:ident) => { Visit::Scalar(Scalar::F64($value)) };
    (@ Str $value:ident) => { Visit::Scalar(Scalar::Str($value)) };
    (@ BorrowedStr $value:ident) => { Visit::Scalar(Scalar::BorrowedStr($value)) };
    (@ Bytes $value:ident) => { Visit::Scalar(Scalar::Bytes($value)) };
    (@ BorrowedBytes $value:ident) => { Visit::Scalar(Scalar::BorrowedBytes($value)) };
    (@ ByteBuf $value:ident) => { Visit::Scalar(Scalar::ByteBuf($value)) };
    (@ None $value:ident) => { Visit::Scalar(Scalar::None) };
    (@ Unit $value:ident) => { Visit::Scalar(Scalar::Unit) };
    (@ Some $value:ident) => { Visit::Some($value) };
    (@ NewtypeStruct $value:ident) => { Visit::NewtypeStruct($value) };
    (@ Seq $value:ident) => { Visit::Seq($value) };
    (@ Map $value:ident) => { Visit::Map($value) };
    (@ Variant $value:ident) => { Visit::Variant($value) };

    (@ Bool $visitor:ident $value:ident) => { $visitor.visit_bool($value) };
    (@ I64 $visitor:ident $value:ident) => { $visitor.visit_i64($value) };
    (@ I128 $visitor:ident $value:ident) => { $visitor.visit_i128($value) };
    (@ U64 $visitor:ident $value:ident) => { $visitor.visit_u64($value) };
    (@ U128 $visitor:ident $value:ident) => { $visitor.visit_u128($value) };
    (@ F32 $visitor:ident $value:ident) => { $visitor.visit_f32($value) };
    (@ F64 $visitor:ident $value:ident) => { $visitor.visit_f64($value) };
    (@ Str $visitor:ident $value:ident) => { $visitor.visit_str($value) };
    (@ BorrowedStr $visitor:ident $value:ident) => { $visitor.visit_borrowed_str($value) };
    (@ Bytes $visitor:ident $value:ident) => { $visitor.visit_bytes($value) };
    (@ BorrowedBytes $visitor:ident $value:ident) => { $visitor.visit_borrowed_bytes($value) };
    (@ ByteBuf $visitor:ident $value:ident) => { $visitor.visit_byte_buf($value) };
    (@ None $visitor:ident $value:ident) => { $visitor.visit_none() };
    (@ Unit $visitor:ident $value:ident) => { $visitor.visit_unit() };
    (@ Some $visitor:ident $value:ident) => { $visitor.visit_some(TypedDeserializer($value)) };
    (@ NewtypeStruct $visitor:ident $value:ident) => {
        $visitor.visit_newtype_struct(TypedDeserializer($value))
    };
    (@ Seq $visitor:ident $value:ident) => { $visitor.visit_seq(TypedSeq($value)) };
    (@ Map $visitor:ident $value:ident) => { $visitor.visit_map(TypedMap($value)) };
    (@ Variant $visitor:ident $value:ident) => { $visitor.visit_enum(TypedEnum($value)) };
}

wanted! {
    /// Whatever it is.
    WantsAny: Bool I64 I128 U64 U128 F32 F64 Str BorrowedStr Bytes BorrowedBytes ByteBuf None Unit Some NewtypeStruct
        Seq Map Variant;
    /// The name of a field or a variant, or its number. A struct with a flattened part takes keys of any kind.
    WantsName: Bool I64 U64 F32 F64 Str BorrowedStr Bytes BorrowedBytes ByteBuf Unit;
    WantsBool: Bool;
    /// A number of at most 64 bits; formats do not tell all kinds apart.
    WantsNumber: I64 U64 F32 F64;
    WantsWideNumber: I64 I128 U64 U128 F32 F64;
    WantsText: Str BorrowedStr Bytes BorrowedBytes ByteBuf;
    WantsBytes: Str BorrowedStr Bytes BorrowedBytes ByteBuf Seq;
    WantsOption: None Unit Some;
    /// No value, which callers spell in many ways.
    WantsUnit: None Unit Seq Map;
    /// A struct of one field without a name. Some ask for something else under a name that a format knows.
    WantsNewtype: NewtypeStruct Seq Map;
    WantsSeq: Seq;
    /// Nil is an empty one to some.
    WantsMap: Unit Map;
    /// Of a struct.
    WantsStruct: Seq Map;
    WantsEnum: Variant;
}

/// Returns the error of a visitor that does not take what was found.
#[cold]
fn refusal(found: &Visit<'_, '_>, expected: &dyn Expected) -> ValueError {
    let text;
    let found = match found {
        Visit::Scalar(scalar) => match scalar {
            Scalar::Bool(value) => Unexpected::Bool(*value),
            Scalar::I64(value) => Unexpected::Signed(*value),
            Scalar::U64(value) => Unexpected::Unsigned(*value),
            Scalar::I128(value) => {
                text = format!("integer `{value}` as i128");
                Unexpected::Other(&text)
            }
            Scalar::U128(value) => {
                text = format!("integer `{value}` as u128");
                Unexpected::Other(&text)
            }
            Scalar::F32(value) => Unexpected::Float(f64::from(*value)),
            Scalar::F64(value) => Unexpected::Float(*value),
            Scalar::Str(text) | Scalar::BorrowedStr(text) => Unexpected::Str(text),
            Scalar::Bytes(bytes) | Scalar::BorrowedBytes(bytes) => Unexpected::Bytes(bytes),
            Scalar::ByteBuf(bytes) => Unexpected::Bytes(bytes),
            Scalar::None => Unexpected::Option,
            Scalar::Unit => Unexpected::Unit,
        },
        Visit::Some(_) => Unexpected::Option,
        Visit::NewtypeStruct(_) => Unexpected::NewtypeStruct,
        Visit::Seq(_) => Unexpected::Seq,
        Visit::Map(_) => Unexpected::Map,
        Visit::Variant(_) => Unexpected::Enum,
    };
    ValueError::invalid_type(found, expected)
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;
    use crate::codec::erased::{ErasedSeed, ErasedVisitor, Hint};

    /// Refuses whatever it is shown.
    struct Refuses;

    impl Visitor<'_> for Refuses {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("peace")
        }
    }

    fn scalars() -> Vec<Scalar<'static, 'static>> {
        vec![
            Scalar::Bool(true),
            Scalar::I64(-1),
            Scalar::U64(1),
            Scalar::I128(i128::MIN),
            Scalar::U128(u128::MAX),
            Scalar::F32(0.5),
            Scalar::F64(-0.5),
            Scalar::Str("a"),
            Scalar::BorrowedStr("a"),
            Scalar::Bytes(&[1]),
            Scalar::BorrowedBytes(&[1]),
            Scalar::ByteBuf(vec![1]),
            Scalar::None,
            Scalar::Unit,
        ]
    }

    #[test]
    fn what_a_type_did_not_ask_for_is_refused_in_the_words_of_serde() {
        for (ours, serdes) in scalars().into_iter().zip(scalars()) {
            let by_serde = WantsAny::show(Refuses, Visit::Scalar(serdes));
            let ours = Visit::Scalar(ours);
            let here = refusal(&ours, &Refuses).to_string();
            assert_eq!(here, by_serde.unwrap_err().to_string());
            assert!(WantsEnum::show(Refuses, ours).is_err_and(|error| error.to_string() == here));
        }
    }

    /// Nothing at all: an empty list, an empty map, and what is read no further.
    struct Empty;

    impl<'de> ErasedDeserializer<'de> for Empty {
        fn deserialize(
            &mut self,
            _: Hint,
            visitor: &mut dyn ErasedVisitor<'de>,
        ) -> Result<(), ValueError> {
            visitor.scalar(Scalar::Unit)
        }

        fn is_human_readable(&self) -> bool {
            false
        }
    }

    impl<'de> ErasedSeq<'de> for Empty {
        fn next(&mut self, _: &mut dyn ErasedSeed<'de>) -> Result<bool, ValueError> {
            Ok(false)
        }

        fn size_hint(&self) -> Option<usize> {
            None
        }
    }

    #[test]
    fn parts_that_a_type_did_not_ask_for_are_refused_in_the_words_of_serde() {
        let values: [fn(&mut Empty) -> Visit<'_, 'static>; 3] = [
            |empty| Visit::Some(empty),
            |empty| Visit::NewtypeStruct(empty),
            |empty| Visit::Seq(empty),
        ];
        for value in values {
            let by_serde = WantsAny::show(Refuses, value(&mut Empty)).unwrap_err();
            let here = WantsBool::show(Refuses, value(&mut Empty)).unwrap_err();
            assert_eq!(here.to_string(), by_serde.to_string());
        }
    }

    #[test]
    fn what_a_type_asked_for_is_shown_to_it() {
        struct Counts;

        impl Visitor<'_> for Counts {
            type Value = u64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_u64<E>(self, value: u64) -> Result<u64, E> {
                Ok(value)
            }
        }

        let five = || Visit::Scalar(Scalar::U64(5));
        assert!(WantsNumber::show(Counts, five()).is_ok_and(|shown| shown == 5));
        assert!(WantsName::show(Counts, five()).is_ok_and(|shown| shown == 5));
        assert!(WantsText::show(Counts, five()).is_err());
    }
}
