//! Waiting for a socket, outside its owner's lock.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime,
};

use super::{SocketError, idle_poller};

/// How often what a socket had no room for is tried again, whatever the socket signals: the last receive before the wait may
/// have taken the signal.
pub(crate) const RETRY: Duration = Duration::from_millis(10);

/// How often one looks for those whose coming and going nothing tells: the others of an `inproc` name.
pub(crate) const LOOK: Duration = Duration::from_millis(20);

/// Who looks so much later than it wanted to has stood still itself: stopped, starved, moved to another machine. What has
/// been sent to it meanwhile is still on its way through the system.
pub(crate) const LATE: Duration = Duration::from_millis(100);

/// What one waits on: a socket's descriptor, its monitor's, and a bell that other threads ring.
///
/// Any operation on a socket can swallow the signal that a sleeping thread waits for. Who takes something that
/// concerns the sleeper therefore rings the bell.
pub(crate) struct Poller {
    /// The socket's own descriptor first, then its monitor's.
    sources: Mutex<Arc<Vec<OwnedFd>>>,
    bell: OwnedFd,
    /// Made when a thread waits for the first time: who lies idle or waits in tasks needs none.
    alarm: OnceLock<Option<TimerFd>>,
    /// The monitor may have something to tell. Asking it costs a system call, so it is only asked then.
    news: AtomicBool,
    /// The socket may have something, as somebody who waited for several has noticed.
    stirred: AtomicBool,
}

