//! Method keys: how a call names its method, and what its values look like, in 8 bytes.
//!
//! Servers look methods up by the upper half and compare the lower half. The hash is part of the
//! protocol and must never change. This file must not know what the text means that is hashed.

use std::fmt;

/// The metadata key under which a server says which keys a method has.
pub const METHOD_KEY: &str = "zmqrpc-key";

/// The metadata key under which a server says which shapes the key before it stands for: the version of the service, a space,
/// and the canonical text.
pub const METHOD_SHAPE: &str = "zmqrpc-shape";

/// The hash of a method's full name and of the shapes of its values.
///
/// The upper half is the hash of the name, the lower half that of the shapes' canonical text and the
/// service's version. So a server can tell an unknown method from one that both sides declare
/// differently, within types too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MethodKey(u64);

impl MethodKey {
    /// Hashes `service.method`, and `text` with `version`. A command without a service passes an empty
    /// `service`, and its name gets no dot.
    #[must_use]
    pub const fn new(service: &str, method: &str, text: &str, version: u32) -> Self {
        let mut name = Fnv::new().add(service.as_bytes());
        if !service.is_empty() {
            name = name.add(b".");
        }
        let name = name.add(method.as_bytes()).fold();
        // The zero byte ends the text, so that no text can continue into the version's bytes.
        let text = Fnv::new()
            .add(text.as_bytes())
            .add(&[0])
            .add(&version.to_le_bytes())
            .fold();
        Self((name as u64) << 32 | text as u64)
    }

    /// Returns the key with this number, as read from a frame.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Returns the key as a number, as written into a frame.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Returns the upper half, by which a server finds the method.
    #[must_use]
    pub const fn name_hash(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Returns the lower half, on which both sides must agree.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the upper half is the other hash"
    )]
    pub const fn signature_hash(self) -> u32 {
        self.0 as u32
    }
}

impl fmt::Display for MethodKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for MethodKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MethodKey({self})")
    }
}

/// FNV-1a with 64 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>.
struct Fnv(u64);

impl Fnv {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    const fn add(self, bytes: &[u8]) -> Self {
        let mut hash = self.0;
        let mut rest = bytes;
        while let [byte, tail @ ..] = rest {
            hash = (hash ^ *byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
            rest = tail;
        }
        Self(hash)
    }

    /// Xors both halves. FNV's authors recommend this for fewer bits, as the low bits alone mix
    /// worse.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the upper half is folded in"
    )]
    const fn fold(self) -> u32 {
        (self.0 >> 32) as u32 ^ self.0 as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADD: MethodKey = MethodKey::new("Calculator", "add", "(i64, i64) -> i64", 1);

    #[test]
    fn fnv_matches_its_authors_values() {
        assert_eq!(Fnv::new().add(b"").0, 0xcbf2_9ce4_8422_2325);
        assert_eq!(Fnv::new().add(b"a").0, 0xaf63_dc4c_8601_ec8c);
        assert_eq!(Fnv::new().add(b"foobar").0, 0x8594_4171_f739_67e8);
    }

    #[test]
    fn the_name_changes_only_the_upper_half() {
        let other = MethodKey::new("Calculator", "subtract", "(i64, i64) -> i64", 1);
        assert_ne!(ADD.name_hash(), other.name_hash());
        assert_eq!(ADD.signature_hash(), other.signature_hash());
    }

    #[test]
    fn signature_and_version_change_only_the_lower_half() {
        for other in [
            MethodKey::new("Calculator", "add", "(i64, i64) -> i32", 1),
            MethodKey::new("Calculator", "add", "(i64, i64) -> i64", 2),
        ] {
            assert_eq!(ADD.name_hash(), other.name_hash());
            assert_ne!(ADD.signature_hash(), other.signature_hash());
        }
    }

    #[test]
    fn without_a_service_there_is_no_dot() {
        let whole = MethodKey::new("", "Calculator.add", "(i64, i64) -> i64", 1);
        assert_eq!(whole, ADD);
    }

    #[test]
    fn both_halves_make_the_number() {
        assert_eq!(MethodKey::from_bits(ADD.bits()), ADD);
        assert_eq!(
            u64::from(ADD.name_hash()) << 32 | u64::from(ADD.signature_hash()),
            ADD.bits()
        );
    }
}
