//! The id under which a buffering proxy delivers a request, by which the server drops repeats; and the metadata keys of
//! the library's own.

use std::fmt;
use std::str::FromStr;

/// The metadata key under which a call says that its caller blocks a thread of a tokio runtime, and of which runtime.
/// Only the process that wrote the value can interpret it.
pub const BLOCKED_KEY: &str = "zmqrpc-blocked";

/// The metadata key of a [`DeliveryId`].
pub const DELIVERY_KEY: &str = "zmqrpc-delivery";

/// The metadata key of a reply that only says that a proxy has accepted the request, and will have it executed later.
pub const ACCEPTED_KEY: &str = "zmqrpc-accepted";

/// Identifies one request of one queue. Every delivery of the request carries the same id, and no other request ever
/// does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeliveryId {
    /// The queue's number, drawn at random when the queue is created.
    pub queue: u64,
    /// The request's number among those that the queue has accepted.
    pub number: u64,
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.queue, self.number)
    }
}

impl FromStr for DeliveryId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (queue, number) = text.split_once('-').ok_or(())?;
        // Accepts only the written form: `from_str_radix` alone would accept a leading `+`.
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if queue.len() != 16 || !queue.bytes().all(hex) {
            return Err(());
        }
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(());
        }
        Ok(Self {
            queue: u64::from_str_radix(queue, 16).map_err(drop)?,
            number: number.parse().map_err(drop)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        for (queue, number) in [(0, 0), (0xAB, 7), (u64::MAX, u64::MAX)] {
            let id = DeliveryId { queue, number };
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        let id = DeliveryId {
            queue: 0xAB,
            number: 7,
        };
        assert_eq!(id.to_string(), "00000000000000ab-7");
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in [
            "",
            "-",
            "ab-7",
            "00000000000000ab",
            "00000000000000ab-",
            "00000000000000AB-7",
            "+0000000000000ab-7",
            "00000000000000ab-+7",
            "00000000000000ab--7",
            "00000000000000ab-18446744073709551616",
        ] {
            assert_eq!(text.parse::<DeliveryId>(), Err(()), "{text}");
        }
    }
}
