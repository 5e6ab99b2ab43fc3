//! Integers and floats that become others.

use std::fmt::Debug;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::super::Verdict::{self, Breaks, Depends, Fine};
use super::read_as;

/// An integer whose edges are known.
trait Integer: Serialize + DeserializeOwned + Copy + Debug + 'static {
    const NAME: &'static str;

    fn values() -> Vec<Self>;
}

macro_rules! integers {
    ($($integer:ident)*) => {
        $(impl Integer for $integer {
            const NAME: &'static str = stringify!($integer);

            fn values() -> Vec<Self> {
                let mut values = vec![Self::MIN, Self::MAX, Self::MAX / 2 + 1];
                let edges = [0_i128, 1, -1, -100, 63, 64, 127, 128, 200, 255, 256, 32_768, 65_535, 70_000];
                let large = [1 << 31, 1 << 32, (1 << 53) + 1, i128::from(i64::MAX), i128::from(u64::MAX)];
                values.extend(edges.iter().chain(&large).filter_map(|edge| Self::try_from(*edge).ok()));
                values
            }
        })*

        /// Calls a function for each pair of integers.
        fn for_each_pair(expected: &dyn Fn(&str, &str) -> (Verdict, Verdict)) {
            $(each_reader::<$integer>(expected);)*
        }

        fn each_reader<A: Integer>(expected: &dyn Fn(&str, &str) -> (Verdict, Verdict)) {
            $(
                let same = |old: &A, new: &$integer| format!("{old:?}") == format!("{new:?}");
                let verdicts = expected(A::NAME, $integer::NAME);
                read_as(json!(A::NAME), json!($integer::NAME), &A::values(), same, verdicts);
            )*
        }
    };
}

integers!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128);

#[test]
fn integers_of_one_sign_and_more_than_8_bits_are_the_same_by_key_where_they_fit() {
    for_each_pair(&|old, new| {
        let bits = |name: &str| name[1..].parse::<u32>().unwrap();
        let is_same_sign = old[..1] == new[..1];
        let fits = if is_same_sign {
            bits(old) <= bits(new)
        } else {
            new.starts_with('i') && bits(old) < bits(new)
        };
        let by_value = if fits { Fine } else { Depends };
        let by_key = match (old, new) {
            _ if old == new => Fine,
            ("u8" | "i8", _) | (_, "u8" | "i8") => Breaks,
            _ if is_same_sign => by_value,
            _ => Breaks,
        };
        // In MessagePack 128 bits are bytes, which no other integer is read from.
        let by_name = if bits(old) == 128 && old != new {
            Breaks
        } else {
            by_value
        };
        (by_key, by_name)
    });
}

#[test]
fn an_integer_is_a_float_by_name_as_long_as_it_is_exact() {
    fn check<A: Integer + Into<f64>>(new: &str, expected: (Verdict, Verdict)) {
        let same = |old: &A, new: &f64| Into::<f64>::into(*old).to_bits() == new.to_bits();
        read_as(json!(A::NAME), json!(new), &A::values(), same, expected);
    }
    check::<u32>("f64", (Breaks, Fine));
    check::<i8>("f64", (Breaks, Fine));
    let exact = |old: &u64, new: &f64| format!("{new:.0}") == old.to_string();
    read_as(
        json!("u64"),
        json!("f64"),
        &u64::values(),
        exact,
        (Breaks, Breaks),
    );
    let exact = |old: &u32, new: &f32| format!("{new:.0}") == old.to_string();
    read_as(
        json!("u32"),
        json!("f32"),
        &[0, 7, 16_777_217],
        exact,
        (Breaks, Breaks),
    );
    let exact = |old: &u16, new: &f32| f32::from(*old).to_bits() == new.to_bits();
    read_as(
        json!("u16"),
        json!("f32"),
        &u16::values(),
        exact,
        (Breaks, Fine),
    );
    let never = |_: &f64, _: &u32| false;
    read_as(
        json!("f64"),
        json!("u32"),
        &[1.0, 0.0],
        never,
        (Breaks, Breaks),
    );
}

#[test]
fn a_float_may_become_a_wider_one_by_name() {
    let values = [
        0.0,
        0.1,
        -1.5e30,
        f32::MAX,
        f32::INFINITY,
        f32::MIN_POSITIVE,
    ];
    #[expect(clippy::cast_possible_truncation, reason = "it was one of 32 bits")]
    let same = |old: &f32, new: &f64| old.to_bits() == (*new as f32).to_bits();
    read_as(json!("f32"), json!("f64"), &values, same, (Breaks, Fine));
    let same = |old: &f64, new: &f32| old.to_bits() == f64::from(*new).to_bits();
    read_as(
        json!("f64"),
        json!("f32"),
        &[0.1, 1e300],
        same,
        (Breaks, Breaks),
    );
}

proptest! {
    #[test]
    fn integers_that_fit_are_never_read_as_others(values: Vec<(u32, i32, u64)>) {
        let same = |old: &Vec<(u32, i32, u64)>, new: &Vec<(u64, i128, u128)>| {
            old.iter().map(|old| (u64::from(old.0), i128::from(old.1), u128::from(old.2))).eq(new.iter().copied())
        };
        read_as(
            json!({ "list": { "tuple": ["u32", "i32", "u64"] } }),
            json!({ "list": { "tuple": ["u64", "i128", "u128"] } }),
            &[values],
            same,
            (Fine, Fine),
        );
    }
}
