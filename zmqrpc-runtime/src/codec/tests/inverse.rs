//! Decoding undoes encoding, for any value of a type with parts of every kind.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::{Bytes, Codec, Error};
use super::{CODECS, encoded};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u64,
    wide: (i128, u128),
    note: Option<String>,
    lines: Vec<Line>,
    tags: BTreeMap<String, Shape>,
    blob: Vec<u8>,
    nothing: (),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Line(char, f64, [i16; 3]);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Empty,
    Circle(f32),
    Box { width: i8, height: u32 },
    Group(Vec<Shape>, bool),
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Empty),
        any::<f32>()
            .prop_filter("equal to itself", |x| !x.is_nan())
            .prop_map(Shape::Circle),
        (any::<i8>(), any::<u32>()).prop_map(|(width, height)| Shape::Box { width, height }),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        (vec(inner, 0..4), any::<bool>()).prop_map(|(shapes, flag)| Shape::Group(shapes, flag))
    })
}

fn line() -> impl Strategy<Value = Line> {
    let number = any::<f64>().prop_filter("equal to itself", |x| !x.is_nan());
    (any::<char>(), number, any::<[i16; 3]>())
        .prop_map(|(char, number, numbers)| Line(char, number, numbers))
}

prop_compose! {
    fn order()(
        id in any::<u64>(),
        wide in any::<(i128, u128)>(),
        note in option::of(any::<String>()),
        lines in vec(line(), 0..4),
        tags in btree_map(any::<String>(), shape(), 0..4),
        blob in vec(any::<u8>(), 0..64),
    ) -> Order {
        Order { id, wide, note, lines, tags, blob, nothing: () }
    }
}

proptest! {
    // Each case decodes once for each of its bytes.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn decoding_undoes_encoding(order in order()) {
        for codec in CODECS {
            let bytes = encoded(codec, &order);
            prop_assert_eq!(&codec.decode::<Order>(&bytes).unwrap(), &order);
        }
    }

    /// What peers of older versions and of other languages know.
    #[test]
    fn messagepack_is_what_rmp_serde_writes(order in order()) {
        let theirs = rmp_serde::to_vec_named(&order).unwrap();
        prop_assert_eq!(encoded(Codec::MessagePack, &order), theirs);
    }

    #[test]
    fn every_truncation_is_an_error(order in order()) {
        for codec in CODECS {
            let bytes = encoded(codec, &order);
            for end in 0..bytes.len() {
                prop_assert!(codec.decode::<Order>(&bytes[..end]).is_err(), "cut at {}", end);
            }
        }
    }

    #[test]
    fn what_follows_the_value_is_counted(order in order(), rest in vec(any::<u8>(), 1..9)) {
        for codec in CODECS {
            let mut bytes = encoded(codec, &order);
            // White space may follow JSON.
            let rest = if codec == Codec::Json { rest.trim_ascii_start() } else { &rest[..] };
            bytes.extend(rest);
            match codec.decode::<Order>(&bytes) {
                Ok(_) => prop_assert!(rest.is_empty()),
                Err(error) => prop_assert_eq!(error, Error::Trailing { count: rest.len() }),
            }
        }
    }

    #[test]
    fn whole_bytes_survive_by_either_path(blob in vec(any::<u8>(), 0..300)) {
        for codec in CODECS {
            let mut bytes = Vec::new();
            codec.encode_value(&blob, &mut bytes, usize::MAX).unwrap();
            prop_assert_eq!(&codec.decode_value::<Vec<u8>>(&bytes).unwrap(), &blob);
            prop_assert_eq!(&*codec.decode::<Bytes<'_>>(&bytes).unwrap(), &blob[..]);
            // A list of numbers, as an untyped caller sends it.
            let list = encoded(codec, &blob);
            prop_assert_eq!(&codec.decode_value::<Vec<u8>>(&list).unwrap(), &blob);
        }
    }
}

#[test]
fn whole_bytes_are_the_same_in_postcard_by_either_path() {
    let blob: Vec<u8> = (0..=255).collect();
    let mut bytes = Vec::new();
    Codec::Postcard
        .encode_value(&blob, &mut bytes, usize::MAX)
        .unwrap();
    assert_eq!(bytes, encoded(Codec::Postcard, &blob));

    let blob = Some(blob);
    let mut bytes = Vec::new();
    Codec::Postcard
        .encode_value(&blob, &mut bytes, usize::MAX)
        .unwrap();
    assert_eq!(bytes, encoded(Codec::Postcard, &blob));
}

