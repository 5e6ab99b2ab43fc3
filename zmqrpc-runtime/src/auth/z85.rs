//! Keys as texts: Z85, <https://rfc.zeromq.org/spec/32/>.

const DIGITS: &[u8; 85] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// The characters of a key's text.
pub(super) const LEN: usize = 40;

pub(super) fn encode(key: &[u8; 32]) -> String {
    let mut text = String::with_capacity(LEN);
    for chunk in key.as_chunks::<4>().0 {
        let number = u32::from_be_bytes(*chunk);
        for power in (0..5).rev() {
            let digit = number / 85_u32.pow(power) % 85;
            text.push(char::from(DIGITS[digit as usize]));
        }
    }
    text
}

pub(super) fn decode(text: &str) -> Option<[u8; 32]> {
    if text.len() != LEN {
        return None;
    }
    let mut key = [0; 32];
    for (chunk, digits) in key
        .as_chunks_mut::<4>()
        .0
        .iter_mut()
        .zip(text.as_bytes().chunks(5))
    {
        let number = digits.iter().try_fold(0_u32, |number, digit| {
            let value = DIGITS.iter().position(|known| known == digit)?;
            number
                .checked_mul(85)?
                .checked_add(u32::try_from(value).ok()?)
        })?;
        *chunk = number.to_be_bytes();
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_as_a_text() {
        for key in [
            [0; 32],
            [0xFF; 32],
            std::array::from_fn(|at| u8::try_from(at * 7).unwrap()),
        ] {
            assert_eq!(decode(&encode(&key)), Some(key));
        }
        let known = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
        assert_eq!(encode(&decode(known).unwrap()), known);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "rq:rM>",
            &"#".repeat(40),
            &"~".repeat(40),
            &"é".repeat(20),
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
