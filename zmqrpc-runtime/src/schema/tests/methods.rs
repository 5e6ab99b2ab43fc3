//! Methods and services that come, go and change.

use serde_json::{Value, json};

use super::super::Verdict::{Breaks, Depends, Fine};
use super::super::{Description, Verdict, changes};
use super::verdicts;
use crate::codec::Codec;

fn method(name: &str, arguments: &Value) -> Value {
    json!({
        "name": name, "key": "", "fingerprint": "", "reply": "u32",
        "arguments": arguments.as_object().unwrap().iter()
            .map(|(name, shape)| json!({ "name": name, "shape": shape }))
            .collect::<Vec<Value>>(),
    })
}

fn service(version: u32, methods: &[Value]) -> Value {
    json!({ "name": "S", "version": version, "methods": methods })
}

fn services(services: &[Value]) -> Description {
    serde_json::from_value(json!({ "format": 1, "services": services })).unwrap()
}

fn one(method: &Value) -> Description {
    services(&[service(1, std::slice::from_ref(method))])
}

fn told(old: &Description, new: &Description) -> Vec<(String, String, Verdict, Verdict)> {
    let changes = changes(old, new).into_iter();
    changes
        .map(|change| (change.place, change.what, change.by_key, change.by_name))
        .collect()
}

fn change(
    place: &str,
    what: &str,
    by_key: Verdict,
    by_name: Verdict,
) -> (String, String, Verdict, Verdict) {
    (place.to_owned(), what.to_owned(), by_key, by_name)
}

#[test]
fn methods_and_services_that_are_new_are_fine_and_those_that_are_gone_break() {
    let (a, b) = (method("a", &json!({})), method("b", &json!({})));
    let few = services(&[service(1, std::slice::from_ref(&a))]);
    let many = services(&[service(1, &[b, a])]);
    assert_eq!(
        told(&few, &many),
        [change("S.b", "the method is new", Fine, Fine)]
    );
    assert_eq!(
        told(&many, &few),
        [change("S.b", "the method is gone", Breaks, Breaks)]
    );
    let none = services(&[]);
    assert_eq!(
        told(&none, &few),
        [change("S", "the service is new", Fine, Fine)]
    );
    assert_eq!(
        told(&few, &none),
        [change("S", "the service is gone", Breaks, Breaks)]
    );
}

#[test]
fn another_version_breaks_by_key_unless_the_old_one_is_served_too() {
    let old = method("m", &json!({ "x": "u32" }));
    let new = method("m", &json!({ "x": "string" }));
    let first = services(&[service(1, std::slice::from_ref(&old))]);
    let same = services(&[service(2, std::slice::from_ref(&old))]);
    assert_eq!(
        told(&first, &same),
        [change("S", "version 1 became 2", Breaks, Fine)]
    );
    let both = services(&[service(2, &[new]), service(1, &[old])]);
    assert_eq!(
        told(&first, &both),
        [
            change("S", "version 2 answers by name now", Fine, Fine),
            change("S.m", "`u32` became `string`", Fine, Breaks),
        ]
    );
    // Who called by name has met the highest version.
    assert_eq!(
        told(&both, &same),
        [
            change("S", "version 1 is gone", Breaks, Breaks),
            change("S.m", "`string` became `u32`", Breaks, Breaks),
        ]
    );
}

#[test]
fn a_signature_that_is_spelled_otherwise_is_fine() {
    let (mut old, mut new) = (method("m", &json!({})), method("m", &json!({})));
    old["signature"] = json!("() -> Count");
    new["signature"] = json!("() -> u32");
    let expected = change("S.m", "`() -> Count` became `() -> u32`", Fine, Fine);
    assert_eq!(told(&one(&old), &one(&new)), [expected]);
}

#[test]
fn an_argument_of_another_name_breaks_those_who_name_it() {
    let old = one(&method("m", &json!({ "a": "u32", "b": "u32" })));
    let new = one(&method("m", &json!({ "a": "u32", "c": "u32" })));
    assert_eq!(
        told(&old, &new),
        [change(
            "S.m",
            "the argument's name is `c` now",
            Fine,
            Breaks
        )]
    );
    for codec in [Codec::Json, Codec::MessagePack] {
        let mut bytes = Vec::new();
        codec
            .encode(&json!({ "a": 1, "b": 2 }), &mut bytes, 99)
            .unwrap();
        assert!(
            codec
                .decode_arguments::<(u32, u32)>(&bytes, &["a", "b"])
                .is_ok()
        );
        assert!(
            codec
                .decode_arguments::<(u32, u32)>(&bytes, &["a", "c"])
                .is_err()
        );
    }
}

