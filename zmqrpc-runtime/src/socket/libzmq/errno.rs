//! Errors of libzmq's calls.

use std::ffi::CStr;

use crate::socket::SocketError;

impl SocketError {
    /// Returns the error of the calling thread's last libzmq call.
    ///
    /// The crate `zmq` panics on codes that it does not know, among them the `ENOTDIR` of a bad `ipc://` path, so
    /// operations that can meet such codes use this.
    pub(super) fn last(operation: &'static str) -> Self {
        // SAFETY: `zmq_errno` has no preconditions.
        from_code(operation, unsafe { zmq_sys::zmq_errno() })
    }

    /// Returns a function that converts errors of the crate `zmq`.
    pub(super) fn of(operation: &'static str) -> impl Fn(zmq::Error) -> Self {
        move |error| from_code(operation, error.to_raw())
    }
}

fn from_code(operation: &'static str, code: i32) -> SocketError {
    // SAFETY: `zmq_strerror` returns a valid, static, NUL-terminated text for any code.
    let reason = unsafe { CStr::from_ptr(zmq_sys::zmq_strerror(code)) };
    SocketError::new(operation, code, reason.to_string_lossy().to_lowercase())
}
