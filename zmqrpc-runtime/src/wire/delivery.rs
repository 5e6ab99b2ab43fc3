//! The name under which a buffered request is delivered, so that its target can drop repeats.

use std::fmt;
use std::str::FromStr;

/// The metadata key under which a call says that it blocks a thread of the process that it comes from, and which. Nobody
/// else can read what it says.
pub const BLOCKED_KEY: &str = "zmqrpc-blocked";

/// The metadata key that it travels under.
pub const DELIVERY_KEY: &str = "zmqrpc-delivery";

/// The metadata key of a reply to what was only taken on: it is still to be executed.
pub const ACCEPTED_KEY: &str = "zmqrpc-accepted";

/// One request of one queue. However often it is delivered, it keeps this name; no other request ever has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeliveryId {
    /// A number that each queue draws at random when it is made.
    pub queue: u64,
    /// Counts the requests that the queue has accepted.
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
        // As it is written, and nothing else: `from_str_radix` takes a sign.
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
    fn a_name_is_read_as_it_is_written() {
        for (queue, number) in [(0, 0), (0xAB, 7), (u64::MAX, u64::MAX)] {
            let name = DeliveryId { queue, number };
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        let name = DeliveryId {
            queue: 0xAB,
            number: 7,
        };
        assert_eq!(name.to_string(), "00000000000000ab-7");
    }

    #[test]
    fn what_is_no_name_is_none() {
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
