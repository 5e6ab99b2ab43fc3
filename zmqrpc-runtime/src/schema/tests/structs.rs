//! Fields that come, go, move and change.

use serde_json::{Value, json};

use super::super::Verdict::{Breaks, Depends, Fine};
use super::{check, taking, versions};

versions! {
    line { pub struct T { pub sku: String, pub count: u32 } }
    optional_new { pub struct T { pub sku: String, pub count: u32, pub note: Option<String> } }
    required_new { pub struct T { pub sku: String, pub count: u32, pub note: u8 } }
    gone { pub struct T { pub sku: String } }
    closed { #[serde(deny_unknown_fields)] pub struct T { pub sku: String } }
    renamed { pub struct T { pub sku: String, pub amount: u32 } }
    aliased { pub struct T { pub sku: String, #[serde(alias = "count")] pub amount: u32 } }
    defaulted { pub struct T { pub sku: String, #[serde(default)] pub amount: u32 } }
    swapped { pub struct T { pub count: u32, pub sku: String } }
    wrapped {
        pub struct T { pub sku: Sku, pub count: Count }
        pub struct Sku(pub String);
        pub struct Count(pub u32);
    }
    twins { pub struct T { pub width: u32, pub height: u32 } }
    exchanged { pub struct T { pub height: u32, pub width: u32 } }
    tuple { pub struct T(pub String, pub u32); }
    one { pub struct T { pub count: u32 } }
    lenient { pub struct T { #[serde(default)] pub count: u32 } }
}

fn field(name: &str, shape: Value) -> Value {
    json!({ "name": name, "shape": shape })
}

fn optional(name: &str, shape: Value) -> Value {
    json!({ "name": name, "shape": shape, "optional": true })
}

fn body(fields: Value) -> Value {
    json!({ "struct": { "fields": fields } })
}

fn line_body() -> Value {
    body(json!([
        field("sku", json!("string")),
        field("count", json!("u32"))
    ]))
}

fn lines() -> Vec<line::T> {
    let counts = [0, 1, 127, 128, 70_000, u32::MAX];
    let line = |count| line::T {
        sku: "a".repeat(count as usize % 5),
        count,
    };
    counts.map(line).to_vec()
}

#[test]
fn a_new_field_that_is_optional_breaks_by_key_alone() {
    let new = taking(&body(json!([
        field("sku", json!("string")),
        field("count", json!("u32")),
        optional("note", json!({ "option": "string" })),
    ])));
    let old = taking(&line_body());
    let same = |old: &line::T, new: &optional_new::T| {
        (&old.sku, old.count, &None) == (&new.sku, new.count, &new.note)
    };
    check((&old, &new), &lines(), same, (Breaks, Fine));
    let values = [Some("x".to_owned()), None].map(|note| optional_new::T {
        sku: "a".into(),
        count: 1,
        note,
    });
    let same =
        |new: &optional_new::T, old: &line::T| (&old.sku, old.count) == (&new.sku, new.count);
    check((&new, &old), &values, same, (Breaks, Fine));
}

#[test]
fn a_new_field_that_is_required_breaks() {
    let new = taking(&body(json!([
        field("sku", json!("string")),
        field("count", json!("u32")),
        field("note", json!("u8")),
    ])));
    let same = |_: &line::T, _: &required_new::T| false;
    check(
        (&taking(&line_body()), &new),
        &lines(),
        same,
        (Breaks, Breaks),
    );
}

#[test]
fn a_field_that_is_gone_breaks_by_key_and_where_others_are_refused() {
    let new = body(json!([field("sku", json!("string"))]));
    let same = |old: &line::T, new: &gone::T| old.sku == new.sku;
    let old = taking(&line_body());
    check((&old, &taking(&new)), &lines(), same, (Breaks, Fine));
    let mut new = new;
    new["struct"]["closed"] = json!(true);
    let same = |old: &line::T, new: &closed::T| old.sku == new.sku;
    check((&old, &taking(&new)), &lines(), same, (Breaks, Breaks));
}

#[test]
fn a_field_of_another_name_breaks_by_name_unless_the_old_one_is_an_alias() {
    let old = taking(&line_body());
    let mut new = body(json!([
        field("sku", json!("string")),
        field("amount", json!("u32"))
    ]));
    let same = |old: &line::T, new: &renamed::T| (&old.sku, old.count) == (&new.sku, new.amount);
    check((&old, &taking(&new)), &lines(), same, (Fine, Breaks));
    new["struct"]["fields"][1]["aliases"] = json!(["count"]);
    let same = |old: &line::T, new: &aliased::T| (&old.sku, old.count) == (&new.sku, new.amount);
    check((&old, &taking(&new)), &lines(), same, (Fine, Fine));
    // Back to those who know no alias.
    let values = lines().into_iter().map(|line| aliased::T {
        sku: line.sku,
        amount: line.count,
    });
    let values: Vec<aliased::T> = values.collect();
    let same = |new: &aliased::T, old: &line::T| (&old.sku, old.count) == (&new.sku, new.amount);
    check((&taking(&new), &old), &values, same, (Fine, Breaks));
}

#[test]
fn a_field_of_another_name_that_is_optional_gets_lost_by_name() {
    let new = body(json!([
        field("sku", json!("string")),
        optional("amount", json!("u32"))
    ]));
    let same = |old: &line::T, new: &defaulted::T| (&old.sku, old.count) == (&new.sku, new.amount);
    check(
        (&taking(&line_body()), &taking(&new)),
        &lines(),
        same,
        (Fine, Breaks),
    );
}

#[test]
fn fields_that_change_places_break_by_key() {
    let old = taking(&line_body());
    let new = body(json!([
        field("count", json!("u32")),
        field("sku", json!("string"))
    ]));
    let same = |old: &line::T, new: &swapped::T| (&old.sku, old.count) == (&new.sku, new.count);
    check((&old, &taking(&new)), &lines(), same, (Breaks, Fine));

    let old = body(json!([
        field("width", json!("u32")),
        field("height", json!("u32"))
    ]));
    let new = body(json!([
        field("height", json!("u32")),
        field("width", json!("u32"))
    ]));
    let same =
        |old: &twins::T, new: &exchanged::T| (old.width, old.height) == (new.width, new.height);
    let values = [
        twins::T {
            width: 1,
            height: 2,
        },
        twins::T {
            width: 300,
            height: 300,
        },
    ];
    check(
        (&taking(&old), &taking(&new)),
        &values,
        same,
        (Breaks, Fine),
    );
}

#[test]
fn a_newtype_around_a_value_is_no_change() {
    let old = taking(&line_body());
    let new = super::description(
        &json!({ "type": "Row" }),
        &json!({
            "Row": body(json!([field("sku", json!({ "type": "Sku" })), field("count", json!({ "type": "Count" }))])),
            "Sku": { "is": "string" },
            "Count": { "is": { "type": "Number" } },
            "Number": { "is": "u32" },
        }),
    );
    let same = |old: &line::T, new: &wrapped::T| (&old.sku, old.count) == (&new.sku.0, new.count.0);
    check((&old, &new), &lines(), same, (Fine, Fine));
}

#[test]
fn a_struct_is_a_tuple_by_key_alone() {
    let new = taking(&json!({ "tuple": ["string", "u32"] }));
    let same = |old: &line::T, new: &tuple::T| (&old.sku, old.count) == (&new.0, new.1);
    check(
        (&taking(&line_body()), &new),
        &lines(),
        same,
        (Fine, Breaks),
    );
}

#[test]
fn a_struct_of_one_field_is_that_field_by_key_alone() {
    let old = taking(&body(json!([field("count", json!("u32"))])));
    let new = taking(&json!({ "is": "u32" }));
    let values = [1, 70_000].map(|count| one::T { count });
    let same = |old: &one::T, new: &u32| old.count == *new;
    check((&old, &new), &values, same, (Fine, Breaks));
    let same = |old: &u32, new: &one::T| *old == new.count;
    check((&new, &old), &[1, 70_000], same, (Fine, Breaks));
    let new = taking(&json!({ "tuple": ["u32"] }));
    let same = |old: &one::T, new: &(u32,)| old.count == new.0;
    check((&old, &new), &values, same, (Fine, Breaks));
}

#[test]
fn a_field_that_may_not_be_left_out_any_more_depends_by_name() {
    #[derive(serde::Serialize)]
    struct Sparse {
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<u32>,
    }
    let old = taking(&body(json!([optional("count", json!("u32"))])));
    let new = taking(&body(json!([field("count", json!("u32"))])));
    let found = super::verdicts(&old, &new);
    assert_eq!(found, (Fine, Depends));
    // Rust's own clients always write it.
    let values = [Some(1), None].map(|count| Sparse { count });
    let same = |old: &Sparse, new: &one::T| old.count == Some(new.count);
    let outcomes = values.map(|value| super::outcome(crate::codec::Codec::Json, &value, &same));
    super::check_outcomes("by name", found.1, &outcomes, super::Proof::Seen);
    let same = |old: &one::T, new: &lenient::T| old.count == new.count;
    check((&new, &old), &[one::T { count: 7 }], same, (Fine, Fine));
}