impl Poller {
    pub(super) fn new(sources: Vec<OwnedFd>) -> Result<Self, SocketError> {
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|errno| SocketError::io("opening an eventfd", &errno.into()))?;
        let sources = Mutex::new(Arc::new(sources));
        Ok(Self {
            sources,
            bell,
            alarm: OnceLock::new(),
            news: AtomicBool::new(true),
            stirred: AtomicBool::new(true),
        })
    }

    /// Waits for another socket from now on. Whoever waits for the old one returns.
    pub(super) fn replace(&self, sources: Vec<OwnedFd>) {
        *self.sources.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(sources);
        self.expect_news();
        self.stirred.store(true, Ordering::Release);
        self.wake();
        idle_poller::notice_replacement();
    }

    /// Has the monitor asked at the next drain, although nobody has waited for it.
    pub(crate) fn expect_news(&self) {
        self.news.store(true, Ordering::Release);
    }

    /// Something was found out that the owner of the socket has to ask for.
    pub(super) fn bring_news(&self) {
        self.expect_news();
        self.stirred.store(true, Ordering::Release);
        self.wake();
    }

    /// Whether the monitor is to be asked.
    pub(crate) fn has_news(&self) -> bool {
        self.news.load(Ordering::Acquire)
    }

    pub(super) fn take_news(&self) -> bool {
        self.has_news() && self.news.swap(false, Ordering::AcqRel)
    }

    /// Whether the socket has to be drained, if nobody waits for it but by [`drive_any`], and nothing was done with it
    /// since the last drain. So a socket without news costs no system call.
    pub(crate) fn take_stir(&self) -> bool {
        self.stirred.load(Ordering::Acquire) && self.stirred.swap(false, Ordering::AcqRel)
    }

    /// The descriptors stay open while somebody waits for them, whatever becomes of the socket.
    pub(super) fn sources(&self) -> Arc<Vec<OwnedFd>> {
        Arc::clone(&self.sources.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something may have happened, the bell rings, or `deadline` passes. May return earlier.
    ///
    /// The caller must have drained the socket before, and drains it again afterwards.
    pub(crate) fn drive(&self, deadline: Option<Instant>) -> io::Result<()> {
        let alarm = self.alarm();
        if let (Some(alarm), Some(deadline)) = (alarm, deadline) {
            alarm.set(deadline)?;
        }
        let sources = self.sources();
        let mut fds: [PollFd<'_>; BEFORE_SOURCES + MAX_SOURCES] =
            std::array::from_fn(|_| PollFd::new(&self.bell, PollFlags::IN));
        if let Some(alarm) = alarm {
            fds[1] = PollFd::new(&alarm.timer, PollFlags::IN);
        }
        for (slot, source) in fds[BEFORE_SOURCES..].iter_mut().zip(&*sources) {
            *slot = PollFd::from_borrowed_fd(source.as_fd(), PollFlags::IN);
        }
        let fds = &mut fds[..BEFORE_SOURCES + sources.len().min(MAX_SOURCES)];
        loop {
            let limit = deadline.filter(|_| alarm.is_none()).map(time_until);
            match poll(fds, limit.as_ref()) {
                Ok(_) => break,
                // A signal arrived: wait on.
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        if !fds[0].revents().is_empty() {
            self.silence();
        }
        if let Some(alarm) = alarm.filter(|_| !fds[1].revents().is_empty()) {
            alarm.reset();
        }
        if fds.iter().skip(MONITOR).any(|fd| !fd.revents().is_empty()) {
            self.expect_news();
        }
        Ok(())
    }

    /// None where there is no descriptor left for it: it is quicker, and not needed.
    fn alarm(&self) -> Option<&TimerFd> {
        self.alarm.get_or_init(|| TimerFd::new().ok()).as_ref()
    }

    /// Makes the present or next [`drive`](Self::drive) return.
    pub(crate) fn wake(&self) {
        // The counter can only be full when it has been rung 2^64 times: the sleeper wakes in any case.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }

    fn silence(&self) {
        let _ = rustix::io::read(&self.bell, &mut [0_u8; 8]);
    }
}

/// Waits for several at once, as [`Poller::drive`] does for one. All of their sockets must have been drained.
pub(crate) fn drive_any(pollers: &[Arc<Poller>], deadline: Option<Instant>) -> io::Result<()> {
    let sources: Vec<_> = pollers.iter().map(|poller| poller.sources()).collect();
    let mut fds = Vec::with_capacity(pollers.len() * (1 + MAX_SOURCES));
    for (poller, sources) in pollers.iter().zip(&sources) {
        fds.push(PollFd::new(&poller.bell, PollFlags::IN));
        let sources = sources.iter().map(AsFd::as_fd);
        fds.extend(sources.map(|source| PollFd::from_borrowed_fd(source, PollFlags::IN)));
    }
    loop {
        match poll(&mut fds, deadline.map(time_until).as_ref()) {
            Ok(_) => break,
            // A signal arrived: wait on.
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    let mut fds = fds.iter();
    for (poller, sources) in pollers.iter().zip(&sources) {
        let mut happened = || fds.next().is_some_and(|fd| !fd.revents().is_empty());
        if happened() {
            poller.silence();
        }
        // The first is the socket's own, and what stands behind it its monitor's.
        for number in 0..sources.len() {
            if happened() {
                if number > 0 {
                    poller.expect_news();
                }
                poller.stirred.store(true, Ordering::Release);
            }
        }
    }
    Ok(())
}

const MAX_SOURCES: usize = 2;
/// The bell and the alarm.
const BEFORE_SOURCES: usize = 2;
/// Behind these and the socket.
const MONITOR: usize = BEFORE_SOURCES + 1;

/// A timer that goes off at the next deadline or before.
///
/// A limit given to `poll` sets and stops one of the kernel's timers for each call, which costs some percent of it. This
/// one is set only when the deadline is before the one that it is set to: it goes off too early for most, which does no
/// harm, and is not touched for many calls in a row.
struct TimerFd {
    timer: OwnedFd,
    at: Mutex<Option<Instant>>,
}

impl TimerFd {
    fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        Ok(Self {
            timer: timerfd_create(TimerfdClockId::Monotonic, flags)?,
            at: Mutex::new(None),
        })
    }

    fn set(&self, deadline: Instant) -> io::Result<()> {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        if at.is_none_or(|at| deadline < at) {
            // Zero would stop the timer instead of letting it go off at once.
            let remaining = deadline.saturating_duration_since(Instant::now());
            let it_value = timespec(remaining.max(Duration::from_nanos(1)));
            let it_interval = timespec(Duration::ZERO);
            let value = Itimerspec {
                it_interval,
                it_value,
            };
            timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &value)?;
            *at = Some(deadline);
        }
        Ok(())
    }

    /// It has gone off.
    fn reset(&self) {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        if rustix::io::read(&self.timer, &mut [0_u8; 8]).is_ok() {
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
