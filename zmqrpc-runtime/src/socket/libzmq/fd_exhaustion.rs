//! The thread that turns connections away when the process has no descriptor left for them.
//!
//! libzmq leaves such connections in the backlog. Its I/O thread then finds them again and again, at the full speed of
//! a processor, and accepts each only when an earlier one gives up: a few silent connections keep all others out for
//! many times the handshake timeout. If they are turned away instead, the silent ones are gone, while honest peers
//! reconnect by themselves and get in as soon as the handshake timeout has freed descriptors.
//!
//! To accept a connection, if only to close it, takes a descriptor. The limit applies to each descriptor table, and a
//! thread may have a table of its own: so this is done by a short-lived thread whose table contains only the listeners.

use std::ffi::{c_long, c_uint, c_ulong};
use std::fs;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, epoll, eventfd, poll};
use rustix::io::{Errno, fcntl_dupfd_cloexec, ioctl_fionbio};
use rustix::net::{SocketFlags, accept_with, getsockname, sockopt::socket_acceptconn};

use super::descriptor::borrowed;
use crate::log;
use crate::socket::poller::timespec;
use crate::socket::process::PerProcess;
use crate::sync::{Mutex, MutexGuard};

/// Watches one of libzmq's listeners until it is dropped, which must be before libzmq closes the listener.
pub(super) struct ListenerGuard {
    listener: RawFd,
}

static GUARD: PerProcess<Mutex<FdExhaustionGuard>> = PerProcess::new();

#[derive(Default)]
struct FdExhaustionGuard {
    /// The watched listeners. They are open as long as they are in this list; the lock must be held while they are
    /// used.
    listeners: Vec<RawFd>,
    /// Wakes the thread. Present while the thread runs.
    guard_poll: Option<Arc<GuardPoll>>,
}

/// What the thread waits on. Unlike `poll`, epoll does not keep a listener open that libzmq closes meanwhile.
struct GuardPoll {
    epoll: OwnedFd,
    wake_fd: OwnedFd,
}

/// The time between two checks: libzmq has this long to accept a waiting connection.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);
/// How long connections are turned away before the next check for free descriptors. A connection in the backlog keeps a
/// processor busy, so none may stay there for long.
const TURN_AWAY_TIME: Duration = Duration::from_millis(50);
/// Connections to turn away from one listener before the next one's turn.
const MAX_PER_TURN: usize = 4096;

impl ListenerGuard {
    /// Watches the listener of a TCP endpoint that was just bound. `None` if it cannot be found or watched.
    pub(super) fn at(resolved: &str) -> Option<Self> {
        let address = resolved.strip_prefix("tcp://")?.parse().ok()?;
        let added = find(address).and_then(|listener| {
            guard().add(listener)?;
            Ok(Self { listener })
        });
        added.inspect_err(|error| {
            log::line!(warn, endpoint = log::text(resolved), error = log::text(error); "a listener is not guarded against running out of descriptors");
        })
        .ok()
    }
}

impl Drop for ListenerGuard {
    fn drop(&mut self) {
        guard().remove(self.listener);
    }
}

fn guard() -> MutexGuard<'static, FdExhaustionGuard> {
    GUARD.get().lock()
}

/// Finds the descriptor of the listener at `address`. libzmq only reports it to a monitor, and a socket can have only
/// one.
fn find(address: SocketAddr) -> Result<RawFd, Errno> {
    let is_listener = |fd: &RawFd| {
        let fd = borrowed(*fd);
        socket_acceptconn(fd) == Ok(true)
            && getsockname(fd).is_ok_and(|name| name.try_into() == Ok(address))
    };
    let open = fs::read_dir("/proc/self/fd").map_err(|error| {
        let code = error.raw_os_error();
        code.map_or(Errno::NOENT, Errno::from_raw_os_error)
    })?;
    let numbers = open.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.into_iter().find(is_listener).ok_or(Errno::NOENT)
}

impl FdExhaustionGuard {
    fn add(&mut self, listener: RawFd) -> Result<(), Errno> {
        let fd = borrowed(listener);
        // Otherwise libzmq would block in accepting a connection that was just turned away.
        ioctl_fionbio(fd, true)?;
        let guard_poll = match &self.guard_poll {
            Some(guard_poll) => Arc::clone(guard_poll),
            None => Arc::new(GuardPoll::new()?),
        };
        let any = epoll::EventData::new_u64(0);
        epoll::add(&guard_poll.epoll, fd, any, epoll::EventFlags::IN)?;
        if self.guard_poll.is_none() {
            let own = Arc::clone(&guard_poll);
            let spawned = thread::Builder::new()
                .name("zmqrpc-fd-guard".into())
                .spawn(move || own.run());
            spawned.map_err(|_| Errno::AGAIN)?;
            self.guard_poll = Some(guard_poll);
        }
        self.listeners.push(listener);
        Ok(())
    }

