//! One call, at a server that has another key.

use serde_json::{Value, json};

use super::super::super::Description;
use super::super::{Judgment, MethodOf, Verdict, judge_arguments, judge_method};
use super::{field, named, structure};

fn inventory(count: &str, total: &str) -> Description {
    let types = json!({
        "Order": structure(&[field("lines", &json!({ "list": named("Line") }))]),
        "Line": structure(&[field("sku", &json!("string")), field("count", &json!(count))]),
        "Receipt": structure(&[field("total", &json!(total))]),
    });
    with(&types, 1)
}

fn with(types: &Value, version: u32) -> Description {
    serde_json::from_value(json!({
        "format": 1,
        "services": [{ "name": "Inventory", "version": version, "methods": [{
            "name": "place", "key": "", "fingerprint": "",
            "arguments": [field("order", &named("Order"))],
            "reply": named("Receipt"),
        }] }],
        "types": types,
    }))
    .unwrap()
}

fn judged(
    judge: fn(MethodOf<'_>, MethodOf<'_>) -> Judgment,
    old: &Description,
    new: &Description,
) -> Judgment {
    fn of(description: &Description) -> MethodOf<'_> {
        let (service, method) = description.method("Inventory.place").unwrap();
        MethodOf {
            description,
            service,
            method,
        }
    }
    judge(of(old), of(new))
}

#[test]
fn the_first_difference_that_decides_is_told_as_the_caller_sees_it() {
    let judgment = judged(
        judge_method,
        &inventory("u32", "u32"),
        &inventory("i64", "i64"),
    );
    assert_eq!(judgment.by_key.verdict, Verdict::Breaks);
    assert_eq!(
        judgment.by_key.reason,
        "Inventory.place order.lines[].count: `u32` here, `i64` there"
    );
    assert!(!judgment.by_key.is_safe());
    assert_eq!(judgment.by_name.verdict, Verdict::Depends);
    assert_eq!(
        judgment.by_name.reason,
        "Inventory.place reply.total: `u32` here, `i64` there"
    );
}

#[test]
fn what_has_no_reply_is_judged_by_its_arguments() {
    let (old, new) = (inventory("u32", "u32"), inventory("u64", "string"));
    let judgment = judged(judge_arguments, &old, &new);
    assert_eq!(judgment.by_key.verdict, Verdict::Fine);
    assert_eq!(judgment.by_name.verdict, Verdict::Fine);
    let judgment = judged(judge_method, &old, &new);
    assert_eq!(
        judgment.by_key.reason,
        "Inventory.place reply.total: `u32` here, `string` there"
    );
    let judgment = judged(
        judge_arguments,
        &inventory("u64", "u32"),
        &inventory("u32", "u32"),
    );
    assert_eq!(judgment.by_key.verdict, Verdict::Depends);
    assert!(judgment.by_key.is_safe());
}

#[test]
fn another_version_is_another_method() {
    let types = json!({ "Order": structure(&[]), "Receipt": structure(&[]) });
    let judgment = judged(judge_method, &with(&types, 1), &with(&types, 2));
    assert_eq!(
        judgment.by_key.reason,
        "Inventory.place: version 1 here, 2 there"
    );
    assert_eq!(judgment.by_name, Judgment::default().by_name);
}

#[test]
fn methods_that_are_the_same_are_fine() {
    let judgment = judged(
        judge_method,
        &inventory("u32", "u32"),
        &inventory("u32", "u32"),
    );
    assert_eq!(judgment, Judgment::default());
}
