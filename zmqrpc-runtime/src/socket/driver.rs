//! The thread that waits on sockets for tasks.
//!
//! A task cannot do this itself: an executor does not say whether it supports I/O or timers, and it may be idle,
//! blocked or shut down while tasks of other executors wait on the same socket. So one thread of the process waits on
//! all sockets that tasks wait on, handles what arrives, keeps the deadlines, and wakes the tasks, on whatever executor
//! they run.
//!
//! The thread starts when the first task has to wait, and ends soon after the last one is served.

use rustix::fd::OwnedFd;
use std::collections::HashMap;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};

use super::poller::timespec;
use super::process::PerProcess;
use super::{IdleSocket, Poller, SocketError, WakeList};
use crate::clock::Instant;
use crate::log;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard, rank, thread};

/// Something that tasks wait for.
pub(crate) trait Drive: Send + Sync {
    /// Returns the poller to wait on. `None` for what only waits for a time.
    fn poller(&self) -> Option<&Poller>;

    /// Handles what has happened and what has expired, and adds the wakers of the tasks concerned to `wakes`. Leaves
    /// the socket drained.
    fn drive(&self, wakes: &mut WakeList) -> DriveTurn;
}

/// What the thread does after a call of [`Drive::drive`].
pub(crate) enum DriveTurn {
    /// Call it again when its poller is ready, or at this time.
    Wait(Option<Instant>),
    /// Call it again only when its bell is rung: no task waits.
    Idle,
}

/// Owns a [`Drive`] and registers it with the thread on request.
pub(crate) struct Driven<D> {
    inner: Arc<D>,
    bell: DriverBell,
}

/// Calls the thread to a [`Driven`].
#[derive(Clone)]
pub(crate) struct DriverBell(Arc<DriverSlot>);

struct DriverSlot {
    id: u64,
    /// Taken by the owner's drop, which waits until the thread is done with it. So the thread never drops the last
    /// reference: it would close the socket in the background while the process exits, and sent messages would be lost.
    driven: Mutex<Option<Arc<dyn Drive>>, { rank::LOOKED_AFTER }>,
    /// Whether the thread waits on it.
    is_registered: AtomicBool,
    /// Its registration with epoll.
    interest: Mutex<Option<EpollInterest>>,
}

/// What the thread has registered for a slot.
struct EpollInterest {
    epoll: Arc<OwnedFd>,
    sources: Arc<Vec<OwnedFd>>,
}

/// How long the thread pauses after a system error or a panic.
const PAUSE: Duration = Duration::from_millis(100);

/// The eventfd's id; slots have others.
const WAKE_ID: u64 = 0;

static QUEUE: PerProcess<Mutex<WakeQueue>> = PerProcess::new();

/// The slots whose bell was rung.
#[derive(Default)]
struct WakeQueue {
    rung: Vec<Arc<DriverSlot>>,
    /// Wakes the thread. Present while the thread runs.
    wake_fd: Option<Arc<OwnedFd>>,
    /// Whether the thread waits, or is about to, and has not been woken since.
    asleep: bool,
}

impl<D: Drive + 'static> Driven<D> {
    pub(crate) fn new(inner: D) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(WAKE_ID + 1);
        let inner = Arc::new(inner);
        let slot = DriverSlot {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            driven: Mutex::new(Some(Arc::clone(&inner) as _)),
            is_registered: AtomicBool::new(false),
            interest: Mutex::new(None),
        };
        let bell = DriverBell(Arc::new(slot));
        Self { inner, bell }
    }

    pub(crate) fn bell(&self) -> &DriverBell {
        &self.bell
    }
}

impl<D> Deref for Driven<D> {
    type Target = D;

    fn deref(&self) -> &D {
        &self.inner
    }
}

impl<D: IdleSocket> IdleSocket for Driven<D> {
    fn poller(&self) -> &Poller {
        self.inner.poller()
    }

    fn maintain(&self, wakes: &mut WakeList) -> bool {
        self.inner.maintain(wakes)
    }
}

impl<D> Drop for Driven<D> {
    fn drop(&mut self) {
        // Waits if the thread is driving it. Only the thread ever holds both locks.
        let driven = self.bell.0.driven().take();
        drop(driven);
        if self.bell.0.is_registered.load(Ordering::Acquire) {
            queue().ring(&self.bell);
        }
    }
}

