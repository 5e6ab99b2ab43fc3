//! How many proxies have passed a message on: they count it in its number, the id of a call or a job, the sequence number
//! of an event.
//!
//! A proxy writes an id anew in any case, and no number moves the body, as an entry of the metadata would.

use super::head::{patch_id, peek_id};

/// The upper 12 bits of a number that a proxy wrote. Clients and publishers leave them zero.
const MARK: u64 = 0x7A5;
const MARK_AT: u32 = 52;
const HOPS_AT: u32 = 48;
const HOPS_BYTE: usize = 6;

/// Bits that are left for the number itself.
pub const NUMBER_BITS: u32 = HOPS_AT;
const NUMBER: u64 = (1 << NUMBER_BITS) - 1;

/// Proxies that a message may pass.
pub const MAX_HOPS: u8 = 15;

/// How many proxies have passed a message on whose number this is.
#[inline]
#[must_use]
pub const fn hops(id: u64) -> u8 {
    if id >> MARK_AT == MARK {
        id.to_le_bytes()[HOPS_BYTE] & MAX_HOPS
    } else {
        0
    }
}

/// The number of a message that so many proxies have passed on. `number` has [`NUMBER_BITS`].
#[inline]
#[must_use]
pub const fn numbered(hops: u8, number: u64) -> u64 {
    MARK << MARK_AT | (hops as u64) << HOPS_AT | number
}

/// The number itself, without the count.
#[inline]
#[must_use]
pub const fn uncounted(id: u64) -> u64 {
    if id >> MARK_AT == MARK {
        id & NUMBER
    } else {
        id
    }
}

/// Counts one more proxy in a message that is passed on with its number. `false` if it has passed too many.
pub fn count_hop(frame: &mut [u8]) -> bool {
    let id = peek_id(frame).unwrap_or_default();
    let passed = hops(id);
    if passed < MAX_HOPS {
        patch_id(frame, numbered(passed + 1, uncounted(id) & NUMBER));
    }
    passed < MAX_HOPS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_how_many_proxies_gave_it() {
        for number in [0, 1, NUMBER] {
            for passed in 0..=MAX_HOPS {
                let id = numbered(passed, number);
                assert_eq!((hops(id), uncounted(id)), (passed, number));
            }
        }
    }

    #[test]
    fn ids_of_clients_have_passed_nobody() {
        for id in [0, 1, u64::MAX, u64::MAX >> 12, 1 << 63, 0xF << 48] {
            assert_eq!((hops(id), uncounted(id)), (0, id));
        }
    }

    #[test]
    fn a_message_is_passed_on_fifteen_times_under_its_number() {
        let mut frame = super::super::encode_ping(7).to_vec();
        for passed in 1..=MAX_HOPS {
            assert!(count_hop(&mut frame));
            assert_eq!(peek_id(&frame), Some(numbered(passed, 7)));
        }
        let last = frame.clone();
        assert!(!count_hop(&mut frame));
        assert_eq!(frame, last);
    }
}
