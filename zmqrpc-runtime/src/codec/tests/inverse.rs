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
