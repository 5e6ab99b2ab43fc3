//! What descriptions do not know.

use serde_json::{Value, json};

use super::super::super::Description;
use super::super::{Verdict, changes};
use super::{description, field, named, structure};

/// Returns a description with this signature and fingerprint.
fn signed(shape: &Value, types: &Value, signature: &str, fingerprint: &str) -> Description {
    let mut description = description(shape, types);
    let method = &mut description.services[0].methods[0];
    signature.clone_into(&mut method.signature);
    fingerprint.clone_into(&mut method.fingerprint);
    description
}

/// Returns the worst verdicts; `None` if there is no change.
fn verdicts(old: &Description, new: &Description) -> Option<(Verdict, Verdict)> {
    let changes = changes(old, new);
    let by_key = changes.iter().map(|change| change.by_key).max()?;
    let by_name = changes.iter().map(|change| change.by_name).max()?;
    Some((by_key, by_name))
}

const BROKEN: Option<(Verdict, Verdict)> = Some((Verdict::Breaks, Verdict::Breaks));

#[test]
fn what_is_known_on_one_side_alone_breaks() {
    for unknown in [
        json!("any"),
        json!({ "unknown": "it refuses" }),
        named("Nowhere"),
    ] {
        let known = description(&json!("u32"), &json!({}));
        let unknown = description(&unknown, &json!({}));
        assert_eq!(verdicts(&known, &unknown), BROKEN);
        assert_eq!(verdicts(&unknown, &known), BROKEN);
    }
    let any = description(&json!("any"), &json!({}));
    let unknown = description(&json!({ "unknown": "" }), &json!({}));
    assert_eq!(verdicts(&any, &unknown), BROKEN);
}

#[test]
fn what_is_known_on_neither_side_is_the_same_while_nothing_tells_otherwise() {
    for unknown in [json!("any"), json!({ "unknown": "it refuses" })] {
        let whole = |signature, print| signed(&unknown, &json!({}), signature, print);
        assert_eq!(verdicts(&whole("(A)", "1"), &whole("(A)", "1")), None);
        // Of a whole argument the signature names the type.
        assert_eq!(verdicts(&whole("(A)", "1"), &whole("(A)", "2")), None);
        assert_eq!(verdicts(&whole("", "1"), &whole("", "2")), BROKEN);
        assert_eq!(verdicts(&whole("(A)", "1"), &whole("(B)", "1")), BROKEN);

        let types = json!({ "T": structure(&[field("a", &unknown)]) });
        let within = |print| signed(&named("T"), &types, "(T)", print);
        assert_eq!(verdicts(&within("1"), &within("1")), None);
        assert_eq!(verdicts(&within("1"), &within("2")), BROKEN);
    }
}

#[test]
fn structs_of_any_fields_are_compared_as_far_as_they_are_known() {
    let open = |name: &str, print| {
        let body = json!({ "open": { "fields": [field(name, &json!("u32"))] } });
        signed(&named("T"), &json!({ "T": { "body": body } }), "(T)", print)
    };
    assert_eq!(verdicts(&open("a", "1"), &open("a", "1")), None);
    assert_eq!(verdicts(&open("a", "1"), &open("a", "2")), BROKEN);
    assert_eq!(verdicts(&open("a", "1"), &open("b", "2")), BROKEN);
    let closed = structure(&[field("a", &json!("u32"))]);
    let closed = signed(&named("T"), &json!({ "T": closed }), "(T)", "1");
    assert_eq!(verdicts(&open("a", "1"), &closed), BROKEN);
    assert_eq!(verdicts(&closed, &open("a", "1")), BROKEN);
}

#[test]
fn forms_for_people_count_by_name() {
    let id = |text: &str| {
        let types = json!({ "Id": { "body": { "is": "bytes" }, "text": { "is": text } } });
        description(&named("Id"), &types)
    };
    let expected = Some((Verdict::Fine, Verdict::Breaks));
    assert_eq!(verdicts(&id("string"), &id("u64")), expected);
    assert_eq!(verdicts(&id("string"), &id("string")), None);
}
