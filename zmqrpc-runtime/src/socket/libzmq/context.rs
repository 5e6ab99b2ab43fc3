//! libzmq's context, shared by all sockets of the process.
//!
//! `inproc://` endpoints only connect within one context, so clients and servers must share one.

use std::ffi::{c_int, c_void};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Weak, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, eventfd};
use rustix::process::{Resource, getrlimit};

use crate::socket::SocketError;
use crate::socket::process::{PerProcess, Process};
use crate::sync::Mutex;

static SHARED: PerProcess<Mutex<Weak<SharedContext>>> = PerProcess::new();

/// As in zmq.h; the crate `zmq-sys` lacks it.
const ZERO_COPY_RECV: c_int = 10;

/// The process's context, which lives as long as any of its sockets.
///
/// Dropping the last socket terminates the context: libzmq then sends what is queued, for as long as the sockets'
/// linger permits, and its threads end. Later sockets get a new context.
///
/// Not the crate's `zmq::Context`, which cannot set the option that [`new`](Self::new) needs.
pub(super) struct SharedContext {
    raw: *mut c_void,
    /// How many sockets it may have at a time.
    max_sockets: c_int,
    process: Process,
    /// The thread that verifies logins, once a socket requires them.
    handler: Mutex<Option<JoinHandle<()>>>,
}

// SAFETY: libzmq's contexts are thread-safe.
unsafe impl Send for SharedContext {}
// SAFETY: as above.
unsafe impl Sync for SharedContext {}

impl SharedContext {
    fn new() -> Result<Self, SocketError> {
        check_descriptors()?;
        check_threads()?;
        // SAFETY: `zmq_ctx_new` has no preconditions.
        let raw = unsafe { zmq_sys::zmq_ctx_new() };
        if raw.is_null() {
            return Err(SocketError::last(OPENING));
        }
        // SAFETY: the context is live. An older libzmq that does not know the option ignores it.
        //
        // With zero-copy receives, each message of up to 8 KiB keeps the buffer of 13 KiB that it was received into: a
        // full queue of small requests would take 800 MiB instead of some ten.
        unsafe { zmq_sys::zmq_ctx_set(raw, ZERO_COPY_RECV, 0) };
        let max_sockets = raise_socket_limit(raw);
        Ok(Self {
            raw,
            max_sockets,
            process: Process::current(),
            handler: Mutex::default(),
        })
    }

    /// Starts the ZAP handler, unless it runs.
    #[cfg(feature = "auth")]
    pub(super) fn start_handler(
        &self,
        start: fn(&Self) -> Result<JoinHandle<()>, SocketError>,
    ) -> Result<(), SocketError> {
        let mut handler = self.handler.lock();
        if handler.as_ref().is_none_or(JoinHandle::is_finished) {
            *handler = Some(start(self)?);
        }
        Ok(())
    }

    pub(super) fn socket(&self, kind: zmq::SocketType) -> Result<zmq::Socket, SocketError> {
        // `zmq::SocketType` has libzmq's numbers.
        // SAFETY: the context is live.
        let socket = unsafe { zmq_sys::zmq_socket(self.raw, kind as c_int) };
        if socket.is_null() {
            let error = SocketError::last(OPENING);
            // libzmq has one error for a lack of descriptors and for its own limit.
            let own_limit =
                error.code() == zmq::Error::EMFILE.to_raw() && check_descriptors().is_ok();
            return Err(if own_limit {
                error.because(format!(
                    "the process has as many sockets as libzmq allows it, {}: the limit of descriptors when the first was opened",
                    self.max_sockets
                ))
            } else {
                error
            });
        }
        // SAFETY: the socket is new, and nothing else refers to it.
        Ok(unsafe { zmq::Socket::from_raw(socket) })
    }
}