impl DriverBell {
    /// Makes the thread drive it now. Calls that the thread has not handled yet are merged.
    ///
    /// May be called while the lock of the driven value is held.
    pub(crate) fn ring(&self) -> Result<(), SocketError> {
        let mut queue = queue();
        if queue.wake_fd.is_none() {
            queue.wake_fd = Some(start()?);
        }
        queue.ring(self);
        Ok(())
    }

    /// Sets whether the thread drives it when a message arrives. Before the caller sets this to `true` again, it drains
    /// the socket; what arrives afterwards signals at once.
    ///
    /// May be called while the lock of the driven value is held.
    pub(crate) fn set_listening(&self, on: bool) {
        if let Some(interest) = &*self.0.interest()
            && let Some(socket) = interest.sources.first()
        {
            let flags = if on {
                EventFlags::IN
            } else {
                EventFlags::empty()
            };
            let _ = epoll::modify(&*interest.epoll, socket, event_of(self.0.id, 0), flags);
        }
    }
}

impl DriverSlot {
    fn interest(&self) -> MutexGuard<'_, Option<EpollInterest>> {
        self.interest.lock()
    }

    fn driven(&self) -> MutexGuard<'_, Option<Arc<dyn Drive>>> {
        self.driven.lock()
    }
}

fn queue() -> MutexGuard<'static, WakeQueue> {
    QUEUE.get().lock()
}

impl WakeQueue {
    fn ring(&mut self, bell: &DriverBell) {
        if let Some(wake_fd) = &self.wake_fd {
            self.rung.push(Arc::clone(&bell.0));
            if std::mem::take(&mut self.asleep) {
                let _ = rustix::io::write(&**wake_fd, &1_u64.to_ne_bytes());
            }
        }
    }
}

fn start() -> Result<Arc<OwnedFd>, SocketError> {
    let opening = |errno: rustix::io::Errno| SocketError::io("waiting as a task", &errno.into());
    let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
    let wake_fd = Arc::new(eventfd(0, flags).map_err(opening)?);
    let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(opening)?;
    epoll::add(
        &epoll,
        &*wake_fd,
        EventData::new_u64(WAKE_ID),
        EventFlags::IN,
    )
    .map_err(opening)?;
    let driver = DriverThread {
        epoll: Arc::new(epoll),
        wake_fd: Arc::clone(&wake_fd),
        entries: HashMap::new(),
    };
    thread::Builder::new()
        .name("zmqrpc-calls".into())
        .spawn(move || driver.run())
        .map_err(|error| SocketError::thread(&error))?;
    Ok(wake_fd)
}

/// Returns the epoll data of one of a slot's sources: the socket, or its monitor.
fn event_of(id: u64, source: usize) -> EventData {
    EventData::new_u64(id * 2 + u64::from(source > 0))
}

/// The thread's state.
struct DriverThread {
    epoll: Arc<OwnedFd>,
    wake_fd: Arc<OwnedFd>,
    entries: HashMap<u64, EpollSet>,
}

/// A slot that the thread waits on.
struct EpollSet {
    slot: Arc<DriverSlot>,
    /// The registered descriptors.
    sources: Option<Arc<Vec<OwnedFd>>>,
    due: Option<Instant>,
}

impl EpollSet {
    fn sources(&self) -> &[OwnedFd] {
        self.sources.as_ref().map_or(&[], |sources| sources)
    }

    fn has_sources(&self, sources: Option<&Arc<Vec<OwnedFd>>>) -> bool {
        match (&self.sources, sources) {
            (Some(own), Some(sources)) => Arc::ptr_eq(own, sources),
            (None, None) => true,
            _ => false,
        }
    }
}

