//! Where the bytes of a message are.

use std::ptr;

use zmq_sys::zmq_msg_t;

/// Where a message's bytes are. Short ones lie in the message itself, and move with it: then it is how far behind the
/// message's beginning, counted from 1, which is no address that anything has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct DataLocation(*mut u8);

impl DataLocation {
    /// There are none, and it holds nothing else: as libzmq makes and leaves it.
    pub(super) const NOWHERE: Self = Self(ptr::null_mut());

    /// Of bytes at `data`, for a message at `raw`.
    pub(super) fn of(data: *mut u8, raw: *const zmq_msg_t) -> Self {
        let within = if data.is_null() {
            // Foreign memory without bytes: there is an owner all the same, who waits to be told.
            0
        } else {
            data.addr().wrapping_sub(raw.addr())
        };
        if within < size_of::<zmq_msg_t>() {
            Self(ptr::without_provenance_mut(within + 1))
        } else {
            Self(data)
        }
    }

    /// Where they are while the message is at `raw`.
    #[inline]
    pub(super) fn when_at(self, raw: *mut zmq_msg_t) -> *mut u8 {
        let within = self.0.addr().wrapping_sub(1);
        if within < size_of::<zmq_msg_t>() {
            raw.cast::<u8>().wrapping_add(within)
        } else {
            self.0
        }
    }
}
