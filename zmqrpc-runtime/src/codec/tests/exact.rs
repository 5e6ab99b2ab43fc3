//! Values that a codec could not restore fail at the sender.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::ser::{Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple};
use serde::{Deserialize, Serialize, Serializer};

use super::super::{Codec, Error};
use super::{CODECS, SELF_DESCRIBING, encoded};

fn encode_error<T: Serialize + ?Sized>(codec: Codec, value: &T) -> Error {
    let mut out = b"head".to_vec();
    let error = codec.encode(value, &mut out, usize::MAX).unwrap_err();
    assert_eq!(out, b"head");
    error
}

fn assert_round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(codec: Codec, value: &T) {
    assert_eq!(&codec.decode::<T>(&encoded(codec, value)).unwrap(), value);
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Transfer {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
    accounts: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Order {
    Move {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        from: Vec<u8>,
        to: Vec<u8>,
    },
}

#[test]
fn a_field_that_is_left_out_is_refused_where_there_are_no_names() {
    let transfer = Transfer {
        dry_run: false,
        accounts: vec![0],
        note: Some("x".to_owned()),
    };
    assert_eq!(
        encode_error(Codec::Postcard, &(7, vec![transfer.clone()])),
        Error::SkippedField {
            name: "Transfer",
            field: "dry_run"
        }
    );
    assert_round_trip(Codec::MessagePack, &transfer);

    let order = Order::Move {
        from: Vec::new(),
        to: vec![1],
    };
    let error = encode_error(Codec::Postcard, &order);
    assert_eq!(
        error.to_string(),
        "`Order` leaves out its field `from` (`skip_serializing_if`), which shifts all that follows, \
         since there are no names by key: remove the attribute, or call by name"
    );
    assert_round_trip(Codec::MessagePack, &order);

    let whole = Transfer {
        dry_run: true,
        ..transfer
    };
    for codec in CODECS {
        assert_round_trip(codec, &whole);
    }
}

/// Announces one number of parts and writes another.
struct Wrong(&'static str);

impl Serialize for Wrong {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            "a list" => {
                let mut list = serializer.serialize_seq(Some(3))?;
                list.serialize_element(&1)?;
                list.end()
            }
            "a map" => {
                let mut map = serializer.serialize_map(Some(0))?;
                map.serialize_entry("key", &1)?;
                map.end()
            }
            "a tuple" => {
                let mut tuple = serializer.serialize_tuple(1)?;
                tuple.serialize_element(&1)?;
                tuple.serialize_element(&2)?;
                tuple.end()
            }
            name => {
                let mut fields = serializer.serialize_struct(name, 2)?;
                fields.serialize_field("one", &1)?;
                fields.end()
            }
        }
    }
}

#[test]
fn a_wrong_number_of_parts_is_refused() {
    for codec in CODECS {
        for (name, announced, written) in [
            ("a list", 3, 1),
            ("a map", 0, 1),
            ("a tuple", 1, 2),
            ("Pair", 2, 1),
        ] {
            let error = Error::Miscounted {
                name,
                announced,
                written,
            };
            assert_eq!(encode_error(codec, &(Wrong(name), 7)), error);
        }
    }
}

/// Writes a row of keys (`k`) and values (`v`), and announces so many entries.
struct Entries(&'static str, Option<usize>);

impl Serialize for Entries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(self.1)?;
        for part in self.0.chars() {
            match part {
                'k' => map.serialize_key("key")?,
                _ => map.serialize_value(&1)?,
            }
        }
        map.end()
    }
}

/// A receiver would take a key for a value, or what follows the map for a part of it.
#[test]
fn a_key_without_a_value_and_a_value_without_a_key_are_refused() {
    for (row, announced) in [("kvk", 1), ("v", 1), ("kkvv", 2), ("vk", 1), ("kvv", 2)] {
        for codec in CODECS {
            let entries = Entries(row, Some(announced));
            let error = encode_error(codec, &(entries, 7));
            assert_eq!(error, Error::HalfEntry, "{row} in {}", codec.name());
        }
        for codec in SELF_DESCRIBING {
            let error = encode_error(codec, &Entries(row, None));
            assert_eq!(error, Error::HalfEntry, "{row} in {}", codec.name());
        }
    }
    for codec in CODECS {
        encoded(codec, &Entries("kvkv", Some(2)));
    }
}

/// Goes on after a part that failed.
#[test]
fn a_part_that_failed_is_not_counted() {
    struct Hole;
    impl Serialize for Hole {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut tuple = serializer.serialize_tuple(2)?;
            let _ = tuple.serialize_element(&Silent);
            tuple.serialize_element(&7_u8)?;
            tuple.end()
        }
    }
    let error = encode_error(Codec::Postcard, &Hole);
    assert!(
        matches!(
            error,
            Error::Miscounted {
                announced: 2,
                written: 1,
                ..
            }
        ),
        "{error}"
    );
    // The part may have been written up to the middle.
    for codec in SELF_DESCRIBING {
        let error = encode_error(codec, &Hole);
        assert!(
            error.to_string().contains("a part of the value failed"),
            "{error}"
        );
    }
}

