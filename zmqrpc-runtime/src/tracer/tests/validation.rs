//! Types that do not take any value.

#![expect(dead_code, reason = "their shapes are of interest, and nothing else")]

use serde::{Deserialize, Deserializer};

use super::traced;

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Email(String);

impl TryFrom<String> for Email {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.contains('@')
            .then_some(Self(text))
            .ok_or("no e-mail address")
    }
}

#[derive(Deserialize)]
#[serde(try_from = "u8")]
struct Majority(u8);

impl TryFrom<u8> for Majority {
    type Error = &'static str;

    fn try_from(percent: u8) -> Result<Self, Self::Error> {
        let is_one = (51..=100).contains(&percent);
        is_one.then_some(Self(percent)).ok_or("no majority")
    }
}

#[derive(Deserialize)]
struct Bounds {
    start: u32,
    end: u32,
    tag: String,
}

#[derive(Deserialize)]
#[serde(try_from = "Bounds")]
struct Span(Bounds);

impl TryFrom<Bounds> for Span {
    type Error = &'static str;

    fn try_from(bounds: Bounds) -> Result<Self, Self::Error> {
        let is_one = bounds.start < bounds.end;
        is_one.then_some(Self(bounds)).ok_or("nothing between")
    }
}

#[derive(Deserialize)]
#[serde(try_from = "Vec<u16>")]
struct AtLeastTwo(Vec<u16>);

impl TryFrom<Vec<u16>> for AtLeastTwo {
    type Error = &'static str;

    fn try_from(list: Vec<u16>) -> Result<Self, Self::Error> {
        (list.len() > 1).then_some(Self(list)).ok_or("too short")
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Iban(String);

impl TryFrom<String> for Iban {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        (text.len() == 22).then_some(Self(text)).ok_or("no IBAN")
    }
}

#[derive(Deserialize)]
enum Payment {
    Bank {
        iban: Iban,
        amount: u32,
        percent: Majority,
    },
    Cash(AtLeastTwo),
}

/// A field with two names is written once.
#[derive(Deserialize)]
struct Account {
    before: u8,
    #[serde(alias = "konto")]
    iban: Iban,
}

struct Fails;

impl<'de> Deserialize<'de> for Fails {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("never"))
    }
}

struct Panics;

impl<'de> Deserialize<'de> for Panics {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("this is not printed")
    }
}

#[derive(Deserialize)]
struct Beside {
    fails: Fails,
    panics: Panics,
    whole: Option<u8>,
}

#[derive(Deserialize)]
enum Empty {}

#[test]
fn a_type_that_takes_some_values_has_an_example() {
    assert_eq!(
        traced::<Email>(),
        ["Email", "Email = string; such as somebody@example.org"]
    );
    assert_eq!(
        traced::<Majority>(),
        ["Majority", "Majority = u8; such as 100"]
    );
}

#[test]
fn a_type_that_compares_its_parts_is_complete() {
    assert_eq!(
        traced::<Span>(),
        ["Bounds", "Bounds = { start: u32, end: u32, tag: string }"]
    );
    assert_eq!(traced::<AtLeastTwo>(), ["[u16]"]);
}

#[test]
fn a_type_that_refuses_all_has_a_shape_and_hides_nothing() {
    assert_eq!(
        traced::<Payment>(),
        [
            "Payment",
            "Iban = string; refuses: no IBAN",
            "Majority = u8; such as 100",
            "Payment = Bank{ iban: Iban, amount: u32, percent: Majority } | Cash([u16])",
        ]
    );
}

#[test]
fn a_field_with_two_names_that_refuses_all_is_one_field() {
    assert_eq!(
        traced::<Account>()[1],
        "Account = { before: u8, iban|konto: Iban }"
    );
}

#[test]
fn a_type_that_fails_or_panics_is_unknown_and_harms_nothing_else() {
    assert_eq!(
        traced::<Beside>()[1],
        "Beside = { fails: unknown (never), panics: unknown (its `Deserialize` panicked), \
         whole?: u8? }"
    );
    assert_eq!(traced::<Empty>(), ["Empty", "Empty = "]);
}
