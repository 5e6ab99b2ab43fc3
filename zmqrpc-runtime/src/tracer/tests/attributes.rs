//! Serde's attributes.

#![expect(dead_code, reason = "their shapes are of interest, and nothing else")]

use std::collections::HashMap;

use serde::Deserialize;

use super::traced;

fn seven() -> u8 {
    7
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    first_name: String,
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default)]
    maybe: u8,
    #[serde(default = "seven")]
    seven: u8,
    optional: Option<u8>,
    #[serde(skip)]
    hidden: u8,
    #[serde(alias = "nickname", alias = "a_nick")]
    nick: String,
    last: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Defaults {
    a: u8,
    b: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Closed {
    a: u8,
    b: Option<u8>,
}

#[derive(Deserialize)]
enum Renamed {
    #[serde(rename = "one", alias = "eins")]
    One,
    Two(u8),
    Three {
        #[serde(default)]
        x: u8,
    },
}

#[derive(Deserialize)]
enum WithOther {
    Known(u8),
    #[serde(other)]
    Else,
}

#[derive(Deserialize)]
struct Inner {
    x: u8,
    y: Option<u8>,
}

#[derive(Deserialize)]
struct Flattened {
    id: u8,
    #[serde(flatten)]
    inner: Inner,
    #[serde(flatten)]
    rest: HashMap<String, u8>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u8),
    Text(String),
}

#[derive(Deserialize)]
#[serde(tag = "t")]
enum Internal {
    A { x: u8 },
    B { y: String },
}

#[derive(Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    A(u8),
    B { x: String },
    C,
}

#[derive(Deserialize)]
struct With {
    #[serde(deserialize_with = "half")]
    half: u32,
    after: u8,
}

fn half<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    u64::deserialize(deserializer).map(|twice| u32::try_from(twice / 2).unwrap_or(0))
}

#[test]
fn names_aliases_and_what_may_be_left_out_are_found() {
    assert_eq!(
        traced::<Attributes>(),
        [
            "Attributes",
            "Attributes = { firstName: string, type: u8, maybe?: u8, seven?: u8, optional?: u8?, \
             nick|a_nick|nickname: string, last: bool }",
        ]
    );
    assert_eq!(traced::<Defaults>()[1], "Defaults = { a?: u8, b?: string }");
    assert_eq!(traced::<With>()[1], "With = { half: u64, after: u8 }");
}

#[test]
fn what_refuses_other_fields_is_closed() {
    assert_eq!(traced::<Closed>()[1], "Closed = closed { a: u8, b?: u8? }");
}

/// Serde sorts the names of a variant, and does not tell which one it writes.
#[test]
fn names_of_one_variant_are_one_variant() {
    assert_eq!(
        traced::<Renamed>()[1],
        "Renamed = eins/one | Two(u8) | Three{ x?: u8 }"
    );
}

#[test]
fn a_variant_for_all_other_names_is_found() {
    assert_eq!(
        traced::<WithOther>()[1],
        "WithOther = Known(u8) | Else | .."
    );
}

#[test]
fn a_flattened_part_leaves_a_struct_open() {
    assert_eq!(
        traced::<Flattened>()[1],
        "Flattened = { id: u8, x: any } and others"
    );
}

#[test]
fn enums_that_ask_the_format_are_anything() {
    assert_eq!(traced::<Untagged>(), ["Untagged", "Untagged = any"]);
    assert_eq!(traced::<Internal>(), ["Internal", "Internal = any"]);
    assert_eq!(
        traced::<Adjacent>(),
        [
            "Adjacent",
            "Adjacent = { t: Adjacent.tag, c: any }",
            "Adjacent.tag = A | B | C",
        ]
    );
    #[cfg(feature = "json")]
    assert_eq!(traced::<serde_json::Value>(), ["Value", "Value = any"]);
}
