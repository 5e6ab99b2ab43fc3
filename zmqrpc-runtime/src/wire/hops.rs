//! Counts the proxies that have forwarded a message. The count is part of the message's number: the id of a call or a
//! job, the sequence number of an event.
//!
//! A proxy rewrites the id in any case. An entry in the metadata would shift the body; the number does not.

/// The upper 12 bits of a number that a proxy wrote. Clients and publishers leave them zero.
const TAG: u64 = 0x7A5;
const TAG_SHIFT: u32 = 52;
const HOPS_SHIFT: u32 = 48;
const HOPS_BYTE: usize = 6;

/// The bits that are left for the number itself.
pub const NUMBER_BITS: u32 = HOPS_SHIFT;
pub(crate) const NUMBER_MASK: u64 = (1 << NUMBER_BITS) - 1;

/// The most proxies that may forward a message.
pub const MAX_HOPS: u8 = 15;

/// Returns how many proxies have forwarded the message with this number.
#[inline]
#[must_use]
pub const fn hops(id: u64) -> u8 {
    if id >> TAG_SHIFT == TAG {
        id.to_le_bytes()[HOPS_BYTE] & MAX_HOPS
    } else {
        0
    }
}

/// Returns the number of a message that `hops` proxies have forwarded. `number` must fit into [`NUMBER_BITS`] bits.
#[inline]
#[must_use]
pub const fn with_hops(hops: u8, number: u64) -> u64 {
    TAG << TAG_SHIFT | (hops as u64) << HOPS_SHIFT | number
}

/// Returns the number itself, without the count.
#[inline]
#[must_use]
pub const fn without_hops(id: u64) -> u64 {
    if id >> TAG_SHIFT == TAG {
        id & NUMBER_MASK
    } else {
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_how_many_proxies_gave_it() {
        for number in [0, 1, NUMBER_MASK] {
            for passed in 0..=MAX_HOPS {
                let id = with_hops(passed, number);
                assert_eq!((hops(id), without_hops(id)), (passed, number));
            }
        }
    }

    #[test]
    fn ids_of_clients_count_no_hops() {
        for id in [0, 1, u64::MAX, u64::MAX >> 12, 1 << 63, 0xF << 48] {
            assert_eq!((hops(id), without_hops(id)), (0, id));
        }
    }
}
