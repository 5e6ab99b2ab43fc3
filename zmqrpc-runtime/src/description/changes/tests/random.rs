//! Any two descriptions.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::super::Description;
use super::super::{MethodOf, Verdict, changes, judge_method};

fn shapes() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        proptest::sample::select(vec![
            "bool", "i8", "u8", "u16", "i64", "u128", "f32", "char", "string", "bytes", "unit",
            "any"
        ])
        .prop_map(|name| json!(name)),
        (0_u8..5).prop_map(|name| json!({ "type": format!("T{name}") })),
        Just(json!({ "unknown": "it refuses" })),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|shape| json!({ "option": shape })),
            inner.clone().prop_map(|shape| json!({ "list": shape })),
            (inner.clone(), inner.clone()).prop_map(|(key, value)| json!({ "map": [key, value] })),
            (inner.clone(), 0_u64..4).prop_map(|(shape, len)| json!({ "array": [shape, len] })),
            prop::collection::vec(inner, 0..3).prop_map(|parts| json!({ "tuple": parts })),
        ]
    })
}

fn names() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["a", "b", "c", "d"])
}

fn fields() -> impl Strategy<Value = Value> {
    let aliases = prop::collection::vec(names(), 0..2);
    let field = (names(), shapes(), any::<bool>(), aliases).prop_map(
        |(name, shape, optional, aliases)| json!({ "name": name, "shape": shape, "optional": optional, "aliases": aliases }),
    );
    (prop::collection::vec(field, 0..4), any::<bool>())
        .prop_map(|(fields, closed)| json!({ "fields": fields, "closed": closed }))
}

fn bodies() -> impl Strategy<Value = Value> {
    let payload = prop_oneof![
        Just(json!("unit")),
        shapes().prop_map(|shape| json!({ "one": shape })),
        prop::collection::vec(shapes(), 0..3).prop_map(|parts| json!({ "tuple": parts })),
        fields().prop_map(|fields| json!({ "struct": fields })),
    ];
    let aliases = prop::collection::vec(names(), 0..2);
    let variant = (names(), payload, aliases).prop_map(
        |(name, body, aliases)| json!({ "name": name, "body": body, "aliases": aliases }),
    );
    prop_oneof![
        shapes().prop_map(|shape| json!({ "is": shape })),
        Just(json!("unit")),
        prop::collection::vec(shapes(), 0..3).prop_map(|parts| json!({ "tuple": parts })),
        fields().prop_map(|fields| json!({ "struct": fields })),
        fields().prop_map(|fields| json!({ "open": fields })),
        (prop::collection::vec(variant, 0..4), any::<bool>())
            .prop_map(|(variants, open)| json!({ "enum": { "variants": variants, "open": open } })),
    ]
}

fn descriptions() -> impl Strategy<Value = Description> {
    let argument =
        (names(), shapes()).prop_map(|(name, shape)| json!({ "name": name, "shape": shape }));
    let method = (
        names(),
        prop::collection::vec(argument, 0..3),
        shapes(),
        prop::option::of(shapes()),
        any::<(bool, bool)>(),
        names(),
    )
        .prop_map(|(name, arguments, reply, error, (oneway, idempotent), signature)| {
            json!({
                "name": name, "arguments": arguments, "reply": reply, "error": error, "oneway": oneway,
                "idempotent": idempotent, "signature": signature, "key": "", "fingerprint": signature,
            })
        });
    let service = (names(), 0_u32..3, prop::collection::vec(method, 0..4)).prop_map(
        |(name, version, methods)| json!({ "name": name, "version": version, "methods": methods }),
    );
    let types = prop::collection::vec((bodies(), prop::option::of(bodies())), 0..5);
    (prop::collection::vec(service, 0..4), types).prop_map(|(services, types)| {
        let types: serde_json::Map<String, Value> = types
            .into_iter()
            .enumerate()
            .map(|(index, (body, text))| {
                (format!("T{index}"), json!({ "body": body, "text": text }))
            })
            .collect();
        serde_json::from_value(json!({ "format": 1, "services": services, "types": types }))
            .unwrap()
    })
}

/// Returns the description with each of its methods.
fn methods(description: &Description) -> impl Iterator<Item = MethodOf<'_>> {
    description.services.iter().flat_map(move |service| {
        let methods = service.methods.iter();
        methods.map(move |method| MethodOf {
            description,
            service,
            method,
        })
    })
}

fn read(method: MethodOf<'_>, text: &str) -> Option<Description> {
    let (service, version) = (&method.service.name, method.service.version);
    Description::read_canonical(service, version, method.method, text)
}

proptest! {
    #[test]
    fn a_canonical_text_is_read_as_what_it_was_written_from(description in descriptions()) {
        for method in methods(&description) {
            let (text, is_complete) = description.write_canonical(method.method);
            // It was too large.
            if text == "?" {
                continue;
            }
            let Some(read) = read(method, &text) else {
                panic!("{text} is not read");
            };
            let read = methods(&read).next().unwrap();
            prop_assert_eq!(read.description.canonical(read.method), &*text);
            // Whether what cannot travel is the same is not told.
            let is_told = is_complete && !["any", "}..."].iter().any(|word| text.contains(word));
            if is_told {
                for judgment in [judge_method(method, read), judge_method(read, method)] {
                    let reason = judgment.by_key.reason;
                    // No type has such variants, but a stranger's description may.
                    let is_odd = reason.contains("several variants");
                    prop_assert!(reason.is_empty() || is_odd, "{}: {}", text, reason);
                }
            }
        }
    }

    #[test]
    fn any_text_is_read_or_is_none(
        description in descriptions(),
        garbage in prop_oneof![any::<String>(), "([a-z0-9<>\\[\\]{}(),:|=#?\"\\\\.-]|list<|->){0,60}"],
        at in any::<prop::sample::Index>(),
    ) {
        for method in methods(&description) {
            let mut text = description.canonical(method.method);
            let at = at.index(text.len() + 1);
            if text.is_char_boundary(at) {
                text.insert_str(at, &garbage);
            }
            for text in [&text, &garbage] {
                if let Some(read) = read(method, text) {
                    judge_method(method, methods(&read).next().unwrap());
                }
            }
        }
    }

    #[test]
    fn any_two_descriptions_are_compared(old in descriptions(), new in descriptions()) {
        for change in changes(&old, &new) {
            prop_assert!(!change.place.is_empty() && !change.what.is_empty(), "{change:?}");
            prop_assert!(change.to_string().contains(&change.place));
        }
    }

    #[test]
    fn a_description_is_no_change_to_itself(description in descriptions()) {
        prop_assert_eq!(changes(&description, &description), []);
    }

    #[test]
    fn a_type_under_another_name_is_no_change(description in descriptions()) {
        let text = serde_json::to_string(&description).unwrap();
        let text = (0..5).fold(text, |text, name| text.replace(&format!("\"T{name}\""), &format!("\"N{name}\"")));
        let renamed: Description = serde_json::from_str(&text).unwrap();
        let changes = changes(&description, &renamed);
        let worst = changes.iter().map(|change| change.by_key.max(change.by_name)).max();
        prop_assert!(worst.is_none_or(|worst| worst == Verdict::Fine), "{:?}", changes);
    }
}