impl Drop for SharedContext {
    fn drop(&mut self) {
        if !self.process.is_current() {
            // Its threads belong to the parent: waiting for them here would never end.
            return;
        }
        let interrupted = || {
            // SAFETY: `zmq_errno` has no preconditions.
            let code = unsafe { zmq_sys::zmq_errno() };
            code == zmq::Error::EINTR.to_raw()
        };
        // SAFETY: every socket except the handler's holds a reference to the context, so none is left; the handler
        // closes its own when this call interrupts it. Nothing uses the context any more.
        while unsafe { zmq_sys::zmq_ctx_term(self.raw) } != 0 && interrupted() {}
        let handler = self.handler.get_mut().take();
        if let Some(handler) = handler
            && handler.thread().id() != thread::current().id()
        {
            let _ = handler.join();
        }
    }
}

pub(super) fn shared() -> Result<Arc<SharedContext>, SocketError> {
    let mut shared = SHARED.get().lock();
    if let Some(present) = shared.upgrade() {
        return Ok(present);
    }
    let fresh = Arc::new(SharedContext::new()?);
    *shared = Arc::downgrade(&fresh);
    Ok(fresh)
}

/// Fails if the process lacks the descriptors for a new context: libzmq would abort. For later sockets libzmq returns
/// an error.
fn check_descriptors() -> Result<(), SocketError> {
    let descriptors: Result<Vec<_>, _> = (0..DESCRIPTORS)
        .map(|_| eventfd(0, EventfdFlags::CLOEXEC))
        .collect();
    descriptors
        .map(drop)
        .map_err(|errno| SocketError::io(OPENING, &errno.into()))
}

/// Raises libzmq's limit of sockets to the system's limit of descriptors, since each socket takes one or more. The
/// default is 1,023, and a client takes three. Returns the limit.
fn raise_socket_limit(context: *mut c_void) -> c_int {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    // SAFETY: the context is live, and has no socket yet.
    unsafe {
        let limit = zmq_sys::zmq_ctx_get(context, zmq_sys::ZMQ_SOCKET_LIMIT.cast_signed());
        let max_sockets = c_int::try_from(descriptors)
            .unwrap_or(c_int::MAX)
            .min(limit);
        let option = zmq_sys::ZMQ_MAX_SOCKETS.cast_signed();
        if max_sockets > zmq_sys::zmq_ctx_get(context, option) {
            zmq_sys::zmq_ctx_set(context, option, max_sockets);
        }
        zmq_sys::zmq_ctx_get(context, option)
    }
}

/// Fails if the process cannot start the threads of a new context: libzmq would abort. To find out, this starts as many
/// threads and ends them.
fn check_threads() -> Result<(), SocketError> {
    let (end, ended) = mpsc::channel::<()>();
    let ended = Arc::new(<Mutex<_>>::new(ended));
    let threads: Result<Vec<_>, _> = (0..THREADS)
        .map(|_| {
            let ended = Arc::clone(&ended);
            let wait = move || {
                let number = fs::read_link("/proc/thread-self");
                // All of them run until the last has started.
                let _ = ended.lock().recv();
                number
            };
            let builder = thread::Builder::new().name("zmqrpc-threads".into());
            builder.stack_size(STACK).spawn(wait)
        })
        .collect();
    drop(end);
    let threads = threads.map_err(|error| SocketError::thread(&error))?;
    for thread in threads {
        let Ok(Ok(number)) = thread.join() else {
            continue;
        };
        // The system counts a thread until shortly after it has ended.
        let (task, until) = (
            Path::new("/proc").join(number),
            Instant::now() + EXIT_TIMEOUT,
        );
        while task.exists() && Instant::now() < until {
            thread::yield_now();
        }
    }
    Ok(())
}

/// Two of libzmq's, and one that other code may start meanwhile.
const THREADS: usize = 3;
/// libzmq's threads have stacks of the system's default size.
const STACK: usize = 8 << 20;
const EXIT_TIMEOUT: Duration = Duration::from_millis(100);

/// Ten with one I/O thread and the first socket, and some that other code may open meanwhile.
const DESCRIPTORS: usize = 16;
const OPENING: &str = "opening a socket";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_has_the_requested_type() {
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
