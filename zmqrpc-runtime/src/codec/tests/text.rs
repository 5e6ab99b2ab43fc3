//! Bodies as text for people.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::{Bytes, Codec, describe};
use super::encoded;

#[derive(Serialize)]
enum Failure {
    ByZero,
    NotFound { id: u64, hint: Option<&'static str> },
    Other(String),
}

fn described<T: Serialize>(value: &T) -> String {
    describe(Codec::MessagePack, &encoded(Codec::MessagePack, value)).unwrap()
}

#[test]
fn variants_read_like_their_names() {
    assert_eq!(described(&Failure::ByZero), "ByZero");
    let failure = Failure::NotFound { id: 7, hint: None };
    assert_eq!(
        described(&failure),
        r#"{"NotFound": {"id": 7, "hint": null}}"#
    );
    let failure = Failure::Other("it's \"late\"".to_owned());
    assert_eq!(described(&failure), r#"{"Other": "it's \"late\""}"#);
}

#[test]
fn every_kind_of_value_is_rendered() {
    assert_eq!(described(&"it's \"late\""), r#"it's "late""#);
    assert_eq!(described(&(1, -2, 0.5, true)), "[1, -2, 0.5, true]");
    assert_eq!(described(&()), "null");
    assert_eq!(described(&Bytes::new(b"a\x00")), r#"b"a\x00""#);
    assert_eq!(described(&Vec::<u8>::new()), "[]");
    assert_eq!(described(&BTreeMap::<u8, u8>::new()), "{}");
    assert_eq!(described(&BTreeMap::from([(1, 2), (3, 4)])), "{1: 2, 3: 4}");
    assert_eq!(describe(Codec::MessagePack, b""), Some("null".to_owned()));
    // An extension type: number 5, two bytes.
    let extension = describe(Codec::MessagePack, b"\xC7\x02\x05ab").unwrap();
    assert_eq!(extension, r#"[5, b"ab"]"#);
}

#[test]
fn only_bodies_that_say_what_they_hold_are_rendered() {
    assert_eq!(describe(Codec::Postcard, b"\x01"), None);
    assert_eq!(describe(Codec::MessagePack, b"\x92\x01"), None);
    assert_eq!(describe(Codec::MessagePack, b"\x01\x02"), None);
    assert_eq!(describe(Codec::MessagePack, b"\xC1"), None);
}

#[test]
fn a_long_body_ends_in_an_ellipsis() {
    for text in [described(&vec![1; 10_000]), described(&"x".repeat(10_000))] {
        assert_eq!(text.chars().count(), 256);
        assert!(text.ends_with('…'), "{text}");
    }
    let fits = "x".repeat(255);
    assert_eq!(described(&fits), fits);
}

#[test]
fn nothing_moves_the_cursor() {
    assert_eq!(
        described(&"\u{1b}[2J\r\n\u{202e}"),
        r"\u{1b}[2J\r\n\u{202e}"
    );
    assert_eq!(described(&["\u{1b}[2J\n"]), r#"["\u{1b}[2J\n"]"#);
    assert_eq!(described(&"grün 日本"), "grün 日本");
}