impl DriverThread {
    fn run(mut self) {
        let mut wakes = WakeList::default();
        let mut events = Vec::with_capacity(64);
        // What to drive, and whether its monitor is ready.
        let mut due: Vec<(Arc<DriverSlot>, bool)> = Vec::new();
        loop {
            for (slot, is_monitor) in due.drain(..) {
                self.drive(&slot, is_monitor, &mut wakes);
            }
            wakes.run();
            let Some(rung) = self.rung() else {
                return;
            };
            if !rung.is_empty() {
                due.extend(rung.into_iter().map(|slot| (slot, false)));
                continue;
            }
            let next = self.entries.values().filter_map(|entry| entry.due);
            let limit = next.min().map(|next| {
                let now = Instant::now();
                timespec(next.saturating_duration_since(now))
            });
            let waited = epoll::wait(&*self.epoll, spare_capacity(&mut events), limit.as_ref());
            if let Err(errno) = waited
                && errno != rustix::io::Errno::INTR
            {
                log::line!(error, errno = log::text(errno); "the thread that waits for tasks failed to wait");
                thread::sleep(PAUSE);
            }
            for event in events.drain(..) {
                let (data, number) = (event.data.u64() / 2, event.data.u64() % 2);
                if let Some(entry) = self.entries.get(&data) {
                    due.push((Arc::clone(&entry.slot), number > 0));
                } else if data == WAKE_ID {
                    let _ = rustix::io::read(&*self.wake_fd, &mut [0_u8; 8]);
                }
            }
            let now = Instant::now();
            let expired = |entry: &&EpollSet| entry.due.is_some_and(|due| due <= now);
            let expired = self.entries.values().filter(expired);
            due.extend(expired.map(|entry| (Arc::clone(&entry.slot), false)));
        }
    }

    /// Takes the slots whose bell was rung. `None` if nothing is registered: the thread ends.
    fn rung(&self) -> Option<Vec<Arc<DriverSlot>>> {
        let mut queue = queue();
        let rung = std::mem::take(&mut queue.rung);
        queue.asleep = rung.is_empty();
        if queue.asleep && self.entries.is_empty() {
            queue.wake_fd = None;
            return None;
        }
        Some(rung)
    }

    fn drive(&mut self, slot: &Arc<DriverSlot>, is_monitor: bool, wakes: &mut WakeList) {
        let driven = slot.driven();
        let Some(driven) = &*driven else {
            return self.deregister(slot.id);
        };
        let poller = driven.poller();
        if is_monitor && let Some(poller) = poller {
            poller.set_monitor_pending();
        }
        // A subscriber to the log may panic.
        let turn = catch_unwind(AssertUnwindSafe(|| driven.drive(wakes)));
        match turn.unwrap_or_else(|_| DriveTurn::Wait(Some(Instant::now() + PAUSE))) {
            DriveTurn::Idle => self.deregister(slot.id),
            DriveTurn::Wait(due) => self.register(slot, poller.map(Poller::sources), due),
        }
    }

    fn register(
        &mut self,
        slot: &Arc<DriverSlot>,
        sources: Option<Arc<Vec<OwnedFd>>>,
        due: Option<Instant>,
    ) {
        if let Some(entry) = self.entries.get_mut(&slot.id)
            && entry.has_sources(sources.as_ref())
        {
            entry.due = due;
            return;
        }
        // A new slot, or one whose socket was replaced.
        self.deregister(slot.id);
        let mut entry = EpollSet {
            slot: Arc::clone(slot),
            sources,
            due,
        };
        for (number, source) in (0..).zip(entry.sources()) {
            let data = event_of(slot.id, number);
            if let Err(errno) = epoll::add(&*self.epoll, source, data, EventFlags::IN) {
                log::line!(error, errno = log::text(errno); "epoll failed for a socket that tasks wait on, which is now polled");
                for source in entry.sources() {
                    let _ = epoll::delete(&*self.epoll, source);
                }
                // The next turn tries again.
                entry.sources = None;
                entry.due = Some(Instant::now() + PAUSE);
                break;
            }
        }
        *slot.interest() = entry.sources.clone().map(|sources| EpollInterest {
            epoll: Arc::clone(&self.epoll),
            sources,
        });
        slot.is_registered.store(true, Ordering::Release);
        self.entries.insert(slot.id, entry);
    }

    fn deregister(&mut self, id: u64) {
        if let Some(entry) = self.entries.remove(&id) {
            entry.slot.is_registered.store(false, Ordering::Release);
            *entry.slot.interest() = None;
            for source in entry.sources() {
                // Explicitly: these are duplicates, so closing them does not remove them.
                let _ = epoll::delete(&*self.epoll, source);
            }
        }
    }
}
