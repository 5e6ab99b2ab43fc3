//! Waiting on a socket, outside its owner's lock.

use rustix::fd::{AsFd, OwnedFd};
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime,
};

use super::SocketError;
use crate::clock::Instant;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicBool, Ordering};

/// How often to retry a send that found no room, whatever the socket signals: the last receive before the wait may have
/// consumed the signal.
pub(crate) const RETRY_INTERVAL: Duration = Duration::from_millis(10);

/// How often to check for what no event announces, such as peers of an `inproc` name.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Waits on a socket's descriptor, its monitor's descriptor, and an eventfd by which other threads wake it.
///
/// Any operation on a socket can consume the signal that a waiting thread needs. A thread that receives something which
/// concerns the waiting thread therefore wakes it.
pub(crate) struct Poller {
    /// The socket's descriptor first, then its monitor's.
    sources: Mutex<Arc<Vec<OwnedFd>>>,
    wake_fd: OwnedFd,
    /// Created at the first wait of a thread: idle sockets and tasks do not need it.
    timer: OnceLock<Option<TimerFd>>,
    /// Whether the monitor may have events. Reading it costs a system call, so it is only read if this is set.
    monitor_pending: AtomicBool,
    /// Whether [`wait_any`] found the socket ready.
    ready: AtomicBool,
}

