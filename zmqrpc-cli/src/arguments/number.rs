//! Numbers, as they are typed: `-5`, `1_000`, `0xff`, `1e3`, and durations: `50ms`.

use std::time::Duration;

use zmqrpc::schema::Shape;

use crate::document::{self, Document};

/// Returns the number that a word is.
pub(super) fn number(word: &str) -> Option<Document> {
    let plain = word.replace('_', "");
    if let Some(hexadecimal) = plain.strip_prefix("0x") {
        if !hexadecimal.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let number = u128::from_str_radix(hexadecimal, 16).ok()?;
        return Some(Document::number(number));
    }
    let plain = plain.strip_prefix('+').unwrap_or(&plain);
    match document::read(plain) {
        Ok(number @ Document::Number(_)) => Some(number),
        _ => None,
    }
}

/// Returns the least and the greatest number of an integer's shape; `None` for another shape.
pub(super) fn range(shape: &Shape) -> Option<(i128, u128)> {
    Some(match shape {
        Shape::I8 => (i8::MIN.into(), i8::MAX.cast_unsigned().into()),
        Shape::I16 => (i16::MIN.into(), i16::MAX.cast_unsigned().into()),
        Shape::I32 => (i32::MIN.into(), i32::MAX.cast_unsigned().into()),
        Shape::I64 => (i64::MIN.into(), i64::MAX.cast_unsigned().into()),
        Shape::I128 => (i128::MIN, i128::MAX.cast_unsigned()),
        Shape::U8 => (0, u8::MAX.into()),
        Shape::U16 => (0, u16::MAX.into()),
        Shape::U32 => (0, u32::MAX.into()),
        Shape::U64 => (0, u64::MAX.into()),
        Shape::U128 => (0, u128::MAX),
        _ => return None,
    })
}

/// Returns whether digits are a whole number of this range.
pub(super) fn is_within(digits: &str, (least, greatest): (i128, u128)) -> bool {
    match (digits.parse::<i128>(), digits.parse::<u128>()) {
        (_, Ok(number)) => number <= greatest,
        (Ok(number), Err(_)) => number >= least,
        (Err(_), Err(_)) => false,
    }
}

/// Returns the time that a word says: `50ms`, `2s`, `1.5min`, `1h`.
pub(crate) fn duration(word: &str) -> Option<Duration> {
    let end = word.find(|char: char| !(char.is_ascii_digit() || char == '.'))?;
    let (number, unit) = word.split_at(end);
    let seconds = match unit {
        "ns" => 1e-9,
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_typed() {
        for (word, digits) in [
            ("-5", "-5"),
            ("+5", "5"),
            ("1_000", "1000"),
            ("0xff", "255"),
            ("1e3", "1e3"),
            ("0.50", "0.50"),
        ] {
            assert_eq!(number(word), Some(Document::number(digits)), "{word}");
        }
        for word in [
            "", "5x", "0x", "--5", "0x+f", "١", "true", "\"5\"", "[5]", "05",
        ] {
            assert_eq!(number(word), None, "{word}");
        }
    }

    #[test]
    fn ranges_end_where_the_types_do() {
        let fits = |shape, digits| range(&shape).is_some_and(|range| is_within(digits, range));
        assert!(fits(Shape::I8, "-128") && !fits(Shape::I8, "-129"));
        assert!(fits(Shape::I8, "127") && !fits(Shape::I8, "128"));
        assert!(fits(Shape::U64, "18446744073709551615"));
        assert!(!fits(Shape::U64, "18446744073709551616") && !fits(Shape::U64, "-1"));
        let largest = u128::MAX.to_string();
        assert!(fits(Shape::U128, &largest) && !fits(Shape::I128, &largest));
        assert!(!fits(Shape::U8, "1.0") && !fits(Shape::U8, "1e1"));
        assert!(range(&Shape::String).is_none());
    }

    #[test]
    fn times_are_numbers_with_units() {
        for (word, milliseconds) in [
            ("50ms", 50),
            ("2s", 2_000),
            ("1.5min", 90_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(duration(word), Some(Duration::from_millis(milliseconds)));
        }
        for word in [
            "",
            "5",
            "ms",
            "5 s",
            "-5s",
            "1e3s",
            "1.2.3s",
            "99999999999999999999d",
        ] {
            assert_eq!(duration(word), None, "{word}");
        }
    }
}
