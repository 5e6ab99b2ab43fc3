//! What people read.

use serde_json::{Value, json};

use super::super::super::Description;
use super::super::changes;
use super::{field, named, structure};

fn inventory(methods: &[Value], types: &Value) -> Description {
    serde_json::from_value(json!({
        "format": 1,
        "services": [{ "name": "Inventory", "version": 1, "methods": methods }],
        "types": types,
    }))
    .unwrap()
}

fn method(name: &str) -> Value {
    json!({
        "name": name, "key": "", "fingerprint": "",
        "arguments": [{ "name": "order", "shape": named("Order") }],
        "reply": named("Receipt"),
        "error": named("StockError"),
    })
}

fn types(count: &str, total: &str, variants: &[&str]) -> Value {
    let variants: Vec<Value> = variants
        .iter()
        .map(|name| json!({ "name": name, "body": "unit" }))
        .collect();
    json!({
        "Order": structure(&[field("lines", &json!({ "list": named("Line") }))]),
        "Line": structure(&[field("sku", &json!("string")), field("count", &json!(count))]),
        "Receipt": structure(&[field("total", &json!(total))]),
        "StockError": { "body": { "enum": { "variants": variants } } },
    })
}

fn texts(methods: &[&str], old: &Value, new: &Value) -> Vec<String> {
    let methods: Vec<Value> = methods.iter().map(|name| method(name)).collect();
    let changes = changes(&inventory(&methods, old), &inventory(&methods, new));
    changes.iter().map(ToString::to_string).collect()
}

#[test]
fn a_change_is_told_once_with_its_methods() {
    let old = types("u32", "u32", &["Gone"]);
    let new = types("u32", "u32", &["Gone", "AlreadyPlaced"]);
    let told = |methods: &[&str]| {
        let texts = texts(methods, &old, &new);
        assert_eq!(texts.len(), 1, "{texts:?}");
        texts[0].clone()
    };
    assert_eq!(
        told(&["introduce"]),
        "`StockError.AlreadyPlaced`: the variant is new (error of Inventory.introduce)
    all clients: depends on the values"
    );
    assert!(told(&["introduce", "restock"]).contains("Inventory.introduce and .restock)"));
    assert!(told(&["introduce", "restock", "place"]).contains(".introduce, .restock and .place)"));
    assert!(
        told(&["introduce", "restock", "place", "stock", "levels"])
            .contains("(error of Inventory.introduce, .restock and 3 more)")
    );
}

#[test]
fn the_ways_to_a_change_are_those_of_arguments_replies_and_errors() {
    let old = types("u32", "u64", &["Gone"]);
    let new = types("i64", "u32", &["Lost"]);
    let methods = [method("place")];
    let changes = changes(&inventory(&methods, &old), &inventory(&methods, &new));
    let ways: Vec<(&str, &str, &str)> = changes
        .iter()
        .map(|change| (&*change.place, &*change.what, &*change.uses[0].path))
        .collect();
    assert_eq!(
        ways,
        [
            ("Line.count", "`u32` became `i64`", "order.lines[].count"),
            ("Receipt.total", "`u64` became `u32`", "reply.total"),
            ("StockError.Lost", "the variant is new", "error.Lost"),
            ("StockError.Gone", "the variant is gone", "error.Gone"),
        ]
    );
    assert_eq!(
        changes[0].to_string(),
        "`Line.count`: `u32` became `i64` (argument order of Inventory.place)
    clients by key: BREAKS
    clients by name: fine"
    );
}

#[test]
fn what_is_of_a_method_itself_names_the_argument() {
    let with = |shape: &str| {
        let mut method = method("place");
        method["arguments"] = json!([field("count", &json!(shape))]);
        inventory(&[method], &types("u32", "u32", &[]))
    };
    let changes = changes(&with("u16"), &with("u32"));
    let texts: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        ["`Inventory.place`: `u16` became `u32` (argument count)\n    all clients: fine"]
    );
}

#[test]
fn types_of_one_name_and_another_kind_are_told_apart() {
    let old = super::description(&named("T"), &json!({ "T": structure(&[]) }));
    let variants = json!({ "T": { "body": { "enum": { "variants": [] } } } });
    let new = super::description(&named("T"), &variants);
    assert_eq!(changes(&old, &new)[0].what, "a struct became an enum");
}
