//! Arguments by name, and errors that say where they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::{Codec, Error, NoArgs, Owned, Str};
use super::{SELF_DESCRIBING, encoded};

const NAMES: [&str; 3] = ["a", "note", "list"];

type Arguments = (i64, Option<String>, Vec<(u8, bool)>);

fn read(codec: Codec, arguments: &impl Serialize) -> Result<Arguments, Error> {
    codec.decode_arguments(&encoded(codec, arguments), &NAMES)
}

fn reason(codec: Codec, arguments: &impl Serialize) -> String {
    match read(codec, arguments) {
        Err(Error::Decode(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[derive(Serialize)]
struct Named {
    list: Vec<(u32, bool)>,
    a: i64,
    note: Option<&'static str>,
}

#[derive(Serialize)]
struct Few {
    #[serde(skip_serializing_if = "Option::is_none")]
    a: Option<i64>,
    list: [u8; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    nope: Option<u8>,
}

fn few(a: Option<i64>, nope: Option<u8>) -> Few {
    Few { a, list: [], nope }
}

#[test]
fn arguments_are_found_by_name_in_any_order() {
    for codec in SELF_DESCRIBING {
        let named = Named {
            list: vec![(1, true)],
            a: -7,
            note: Some("x"),
        };
        let expected = (-7, Some("x".to_owned()), vec![(1, true)]);
        assert_eq!(read(codec, &named), Ok(expected));
        assert_eq!(
            read(codec, &(5, None::<u8>, [(1, true)])),
            Ok((5, None, vec![(1, true)]))
        );
    }
}

#[derive(Debug, PartialEq, Deserialize)]
struct Age(Option<u8>);

#[test]
fn an_argument_that_is_left_out_is_none_or_missing() {
    for codec in SELF_DESCRIBING {
        assert_eq!(read(codec, &few(Some(5), None)), Ok((5, None, Vec::new())));
        assert_eq!(
            reason(codec, &few(None, None)),
            "a: the argument is missing"
        );
        // Serde's own wrappers of an option, and ours.
        let body = encoded(codec, &BTreeMap::<String, u8>::new());
        let names = ["age", "nothing", "bytes"];
        let (age, (), bytes) = codec
            .decode_arguments::<(Age, (), Owned<Option<Vec<u8>>>)>(&body, &names)
            .unwrap();
        assert_eq!((age, bytes.into_inner()), (Age(None), None));
    }
}

#[test]
fn a_name_that_is_unknown_or_there_twice_is_refused() {
    for codec in SELF_DESCRIBING {
        assert_eq!(
            reason(codec, &few(Some(5), Some(1))),
            "there is no argument `nope`, only `a`, `note`, `list`"
        );
    }
    let twice = |codec: Codec, body: &[u8]| {
        let error = codec
            .decode_arguments::<Arguments>(body, &NAMES)
            .unwrap_err();
        assert_eq!(
            error,
            Error::Decode("the argument `a` is there twice".to_owned())
        );
    };
    twice(Codec::Json, br#"{"a":1,"a":2,"list":[]}"#);
    twice(Codec::MessagePack, b"\x83\xA1a\x01\xA1a\x02\xA4list\x90");
    // More of them than the method has arguments are not even looked at.
    let error = Codec::MessagePack.decode_arguments::<Arguments>(
        b"\xDF\xFF\xFF\xFF\xFF\xA1a\x01\xA1b\x01\xA1c\x01\xA1d\x01",
        &NAMES,
    );
    assert!(error.unwrap_err().to_string().contains("no argument `b`"));
}

#[test]
fn names_of_arguments_are_texts() {
    let error = Codec::MessagePack.decode_arguments::<Arguments>(b"\x81\x01\x02", &NAMES);
    assert!(error.unwrap_err().to_string().contains("is no text"));
    let error = Codec::MessagePack.decode_arguments::<Arguments>(b"\x81\xA1\xFF\x02", &NAMES);
    assert!(error.unwrap_err().to_string().contains("is no text"));
    // Escapes are read.
    let escaped = Codec::Json.decode_arguments::<(u8,)>(br#"{"\u0061":1}"#, &["a"]);
    assert_eq!(escaped, Ok((1,)));
}

#[test]
fn arguments_by_name_are_borrowed_from_the_message() {
    for codec in SELF_DESCRIBING {
        let body = encoded(codec, &BTreeMap::from([("text", "x")]));
        let (text,) = codec
            .decode_arguments::<(Str<'_>,)>(&body, &["text"])
            .unwrap();
        assert!(body.as_ptr_range().contains(&text.as_ptr()));
    }
}

#[test]
fn arguments_that_are_cut_or_followed_by_something_are_refused() {
    for codec in SELF_DESCRIBING {
        let whole = encoded(
            codec,
            &Named {
                list: vec![(1, true)],
                a: 5,
                note: None,
            },
        );
        for end in 1..whole.len() {
            let read = codec.decode_arguments::<Arguments>(&whole[..end], &NAMES);
            assert!(
                matches!(read, Err(Error::Decode(_))),
                "{} {end}",
                codec.name()
            );
        }
        let more = [&whole[..], b"1"].concat();
        let error = codec
            .decode_arguments::<Arguments>(&more, &NAMES)
            .unwrap_err();
        assert_eq!(error, Error::Trailing { count: 1 });
    }
}

#[test]
fn all_arguments_together_have_the_limits_of_one_message() {
    for codec in SELF_DESCRIBING {
        let body = encoded(
            codec,
            &BTreeMap::from([("a", vec![(); 6_000]), ("b", vec![(); 6_000])]),
        );
        let error = codec
            .decode_arguments::<(Vec<()>, Vec<()>)>(&body, &["a", "b"])
            .unwrap_err();
        assert_eq!(error, Error::TooManyEmpty { limit: 10_000 });
    }
}

#[test]
fn a_method_without_arguments_takes_an_empty_map() {
    for codec in SELF_DESCRIBING {
        let empty = encoded(codec, &BTreeMap::<String, u8>::new());
        assert!(codec.decode_arguments::<NoArgs>(&empty, &[]).is_ok());
        let error = codec.decode_arguments::<NoArgs>(&encoded(codec, &few(Some(1), None)), &[]);
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("takes no arguments")
        );
    }
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Order {
    lines: Vec<Line>,
    tags: BTreeMap<u32, u8>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Line {
    count: u8,
    storage: Option<Storage>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only decoded")]
enum Storage {
    Shelf,
    Chilled { at_most: i8 },
    Between(u8, u8),
    Years(std::num::NonZeroU8),
}

#[test]
fn an_error_says_in_which_part_of_the_value_it_is() {
    for (json, reason) in [
        (
            r#"{"lines":[{"count":1},{"count":300}],"tags":{}}"#,
            "lines[1].count: invalid value: integer `300`, expected u8",
        ),
        (
            r#"{"lines":[{}],"tags":{}}"#,
            "lines[0]: missing field `count`",
        ),
        (
            r#"{"lines":[],"tags":{"7":true}}"#,
            "tags.7: invalid type: boolean `true`, expected u8",
        ),
        (
            r#"{"lines":[{"count":1,"storage":{"Chilled":{"at_most":"x"}}}],"tags":{}}"#,
            "lines[0].storage.Chilled.at_most: invalid type: string \"x\", expected i8",
        ),
        (
            r#"{"lines":[{"count":1,"storage":{"Between":[1,null]}}],"tags":{}}"#,
            "lines[0].storage.Between[1]: invalid type: unit value, expected u8",
        ),
        (
            r#"{"lines":[{"count":1,"storage":{"Years":0}}],"tags":{}}"#,
            "lines[0].storage.Years: invalid value: integer `0`, expected a nonzero u8",
        ),
    ] {
        let error = Codec::Json.decode::<Order>(json.as_bytes()).unwrap_err();
        assert_eq!(error, Error::Decode(reason.to_owned()));
        if json.contains(r#""7""#) {
            // Only in JSON is a key that is a number a text.
            continue;
        }
        // The same value says the same in the other codec.
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        let error = Codec::MessagePack
            .decode::<(Order,)>(&encoded(Codec::MessagePack, &(value,)))
            .unwrap_err();
        let (path, reason) = reason.split_once(": ").unwrap();
        let text = error.to_string();
        let rest = text.strip_prefix(&format!("cannot decode the body: [0].{path}: "));
        assert!(
            rest.is_some_and(|rest| rest.split(':').next() == reason.split(':').next()),
            "{text}"
        );
    }
}

#[test]
fn names_from_peers_move_no_cursor() {
    let json = br#"{"\u001b[2J\r\nroot: ok":true}"#;
    let error = Codec::Json
        .decode::<BTreeMap<String, u8>>(json)
        .unwrap_err();
    let Error::Decode(reason) = error else {
        panic!("{error:?}");
    };
    assert!(
        reason.starts_with(r"\u{1b}[2J\r\nroot: ok: invalid type"),
        "{reason}"
    );
}

#[test]
fn surplus_elements_are_called_so() {
    for codec in SELF_DESCRIBING {
        let error = codec
            .decode::<(u8, u8)>(&encoded(codec, &[1, 2, 3]))
            .unwrap_err();
        assert!(
            error.to_string().contains("elements than are asked for"),
            "{error}"
        );
    }
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Node(Vec<Node>);

#[test]
fn a_long_path_ends_in_its_innermost_steps() {
    let long = "x".repeat(1_000);
    let json = format!(r#"{{"{long}":{{"a":300}}}}"#);
    let error = Codec::Json.decode::<BTreeMap<String, BTreeMap<String, u8>>>(json.as_bytes());
    let text = error.unwrap_err().to_string();
    assert!(text.contains("xxx….a: invalid value"), "{text}");
    assert!(text.len() < 200, "{text}");
    let deep = format!("{}7{}", "[".repeat(120), "]".repeat(120));
    let error = Codec::Json.decode::<Node>(deep.as_bytes()).unwrap_err();
    assert!(error.to_string().contains(": …[0][0]"), "{error}");
    assert!(
        error
            .to_string()
            .ends_with("invalid type: integer `7`, expected a sequence"),
        "{error}"
    );
}

/// Some maps take nil for an empty one.
#[test]
fn a_map_of_json_values_is_read_from_nil_in_messagepack() {
    type Values = serde_json::Map<String, serde_json::Value>;
    for nil in [&b"\xC0"[..], b""] {
        let read = Codec::MessagePack.decode::<Values>(nil);
        assert_eq!(read, Ok(Values::new()));
    }
}

/// `MessagePack` has keys of any kind, and a flattened map takes them.
#[test]
fn keys_beside_a_flattened_part_may_be_numbers() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Named {
        name: u8,
        #[serde(flatten)]
        rest: std::collections::BTreeMap<u8, bool>,
    }
    // {"name": 1, 7: true}
    let read = Codec::MessagePack.decode::<Named>(b"\x82\xA4name\x01\x07\xC3");
    let rest = [(7, true)].into();
    assert_eq!(read, Ok(Named { name: 1, rest }));
    // {"name": 1, 1.5: true}, {"name": 1, nil: true}
    for key in [&b"\xCA\x3F\xC0\x00\x00"[..], b"\xC0"] {
        let bytes = [b"\x82\xA4name\x01", key, b"\xC3"].concat();
        let error = Codec::MessagePack.decode::<Named>(&bytes).unwrap_err();
        assert!(error.to_string().contains("expected u8"), "{error}");
    }
}
