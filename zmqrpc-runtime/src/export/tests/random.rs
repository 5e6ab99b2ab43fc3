//! Any description.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::exports;
use crate::description::{Body, Description, Shape};

/// Names as they are, and as nobody expects them.
fn name() -> impl Strategy<Value = String> {
    let odd = [
        "",
        "a",
        "A",
        "a_",
        "_a",
        "__init__",
        "class",
        "None",
        "self",
        "int",
        "str",
        "List",
        "Any",
        "timeout",
        "Connection",
        "value",
        "item0",
        "args",
        "\"",
        "\"\"\"",
        "\\",
        "'''",
        "a\nb",
        "\r\n",
        "\0",
        "}",
        "#",
        "日本",
        "größe",
        "\u{202e}",
        "a.b",
        "a::b",
        "Page<A>",
        "Page<A, B>",
        "\nimport os\nos.abort()",
        "{0}",
        "%s",
        "$ref",
        "/",
        "~1",
        "^$",
        "match",
        "print",
        "field",
    ];
    prop_oneof![
        4 => prop::sample::select(odd.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
        3 => "[A-E]",
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    let words = [
        "bool",
        "i8",
        "i64",
        "i128",
        "u8",
        "u64",
        "u128",
        "f32",
        "char",
        "string",
        "bytes",
        "unit",
        "any",
        "of_a_later_version",
    ];
    let word = prop::sample::select(words.to_vec());
    let word = word.prop_map(|word| serde_json::from_value(word.into()).unwrap());
    let leaf = prop_oneof![2 => word, 2 => name().prop_map(Shape::Type), 1 => name().prop_map(Shape::Unknown)];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|inner| Shape::Option(Box::new(inner))),
            inner.clone().prop_map(|inner| Shape::List(Box::new(inner))),
            (inner.clone(), any::<u64>())
                .prop_map(|(inner, len)| Shape::Array(Box::new(inner), len)),
            (inner.clone(), inner.clone())
                .prop_map(|(key, value)| Shape::Map(Box::new(key), Box::new(value))),
            vec(inner, 0..3).prop_map(Shape::Tuple),
        ]
    })
}

fn fields() -> impl Strategy<Value = serde_json::Value> {
    let field = (name(), shape(), any::<bool>(), vec(name(), 0..2), name());
    let field = field.prop_map(|(name, shape, optional, aliases, docs)| {
        serde_json::json!({"name": name, "shape": shape, "optional": optional, "aliases": aliases, "docs": docs})
    });
    (vec(field, 0..4), any::<bool>())
        .prop_map(|(fields, closed)| serde_json::json!({"fields": fields, "closed": closed}))
}

fn body() -> impl Strategy<Value = Body> {
    let payload = prop_oneof![
        Just(serde_json::json!("unit")),
        shape().prop_map(|shape| serde_json::json!({"one": shape})),
        vec(shape(), 0..3).prop_map(|parts| serde_json::json!({"tuple": parts})),
        fields().prop_map(|fields| serde_json::json!({"struct": fields})),
    ];
    let variant = (name(), payload, vec(name(), 0..2), name());
    let variant = variant.prop_map(|(name, body, aliases, docs)| {
        serde_json::json!({"name": name, "body": body, "aliases": aliases, "docs": docs})
    });
    let body = prop_oneof![
        Just(serde_json::json!("unit")),
        shape().prop_map(|shape| serde_json::json!({"is": shape})),
        vec(shape(), 0..3).prop_map(|parts| serde_json::json!({"tuple": parts})),
        fields().prop_map(|fields| serde_json::json!({"struct": fields})),
        fields().prop_map(|fields| serde_json::json!({"open": fields})),
        (vec(variant, 0..4), any::<bool>()).prop_map(
            |(variants, open)| serde_json::json!({"enum": {"variants": variants, "open": open}})
        ),
    ];
    body.prop_map(|body| serde_json::from_value(body).unwrap())
}

fn description() -> impl Strategy<Value = Description> {
    let found = (
        name(),
        body(),
        option::of(body()),
        option::of(name()),
        name(),
    );
    let found = found.prop_map(|(rust, body, text, example, docs)| {
        serde_json::json!({"rust": rust, "docs": docs, "body": body, "text": text, "example": example})
    });
    let argument = (name(), shape());
    let argument =
        argument.prop_map(|(name, shape)| serde_json::json!({"name": name, "shape": shape}));
    let method = (
        (name(), name(), option::of(name())),
        vec(argument, 0..4),
        shape(),
        option::of(shape()),
        any::<bool>(),
        option::of(any::<u64>()),
    );
    let method = method.prop_map(|((name, docs, deprecated), arguments, reply, error, oneway, timeout)| {
        serde_json::json!({
            "name": name, "docs": docs, "deprecated": deprecated, "key": "", "fingerprint": docs,
            "arguments": arguments, "reply": reply, "error": error, "oneway": oneway, "timeout_ms": timeout,
        })
    });
    let service = (name(), 1..3_u32, name(), vec(method, 0..4));
    let service = service.prop_map(|(name, version, docs, methods)| {
        serde_json::json!({"name": name, "version": version, "docs": docs, "methods": methods})
    });
    let types = prop::collection::btree_map(name(), found, 0..8);
    (vec(service, 0..3), types).prop_map(|(services, types)| {
        let description = serde_json::json!({"format": 1, "services": services, "types": types});
        serde_json::from_value(description).unwrap()
    })
}

/// Returns the same descriptions each time.
pub(super) fn descriptions(count: usize) -> Vec<Description> {
    let mut runner = TestRunner::deterministic();
    (0..count)
        .map(|_| description().new_tree(&mut runner).unwrap().current())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_description_stops_an_export(description in description()) {
        for (ending, text) in exports(&description) {
            if ending != "py" {
                serde_json::from_str::<serde_json::Value>(&text).unwrap();
            }
        }
    }
}
