//! What `assert_travels` finds, and what its messages say.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::panic::catch_unwind;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::assert_travels;

fn panic_message<T>(samples: impl IntoIterator<Item = T> + std::panic::UnwindSafe) -> String
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let panic = catch_unwind(|| assert_travels::<T>(samples)).unwrap_err();
    *panic.downcast::<String>().unwrap()
}

/// Without samples, the probe alone decides.
fn panic_message_without_samples<T>() -> String
where
    T: Serialize + DeserializeOwned + PartialEq + Debug + std::panic::UnwindSafe,
{
    panic_message::<T>(Vec::new())
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    #[serde(skip)]
    #[expect(dead_code, reason = "skipped")]
    Cached,
    Circle(f64),
    Square {
        side: f64,
    },
}

#[test]
fn a_skipped_variant_in_the_middle_is_found_wherever_it_is() {
    let text = panic_message([Shape::Point]);
    assert!(
        text.contains("codec::tests::travels::Shape` does not travel"),
        "{text}"
    );
    assert!(text.contains("of `Shape` is number"), "{text}");
    assert!(
        text.contains("`Circle`") || text.contains("`Square`"),
        "{text}"
    );
    for text in [
        panic_message_without_samples::<Vec<Option<Shape>>>(),
        panic_message_without_samples::<HashMap<String, (u8, Box<Shape>)>>(),
        panic_message_without_samples::<Result<u8, Shape>>(),
    ] {
        assert!(text.contains("of `Shape` is number"), "{text}");
    }
}

#[test]
fn a_skipped_variant_at_the_end_harms_nobody() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Last {
        #[serde(alias = "first", alias = "a")]
        One,
        Two(u8),
        #[serde(skip)]
        #[expect(dead_code, reason = "skipped")]
        Three,
    }
    assert_travels([Last::One, Last::Two(2)]);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Pair(
    #[serde(default, skip_serializing_if = "Option::is_none")] Option<u8>,
    #[serde(default)] Option<u8>,
);

#[test]
fn a_field_that_is_skipped_on_one_side_is_found() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct User {
        #[serde(default, skip_serializing)]
        password: String,
        name: String,
    }
    let text = panic_message_without_samples::<Vec<User>>();
    assert!(
        text.contains("`User` reads 2 fields and writes 1"),
        "{text}"
    );

    assert_travels([Pair(Some(1), None)]);
    let text = panic_message([Pair(None, Some(1))]);
    assert!(text.contains("Pair(None, Some(1))"), "{text}");
}

#[test]
fn names_that_differ_are_found_by_name() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct User {
        #[serde(rename(serialize = "login"))]
        name: String,
    }
    let text = panic_message([User {
        name: String::new(),
    }]);
    assert!(
        text.contains("does not arrive by name (in JSON): "),
        "{text}"
    );
    assert!(text.contains("missing field `name`"), "{text}");
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Loose {
    Number(u8),
    Text(String),
}

#[test]
fn what_a_codec_rejects_is_reported() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Note {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        count: u8,
    }
    let text = panic_message([Note {
        text: None,
        count: 1,
    }]);
    assert!(
        text.contains("is not sent by key: `Note` leaves out its field `text`"),
        "{text}"
    );

    let text = panic_message([Some(None::<u8>)]);
    assert!(text.contains("Some(None) is not sent by name"), "{text}");

    let text = panic_message([Loose::Text(String::new()), Loose::Number(1)]);
    assert!(text.contains("does not arrive by key"), "{text}");
    assert!(
        text.contains("Loose` asks the body what comes next"),
        "{text}"
    );
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Expression {
    Sum(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Number { value: i64 },
    Nothing,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Endless {
    Only(Box<Endless>),
}

#[test]
fn honest_types_travel() {
    assert_travels([Expression::Not(Box::new(Expression::Number { value: 7 }))]);
    assert_travels(Vec::<Endless>::new());
    assert_travels([(
        NonZeroU32::MIN,
        'x',
        [1_u8; 32],
        BTreeMap::from([(1, "x".to_owned())]),
    )]);
    assert_travels([Ok::<u8, String>(1), Err("x".to_owned())]);
    assert_travels([IpAddr::from([127, 0, 0, 1])]);
    assert_travels([[(); 3]]);
}