    fn remove(&mut self, listener: RawFd) {
        self.listeners.retain(|other| *other != listener);
        if let Some(guard_poll) = &self.guard_poll {
            let _ = epoll::delete(&guard_poll.epoll, borrowed(listener));
            if self.listeners.is_empty() {
                let _ = rustix::io::write(&guard_poll.wake_fd, &1_u64.to_ne_bytes());
                self.guard_poll = None;
            }
        }
    }
}

impl GuardPoll {
    fn new() -> Result<Self, Errno> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let wake_fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let any = epoll::EventData::new_u64(0);
        epoll::add(&epoll, &wake_fd, any, epoll::EventFlags::IN)?;
        Ok(Self { epoll, wake_fd })
    }

    /// The body of the thread.
    fn run(self: &Arc<Self>) {
        let mut was_exhausted = false;
        loop {
            let mut events = Vec::with_capacity(1);
            let arrived = rustix::buffer::spare_capacity(&mut events);
            let waited = epoll::wait(&self.epoll, arrived, None);
            let guard = guard();
            if !guard
                .guard_poll
                .as_ref()
                .is_some_and(|own| Arc::ptr_eq(own, self))
            {
                return;
            }
            let is_exhausted = waited.is_ok() && self.is_exhausted();
            let turned_away = is_exhausted.then(|| turn_away(&guard.listeners));
            drop(guard);
            if is_exhausted && !was_exhausted {
                let error = turned_away.and_then(Result::err);
                log::line!(
                    warn,
                    error = error.map(log::text);
                    "no descriptor is left: new connections are turned away"
                );
            }
            was_exhausted = is_exhausted;
            if !is_exhausted {
                thread::sleep(CHECK_INTERVAL);
            }
        }
    }

    fn is_exhausted(&self) -> bool {
        fcntl_dupfd_cloexec(&self.wake_fd, 0).is_err()
    }
}

/// Closes the connections in the listeners' backlogs, and those that arrive within [`TURN_AWAY_TIME`].
fn turn_away(listeners: &[RawFd]) -> std::io::Result<usize> {
    let mut sorted = listeners.to_vec();
    sorted.sort_unstable();
    thread::scope(|scope| {
        let turning = thread::Builder::new().spawn_scoped(scope, || {
            keep_only(&sorted)?;
            let listeners = sorted.iter().map(|listener| borrowed(*listener));
            let end = Instant::now() + TURN_AWAY_TIME;
            let mut turned_away = 0;
            loop {
                let listeners = listeners.clone();
                let queues = listeners
                    .map(|listener| (0..MAX_PER_TURN).map_while(move |_| accept(listener)));
                turned_away += queues.flatten().count();
                let rest = end.saturating_duration_since(Instant::now());
                let listeners = sorted.iter().map(|listener| borrowed(*listener));
                let mut fds: Vec<_> = listeners
                    .map(|listener| PollFd::from_borrowed_fd(listener, PollFlags::IN))
                    .collect();
                if rest.is_zero() || !matches!(poll(&mut fds, Some(&timespec(rest))), Ok(1..)) {
                    return Ok(turned_away);
                }
            }
        })?;
        turning.join().unwrap_or(Ok(0))
    })
}

/// Accepts the next connection in a listener's backlog.
fn accept(listener: BorrowedFd<'_>) -> Option<OwnedFd> {
    accept_with(listener.as_fd(), SocketFlags::CLOEXEC).ok()
}

/// Gives the calling thread a descriptor table of its own that contains only these and the standard streams.
fn keep_only(descriptors: &[RawFd]) -> std::io::Result<()> {
    const FIRST: c_uint = 3;
    let mut first = FIRST;
    let mut flags = UNSHARE;
    let descriptors = descriptors.iter().map(|fd| fd.cast_unsigned());
    for next in descriptors.chain([c_uint::MAX]) {
        if next > first {
            close_range(first, next - 1, flags)?;
            flags = 0;
        }
        first = first.max(next.saturating_add(1));
    }
    Ok(())
}

/// As in `linux/close_range.h`: unshare the thread's table first.
const UNSHARE: c_uint = 2;

fn close_range(first: c_uint, last: c_uint, flags: c_uint) -> std::io::Result<()> {
    unsafe extern "C" {
        fn syscall(number: c_long, ...) -> c_long;
    }
    /// The same on all architectures.
    const CLOSE_RANGE: c_long = 436;
    // SAFETY: the arguments have the types that the system call takes. It closes descriptors for the calling thread
    // only, since the first of these calls unshares the thread's table, and the thread uses none but those that it
    // keeps.
    let answer = unsafe {
        syscall(
            CLOSE_RANGE,
            c_ulong::from(first),
            c_ulong::from(last),
            c_ulong::from(flags),
        )
    };
    match answer {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}
