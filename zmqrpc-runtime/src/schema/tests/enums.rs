//! Variants that come, go, move and change.

use serde_json::{Value, json};

use super::super::Verdict::{Breaks, Depends, Fine};
use super::{Proof, check, check_as, taking, versions};

versions! {
    plain { pub enum T { A, B(u32), C { x: u8 } } }
    more { pub enum T { A, B(u32), C { x: u8 }, D, E(u32) } }
    more_units { pub enum T { A, B(u32), C { x: u8 }, D, E } }
    more_filled { pub enum T { A, B(u32), C { x: u8 }, D, E(u32) } }
    old_keys { #[derive(Eq, PartialOrd, Ord)] pub enum T { A, #[serde(other)] Other } }
    new_keys { #[derive(Eq, PartialOrd, Ord)] pub enum T { A, D, E, #[serde(other)] Other } }
    before { pub enum T { Z, A, B(u32), C { x: u8 } } }
    reordered { pub enum T { C { x: u8 }, B(u32), A } }
    fewer { pub enum T { A, B(u32) } }
    open { pub enum T { A, B(u32), C { x: u8 }, #[serde(other)] Other } }
    wider { pub enum T { A, B(u64), C { x: u8 } } }
    renamed { pub enum T { A, N(u32), C { x: u8 } } }
    aliased { pub enum T { A, #[serde(alias = "B")] N(u32), C { x: u8 } } }
    split {
        pub enum T { A, B((u32,)), C(Named) }
        pub struct Named { pub x: u8 }
    }
    units { pub enum T { A, B } }
    swapped_units { pub enum T { B, A } }
    filled { pub enum T { A(u8), B } }
    emptied { pub enum T { A(), B } }
    pairs { pub enum T { A(u8, u32) } }
    pair { pub enum T { A((u8, u32)) } }
}

fn variant(name: &str, body: Value) -> Value {
    json!({ "name": name, "body": body })
}

fn body(variants: Value) -> Value {
    json!({ "enum": { "variants": variants } })
}

fn c() -> Value {
    variant(
        "C",
        json!({ "struct": { "fields": [{ "name": "x", "shape": "u8" }] } }),
    )
}

fn a() -> Value {
    variant("A", json!("unit"))
}

fn b(shape: &str) -> Value {
    variant("B", json!({ "one": shape }))
}

fn plain_body() -> Value {
    body(json!([a(), b("u32"), c()]))
}

fn values() -> Vec<plain::T> {
    vec![
        plain::T::A,
        plain::T::B(7),
        plain::T::B(70_000),
        plain::T::C { x: 1 },
        plain::T::C { x: 200 },
    ]
}

/// Compares by what is written for people, in which variants have their names.
fn alike<A: serde::Serialize, B: serde::Serialize>(old: &A, new: &B) -> bool {
    serde_json::to_value(old).unwrap() == serde_json::to_value(new).unwrap()
}

#[test]
fn a_variant_at_the_end_is_fine_unless_it_is_sent_to_who_does_not_know_it() {
    let old = taking(&plain_body());
    let new = taking(&body(json!([
        a(),
        b("u32"),
        c(),
        variant("D", json!("unit")),
        variant("E", json!({ "one": "u32" }))
    ])));
    check::<_, more::T>((&old, &new), &values(), alike, (Fine, Fine));
    let values = [
        more::T::A,
        more::T::B(7),
        more::T::D,
        more::T::E(0),
        more::T::E(700),
    ];
    check::<_, plain::T>((&new, &old), &values, alike, (Depends, Depends));
    let new = taking(&body(json!([a(), b("u32")])));
    check::<_, fewer::T>((&old, &new), &self::values(), alike, (Depends, Depends));
}

#[test]
fn a_unit_variant_that_is_not_known_is_the_one_for_all_others() {
    let mut open = body(json!([a(), b("u32"), c(), variant("Other", json!("unit"))]));
    open["enum"]["open"] = json!(true);
    let new = body(json!([
        a(),
        b("u32"),
        c(),
        variant("D", json!("unit")),
        variant("E", json!("unit")),
    ]));
    let same = |new: &more_units::T, old: &open::T| match new {
        more_units::T::D | more_units::T::E => *old == open::T::Other,
        new => alike(new, old),
    };
    let values = [
        more_units::T::A,
        more_units::T::B(7),
        more_units::T::D,
        more_units::T::E,
    ];
    // `D` has the number that `Other` has. That it is the one for all others the description does not tell.
    let descriptions = (&taking(&new), &taking(&open));
    check_as(descriptions, &values, same, (Breaks, Fine), Proof::Caution);

    let new = body(json!([
        a(),
        b("u32"),
        c(),
        variant("D", json!("unit")),
        variant("E", json!({ "one": "u32" })),
    ]));
    let same = |new: &more_filled::T, old: &open::T| match new {
        more_filled::T::D | more_filled::T::E(_) => *old == open::T::Other,
        new => alike(new, old),
    };
    let values = [more_filled::T::A, more_filled::T::E(7)];
    check(
        (&taking(&new), &taking(&open)),
        &values,
        same,
        (Breaks, Depends),
    );
}

#[test]
fn keys_of_maps_that_may_become_one_break() {
    type Map<K> = std::collections::BTreeMap<K, u32>;
    let map = json!({ "map": [{ "type": "T" }, "u32"] });
    let mut old = body(json!([a(), variant("Other", json!("unit"))]));
    old["enum"]["open"] = json!(true);
    let mut new = old.clone();
    for name in ["E", "D"] {
        let variants = new["enum"]["variants"].as_array_mut().unwrap();
        variants.insert(1, variant(name, json!("unit")));
    }
    let (old, new) = (json!({ "T": old }), json!({ "T": new }));
    let descriptions = (
        &super::description(&map, &new),
        &super::description(&map, &old),
    );
    let values = [Map::from([(new_keys::T::D, 1), (new_keys::T::E, 2)])];
    let same = |new: &Map<new_keys::T>, old: &Map<old_keys::T>| old.len() == new.len();
    check(descriptions, &values, same, (Breaks, Breaks));
}

#[test]
fn variants_that_move_break_by_key() {
    let old = taking(&plain_body());
    let new = taking(&body(json!([
        variant("Z", json!("unit")),
        a(),
        b("u32"),
        c()
    ])));
    check::<_, before::T>((&old, &new), &values(), alike, (Breaks, Fine));
    let new = taking(&body(json!([c(), b("u32"), a()])));
    check::<_, reordered::T>((&old, &new), &values(), alike, (Breaks, Fine));
    let old = taking(&body(json!([a(), variant("B", json!("unit"))])));
    let new = taking(&body(json!([variant("B", json!("unit")), a()])));
    check::<_, swapped_units::T>(
        (&old, &new),
        &[units::T::A, units::T::B],
        alike,
        (Breaks, Fine),
    );
}

#[test]
fn a_variant_of_another_name_breaks_unless_the_old_one_is_an_alias() {
    let old = taking(&plain_body());
    let mut new = body(json!([a(), variant("N", json!({ "one": "u32" })), c()]));
    // Which variant it is meant to be, nobody can tell.
    check::<_, renamed::T>((&old, &taking(&new)), &values(), alike, (Breaks, Depends));
    new["enum"]["variants"][1]["aliases"] = json!(["B"]);
    let same = |old: &plain::T, new: &aliased::T| match (old, new) {
        (plain::T::B(old), aliased::T::N(new)) => old == new,
        _ => alike(old, new),
    };
    check((&old, &taking(&new)), &values(), same, (Fine, Fine));
    let values = [aliased::T::A, aliased::T::N(7)];
    let same = |new: &aliased::T, old: &plain::T| same(old, new);
    check((&taking(&new), &old), &values, same, (Fine, Depends));
}

#[test]
fn what_a_variant_holds_is_compared_as_it_is_written() {
    let old = taking(&plain_body());
    let new = taking(&body(json!([a(), b("u64"), c()])));
    check::<_, wider::T>((&old, &new), &values(), alike, (Fine, Fine));
    // A struct of its own is written as fields are.
    let new = super::description(
        &json!({ "type": "T" }),
        &json!({
            "T": body(json!([a(), variant("B", json!({ "one": { "tuple": ["u32"] } })), variant("C", json!({ "one": { "type": "Named" } }))])),
            "Named": { "struct": { "fields": [{ "name": "x", "shape": "u8" }] } },
        }),
    );
    let same = |old: &plain::T, new: &split::T| match (old, new) {
        (plain::T::B(old), split::T::B((new,))) => old == new,
        _ => alike(old, new),
    };
    check((&old, &new), &values(), same, (Fine, Breaks));
    let old = taking(&body(json!([variant(
        "A",
        json!({ "tuple": ["u8", "u32"] })
    )])));
    let new = taking(&body(json!([variant(
        "A",
        json!({ "one": { "tuple": ["u8", "u32"] } })
    )])));
    check::<_, pair::T>((&old, &new), &[pairs::T::A(200, 7)], alike, (Fine, Fine));
}

#[test]
fn a_unit_variant_that_gets_a_content_breaks() {
    let old = taking(&body(json!([a(), variant("B", json!("unit"))])));
    let new = taking(&body(json!([
        variant("A", json!({ "one": "u8" })),
        variant("B", json!("unit"))
    ])));
    let values = [units::T::A, units::T::B];
    check::<_, filled::T>((&old, &new), &values, alike, (Breaks, Breaks));
    let new = taking(&body(json!([
        variant("A", json!({ "tuple": [] })),
        variant("B", json!("unit"))
    ])));
    let same =
        |old: &units::T, new: &emptied::T| (*old == units::T::A) == (*new == emptied::T::A());
    check((&old, &new), &values, same, (Fine, Breaks));
}
