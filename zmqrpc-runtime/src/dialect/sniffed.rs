//! Guesses a message's dialect by its first bytes.

use super::native::MAGIC;

/// The dialect that a message looks like, for log lines about messages that cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SniffedDialect {
    /// The native dialect.
    Native,
    /// JSON-RPC 2.0, one request or a batch: <https://www.jsonrpc.org/specification>.
    JsonRpc,
    /// A request or notification of MessagePack-RPC:
    /// <https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md>.
    MessagePackRpc,
    /// An event of zerorpc, version 3.
    Zerorpc,
    /// Anything else. A server rejects it in the native dialect.
    Unknown,
}

impl SniffedDialect {
    /// Returns the dialect that the first one or two bytes indicate.
    #[inline]
    #[must_use]
    pub const fn of(message: &[u8]) -> Self {
        match message {
            [MAGIC, ..] => Self::Native,
            [b'{' | b'[' | b' ' | b'\t' | b'\n' | b'\r', ..] => Self::JsonRpc,
            // An array of four that starts with 0, or of three that starts with 2.
            [0x94, 0x00, ..] | [0x93, 0x02, ..] => Self::MessagePackRpc,
            // An array of three that starts with a map of up to 15 entries.
            [0x93, 0x80..=0x8F, ..] => Self::Zerorpc,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_dialect() {
        for (message, dialect) in [
            (&[0xC1][..], SniffedDialect::Native),
            (&[0xC1, 0xFF], SniffedDialect::Native),
            (br#"{"jsonrpc": "2.0"}"#, SniffedDialect::JsonRpc),
            (b"[]", SniffedDialect::JsonRpc),
            (b"\r\n\t {}", SniffedDialect::JsonRpc),
            (&[0x94, 0x00], SniffedDialect::MessagePackRpc),
            (&[0x93, 0x02], SniffedDialect::MessagePackRpc),
            (&[0x93, 0x80], SniffedDialect::Zerorpc),
            (&[0x93, 0x8F], SniffedDialect::Zerorpc),
        ] {
            assert_eq!(SniffedDialect::of(message), dialect, "{message:x?}");
        }
    }

    #[test]
    fn messages_that_begin_otherwise_are_unknown() {
        for message in [
            &b""[..],
            b"hello",
            &[0x94],
            &[0x94, 0x01],
            &[0x93],
            &[0x93, 0x90],
            &[0x00],
            b"\xEF\xBB\xBF{}",
        ] {
            assert_eq!(
                SniffedDialect::of(message),
                SniffedDialect::Unknown,
                "{message:x?}"
            );
        }
    }
}
