//! What JSON says, and what it cannot.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::{Bytes, Codec, Error, NoArgs, optional_bytes};
use super::encoded;

fn written<T: Serialize + ?Sized>(value: &T) -> String {
    String::from_utf8(encoded(Codec::Json, value)).unwrap()
}

fn read<'de, T: Deserialize<'de>>(json: &'de str) -> Result<T, Error> {
    Codec::Json.decode(json.as_bytes())
}

fn reason<'de, T: Deserialize<'de> + std::fmt::Debug>(json: &'de str) -> String {
    match read::<T>(json) {
        Err(Error::Decode(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Storage {
    Shelf,
    Chilled { at_most: i8 },
    Apart(String),
    Between(u8, u8),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nothing;

#[test]
fn values_look_as_people_write_them() {
    assert_eq!(
        written(&(1_u8, -2_i64, true, 'x', "a\"\n")),
        r#"[1,-2,true,"x","a\"\n"]"#
    );
    assert_eq!(written(&Storage::Shelf), r#""Shelf""#);
    assert_eq!(
        written(&Storage::Chilled { at_most: 7 }),
        r#"{"Chilled":{"at_most":7}}"#
    );
    assert_eq!(
        written(&Storage::Apart("acid".into())),
        r#"{"Apart":"acid"}"#
    );
    assert_eq!(written(&Storage::Between(1, 2)), r#"{"Between":[1,2]}"#);
    assert_eq!(
        written(&(None::<u8>, Some(1), (), Nothing)),
        "[null,1,null,null]"
    );
    assert_eq!(written(&Vec::<u8>::new()), "[]");
    assert_eq!(written(&BTreeMap::<u8, u8>::new()), "{}");
    assert_eq!(written(&NoArgs), "null");
    assert_eq!(written(&std::net::Ipv4Addr::LOCALHOST), r#""127.0.0.1""#);
}

#[test]
fn integers_are_exact_up_to_128_bits() {
    let all = (u64::MAX, i64::MIN, u128::MAX, i128::MIN);
    let json = format!("[{},{},{},{}]", all.0, all.1, all.2, all.3);
    assert_eq!(written(&all), json);
    assert_eq!(read(&json), Ok(all));
    // As who has only floats has to send them.
    let texts = format!(r#"["{}","{}","{}","{}"]"#, all.0, all.1, all.2, all.3);
    assert_eq!(read(&texts), Ok(all));
}

#[test]
fn a_number_that_does_not_fit_is_refused() {
    assert_eq!(
        reason::<u8>("300"),
        "invalid value: integer `300`, expected u8"
    );
    assert_eq!(
        reason::<u8>(r#""300""#),
        "invalid value: integer `300`, expected u8"
    );
    assert_eq!(
        reason::<u32>("-1"),
        "invalid value: integer `-1`, expected u32"
    );
    for wrong in [
        "1.0", "1e2", "true", "null", "[]", "{}", r#""x""#, r#""1.0""#, r#""007""#, r#"" 1""#,
    ] {
        let reason = reason::<u64>(wrong);
        assert!(
            reason.starts_with("invalid type: ") && reason.contains("expected u64"),
            "{wrong}: {reason}"
        );
    }
}

#[test]
fn floats_come_back_as_they_were() {
    assert_eq!(
        written(&(0.1_f32, 0.1_f64, 1.0_f64, 1e300_f64)),
        "[0.1,0.1,1.0,1e+300]"
    );
    let special = (f64::NAN, f64::INFINITY, f32::NEG_INFINITY);
    assert_eq!(written(&special), r#"["NaN","Infinity","-Infinity"]"#);
    let (nan, infinity, negative) = read::<(f64, f64, f32)>(&written(&special)).unwrap();
    assert!(nan.is_nan() && infinity == f64::INFINITY && negative == f32::NEG_INFINITY);
    assert_eq!(
        read::<(f64, f64, f32)>(r#"[1,"2.5",-0]"#),
        Ok((1.0, 2.5, -0.0))
    );
    assert!(reason::<f64>(r#""inf""#).starts_with("invalid type: string"));
    for beyond in ["1e39", "-3.5e38", r#""1e39""#] {
        assert_eq!(
            reason::<f32>(beyond),
            "the number is out of range",
            "{beyond}"
        );
        assert!(read::<f64>(beyond).is_ok(), "{beyond}");
    }
    assert_eq!(reason::<f64>("1e309"), "the number is out of range");
}

proptest! {
    #[test]
    fn every_float_comes_back(double: f64, single: f32) {
        let json = written(&(double, single));
        let back = read::<(f64, f32)>(&json).unwrap();
        if double.is_nan() { prop_assert!(back.0.is_nan()) } else { prop_assert_eq!(back.0.to_bits(), double.to_bits()) }
        if single.is_nan() { prop_assert!(back.1.is_nan()) } else { prop_assert_eq!(back.1.to_bits(), single.to_bits()) }
    }

    /// The judge of what is JSON.
    #[test]
    fn what_serde_json_refuses_is_refused(json in r#"[\[\]{}:,"a1e\-. \n\\]{0,12}"#) {
        let judge = serde_json::from_str::<serde::de::IgnoredAny>(&json).is_ok();
        let nothing = json.is_empty();
        prop_assert_eq!(read::<serde::de::IgnoredAny>(&json).is_ok(), judge || nothing, "{}", json);
    }
}

#[test]
fn bytes_are_text_in_base64() {
    let bytes = (
        Bytes::new(b"\x00\xFB\xFF"),
        optional_bytes(None),
        optional_bytes(Some(b"")),
    );
    assert_eq!(written(&bytes), r#"["APv/",null,""]"#);
    for json in [r#""APv/""#, r#""APv_""#, "[0,251,255]", r#"[0,"251",255]"#] {
        assert_eq!(
            &*read::<Bytes<'_>>(json).unwrap(),
            b"\x00\xFB\xFF",
            "{json}"
        );
    }
    for json in [r#""AA==""#, r#""AA""#] {
        assert_eq!(&*read::<Bytes<'_>>(json).unwrap(), b"\x00", "{json}");
    }
    for wrong in [r#""A""#, r#""A?==""#, r#""AB==""#] {
        assert!(
            reason::<Bytes<'_>>(wrong).starts_with("bytes are a text in base64"),
            "{wrong}"
        );
    }
    assert!(reason::<Bytes<'_>>("7").ends_with("expected bytes"));
    // Serde sees no bytes in a list of numbers.
    assert_eq!(written(&vec![0_u8, 251]), "[0,251]");
}

#[test]
fn keys_of_maps_are_texts_that_come_back_as_what_they_were() {
    fn check<K>(entry: (K, u8), json: &str)
    where
        K: Serialize + for<'de> Deserialize<'de> + std::hash::Hash + Eq + Clone + std::fmt::Debug,
    {
        let map = HashMap::from([entry]);
        assert_eq!(written(&map), json);
        assert_eq!(read::<HashMap<K, u8>>(json), Ok(map));
    }
    check(("a\"".to_owned(), 1), r#"{"a\"":1}"#);
    check((-7_i32, 1), r#"{"-7":1}"#);
    check((u128::MAX, 1), &format!(r#"{{"{}":1}}"#, u128::MAX));
    check((true, 1), r#"{"true":1}"#);
    check(('x', 1), r#"{"x":1}"#);
    check((Some(7_u8), 1), r#"{"7":1}"#);
    for wrong in [
        Codec::Json.encode(&BTreeMap::from([((1, 2), 3)]), &mut Vec::new(), 100),
        Codec::Json.encode(&BTreeMap::from([(None::<u8>, 3)]), &mut Vec::new(), 100),
        Codec::Json.encode(&BTreeMap::from([(vec![1], 3)]), &mut Vec::new(), 100),
    ] {
        assert!(wrong.unwrap_err().to_string().contains("a key of a map"));
    }
}

#[test]
fn variants_and_nothing_are_read_in_more_than_one_way() {
    assert_eq!(read(r#"{"Shelf":null}"#), Ok(Storage::Shelf));
    assert_eq!(
        read(r#"{"Chilled":[7]}"#),
        Ok(Storage::Chilled { at_most: 7 })
    );
    assert_eq!(read(" null\n"), Ok(Nothing));
    for nothing in ["", "null", "[]", "{}", " [ ] "] {
        assert_eq!(read(nothing), Ok(NoArgs), "{nothing:?}");
    }
    assert_eq!(reason::<NoArgs>("[1]"), "the method takes no arguments");
}

/// Who asks for any number reads 64 bits of it.
#[test]
fn single_floats_come_back_from_types_that_take_either() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Loose {
        Number(f32),
        Text(String),
    }
    for number in [7.038_531e-26_f32, 0.1, 1.0, f32::MAX] {
        let json = written(&Loose::Number(number));
        assert_eq!(read(&json), Ok(Loose::Number(number)), "{json}");
    }
}

/// JSON that a program holds as it is travels as it is.
#[test]
fn what_serde_json_keeps_as_it_is_stays_as_it_is() {
    use serde_json::value::{RawValue, to_raw_value};
    let raw = to_raw_value(&(1, "x")).unwrap();
    assert_eq!(written(&(7, &raw)), r#"[7,[1,"x"]]"#);
    let (_, back) = read::<(u8, Box<RawValue>)>(r#"[7, {"a" : 1.50} ]"#).unwrap();
    assert_eq!(back.get(), r#"{"a" : 1.50}"#);
    // It would arrive as `None`.
    let nothing = (7, Some(RawValue::from_string("null".into()).unwrap()));
    let mut out = Vec::new();
    let error = Codec::Json.encode(&nothing, &mut out, usize::MAX);
    let path = "[1]".to_owned();
    assert_eq!(error, Err(Error::SomeOfNothing { path }));
    assert_eq!(written(&Some(&raw)), r#"[1,"x"]"#);
    assert_eq!(written(&Some("null")), r#""null""#);
    assert_eq!(written(&Some([nothing.1.unwrap()])), "[null]");
    let value = serde_json::json!({"a": [1, null, "x"], "b": {"c": 1.5}});
    assert_eq!(written(&value), value.to_string());
    assert_eq!(read::<serde_json::Value>(&value.to_string()), Ok(value));
}
