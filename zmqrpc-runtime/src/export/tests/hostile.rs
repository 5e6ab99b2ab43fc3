//! Descriptions that are meant to do harm.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{exports, random};
use crate::description::{Body, Description, Shape, Type};
use crate::export::MAX_DEPTH;
use crate::export::python::RUNTIME;

fn of_types(types: impl IntoIterator<Item = (String, Body)>) -> Description {
    let mut description = Description::default();
    for (name, body) in types {
        description
            .types
            .insert(name, Type::new(String::new(), body));
    }
    description
}

fn read(value: Value) -> Description {
    serde_json::from_value(value).unwrap()
}

/// Texts that would be code, wherever one is.
fn injected() -> Description {
    let bad = "x\"\"\"\\\"'''\n)]}\nraise SystemExit(7)\n#";
    let shape = json!({"type": bad});
    let fields = json!({"fields": [{"name": bad, "shape": shape, "docs": bad, "aliases": [bad]}]});
    let variant = |body: Value| json!({"name": bad, "body": body, "docs": bad, "aliases": [bad]});
    let variants =
        json!({"variants": [variant(json!("unit")), variant(json!({"struct": fields}))]});
    let method = json!({
        "name": bad, "docs": bad, "deprecated": bad, "signature": bad, "key": bad, "fingerprint": bad,
        "arguments": [{"name": bad, "shape": shape}, {"name": bad, "shape": {"option": shape}}],
        "reply": {"unknown": bad}, "error": {"type": "E"},
    });
    read(json!({
        "format": 1,
        "services": [{"name": bad, "version": 1, "docs": bad, "methods": [method, method]}],
        "types": {
            bad: {"rust": bad, "docs": bad, "body": {"struct": fields}, "example": bad, "refuses": bad},
            "E": {"rust": bad, "docs": bad, "body": {"enum": variants}},
            "W": {"docs": bad, "body": {"enum": {"variants": [variant(json!("unit"))]}}},
        },
    }))
}

/// A shape that is nested deeper than any reader could follow.
fn deep() -> Description {
    let mut shape = Shape::Type("Deep".to_owned());
    for depth in 0..2_000 {
        let inner = Box::new(shape);
        shape = match depth % 4 {
            0 => Shape::List(inner),
            1 => Shape::Option(inner),
            2 => Shape::Map(Box::new(Shape::String), inner),
            _ => Shape::Tuple(vec![*inner]),
        };
    }
    of_types([("Deep".to_owned(), Body::Is(shape))])
}

/// Types that double what is written if a type is written where it is used.
fn doubling() -> Description {
    let name = |level: usize| format!("T{level}");
    of_types((0..200).map(|level| {
        let next = Shape::Type(name(level + 1));
        (
            name(level),
            Body::Is(Shape::Tuple(vec![next.clone(), next])),
        )
    }))
}

/// Types each of which is the next one; the last is the first.
fn ring() -> Description {
    let count = 5_000;
    of_types((0..count).map(|level| {
        let next = Shape::Type(format!("R{}", (level + 1) % count));
        (format!("R{level}"), Body::Is(next))
    }))
}

/// A long name that many others are put together with.
fn long_names() -> Description {
    let long = "Long".repeat(10_000);
    let method = |index: usize| json!({"name": format!("m{index}"), "key": "", "fingerprint": "", "reply": "unit"});
    let variant = |index: usize| json!({"name": format!("V{index}"), "body": {"one": "u8"}});
    read(json!({
        "format": 1,
        "services": [{"name": long, "version": 1, "methods": (0..300).map(method).collect::<Vec<_>>()}],
        "types": {long: {"body": {"enum": {"variants": (0..300).map(variant).collect::<Vec<_>>()}}}},
    }))
}

/// Types of one name, when all that is not allowed is taken out.
fn collisions() -> Description {
    of_types((0..2_000).map(|index| ("?".repeat(index % 50) + &"!".repeat(index / 50), Body::Unit)))
}

/// The lab, with a type for each word that is said in what is the same for all clients. It must work as the lab does.
pub(super) fn crowded() -> Description {
    let [_, (_, mut lab)] = super::descriptions();
    for word in RUNTIME.split(|char: char| !char.is_ascii_alphanumeric() && char != '_') {
        let found = Type::new(String::new(), Body::Unit);
        lab.types.entry(word.to_owned()).or_insert(found);
    }
    lab
}

pub(super) fn descriptions() -> Vec<Description> {
    vec![
        injected(),
        deep(),
        doubling(),
        ring(),
        long_names(),
        collisions(),
    ]
}

#[test]
fn what_is_written_stays_in_proportion() {
    for (index, description) in descriptions().into_iter().enumerate() {
        let size = serde_json::to_string(&description).unwrap().len();
        for (ending, text) in exports(&description) {
            let most = 100_000 + size * 20;
            assert!(
                text.len() < most,
                "{index} {ending}: {} of {size}",
                text.len()
            );
        }
    }
}

#[test]
fn what_is_deeper_is_of_any_kind() {
    let python = deep().to_python();
    let line = python
        .lines()
        .find(|line| line.starts_with("Deep = "))
        .unwrap();
    assert_eq!(line.matches('[').count(), MAX_DEPTH);
    assert!(line.contains("[Any]"), "{line}");
}

/// Compiled as Python 3.9 reads it; where there is no Python, nothing is tried.
#[test]
fn python_compiles_whatever_a_description_says() {
    let program = "import ast, json, sys\nfor source in json.load(sys.stdin): compile(ast.parse(source, feature_version=(3, 9)), 'client', 'exec')";
    let python = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .spawn();
    let Ok(mut python) = python else { return };
    let all = descriptions().into_iter().chain(random::descriptions(40));
    let sources: Vec<String> = all.map(|description| description.to_python()).collect();
    let sources = serde_json::to_string(&sources).unwrap();
    python
        .stdin
        .take()
        .unwrap()
        .write_all(sources.as_bytes())
        .unwrap();
    assert!(python.wait().unwrap().success());
}
