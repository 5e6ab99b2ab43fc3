//! Reads fields off a frame, and writes the fields of variable length.
//!
//! Only this module's files use it. Every read is checked against the bytes that are left, so the
//! files that know the formats need no arithmetic on offsets.

use super::error::WireError;

/// The unread rest of a frame.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns the bytes that have not been read yet.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Returns the bytes between this position and `later`, a copy of this cursor that has read on.
    pub(crate) fn until(&self, later: &Self) -> &'a [u8] {
        let length = self.rest.len().saturating_sub(later.rest.len());
        self.rest.get(..length).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, WireError> {
        let (first, rest) = self
            .rest
            .split_first()
            .ok_or(WireError::Truncated { field })?;
        self.rest = rest;
        Ok(*first)
    }

    /// Reads eight bytes, little-endian.
    #[inline]
    pub(crate) fn u64(&mut self, field: &'static str) -> Result<u64, WireError> {
        let (first, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(WireError::Truncated { field })?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*first))
    }

    /// Reads a number of 1 to 10 bytes with 7 bits in each, the lowest first; the top bit says that
    /// another byte follows.
    #[inline]
    pub(crate) fn varint(&mut self, field: &'static str) -> Result<u64, WireError> {
        // Most numbers are small.
        if let [byte @ ..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        self.long_varint(field)
    }

    fn long_varint(&mut self, field: &'static str) -> Result<u64, WireError> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.u8(field)?;
            let bits = u64::from(byte & 0x7F);
            // The tenth byte has room for one bit only; an unchecked shift would drop the others
            // silently.
            if bits << shift >> shift != bits {
                return Err(WireError::Varint { field });
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(WireError::Varint { field })
    }

    /// Reads a length of at most `limit`, then that many bytes of UTF-8.
    #[inline]
    pub(crate) fn text(&mut self, field: &'static str, limit: usize) -> Result<&'a str, WireError> {
        let announced = self.varint(field)?;
        let length = usize::try_from(announced)
            .ok()
            .filter(|length| *length <= limit)
            .ok_or(WireError::Limit {
                field,
                got: announced,
                limit,
            })?;
        let (text, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(WireError::Truncated { field })?;
        self.rest = rest;
        str::from_utf8(text).map_err(|_| WireError::Utf8 { field })
    }

    /// Checks that nothing follows.
    #[inline]
    pub(crate) fn finish(self) -> Result<(), WireError> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(WireError::Trailing { count }),
        }
    }
}

/// Appends `value` in the shortest form that [`Cursor::varint`] reads.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "only the lowest bits are wanted"
)]
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a length and the text.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(bytes: &[u8]) -> Result<(u64, usize), WireError> {
        let mut cursor = Cursor::new(bytes);
        let value = cursor.varint("n")?;
        Ok((value, bytes.len() - cursor.rest().len()))
    }

    /// Makes all lengths of varints equally likely, which evenly spread numbers do not.
    fn any_length() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0..u64::BITS).prop_map(|(value, shift)| value >> shift)
    }

    #[test]
    fn a_varint_of_more_than_64_bits_is_an_error() {
        let mut bytes = [0xFF; 10];
        bytes[9] = 0x01;
        assert_eq!(decode(&bytes), Ok((u64::MAX, 10)));
        for last in [0x02, 0x03, 0x7F, 0x80, 0x81] {
            bytes[9] = last;
            assert_eq!(
                decode(&bytes),
                Err(WireError::Varint { field: "n" }),
                "last byte {last:#04x}"
            );
        }
    }

    #[test]
    fn a_text_longer_than_the_frame_is_an_error() {
        let mut cursor = Cursor::new(&[3, b'a', b'b']);
        assert_eq!(
            cursor.text("t", 3),
            Err(WireError::Truncated { field: "t" })
        );
    }

    #[test]
    fn an_announced_length_over_the_limit_is_an_error_however_short_the_frame() {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, u64::MAX);
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(
            cursor.text("t", 8),
            Err(WireError::Limit {
                field: "t",
                got: u64::MAX,
                limit: 8
            })
        );
    }

    #[test]
    fn a_text_that_is_not_utf8_is_an_error() {
        let mut cursor = Cursor::new(&[2, 0xC3, 0x28]);
        assert_eq!(cursor.text("t", 8), Err(WireError::Utf8 { field: "t" }));
    }

    proptest! {
        #[test]
        fn varints_are_written_as_postcard_writes_them(value in any_length()) {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            prop_assert_eq!(&out, &postcard::to_allocvec(&value).unwrap());
            prop_assert_eq!(decode(&out), Ok((value, out.len())));
        }

        #[test]
        fn varints_are_read_as_postcard_reads_them(bytes in proptest::collection::vec(
            prop_oneof![any::<u8>(), Just(0x80), Just(0xFF)], 0..12,
        )) {
            let theirs = postcard::take_from_bytes::<u64>(&bytes).ok();
            let ours = decode(&bytes).ok();
            prop_assert_eq!(ours, theirs.map(|(value, rest)| (value, bytes.len() - rest.len())));
        }

        #[test]
        fn texts_are_written_as_postcard_writes_them(text in ".{0,200}") {
            let mut out = Vec::new();
            put_text(&mut out, &text);
            prop_assert_eq!(&out, &postcard::to_allocvec(&text).unwrap());
            prop_assert_eq!(Cursor::new(&out).text("t", text.len()), Ok(text.as_str()));
        }
    }
}
