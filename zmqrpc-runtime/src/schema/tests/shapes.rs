//! One shape that is read as another one.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::super::Verdict::{Breaks, Depends, Fine};
use super::{Proof, check, check_as, description, read_as, shape};
use crate::codec::Bytes;

/// Bytes in one piece.
struct Blob(Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Bytes::new(&self.0).serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Blob {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Bytes::deserialize(deserializer).map(|bytes| Self(bytes.into_vec()))
    }
}

#[test]
fn an_option_around_a_value_is_fine_by_name_alone() {
    let option = || json!({ "option": "u32" });
    let same = |old: &u32, new: &Option<u32>| Some(*old) == *new;
    read_as(
        json!("u32"),
        option(),
        &[0, 1, 70_000],
        same,
        (Breaks, Fine),
    );
    let same = |old: &Option<u32>, new: &u32| *old == Some(*new);
    read_as(
        option(),
        json!("u32"),
        &[None, Some(0), Some(1)],
        same,
        (Breaks, Depends),
    );
    let same = |old: &Option<u32>, new: &Option<Option<u32>>| {
        old.is_none() == new.is_none() && new.is_none_or(|new| *old == new)
    };
    let twice = json!({ "option": option() });
    read_as(
        option(),
        twice.clone(),
        &[None, Some(7)],
        same,
        (Breaks, Fine),
    );
    let same =
        |old: &Option<Option<u32>>, new: &Option<u32>| old.flatten() == *new && *old != Some(None);
    read_as(
        twice,
        option(),
        &[None, Some(Some(7)), Some(None)],
        same,
        (Breaks, Depends),
    );
    // Nothing is nil, which is `None`.
    let same = |(): &(), new: &Option<()>| new.is_some();
    read_as(
        json!("unit"),
        json!({ "option": "unit" }),
        &[()],
        same,
        (Breaks, Breaks),
    );
    // What is within is compared as it is without.
    let same = |old: &u32, new: &Option<u16>| new.map(u32::from) == Some(*old);
    read_as(
        json!("u32"),
        json!({ "option": "u16" }),
        &[1, 70_000],
        same,
        (Breaks, Depends),
    );
}

#[test]
fn characters_texts_and_bytes_are_not_the_same_in_all_codecs() {
    let chars = ['a', 'ß', '€', '🦀'];
    let same = |old: &char, new: &String| old.to_string() == *new;
    read_as(json!("char"), json!("string"), &chars, same, (Fine, Fine));
    // postcard drops all characters but the first.
    let texts = ["a", "ab", "", "🦀", "abcde"].map(str::to_owned);
    let same = |old: &String, new: &char| *old == new.to_string();
    read_as(
        json!("string"),
        json!("char"),
        &texts,
        same,
        (Breaks, Depends),
    );
    let same = |old: &String, new: &Blob| old.as_bytes() == new.0;
    read_as(
        json!("string"),
        json!("bytes"),
        &texts,
        same,
        (Fine, Breaks),
    );
    let bytes = [&b"abcd"[..], b"\xff\xfe", b""].map(|bytes| Blob(bytes.to_vec()));
    let same = |old: &Blob, new: &String| old.0 == new.as_bytes();
    read_as(
        json!("bytes"),
        json!("string"),
        &bytes,
        same,
        (Depends, Breaks),
    );
}

#[test]
fn a_list_of_bytes_has_the_bytes_of_bytes_by_key() {
    let list = || json!({ "list": "u8" });
    let lists = [vec![], vec![1, 200, 255], vec![7; 300]];
    let same = |old: &Vec<u8>, new: &Blob| *old == new.0;
    let descriptions = (&shape(&list()), &shape(&json!("bytes")));
    check_as(descriptions, &lists, same, (Fine, Depends), Proof::Caution);
    let bytes = [&b"abcd"[..], b"\xff\xfe", b""].map(|bytes| Blob(bytes.to_vec()));
    let same = |old: &Blob, new: &Vec<u8>| old.0 == *new;
    read_as(json!("bytes"), list(), &bytes, same, (Fine, Breaks));
    let same = |old: &Vec<u8>, new: &String| *old == new.as_bytes();
    read_as(
        list(),
        json!("string"),
        &[b"ab".to_vec(), vec![255]],
        same,
        (Depends, Breaks),
    );
    let same = |old: &String, new: &Vec<u8>| old.as_bytes() == *new;
    read_as(
        json!("string"),
        list(),
        &["ab".to_owned()],
        same,
        (Fine, Breaks),
    );
    let same = |old: &Vec<u8>, new: &Vec<i8>| {
        old.len() == new.len()
            && old
                .iter()
                .zip(new)
                .all(|(old, new)| i16::from(*old) == i16::from(*new))
    };
    read_as(
        list(),
        json!({ "list": "i8" }),
        &lists,
        same,
        (Breaks, Depends),
    );
}

