//! How proxies number the calls that they pass on: with a count of the proxies that have done so.
//!
//! It travels in the id, which every proxy writes anew in any case: an entry of the metadata would move the body.

/// The upper 12 bits of an id that a proxy gave. Clients leave them zero.
const MARK: u64 = 0x7A5;
const MARK_AT: u32 = 52;
const HOPS_AT: u32 = 48;
const HOPS_BYTE: usize = 6;

/// Bits of an id that are left for the call's number.
pub const NUMBER_BITS: u32 = HOPS_AT;

/// Proxies that a call may pass.
pub const MAX_HOPS: u8 = 15;

/// How many proxies have passed a call on whose id this is.
#[inline]
#[must_use]
pub const fn hops(id: u64) -> u8 {
    if id >> MARK_AT == MARK {
        id.to_le_bytes()[HOPS_BYTE] & MAX_HOPS
    } else {
        0
    }
}

/// The id of a call that so many proxies have passed on. `number` has [`NUMBER_BITS`].
#[inline]
#[must_use]
pub const fn numbered(hops: u8, number: u64) -> u64 {
    MARK << MARK_AT | (hops as u64) << HOPS_AT | number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_how_many_proxies_gave_it() {
        let largest = (1 << NUMBER_BITS) - 1;
        for number in [0, 1, largest] {
            for passed in 0..=MAX_HOPS {
                let id = numbered(passed, number);
                assert_eq!((hops(id), id & largest), (passed, number));
            }
        }
    }

    #[test]
    fn ids_of_clients_have_passed_nobody() {
        for id in [0, 1, u64::MAX, u64::MAX >> 12, 1 << 63, 0xF << 48] {
            assert_eq!(hops(id), 0);
        }
    }
}