#[test]
fn arguments_that_change_places_break_all() {
    let old: Value =
        serde_json::from_str(r#"[{"name":"a","shape":"u32"},{"name":"b","shape":"u32"}]"#).unwrap();
    let mut before = method("m", &json!({}));
    let mut after = before.clone();
    after["arguments"] = json!([old[1], old[0]]);
    before["arguments"] = old;
    assert_eq!(verdicts(&one(&before), &one(&after)), (Breaks, Breaks));
}

#[test]
fn another_number_of_arguments_breaks_unless_what_is_new_may_be_left_out_by_name() {
    let old = one(&method("m", &json!({ "a": "u32" })));
    let new = one(&method(
        "m",
        &json!({ "a": "u32", "b": { "option": "u32" } }),
    ));
    assert_eq!(
        told(&old, &new),
        [change(
            "S.m",
            "1 argument became 2 arguments",
            Breaks,
            Depends
        )]
    );
    for codec in [Codec::Json, Codec::MessagePack] {
        let mut bytes = Vec::new();
        codec.encode(&json!({ "a": 1 }), &mut bytes, 99).unwrap();
        let read = codec.decode_arguments::<(u32, Option<u32>)>(&bytes, &["a", "b"]);
        assert_eq!(read, Ok((1, None)));
        let mut bytes = Vec::new();
        codec.encode(&(1,), &mut bytes, 99).unwrap();
        let read = codec.decode_arguments::<(u32, Option<u32>)>(&bytes, &["a", "b"]);
        assert!(read.is_err(), "{read:?}");
    }
    let new = one(&method("m", &json!({ "a": "u32", "b": "u32" })));
    assert_eq!(verdicts(&old, &new), (Breaks, Breaks));
    assert_eq!(verdicts(&new, &old), (Breaks, Breaks));
    // What goes by name is compared all the same.
    let new = one(&method(
        "m",
        &json!({ "a": "string", "b": { "option": "u32" } }),
    ));
    assert_eq!(verdicts(&old, &new), (Breaks, Breaks));
}

#[test]
fn what_answers_otherwise_breaks_and_what_may_not_be_repeated_depends() {
    let plain = method("m", &json!({}));
    let with = |name: &str, value: Value| {
        let mut method = plain.clone();
        method[name] = value;
        one(&method)
    };
    let plain = one(&plain);
    let (oneway, idempotent) = (with("oneway", json!(true)), with("idempotent", json!(true)));
    assert_eq!(verdicts(&plain, &oneway), (Breaks, Breaks));
    assert_eq!(verdicts(&oneway, &plain), (Breaks, Breaks));
    assert_eq!(verdicts(&idempotent, &plain), (Depends, Fine));
    assert_eq!(verdicts(&plain, &idempotent), (Fine, Fine));
    let failing = with("error", json!("string"));
    assert_eq!(verdicts(&plain, &failing), (Depends, Depends));
    assert_eq!(verdicts(&failing, &plain), (Fine, Fine));
}

#[test]
fn replies_and_errors_are_read_by_those_who_were_not_changed() {
    let with = |reply: &str, error: &str| {
        let mut method = method("m", &json!({}));
        method["reply"] = json!(reply);
        method["error"] = json!(error);
        one(&method)
    };
    let (narrow, wide) = (with("u32", "u16"), with("u64", "u16"));
    assert_eq!(
        told(&narrow, &wide),
        [change("S.m", "`u32` became `u64`", Depends, Depends)]
    );
    assert_eq!(
        told(&wide, &narrow),
        [change("S.m", "`u64` became `u32`", Fine, Fine)]
    );
    let wide = with("u32", "i16");
    assert_eq!(
        told(&narrow, &wide),
        [change("S.m", "`u16` became `i16`", Breaks, Depends)]
    );
}