impl Poller {
    pub(super) fn new(sources: Vec<OwnedFd>) -> Result<Self, SocketError> {
        let wake_fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|errno| SocketError::io("opening an eventfd", &errno.into()))?;
        let sources = Mutex::new(Arc::new(sources));
        Ok(Self {
            sources,
            wake_fd,
            timer: OnceLock::new(),
            monitor_pending: AtomicBool::new(true),
            ready: AtomicBool::new(true),
        })
    }

    /// Returns a poller that only [`wake`](Self::wake) ends the wait of.
    #[cfg(test)]
    pub(crate) fn of_nothing() -> Self {
        Self::new(Vec::new()).unwrap()
    }

    /// Sets the socket to wait on. Threads that wait on the old one return, but the idle poller does not: a socket that
    /// is in use is [replaced](Self::replace).
    pub(super) fn set_sources(&self, sources: Vec<OwnedFd>) {
        *self.sources.lock() = Arc::new(sources);
        self.notify_owner();
    }

    /// Makes the next drain read the monitor, although no thread has waited on it.
    pub(crate) fn set_monitor_pending(&self) {
        self.monitor_pending.store(true, Ordering::Release);
    }

    /// Wakes the owner of the socket and makes it read the monitor, because a background thread has a result for it.
    pub(super) fn notify_owner(&self) {
        self.set_monitor_pending();
        self.ready.store(true, Ordering::Release);
        self.wake();
    }

    /// Returns whether the next drain reads the monitor.
    pub(crate) fn is_monitor_pending(&self) -> bool {
        self.monitor_pending.load(Ordering::Acquire)
    }

    pub(super) fn take_monitor_pending(&self) -> bool {
        self.is_monitor_pending() && self.monitor_pending.swap(false, Ordering::AcqRel)
    }

    /// Returns, and clears, whether the socket has to be drained, provided that threads wait on it by [`wait_any`] only
    /// and nothing used it since the last drain. So a socket without events costs no system call.
    pub(crate) fn take_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire) && self.ready.swap(false, Ordering::AcqRel)
    }

    /// Returns the descriptors, which stay open while a thread waits on them, even if the socket is closed.
    pub(super) fn sources(&self) -> Arc<Vec<OwnedFd>> {
        Arc::clone(&self.sources.lock())
    }

    /// Waits until the socket or the monitor may be ready, another thread calls [`wake`](Self::wake), or `deadline`
    /// passes. May return early.
    ///
    /// The caller must have drained the socket before, and drains it again afterwards.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> io::Result<()> {
        let timer = self.timer();
        if let (Some(timer), Some(deadline)) = (timer, deadline) {
            timer.set(deadline)?;
        }
        let sources = self.sources();
        let mut fds: [PollFd<'_>; BEFORE_SOURCES + MAX_SOURCES] =
            std::array::from_fn(|_| PollFd::new(&self.wake_fd, PollFlags::IN));
        if let Some(timer) = timer {
            fds[1] = PollFd::new(&timer.fd, PollFlags::IN);
        }
        for (slot, source) in fds[BEFORE_SOURCES..].iter_mut().zip(&*sources) {
            *slot = PollFd::from_borrowed_fd(source.as_fd(), PollFlags::IN);
        }
        let fds = &mut fds[..BEFORE_SOURCES + sources.len().min(MAX_SOURCES)];
        loop {
            let limit = deadline.filter(|_| timer.is_none()).map(time_until);
            match poll(fds, limit.as_ref()) {
                Ok(_) => break,
                // A signal arrived: go on waiting.
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        if !fds[0].revents().is_empty() {
            self.clear_wake();
        }
        if let Some(timer) = timer.filter(|_| !fds[1].revents().is_empty()) {
            timer.reset();
        }
        if fds
            .iter()
            .skip(MONITOR_INDEX)
            .any(|fd| !fd.revents().is_empty())
        {
            self.set_monitor_pending();
        }
        Ok(())
    }

    /// Returns the timer. `None` if no descriptor is left for it: the timer makes waiting faster, but is not required.
    fn timer(&self) -> Option<&TimerFd> {
        self.timer.get_or_init(|| TimerFd::new().ok()).as_ref()
    }

    /// Makes the present or next [`wait`](Self::wait) return.
    pub(crate) fn wake(&self) {
        // The write only fails if the counter is full, after 2^64 wakes: the waiting thread wakes in any case.
        let _ = rustix::io::write(&self.wake_fd, &1_u64.to_ne_bytes());
    }

    fn clear_wake(&self) {
        let _ = rustix::io::read(&self.wake_fd, &mut [0_u8; 8]);
    }
}

/// Waits on several sockets at once, as [`Poller::wait`] does on one. All of them must have been drained.
pub(crate) fn wait_any(pollers: &[Arc<Poller>], deadline: Option<Instant>) -> io::Result<()> {
    let sources: Vec<_> = pollers.iter().map(|poller| poller.sources()).collect();
    let mut fds = Vec::with_capacity(pollers.len() * (1 + MAX_SOURCES));
    for (poller, sources) in pollers.iter().zip(&sources) {
        fds.push(PollFd::new(&poller.wake_fd, PollFlags::IN));
        let sources = sources.iter().map(AsFd::as_fd);
        fds.extend(sources.map(|source| PollFd::from_borrowed_fd(source, PollFlags::IN)));
    }
    loop {
        match poll(&mut fds, deadline.map(time_until).as_ref()) {
            Ok(_) => break,
            // A signal arrived: go on waiting.
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    let mut fds = fds.iter();
    for (poller, sources) in pollers.iter().zip(&sources) {
        let mut is_ready = || fds.next().is_some_and(|fd| !fd.revents().is_empty());
        if is_ready() {
            poller.clear_wake();
        }
        // The first descriptor is the socket's, the second its monitor's.
        for number in 0..sources.len() {
            if is_ready() {
                if number > 0 {
                    poller.set_monitor_pending();
                }
                poller.ready.store(true, Ordering::Release);
            }
        }
    }
    Ok(())
}

const MAX_SOURCES: usize = 2;
/// The eventfd and the timer.
const BEFORE_SOURCES: usize = 2;
/// The monitor comes after these and the socket.
const MONITOR_INDEX: usize = BEFORE_SOURCES + 1;

/// A timer that expires at the next deadline or before.
///
/// A timeout passed to `poll` sets and cancels a kernel timer in each call, which costs some percent of the call. This
/// timer is only set if the deadline is earlier than the time that it is set to: it expires too early for most
/// deadlines, which does no harm, and is left alone for many calls in a row.
struct TimerFd {
    fd: OwnedFd,
    at: Mutex<Option<Instant>>,
}

impl TimerFd {
    fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        Ok(Self {
            fd: timerfd_create(TimerfdClockId::Monotonic, flags)?,
            at: Mutex::new(None),
        })
    }

    fn set(&self, deadline: Instant) -> io::Result<()> {
        let mut at = self.at.lock();
        if at.is_none_or(|at| deadline < at) {
            // Zero would disarm the timer instead of expiring at once.
            let remaining = deadline.saturating_duration_since(Instant::now());
            let it_value = timespec(remaining.max(Duration::from_nanos(1)));
            let it_interval = timespec(Duration::ZERO);
            let value = Itimerspec {
                it_interval,
                it_value,
            };
            timerfd_settime(&self.fd, TimerfdTimerFlags::empty(), &value)?;
            *at = Some(deadline);
        }
        Ok(())
    }

    /// Clears the timer after it expired.
    fn reset(&self) {
        let mut at = self.at.lock();
        if rustix::io::read(&self.fd, &mut [0_u8; 8]).is_ok() {
            *at = None;
        }
    }
}

fn time_until(deadline: Instant) -> Timespec {
    timespec(deadline.saturating_duration_since(Instant::now()))
}

pub(super) fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: duration.as_secs().try_into().unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}
