//! The location of a message's bytes.

use std::ptr;

use zmq_sys::zmq_msg_t;

/// The location of a message's bytes. Short ones lie within the message and move with it: for these it is the offset
/// from the start of the message, plus 1, which is never a valid address. For others it is their address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct DataLocation(*mut u8);

impl DataLocation {
    /// No bytes and no owner: an empty message, as libzmq initialises and leaves it.
    pub(super) const EMPTY: Self = Self(ptr::null_mut());

    /// Returns the location of bytes at `data`, in a message at `raw`.
    pub(super) fn new(data: *mut u8, raw: *const zmq_msg_t) -> Self {
        let offset = if data.is_null() {
            // Foreign memory without bytes: its owner must be dropped all the same.
            0
        } else {
            data.addr().wrapping_sub(raw.addr())
        };
        if offset < size_of::<zmq_msg_t>() {
            Self(ptr::without_provenance_mut(offset + 1))
        } else {
            Self(data)
        }
    }

    /// Returns the address of the bytes while the message is at `raw`.
    #[inline]
    pub(super) fn address_in(self, raw: *mut zmq_msg_t) -> *mut u8 {
        let offset = self.0.addr().wrapping_sub(1);
        if offset < size_of::<zmq_msg_t>() {
            raw.cast::<u8>().wrapping_add(offset)
        } else {
            self.0
        }
    }
}
