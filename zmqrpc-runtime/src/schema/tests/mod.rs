//! What is said of changes, against what the codecs make of them.

#![allow(
    clippy::needless_pass_by_value,
    reason = "descriptions are written where they are needed"
)]

mod dynamic;
mod enums;
mod methods;
mod numbers;
mod shapes;
mod structs;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Description, Verdict, changes};
use crate::codec::Codec;

/// Declares the versions of types, each in a module of its own.
macro_rules! versions {
    ($($module:ident { $($item:item)* })*) => {$(
        #[allow(unreachable_pub, reason = "that is shorter")]
        mod $module {
            #[allow(unused_imports, reason = "not all say how they are written")]
            use serde::{Deserialize, Serialize};
            $(
                #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
                $item
            )*
        }
    )*};
}
use versions;

/// Returns the description of a method that takes a list of this shape, and two more arguments.
fn description(shape: &Value, types: &Value) -> Description {
    let types: serde_json::Map<String, Value> = types
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, body)| (name.clone(), json!({ "body": body })))
        .collect();
    serde_json::from_value(json!({
        "format": 1,
        "services": [{ "name": "S", "version": 1, "methods": [{
            "name": "m", "key": "", "fingerprint": "", "reply": "unit",
            "arguments": [
                { "name": "x", "shape": { "list": shape } },
                { "name": "number", "shape": "u32" },
                { "name": "text", "shape": "string" },
            ],
        }] }],
        "types": types,
    }))
    .unwrap()
}

/// Returns the description of a method that takes a `Line`.
fn taking(body: &Value) -> Description {
    description(&json!({ "type": "T" }), &json!({ "T": body }))
}

/// Returns the worst verdicts of all changes, by key and by name.
fn verdicts(old: &Description, new: &Description) -> (Verdict, Verdict) {
    let changes = changes(old, new);
    let worst = |verdict: fn(&super::Change) -> Verdict| {
        let verdicts = changes.iter().map(verdict);
        verdicts.max().unwrap_or(Verdict::Fine)
    };
    (
        worst(|change| change.by_key),
        worst(|change| change.by_name),
    )
}

/// What becomes of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Same,
    Wrong,
    Refused,
}

fn outcome<A: Serialize, B: DeserializeOwned>(
    codec: Codec,
    value: &A,
    same: &impl Fn(&A, &B) -> bool,
) -> Outcome {
    let mut bytes = Vec::new();
    let written = (vec![value, value], 70_000_u32, "text");
    if codec.encode(&written, &mut bytes, usize::MAX).is_err() {
        return Outcome::Refused;
    }
    match codec.decode::<(Vec<B>, u32, String)>(&bytes) {
        Ok((read, 70_000, text))
            if text == "text" && read.len() == 2 && read.iter().all(|read| same(value, read)) =>
        {
            Outcome::Same
        }
        Ok(_) => Outcome::Wrong,
        Err(_) => Outcome::Refused,
    }
}

/// Whether the worst that a verdict says does happen, or is only what cannot be ruled out.
#[derive(Clone, Copy, PartialEq)]
enum Proof {
    Seen,
    Caution,
}

/// Checks a verdict against what becomes of values.
#[track_caller]
fn check_outcomes(what: &str, verdict: Verdict, outcomes: &[Outcome], proof: Proof) {
    let is_cautious = proof == Proof::Caution;
    let holds = match verdict {
        Verdict::Fine => outcomes.iter().all(|outcome| *outcome == Outcome::Same),
        Verdict::Depends => {
            let all = [Outcome::Same, Outcome::Refused];
            let is_seen = all.iter().all(|outcome| outcomes.contains(outcome));
            !outcomes.contains(&Outcome::Wrong) && (is_cautious || is_seen)
        }
        Verdict::Breaks => is_cautious || outcomes.iter().any(|outcome| *outcome != Outcome::Same),
    };
    assert!(holds, "{what}: {verdict:?}, yet {outcomes:?}");
}

/// Checks what is said of values of `old` that are read as `new`, and that the codecs say the same.
#[track_caller]
fn check<A: Serialize, B: DeserializeOwned>(
    descriptions: (&Description, &Description),
    values: &[A],
    same: impl Fn(&A, &B) -> bool,
    expected: (Verdict, Verdict),
) {
    check_as(descriptions, values, same, expected, Proof::Seen);
}

#[track_caller]
fn check_as<A: Serialize, B: DeserializeOwned>(
    (old, new): (&Description, &Description),
    values: &[A],
    same: impl Fn(&A, &B) -> bool,
    expected: (Verdict, Verdict),
    proof: Proof,
) {
    let found = verdicts(old, new);
    assert_eq!(found, expected, "{:#?}", changes(old, new));
    let all = |codecs: &[Codec]| -> Vec<Outcome> {
        let codecs = codecs.iter();
        codecs
            .flat_map(|codec| values.iter().map(|value| outcome(*codec, value, &same)))
            .collect()
    };
    check_outcomes("by key", found.0, &all(&[Codec::Postcard]), proof);
    let by_name = all(&[Codec::MessagePack, Codec::Json]);
    check_outcomes("by name", found.1, &by_name, proof);
}

fn shape(shape: &Value) -> Description {
    description(shape, &json!({}))
}

#[track_caller]
fn read_as<A, B>(
    old: Value,
    new: Value,
    values: &[A],
    same: impl Fn(&A, &B) -> bool,
    expected: (Verdict, Verdict),
) where
    A: Serialize,
    B: DeserializeOwned,
{
    check((&shape(&old), &shape(&new)), values, same, expected);
}