#[test]
fn whole_bytes_are_bin_in_messagepack() {
    let mut bytes = Vec::new();
    Codec::MessagePack
        .encode_value(&vec![1_u8, 200], &mut bytes, usize::MAX)
        .unwrap();
    assert_eq!(bytes, [0xC4, 2, 1, 200]);
}

#[test]
fn optional_bytes_and_other_values_take_the_right_path() {
    for codec in CODECS {
        for value in [None, Some(vec![]), Some(vec![0_u8, 255])] {
            let mut bytes = Vec::new();
            codec.encode_value(&value, &mut bytes, usize::MAX).unwrap();
            assert_eq!(
                codec.decode_value::<Option<Vec<u8>>>(&bytes).unwrap(),
                value
            );
        }
        let mut bytes = Vec::new();
        codec
            .encode_value(&(7_u32, "x"), &mut bytes, usize::MAX)
            .unwrap();
        let value = codec.decode_value::<(u32, String)>(&bytes).unwrap();
        assert_eq!(value, (7, "x".to_owned()));
    }
}

/// An extension type, as `rmp-serde` spells it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "_ExtStruct")]
struct Extension((i8, Blob));

#[derive(Debug, PartialEq)]
struct Blob(Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Bytes::new(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Bytes::deserialize(deserializer).map(|bytes| Self(bytes.into_vec()))
    }
}

#[test]
fn extension_types_and_flattened_fields_are_what_rmp_serde_writes() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        first: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, Vec<u16>>,
    }
    let extension = vec![Some(Extension((5, Blob(vec![1, 2, 3]))))];
    let bytes = encoded(Codec::MessagePack, &extension);
    assert_eq!(bytes, rmp_serde::to_vec_named(&extension).unwrap());
    let back = Codec::MessagePack.decode::<Vec<Option<Extension>>>(&bytes);
    assert_eq!(back, Ok(extension));
    for count in [0, 14, 15, 16, 60_000_u16] {
        let rest = (0..count).map(|number| (format!("{number:x}"), vec![number]));
        let flat = Flat {
            first: 1,
            rest: rest.collect(),
        };
        let bytes = encoded(Codec::MessagePack, &flat);
        assert_eq!(bytes, rmp_serde::to_vec_named(&flat).unwrap());
        assert_eq!(Codec::MessagePack.decode::<Flat>(&bytes), Ok(flat));
    }
    let wrong = Codec::MessagePack.encode(&WrongExtension(7), &mut Vec::new(), 100);
    assert!(
        wrong
            .unwrap_err()
            .to_string()
            .contains("a pair of an `i8` and bytes")
    );
}

#[derive(Serialize)]
#[serde(rename = "_ExtStruct")]
struct WrongExtension(u8);

/// Some types are one thing for 32 bits and another for 64.
#[test]
fn floats_of_32_bits_are_told_from_those_of_64() {
    #[derive(Debug, PartialEq)]
    enum Float {
        Single(f32),
        Double(f64),
    }
    impl<'de> Deserialize<'de> for Float {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl serde::de::Visitor<'_> for Visitor {
                type Value = Float;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a float")
                }
                fn visit_f32<E>(self, value: f32) -> Result<Float, E> {
                    Ok(Float::Single(value))
                }
                fn visit_f64<E>(self, value: f64) -> Result<Float, E> {
                    Ok(Float::Double(value))
                }
            }
            deserializer.deserialize_any(Visitor)
        }
    }
    let floats = encoded(Codec::MessagePack, &(1.5_f32, 1.5_f64));
    let floats = Codec::MessagePack
        .decode::<(Float, Float)>(&floats)
        .unwrap();
    assert_eq!(floats, (Float::Single(1.5), Float::Double(1.5)));
}

#[test]
fn a_negative_number_is_no_large_one() {
    let error = Codec::MessagePack.decode::<u128>(b"\xFF").unwrap_err();
    assert!(
        error.to_string().contains("integer `-1`, expected u128"),
        "{error}"
    );
    for (body, number) in [
        (&b"\x07"[..], 7),
        (b"\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", u64::MAX.into()),
    ] {
        assert_eq!(Codec::MessagePack.decode::<u128>(body), Ok(number));
        assert_eq!(
            Codec::MessagePack.decode::<i128>(body),
            Ok(number.cast_signed())
        );
    }
    let error = Codec::MessagePack
        .decode::<u128>(b"\xC4\x01\x07")
        .unwrap_err();
    assert!(error.to_string().contains("expected u128"), "{error}");
}
