//! Descriptors that are libzmq's.

use std::os::fd::{BorrowedFd, RawFd};

/// Borrows a descriptor of libzmq's, which may close it at any time.
pub(super) fn borrowed<'a>(fd: RawFd) -> BorrowedFd<'a> {
    // SAFETY: callers either know that the descriptor is open, or only do with it what cannot harm another one: a call
    // with a closed descriptor fails.
    unsafe { BorrowedFd::borrow_raw(fd) }
}
