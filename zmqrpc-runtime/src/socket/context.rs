//! libzmq's context, shared by all sockets of the process.
//!
//! `inproc://` endpoints meet inside one context only, so clients and servers must not have one each.

use std::ffi::{c_int, c_void};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, eventfd};
use rustix::process::{Resource, getrlimit};

use super::SocketError;
use super::process::{PerProcess, Process};
use super::security::zap;

static SHARED: PerProcess<Mutex<Weak<SharedContext>>> = PerProcess::new();

/// As in zmq.h; the crate `zmq-sys` lacks it.
const ZERO_COPY_RECV: c_int = 10;

/// The process's context while at least one socket lives.
///
/// The last socket takes it along: libzmq then hands over what was sent, for as long as the sockets' linger allows,
/// and its threads end. Sockets that come later get a new one.
///
/// Not the crate's `zmq::Context`, which has no way to set the option that [`new`](Self::new) needs.
pub(super) struct SharedContext {
    raw: *mut c_void,
    /// That it may have at a time.
    sockets: c_int,
    process: Process,
    /// Answers who may come in, since there is a socket that asks.
    handler: Mutex<Option<JoinHandle<()>>>,
}

// SAFETY: contexts are made to be shared by threads.
unsafe impl Send for SharedContext {}
// SAFETY: as above.
unsafe impl Sync for SharedContext {}

impl SharedContext {
    fn new() -> Result<Self, SocketError> {
        check_room()?;
        check_threads()?;
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
        let sockets = most_sockets(raw);
        Ok(Self {
            raw,
            sockets,
            process: Process::current(),
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
            let error = SocketError::last(OPENING);
            // libzmq says the same of descriptors and of its own limit.
            let own = error.code() == zmq::Error::EMFILE.to_raw() && check_room().is_ok();
            return Err(if own {
                error.because(format!(
                    "the process has as many sockets as libzmq allows it, {}: the limit of descriptors when the first was opened",
                    self.sockets
                ))
            } else {
                error
            });
        }
        // SAFETY: the socket is new and nobody else has it.
        Ok(unsafe { zmq::Socket::from_raw(socket) })
    }
}

impl Drop for SharedContext {
    fn drop(&mut self) {
        if !self.process.is_current() {
            // Its threads are the parent's. To wait for them here would take for ever.
            return;
        }
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

pub(super) fn shared() -> Result<Arc<SharedContext>, SocketError> {
    let shared = SHARED.get().lock();
    let mut shared = shared.unwrap_or_else(PoisonError::into_inner);
    if let Some(present) = shared.upgrade() {
        return Ok(present);
    }
    let fresh = Arc::new(SharedContext::new()?);
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

/// Raises libzmq's limit of sockets, by default 1,023 of which a client takes three, to what the system has descriptors for;
/// each takes one or more. Answers what it is.
fn most_sockets(context: *mut c_void) -> c_int {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    // SAFETY: the context is live, and has no socket yet.
    unsafe {
        let limit = zmq_sys::zmq_ctx_get(context, zmq_sys::ZMQ_SOCKET_LIMIT.cast_signed());
        let sockets = c_int::try_from(descriptors)
            .unwrap_or(c_int::MAX)
            .min(limit);
        let option = zmq_sys::ZMQ_MAX_SOCKETS.cast_signed();
        if sockets > zmq_sys::zmq_ctx_get(context, option) {
            zmq_sys::zmq_ctx_set(context, option, sockets);
        }
        zmq_sys::zmq_ctx_get(context, option)
    }
}

/// libzmq aborts the process when it cannot start the threads of a new context: so as many are started here first.
fn check_threads() -> Result<(), SocketError> {
    let (end, ended) = mpsc::channel::<()>();
    let ended = Arc::new(Mutex::new(ended));
    let threads: Result<Vec<_>, _> = (0..THREADS)
        .map(|_| {
            let ended = Arc::clone(&ended);
            let wait = move || {
                let number = fs::read_link("/proc/thread-self");
                // All of them live until the last has started.
                let _ = ended.lock().unwrap_or_else(PoisonError::into_inner).recv();
                number
            };
            let builder = thread::Builder::new().name("zmqrpc-room".into());
            builder.stack_size(STACK).spawn(wait)
        })
        .collect();
    drop(end);
    let threads = threads.map_err(|error| SocketError::thread(&error))?;
    for thread in threads {
        let Ok(Ok(number)) = thread.join() else {
            continue;
        };
        // The system counts a thread until a moment after it has ended.
        let (task, until) = (Path::new("/proc").join(number), Instant::now() + LEAVING);
        while task.exists() && Instant::now() < until {
            thread::yield_now();
        }
    }
    Ok(())
}

/// Two of libzmq's, and one that others may start meanwhile.
const THREADS: usize = 3;
/// libzmq's threads have stacks of the system's usual size.
const STACK: usize = 8 << 20;
const LEAVING: Duration = Duration::from_millis(100);

/// Ten with one I/O thread, the first socket among them, and some that others may take meanwhile.
const PLACES: usize = 16;
const OPENING: &str = "opening a socket";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_of_the_kind_that_was_asked_for() {
        let context = SharedContext::new().unwrap();
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
