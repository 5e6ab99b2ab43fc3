//! libzmq's context, shared by all sockets of the process.
//!
//! `inproc://` endpoints meet inside one context only, so clients and servers must not have one each.

use std::sync::{Arc, Mutex, PoisonError, Weak};

static SHARED: Mutex<Weak<Shared>> = Mutex::new(Weak::new());

/// The process's context while at least one socket lives.
///
/// The last socket takes it along: libzmq then hands over what was sent, for as long as the sockets' linger allows,
/// and its threads end. Sockets that come later get a new one.
pub(super) struct Shared {
    pub(super) context: zmq::Context,
}

pub(super) fn shared() -> Arc<Shared> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let fresh = Arc::new(Shared {
            context: zmq::Context::new(),
        });
        *shared = Arc::downgrade(&fresh);
        fresh
    })
}