#[test]
fn an_array_is_a_tuple_and_by_name_a_list_of_its_length() {
    let array = || json!({ "array": ["u32", 2] });
    let list = || json!({ "list": "u32" });
    let same = |old: &[u32; 2], new: &(u32, u32)| *old == [new.0, new.1];
    read_as(
        array(),
        json!({ "tuple": ["u32", "u32"] }),
        &[[1, 70_000]],
        same,
        (Fine, Fine),
    );
    let same =
        |old: &[u32; 2], new: &(u64, u16)| u64::from(old[0]) == new.0 && old[1] == u32::from(new.1);
    read_as(
        array(),
        json!({ "tuple": ["u64", "u16"] }),
        &[[1, 2], [1, 70_000]],
        same,
        (Depends, Depends),
    );
    let same = |old: &[u32; 2], new: &Vec<u32>| old[..] == new[..];
    read_as(array(), list(), &[[1, 70_000]], same, (Breaks, Fine));
    let lists = [vec![1, 2], vec![], vec![1, 2, 3]];
    let same = |old: &Vec<u32>, new: &[u32; 2]| old[..] == new[..];
    read_as(list(), array(), &lists, same, (Breaks, Depends));
    let same = |old: &Vec<u32>, new: &(u32, u32)| old[..] == [new.0, new.1];
    read_as(
        list(),
        json!({ "tuple": ["u32", "u32"] }),
        &lists,
        same,
        (Breaks, Depends),
    );
    let same = |old: &[u32; 2], new: &[u32; 3]| old[..] == new[..];
    read_as(
        array(),
        json!({ "array": ["u32", 3] }),
        &[[1, 2]],
        same,
        (Breaks, Breaks),
    );
}

#[test]
fn one_value_is_a_tuple_of_it_by_key_alone() {
    let same = |old: &u32, new: &(u32,)| *old == new.0;
    read_as(
        json!("u32"),
        json!({ "tuple": ["u32"] }),
        &[7, 70_000],
        same,
        (Fine, Breaks),
    );
    let same = |old: &(u32,), new: &u32| old.0 == *new;
    read_as(
        json!({ "tuple": ["u32"] }),
        json!("u32"),
        &[(7,), (70_000,)],
        same,
        (Fine, Breaks),
    );
    let same = |old: &Vec<u32>, new: &((Vec<u32>,),)| *old == new.0.0;
    let twice = json!({ "tuple": [{ "tuple": [{ "list": "u32" }] }] });
    read_as(
        json!({ "list": "u32" }),
        twice,
        &[vec![7]],
        same,
        (Fine, Breaks),
    );
}

#[test]
fn nothing_is_no_bytes_by_key_and_has_several_forms_by_name() {
    #[derive(Serialize, serde::Deserialize)]
    struct Nothing;
    let old = shape(&json!("unit"));
    let new = description(&json!({ "type": "N" }), &json!({ "N": "unit" }));
    check((&old, &new), &[()], |(), _: &Nothing| true, (Fine, Fine));
    check((&new, &old), &[Nothing], |_, (): &()| true, (Fine, Breaks));
    check(
        (&old, &shape(&json!("u8"))),
        &[()],
        |(), _: &u8| false,
        (Breaks, Breaks),
    );
}

#[test]
fn keys_and_values_of_maps_are_compared() {
    type Map<K, V> = BTreeMap<K, V>;
    let map = |key: Value, value: Value| json!({ "map": [key, value] });
    let old = [Map::from([(1_u16, 7_u32), (300, 70_000)]), Map::new()];
    let same = |old: &Map<u16, u32>, new: &Map<u32, u64>| {
        old.iter()
            .map(|(key, value)| (u32::from(*key), u64::from(*value)))
            .eq(new.iter().map(|(key, value)| (*key, *value)))
    };
    let (narrow, wide) = (
        map(json!("u16"), json!("u32")),
        map(json!("u32"), json!("u64")),
    );
    read_as(narrow.clone(), wide, &old, same, (Fine, Fine));
    let same = |old: &Map<u16, u32>, new: &Map<String, u32>| {
        old.iter()
            .map(|(key, value)| (key.to_string(), *value))
            .eq(new.clone())
    };
    read_as(
        narrow.clone(),
        map(json!("string"), json!("u32")),
        &old,
        same,
        (Breaks, Breaks),
    );
    let same = |old: &Map<u16, u32>, new: &Map<u16, Option<u32>>| {
        old.iter()
            .map(|(key, value)| (*key, Some(*value)))
            .eq(new.clone())
    };
    read_as(
        narrow,
        map(json!("u16"), json!({ "option": "u32" })),
        &old,
        same,
        (Breaks, Fine),
    );
}
