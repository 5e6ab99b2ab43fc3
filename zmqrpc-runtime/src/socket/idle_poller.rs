//! The idle poller: the thread that maintains sockets which no other thread uses.
//!
//! Events accumulate in a socket until it is used: libzmq keeps some 10 kB for each peer that connects, even after the
//! peer has disconnected, and the monitor's events. Clients, publishers and pushers run on their users' threads and
//! have none of their own, so an idle one would grow for as long as peers connect or connections break.
//!
//! So the process has one such thread while it has any of these sockets. The thread sleeps until a socket is ready, and
//! then for [`INTERVAL`]. It handles what no other thread has handled by then: no socket accumulates more than the
//! events of that time, and sockets in use cost the thread a check now and then.

use rustix::fd::{AsFd, OwnedFd};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use super::poller::timespec;
use super::process::{PerProcess, Process};
use super::{Poller, WakeList};
use crate::log;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard, rank, thread};

/// A socket that may be idle.
pub(crate) trait IdleSocket: Send + Sync {
    fn poller(&self) -> &Poller;

    /// Handles pending events, unless another thread is doing so, and adds the wakers of the tasks concerned to
    /// `wakes`. Returns whether it must be called again soon, even without an event.
    fn maintain(&self, wakes: &mut WakeList) -> bool;
}

/// Owns a socket and registers it with the idle poller until it is dropped. The socket may have other owners.
pub(crate) struct Registration<W> {
    socket: Arc<W>,
    slot: Arc<IdleSlot>,
    process: Process,
}

/// How long users have to handle events themselves.
const INTERVAL: Duration = Duration::from_millis(25);

struct IdleSlot {
    /// Taken when the registration is dropped. So the idle poller never drops the last reference: it would close the
    /// socket in the background while the process exits, and sent messages would be lost.
    socket: Mutex<Option<Arc<dyn IdleSocket>>, { rank::LOOKED_AFTER }>,
    needs_polling: AtomicBool,
}

static IDLE_SOCKETS: PerProcess<Mutex<IdleSockets>> = PerProcess::new();

#[derive(Default)]
struct IdleSockets {
    slots: Vec<Arc<IdleSlot>>,
    /// Wakes the thread. Present while the thread runs.
    wake_fd: Option<Arc<OwnedFd>>,
    /// Whether some socket, it is not known which, needs maintenance soon.
    is_due: bool,
}

impl<W: IdleSocket + 'static> Registration<W> {
    pub(crate) fn new(socket: Arc<W>) -> Self {
        let slot = Arc::new(IdleSlot {
            socket: Mutex::new(Some(Arc::clone(&socket) as _)),
            needs_polling: AtomicBool::new(false),
        });
        let mut idle_sockets = idle_sockets();
        idle_sockets.slots.push(Arc::clone(&slot));
        idle_sockets.wake();
        if idle_sockets.wake_fd.is_none() {
            idle_sockets.wake_fd = start();
        }
        let process = Process::current();
        Self {
            socket,
            slot,
            process,
        }
    }
}

impl<W> Deref for Registration<W> {
    type Target = Arc<W>;

    fn deref(&self) -> &Arc<W> {
        &self.socket
    }
}

impl<W> Drop for Registration<W> {
    fn drop(&mut self) {
        if !self.process.is_current() {
            // Threads that only the parent has may hold its locks for ever, so the socket is leaked.
            return std::mem::forget(Arc::clone(&self.socket));
        }
        let mut idle_sockets = idle_sockets();
        idle_sockets
            .slots
            .retain(|slot| !Arc::ptr_eq(slot, &self.slot));
        idle_sockets.wake();
        drop(idle_sockets);
        // Waits if the idle poller is maintaining this socket.
        let socket = self.slot.socket().take();
        drop(socket);
    }
}

impl Poller {
    /// Replaces the socket to wait on. Threads that wait on the old one return, and so does the idle poller.
    pub(super) fn replace(&self, sources: Vec<OwnedFd>) {
        self.set_sources(sources);
        idle_sockets().wake();
    }
}

/// Makes the idle poller maintain all sockets, because a reconnection will be due that no event announces. The thread
/// that handled the loss may never use the socket again, and has consumed the event that would have woken the idle
/// poller.
pub(super) fn request_maintenance() {
    let mut idle_sockets = idle_sockets();
    idle_sockets.is_due = true;
    idle_sockets.wake();
}

