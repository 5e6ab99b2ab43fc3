//! What is judged of descriptions alone. `schema::tests` holds verdicts against what codecs read.

mod hostile;
mod judgments;
mod random;
mod texts;
mod unknown;

use serde_json::{Value, json};

use super::super::Description;

/// Returns the description of a method `S.m` that takes `x` and returns the same.
fn description(shape: &Value, types: &Value) -> Description {
    serde_json::from_value(json!({
        "format": 1,
        "services": [{ "name": "S", "version": 1, "methods": [{
            "name": "m", "key": "", "fingerprint": "", "reply": shape,
            "arguments": [{ "name": "x", "shape": shape }],
        }] }],
        "types": types,
    }))
    .unwrap()
}

fn named(name: &str) -> Value {
    json!({ "type": name })
}

fn field(name: &str, shape: &Value) -> Value {
    json!({ "name": name, "shape": shape })
}

/// Returns a type of fields.
fn structure(fields: &[Value]) -> Value {
    json!({ "body": { "struct": { "fields": fields } } })
}
