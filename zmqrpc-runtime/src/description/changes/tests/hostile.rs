//! Descriptions by strangers, who want stacks to overflow and processors to be busy.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::super::super::{Description, Shape};
use super::super::{Change, Verdict, changes};
use super::{description, field, named, structure};

/// Far more than it takes where nothing else runs, far less than what is not bounded would.
const LIMIT: Duration = Duration::from_secs(20);

fn within_limit(old: &Description, new: &Description) -> Vec<Change> {
    let start = Instant::now();
    let changes = changes(old, new);
    let took = start.elapsed();
    assert!(took < LIMIT, "{took:?}");
    assert!(changes.len() <= 1_001, "{} changes", changes.len());
    let bytes: usize = changes.iter().map(|change| change.to_string().len()).sum();
    assert!(bytes < 1 << 20, "{bytes} bytes");
    changes
}

/// Returns types in a row, each with these fields of the next one, and the last one with this body.
fn chain(len: usize, fields: usize, last: &Value) -> Value {
    let mut types = Map::new();
    for index in 0..len {
        let next = named(&format!("T{}", index + 1));
        let fields: Vec<Value> = (0..fields)
            .map(|name| field(&format!("f{name}"), &next))
            .collect();
        types.insert(format!("T{index}"), structure(&fields));
    }
    types.insert(format!("T{len}"), json!({ "body": last }));
    Value::Object(types)
}

fn is_broken(changes: &[Change]) -> bool {
    let is_broken = |change: &Change| change.by_key == Verdict::Breaks;
    changes.iter().any(is_broken)
}

#[test]
fn types_in_a_long_row_take_no_stack() {
    let of = |last: &str| description(&named("T0"), &chain(30_000, 1, &json!({ "is": last })));
    let changes = within_limit(&of("u32"), &of("i32"));
    assert!(is_broken(&changes), "{changes:?}");
    let path = &changes[0].uses[0].path;
    assert!(path.starts_with("x.(..).f0") && path.len() < 200, "{path}");
}

#[test]
fn names_in_a_long_row_are_followed_once() {
    let mut types = Map::new();
    for index in 0..50_000 {
        let next = named(&format!("T{}", index + 1));
        types.insert(format!("T{index}"), json!({ "body": { "is": next } }));
    }
    types.insert("T50000".to_owned(), json!({ "body": { "is": "u32" } }));
    let fields: Vec<Value> = (0..5_000)
        .map(|index| field(&format!("f{index}"), &named(&format!("T{index}"))))
        .collect();
    types.insert("All".to_owned(), structure(&fields));
    let old = description(&named("All"), &Value::Object(types.clone()));
    types.insert("T50000".to_owned(), json!({ "body": { "is": "i32" } }));
    let new = description(&named("All"), &Value::Object(types));
    assert!(is_broken(&within_limit(&old, &new)));
}

#[test]
fn ways_that_double_with_each_type_are_passed_once() {
    let of = |last: &str| description(&named("T0"), &chain(40, 2, &json!({ "is": last })));
    let changes = within_limit(&of("u32"), &of("u64"));
    // In an argument it is wider, in a reply it may be too wide.
    let worst = changes.iter().map(|change| change.by_key).max();
    assert_eq!(
        (changes.len(), worst),
        (2, Some(Verdict::Depends)),
        "{changes:?}"
    );
}

#[test]
fn rings_end() {
    let ring = |len: usize, shape: &str| {
        let mut types = Map::new();
        for index in 0..len {
            let next = named(&format!("T{}", (index + 1) % len));
            let fields = [
                field("next", &json!({ "option": next })),
                field("value", &json!(shape)),
            ];
            types.insert(format!("T{index}"), structure(&fields));
        }
        description(&named("T0"), &Value::Object(types))
    };
    // However they are cut into types.
    assert_eq!(within_limit(&ring(2, "u32"), &ring(3, "u32")), []);
    let changes = within_limit(&ring(2, "u32"), &ring(3, "i32"));
    assert!(is_broken(&changes), "{changes:?}");
    // Each type of the one meets each of the other.
    within_limit(&ring(1_009, "u32"), &ring(1_013, "u32"));
    let same = ring(1_009, "u32");
    assert_eq!(within_limit(&same, &same), []);

    let alias = |name: &str| json!({ "A": { "body": { "is": named("B") } }, "B": { "body": { "is": named(name) } } });
    let rings = description(&named("A"), &alias("A"));
    assert_eq!(within_limit(&rings, &rings), []);
    assert!(is_broken(&within_limit(
        &rings,
        &description(&json!("u32"), &json!({}))
    )));
    // A type that is its only field has no end by key.
    let endless = description(
        &named("T"),
        &json!({ "T": structure(&[field("a", &named("T"))]) }),
    );
    assert!(is_broken(&within_limit(
        &endless,
        &description(&json!("u32"), &json!({}))
    )));
}

#[test]
fn options_of_themselves_hold_nothing_else() {
    let is = json!({ "is": { "option": named("O") } });
    let endless = description(&named("O"), &json!({ "O": { "body": is } }));
    let other = description(&named("T"), &json!({ "T": structure(&[]) }));
    for (old, new) in [(&endless, &other), (&other, &endless)] {
        let changes = within_limit(old, new);
        let worst = changes.iter().map(|change| change.by_name).max();
        assert_eq!(worst, Some(Verdict::Breaks), "{changes:?}");
    }
    assert_eq!(within_limit(&endless, &endless), []);
}

#[test]
fn shapes_in_shapes_are_followed_as_deep_as_they_are_read() {
    let mut deep = Shape::U32;
    for _ in 0..2_000 {
        deep = Shape::Option(Box::new(deep));
    }
    let mut old = description(&json!("u32"), &json!({}));
    old.services[0].methods[0].reply = deep;
    let new = old.clone();
    assert_eq!(within_limit(&old, &new), []);
    let mut new = old.clone();
    new.services[0].methods[0].fingerprint = "another".to_owned();
    assert!(is_broken(&within_limit(&old, &new)));

    let mut wide = json!("u32");
    for _ in 0..60 {
        wide = json!({ "tuple": [wide, "u8"] });
    }
    let (old, new) = (
        description(&wide, &json!({})),
        description(&json!("u32"), &json!({})),
    );
    assert!(is_broken(&within_limit(&old, &new)));
}

#[test]
fn many_methods_that_all_use_everything_are_bounded() {
    let all = |shape: &str| {
        let fields: Vec<Value> = (0..2_000)
            .map(|index| field(&format!("f{index}"), &json!(shape)))
            .collect();
        let mut description = description(&named("T"), &json!({ "T": structure(&fields) }));
        let method = description.services[0].methods[0].clone();
        for index in 0..2_000 {
            let mut method = method.clone();
            method.name = format!("m{index}");
            description.services[0].methods.push(method);
        }
        description
    };
    assert!(is_broken(&within_limit(&all("u32"), &all("i32"))));
    assert_eq!(within_limit(&all("u32"), &all("u32")), []);
}

#[test]
fn long_names_are_cut_and_terminals_obey_none() {
    let of = |shape: &str| {
        let name = format!("\u{1b}[31m{}", "n".repeat(1 << 16));
        let fields: Vec<Value> = (0..16)
            .map(|index| field(&format!("{name}{index}"), &json!(shape)))
            .collect();
        description(
            &named(&name),
            &json!({ (name.clone()): structure(&fields) }),
        )
    };
    for change in within_limit(&of("u32"), &of("i32")) {
        assert!(!change.to_string().contains('\u{1b}'));
    }
}
