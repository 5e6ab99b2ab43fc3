//! Numbers, which JSON has of any size, and which may be texts.
//!
//! `serde_json` reads a number that it is not told the type of as 64 bits, or as something else if a program turns on its
//! feature `arbitrary_precision` anywhere. So where the type says which number it wants, the digits are taken as they are,
//! and read here.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::value::RawValue;

use super::JsonRules;
use crate::codec::erased::{Hint, Scalar};
use crate::codec::self_describing::FormatVisitor;

/// Has `visitor` visit a number.
pub(super) fn deserialize<'de, D>(
    hint: Hint,
    deserializer: D,
    visitor: FormatVisitor<'_, '_, '_, 'de, JsonRules>,
) -> Result<(), D::Error>
where
    D: Deserializer<'de>,
{
    let value = <&RawValue>::deserialize(deserializer)?.get();
    let text = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    let digits = text.unwrap_or(value);
    let number = match hint {
        Hint::F32 => float32(digits, text.is_some()),
        Hint::F64 => float(digits, text.is_some()),
        _ => integer(digits),
    };
    match number {
        Some(
            Scalar::F32(f32::INFINITY | f32::NEG_INFINITY)
            | Scalar::F64(f64::INFINITY | f64::NEG_INFINITY),
        ) if special(digits).is_none() => Err(D::Error::custom("the number is out of range")),
        Some(number) => visitor.accept(number),
        // Something else, which the visitor names.
        None => serde_json::Deserializer::from_str(value)
            .deserialize_any(visitor)
            .map_err(D::Error::custom),
    }
}

fn integer<'a, 'de>(digits: &str) -> Option<Scalar<'a, 'de>> {
    let absolute = digits.strip_prefix('-').unwrap_or(digits);
    let leads_with_zero = absolute.starts_with('0') && absolute.len() > 1;
    if leads_with_zero || !absolute.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if let Ok(number) = digits.parse() {
        return Some(Scalar::U64(number));
    }
    if let Ok(number) = digits.parse() {
        return Some(Scalar::I64(number));
    }
    if let Ok(number) = digits.parse() {
        return Some(Scalar::U128(number));
    }
    digits.parse().ok().map(Scalar::I128)
}

fn float<'a, 'de>(digits: &str, is_text: bool) -> Option<Scalar<'a, 'de>> {
    if let Some(number) = special(digits) {
        return Some(Scalar::F64(number));
    }
    digits_of(digits, is_text)?.parse().ok().map(Scalar::F64)
}

/// Reads the nearest of 32 bits: the nearest of 64 bits may be nearer to another one.
fn float32<'a, 'de>(digits: &str, is_text: bool) -> Option<Scalar<'a, 'de>> {
    if let Some(number) = special(digits) {
        return Some(Scalar::F64(number));
    }
    digits_of(digits, is_text)?.parse().ok().map(Scalar::F32)
}

fn special(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// Returns the digits, if they are a number by JSON's rules and not only by Rust's.
fn digits_of(digits: &str, is_text: bool) -> Option<&str> {
    let is_number = digits.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    // What is no text is JSON, as it was found.
    let is_json = || {
        let value = serde_json::from_str::<&RawValue>(digits);
        // White space around it is no part of the value.
        value.is_ok_and(|value| value.get() == digits)
    };
    (is_number && (!is_text || is_json())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integer_of(digits: &str) -> String {
        format!("{:?}", integer(digits))
    }

    #[test]
    fn integers_are_read_up_to_128_bits_and_no_other_digits_are() {
        assert_eq!(integer_of("0"), "Some(U64(0))");
        assert_eq!(integer_of("-7"), "Some(I64(-7))");
        assert_eq!(
            integer_of(&u64::MAX.to_string()),
            format!("Some(U64({}))", u64::MAX)
        );
        assert_eq!(
            integer_of(&u128::MAX.to_string()),
            format!("Some(U128({}))", u128::MAX)
        );
        assert_eq!(
            integer_of(&i128::MIN.to_string()),
            format!("Some(I128({}))", i128::MIN)
        );
        for wrong in [
            "", "-", "+1", "007", "-01", "1.0", "1e3", "0x1", " 1", "1 ", "٣",
        ] {
            assert!(integer(wrong).is_none(), "{wrong}");
        }
        let too_large = format!("{}0", u128::MAX);
        assert!(integer(&too_large).is_none());
    }

    #[test]
    fn floats_are_read_by_the_rules_of_json() {
        for (digits, number) in [("1", 1.0_f64), ("-0.5e-3", -0.5e-3), ("1E+2", 100.0)] {
            assert!(
                matches!(float(digits, true), Some(Scalar::F64(read)) if read.to_bits() == number.to_bits()),
                "{digits}"
            );
        }
        assert!(matches!(float("NaN", true), Some(Scalar::F64(number)) if number.is_nan()));
        for wrong in [
            "", "inf", "nan", "infinity", "+1", ".5", "1.", "01", "1 ", "true",
        ] {
            assert!(
                float(wrong, true).is_none() && float32(wrong, true).is_none(),
                "{wrong}"
            );
        }
    }
}