fn idle_sockets() -> MutexGuard<'static, IdleSockets> {
    IDLE_SOCKETS.get().lock()
}

/// Starts the thread and returns the eventfd that wakes it. `None` if that fails; the next registration tries again.
fn start() -> Option<Arc<OwnedFd>> {
    let started = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
        .map_err(std::io::Error::from)
        .and_then(|wake_fd| {
            let (wake_fd, name) = (Arc::new(wake_fd), "zmqrpc-idle".into());
            thread::Builder::new().name(name).spawn(run)?;
            Ok(wake_fd)
        });
    started
        .inspect_err(
            |error| log::line!(error, error = log::text(error); "idle sockets are not maintained: the thread for them could not be started"),
        )
        .ok()
}

fn run() {
    loop {
        // A statement of its own, so that the lock is released.
        let snapshot = idle_sockets().snapshot();
        let Some((wake_fd, slots, is_due)) = snapshot else {
            return;
        };
        if is_due {
            thread::sleep(INTERVAL);
            for slot in &slots {
                slot.maintain();
            }
        }
        let sources: Vec<_> = slots.iter().map(|slot| slot.sources()).collect();
        let needs_polling = |slot: &IdleSlot| slot.needs_polling.load(Ordering::Relaxed);
        let limit = slots
            .iter()
            .any(|slot| needs_polling(slot))
            .then_some(INTERVAL);
        if wait(&wake_fd, &sources, limit).is_empty() {
            // The set of sockets has changed, or it is time to maintain some again.
            let _ = rustix::io::read(&*wake_fd, &mut [0_u8; 8]);
        } else {
            thread::sleep(INTERVAL);
        }
        let ready = wait(&wake_fd, &sources, Some(Duration::ZERO));
        for (number, slot) in slots.iter().enumerate() {
            if ready.contains(&number) || needs_polling(slot) {
                slot.maintain();
            }
        }
    }
}

/// Returns the indices of the sockets that are ready. Empty if the thread was woken or `limit` has passed.
fn wait(wake_fd: &OwnedFd, sources: &[Arc<Vec<OwnedFd>>], limit: Option<Duration>) -> Vec<usize> {
    let numbered = sources.iter().enumerate();
    let fds = numbered.flat_map(|(number, fds)| fds.iter().map(move |fd| (number, fd)));
    let (mut owners, mut polled) = (Vec::new(), vec![PollFd::new(wake_fd, PollFlags::IN)]);
    for (number, fd) in fds {
        owners.push(number);
        polled.push(PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN));
    }
    let limit: Option<Timespec> = limit.map(timespec);
    if poll(&mut polled, limit.as_ref()).is_err() {
        // Interrupted, or out of memory: not again at once.
        thread::sleep(INTERVAL);
        return Vec::new();
    }
    let ready = owners.into_iter().zip(&polled[1..]);
    ready
        .filter(|(_, fd)| !fd.revents().is_empty())
        .map(|(number, _)| number)
        .collect()
}

impl IdleSockets {
    fn wake(&self) {
        if let Some(wake_fd) = &self.wake_fd {
            let _ = rustix::io::write(&**wake_fd, &1_u64.to_ne_bytes());
        }
    }

    /// Returns all registered sockets. `None` if there are none: the thread ends.
    fn snapshot(&mut self) -> Option<(Arc<OwnedFd>, Vec<Arc<IdleSlot>>, bool)> {
        if self.slots.is_empty() {
            self.wake_fd = None;
        }
        let wake_fd = self.wake_fd.clone()?;
        Some((
            wake_fd,
            self.slots.clone(),
            std::mem::take(&mut self.is_due),
        ))
    }
}

impl IdleSlot {
    fn socket(&self) -> MutexGuard<'_, Option<Arc<dyn IdleSocket>>> {
        self.socket.lock()
    }

    fn sources(&self) -> Arc<Vec<OwnedFd>> {
        let socket = self.socket();
        socket
            .as_ref()
            .map_or_else(Arc::default, |socket| socket.poller().sources())
    }

    fn maintain(&self) {
        // Dropped after the lock is released.
        let mut wakes = WakeList::default();
        if let Some(socket) = &*self.socket() {
            self.needs_polling
                .store(socket.maintain(&mut wakes), Ordering::Relaxed);
        }
    }
}