struct Silent;

impl Serialize for Silent {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("not today"))
    }
}

#[test]
fn what_a_type_said_when_it_refused_is_kept() {
    for codec in CODECS {
        let encode_error = encode_error(codec, &(1, vec![Some(Silent)]));
        assert_eq!(
            encode_error,
            Error::Encode("not today".to_owned()),
            "{}",
            codec.name()
        );
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nothing;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Age(Option<u8>);

#[test]
fn some_of_nothing_is_refused_where_it_would_arrive_as_none() {
    fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, place: &str) {
        let list = (7, vec![value]);
        for codec in SELF_DESCRIBING {
            let path = place.to_owned();
            assert_eq!(
                encode_error(codec, &list.1[0]),
                Error::SomeOfNothing { path }
            );
            let path = format!("[1][0]{place}");
            assert_eq!(encode_error(codec, &list), Error::SomeOfNothing { path });
        }
        assert_round_trip(Codec::Postcard, &list);
    }
    check(Some(None::<u8>), "");
    check(Some(()), "");
    check(Some(Some(None::<u8>)), "");
    check(Some(Age(None)), "");
    check(BTreeMap::from([(1, Some(Age(None)))]), "[0]");
    check((1, Some(())), "[1]");
}

#[test]
fn a_unit_struct_is_nothing_in_json() {
    for (codec, is_nothing) in [(Codec::Json, true), (Codec::MessagePack, false)] {
        let mut out = Vec::new();
        let encoded = codec.encode(&Some(Nothing), &mut out, usize::MAX);
        assert_eq!(encoded.is_err(), is_nothing, "{}", codec.name());
    }
}

#[test]
fn other_options_come_back() {
    for codec in CODECS {
        assert_round_trip(codec, &None::<Option<u8>>);
        assert_round_trip(codec, &Some(Some(7)));
        assert_round_trip(codec, &Some(vec![None, Some(1)]));
        assert_round_trip(codec, &Some((None::<u8>, ())));
        assert_round_trip(codec, &Some(Age(Some(1))));
        assert_round_trip(codec, &Some(BTreeMap::from([(1, None::<u8>)])));
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Page {
    title: String,
    #[serde(flatten)]
    rest: BTreeMap<String, u32>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Loose {
    Number(u32),
    Text(String),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Line { length: u32 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of")]
enum Adjacent {
    Line { length: u32 },
}

#[test]
fn a_flattened_field_is_refused_at_the_sender_by_key() {
    let page = Page {
        title: "x".to_owned(),
        rest: BTreeMap::from([("count".to_owned(), 7)]),
    };
    let error = encode_error(Codec::Postcard, &(1, vec![&page]));
    assert!(
        matches!(error, Error::UnknownLength { name } if name.ends_with("exact::Page")),
        "{error}"
    );
    assert_round_trip(Codec::MessagePack, &page);
}

#[test]
fn a_list_of_unknown_length_is_refused_by_key() {
    struct Odd;
    impl Serialize for Odd {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..10).filter(|number| number % 2 == 1))
        }
    }
    let error = encode_error(Codec::Postcard, &Odd);
    assert!(
        matches!(error, Error::UnknownLength { name } if name.ends_with("Odd")),
        "{error}"
    );
    let list = Codec::MessagePack.decode::<Vec<u8>>(&encoded(Codec::MessagePack, &Odd));
    assert_eq!(list.unwrap(), [1, 3, 5, 7, 9]);
}

/// The sender cannot see that such a type asks.
#[test]
fn types_that_ask_what_comes_next_are_refused_by_name_at_the_receiver() {
    fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, own: &str) {
        assert_round_trip(Codec::MessagePack, &value);
        let bytes = encoded(Codec::Postcard, &(7, vec![value]));
        let error = Codec::Postcard.decode::<(u8, Vec<T>)>(&bytes).unwrap_err();
        assert!(
            matches!(error, Error::SelfDescribing { name } if name.ends_with(own)),
            "{error}"
        );
    }
    check(Loose::Number(7), "exact::Loose");
    check(Loose::Text("x".to_owned()), "exact::Loose");
    check(Tagged::Line { length: 1 }, "exact::Tagged");
    check(Adjacent::Line { length: 1 }, "exact::Adjacent");
    let bytes = encoded(Codec::Postcard, &7_u8);
    let error = Codec::Postcard.decode::<Loose>(&bytes).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("Loose` asks the body what comes next"),
        "{error}"
    );
}

#[test]
fn an_unknown_variant_is_not_taken_for_a_type_that_asks() {
    let error = Codec::Postcard.decode::<Order>(&[7]).unwrap_err();
    let text = "invalid value: integer `7`, expected variant index 0 <= i < 1";
    assert_eq!(error, Error::Decode(text.to_owned()));
}
