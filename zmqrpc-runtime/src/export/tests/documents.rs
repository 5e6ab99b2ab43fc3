//! The documents in JSON.

use serde_json::{Value, json};

use super::descriptions;
use crate::description::Description;

fn description(wanted: &str) -> Description {
    let found = descriptions().into_iter().find(|(name, _)| name == wanted);
    found.unwrap().1
}

fn schema(name: &str) -> Value {
    serde_json::from_str(&description(name).to_json_schema()).unwrap()
}

fn open_rpc(name: &str) -> Value {
    serde_json::from_str(&description(name).to_open_rpc()).unwrap()
}

/// Calls `found` with each reference in a document.
fn references(value: &Value, found: &mut dyn FnMut(&str)) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found(reference);
            }
            members.values().for_each(|inner| references(inner, found));
        }
        Value::Array(elements) => elements.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_to_a_schema() {
    for name in ["inventory", "lab"] {
        for document in [schema(name), open_rpc(name)] {
            let mut count = 0;
            references(&document, &mut |reference| {
                count += 1;
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
            });
            assert!(count > 8, "{count} references");
        }
    }
}

#[test]
fn values_are_described_as_they_are_in_json() {
    let definitions = &schema("lab")["$defs"];
    for (key, pointer, expected) in [
        ("Uuid", "/type", json!("string")),
        (
            "Uuid",
            "/examples/0",
            json!("00000000-0000-0000-0000-000000000000"),
        ),
        ("Lab.echo_u128.reply", "/minimum", json!(0)),
        ("Lab.echo_float.reply", "/anyOf/1/enum/0", json!("NaN")),
        ("Lab.echo_unit.reply", "/type", json!("null")),
        (
            "Lab.echo_any.reply",
            "",
            json!({"title": "Lab.echo_any.reply"}),
        ),
        (
            "Lab.echo_grid.reply",
            "/additionalProperties/maxItems",
            json!(3),
        ),
        (
            "Lab.echo_by_color.reply",
            "/propertyNames/$ref",
            json!("#/$defs/Color"),
        ),
        ("Later", "/additionalProperties", json!(false)),
        (
            "Filter",
            "/patternProperties/^(tags|labels)$/type",
            json!("array"),
        ),
        ("Filter", "/allOf/0/anyOf/1/required/0", json!("labels")),
        (
            "Expr",
            "/anyOf/1/properties/Add/prefixItems/0/$ref",
            json!("#/$defs/Expr"),
        ),
        ("v1_Item", "/title", json!("v1::Item")),
        ("v1.Item", "/title", json!("v1.Item")),
        ("RingA", "", json!({"title": "RingA"})),
        (
            "Iban",
            "/description",
            json!("No value was found that it accepts: this is no IBAN"),
        ),
        ("ping.arguments", "/anyOf/1/required/0", json!("number")),
        ("Lab_2.echo_uuid.reply", "/$ref", json!("#/$defs/Uuid")),
    ] {
        assert_eq!(
            definitions[key].pointer(pointer),
            Some(&expected),
            "{key} {pointer}"
        );
    }
    let bounds = &schema("inventory")["$defs"]["Product"]["properties"]["price"];
    assert_eq!(bounds["maximum"], json!(u64::MAX));
}

#[test]
fn arguments_come_in_order_or_by_name() {
    let document = schema("lab");
    let forms = &document["$defs"]["Lab.import.arguments"]["anyOf"];
    assert_eq!(forms[0]["minItems"], json!(3));
    assert_eq!(forms[0]["items"], json!(false));
    assert_eq!(forms[1]["required"], json!(["class"]));
    assert_eq!(forms[1]["additionalProperties"], json!(false));
}

#[test]
fn methods_are_what_open_rpc_calls_so() {
    let document = open_rpc("inventory");
    let methods = document["methods"].as_array().unwrap();
    let method = |name: &str| {
        methods
            .iter()
            .find(|method| method["name"] == name)
            .unwrap()
    };
    let place = method("Inventory.place");
    assert_eq!(place["paramStructure"], "either");
    assert_eq!(
        place["params"][0]["schema"]["$ref"],
        "#/components/schemas/Order"
    );
    assert_eq!(
        place["errors"][0]["data"]["$ref"],
        "#/components/schemas/StockError"
    );
    assert_eq!(place["x-rust"], "(Order) -> Result<Receipt, StockError>");
    assert!(method("Inventory.scanned").get("result").is_none());
    assert_eq!(method("Inventory.ship")["x-timeout-ms"], 5000);

    let document = open_rpc("lab");
    assert_eq!(document["info"]["version"], "3, 2");
    let methods = document["methods"].as_array().unwrap();
    let names: Vec<_> = methods
        .iter()
        .map(|method| method["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"Lab@2.echo_uuid") && names.contains(&"ping"),
        "{names:?}"
    );
    let old = methods
        .iter()
        .find(|method| method["name"] == "Lab.old")
        .unwrap();
    assert_eq!(old["deprecated"], true);
    // Draft 7.
    let pair = &document["components"]["schemas"]["Pair"];
    assert_eq!(pair["items"][1]["type"], "string");
    assert_eq!(pair["additionalItems"], false);
}
