//! libzmq's context, shared by all sockets of the process.
//!
//! `inproc://` endpoints meet inside one context only, so clients and servers must not have one each.

use std::ffi::{c_int, c_void};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};

use rustix::event::{EventfdFlags, eventfd};

use super::SocketError;
use super::security::zap;

static SHARED: Mutex<Weak<Shared>> = Mutex::new(Weak::new());

/// As in zmq.h; the crate `zmq-sys` lacks it.
const ZERO_COPY_RECV: c_int = 10;

/// The process's context while at least one socket lives.
///
/// The last socket takes it along: libzmq then hands over what was sent, for as long as the sockets' linger allows,
/// and its threads end. Sockets that come later get a new one.
///
/// Not the crate's `zmq::Context`, which has no way to set the option that [`new`](Self::new) needs.
pub(super) struct Shared {
    raw: *mut c_void,
    /// Answers who may come in, since there is a socket that asks.
    handler: Mutex<Option<JoinHandle<()>>>,
}

// SAFETY: contexts are made to be shared by threads.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    fn new() -> Result<Self, SocketError> {
        check_room()?;
        // SAFETY: it has no preconditions.
        let raw = unsafe { zmq_sys::zmq_ctx_new() };
        if raw.is_null() {
            return Err(SocketError::last(OPENING));
        }
        // SAFETY: the context is live. An older libzmq that does not know the option goes on without.
        //
        // Without it each message of up to 8 KiB holds on to the buffer of 13 KiB that it was received into: a full
        // queue of small requests takes 800 MiB instead of some ten.
        unsafe { zmq_sys::zmq_ctx_set(raw, ZERO_COPY_RECV, 0) };
        Ok(Self {
            raw,
            handler: Mutex::default(),
        })
    }

    /// Must be called before a socket that asks for logins is bound.
    pub(super) fn answer_logins(&self) -> Result<(), SocketError> {
        let handler = self.handler.lock();
        let mut handler = handler.unwrap_or_else(PoisonError::into_inner);
        if handler.as_ref().is_none_or(JoinHandle::is_finished) {
            *handler = Some(zap::start(self)?);
        }
        Ok(())
    }

    pub(super) fn socket(&self, kind: zmq::SocketType) -> Result<zmq::Socket, SocketError> {
        // The kinds have libzmq's numbers.
        // SAFETY: the context is live.
        let socket = unsafe { zmq_sys::zmq_socket(self.raw, kind as c_int) };
        if socket.is_null() {
            return Err(SocketError::last(OPENING));
        }
        // SAFETY: the socket is new and nobody else has it.
        Ok(unsafe { zmq::Socket::from_raw(socket) })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let interrupted = || {
            // SAFETY: `zmq_errno` has no preconditions.
            let code = unsafe { zmq_sys::zmq_errno() };
            code == zmq::Error::EINTR.to_raw()
        };
        // SAFETY: every socket but the handler's holds the context, so none is left; the handler closes its own when this
        // interrupts it. Nobody else uses the context any more.
        while unsafe { zmq_sys::zmq_ctx_term(self.raw) } != 0 && interrupted() {}
        let handler = self.handler.get_mut();
        let handler = handler.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(handler) = handler
            && handler.thread().id() != thread::current().id()
        {
            let _ = handler.join();
        }
    }
}

pub(super) fn shared() -> Result<Arc<Shared>, SocketError> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(present) = shared.upgrade() {
        return Ok(present);
    }
    let fresh = Arc::new(Shared::new()?);
    *shared = Arc::downgrade(&fresh);
    Ok(fresh)
}

/// libzmq aborts the process when it has no descriptors for the threads of a new context. For sockets that come later it
/// answers with an error.
fn check_room() -> Result<(), SocketError> {
    let places: Result<Vec<_>, _> = (0..PLACES)
        .map(|_| eventfd(0, EventfdFlags::CLOEXEC))
        .collect();
    places
        .map(drop)
        .map_err(|errno| SocketError::io(OPENING, &errno.into()))
}

/// Ten with one I/O thread, the first socket among them, and some that others may take meanwhile.
const PLACES: usize = 16;
const OPENING: &str = "opening a socket";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_of_the_kind_that_was_asked_for() {
        let context = Shared::new().unwrap();
        for kind in [
            zmq::PAIR,
            zmq::PUB,
            zmq::SUB,
            zmq::REQ,
            zmq::REP,
            zmq::DEALER,
            zmq::ROUTER,
            zmq::PULL,
            zmq::PUSH,
            zmq::XPUB,
            zmq::XSUB,
        ] {
            let socket = context.socket(kind).unwrap();
            assert_eq!(socket.get_socket_type(), Ok(kind));
        }
    }
}
