//! The thread that waits on sockets for tasks.
//!
//! A task cannot do this itself: an executor does not say whether it supports I/O or timers, and it may be idle,
//! blocked or shut down while tasks of other executors wait on the same socket. So one thread of the process waits on
//! all sockets that tasks wait on, handles what arrives, keeps the deadlines, and wakes the tasks, on whatever executor
//! they run.
//!
//! The thread starts when the first task has to wait, and ends soon after the last one is served.

use std::collections::HashMap;
use std::ops::Deref;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};

use super::poller::timespec;
use super::process::PerProcess;
use super::{IdleSocket, Poller, SocketError, WakeList};
use crate::log;

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
    Leave,
}

/// Owns a [`Drive`] and registers it with the thread on request.
pub(crate) struct Driven<D> {
    inner: Arc<D>,
    post: DriverBell,
}

/// Calls the thread to a [`Driven`].
#[derive(Clone)]
pub(crate) struct DriverBell(Arc<DriverSlot>);

struct DriverSlot {
    id: u64,
    /// Taken by the owner's drop, which waits until the thread is done with it. So the thread never drops the last
    /// reference: it would close the socket in the background while the process exits, and sent messages would be lost.
    driven: Mutex<Option<Arc<dyn Drive>>>,
    /// Whether the thread waits on it.
    manned: AtomicBool,
    /// Its registration with epoll.
    interest: Mutex<Option<EpollInterest>>,
}

/// What the thread has registered for a slot.
struct EpollInterest {
    epoll: Arc<OwnedFd>,
    sources: Arc<Vec<OwnedFd>>,
}

/// How long the thread pauses after a system error or a panic.
const REST: Duration = Duration::from_millis(100);

/// The eventfd's id; slots have others.
const BELL: u64 = 0;

static DESK: PerProcess<Mutex<WakeQueue>> = PerProcess::new();

/// The slots whose bell was rung.
#[derive(Default)]
struct WakeQueue {
    calls: Vec<Arc<DriverSlot>>,
    /// Wakes the thread. Present while the thread runs.
    bell: Option<Arc<OwnedFd>>,
    /// Whether the thread waits, or is about to, and has not been woken since.
    asleep: bool,
}

impl<D: Drive + 'static> Driven<D> {
    pub(crate) fn new(inner: D) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(BELL + 1);
        let inner = Arc::new(inner);
        let place = DriverSlot {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            driven: Mutex::new(Some(Arc::clone(&inner) as _)),
            manned: AtomicBool::new(false),
            interest: Mutex::new(None),
        };
        let post = DriverBell(Arc::new(place));
        Self { inner, post }
    }

    pub(crate) fn post(&self) -> &DriverBell {
        &self.post
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

    fn look_after(&self, wakes: &mut WakeList) -> bool {
        self.inner.look_after(wakes)
    }
}

impl<D> Drop for Driven<D> {
    fn drop(&mut self) {
        // Waits if the thread is driving it. Only the thread ever holds both locks.
        let driven = self.post.0.driven().take();
        drop(driven);
        if self.post.0.manned.load(Ordering::Acquire) {
            queue().call(&self.post);
        }
    }
}

impl DriverBell {
    /// Makes the thread drive it now. Calls that the thread has not handled yet are merged.
    ///
    /// May be called while the lock of the driven value is held.
    pub(crate) fn call(&self) -> Result<(), SocketError> {
        let mut queue = queue();
        if queue.bell.is_none() {
            queue.bell = Some(start()?);
        }
        queue.call(self);
        Ok(())
    }

    /// Sets whether the thread drives it when a message arrives. Before the caller sets this to `true` again, it drains
    /// the socket; what arrives afterwards signals at once.
    ///
    /// May be called while the lock of the driven value is held.
    pub(crate) fn listen(&self, on: bool) {
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
        self.interest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn driven(&self) -> MutexGuard<'_, Option<Arc<dyn Drive>>> {
        self.driven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn queue() -> MutexGuard<'static, WakeQueue> {
    DESK.get().lock().unwrap_or_else(PoisonError::into_inner)
}

impl WakeQueue {
    fn call(&mut self, post: &DriverBell) {
        if let Some(bell) = &self.bell {
            self.calls.push(Arc::clone(&post.0));
            if std::mem::take(&mut self.asleep) {
                let _ = rustix::io::write(&**bell, &1_u64.to_ne_bytes());
            }
        }
    }
}

fn start() -> Result<Arc<OwnedFd>, SocketError> {
    let opening = |errno: rustix::io::Errno| SocketError::io("waiting as a task", &errno.into());
    let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
    let bell = Arc::new(eventfd(0, flags).map_err(opening)?);
    let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(opening)?;
    epoll::add(&epoll, &*bell, EventData::new_u64(BELL), EventFlags::IN).map_err(opening)?;
    let driver = DriverThread {
        epoll: Arc::new(epoll),
        bell: Arc::clone(&bell),
        stations: HashMap::new(),
    };
    thread::Builder::new()
        .name("zmqrpc-calls".into())
        .spawn(move || driver.run())
        .map_err(|error| SocketError::thread(&error))?;
    Ok(bell)
}

/// Returns the epoll data of one of a slot's sources: the socket, or its monitor.
fn event_of(id: u64, source: usize) -> EventData {
    EventData::new_u64(id * 2 + u64::from(source > 0))
}

/// The thread's state.
struct DriverThread {
    epoll: Arc<OwnedFd>,
    bell: Arc<OwnedFd>,
    stations: HashMap<u64, EpollSet>,
}

/// A slot that the thread waits on.
struct EpollSet {
    place: Arc<DriverSlot>,
    /// The registered descriptors.
    sources: Option<Arc<Vec<OwnedFd>>>,
    next: Option<Instant>,
}

impl EpollSet {
    fn sources(&self) -> &[OwnedFd] {
        self.sources.as_ref().map_or(&[], |sources| sources)
    }

    fn waits_for(&self, sources: Option<&Arc<Vec<OwnedFd>>>) -> bool {
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
            for (place, news) in due.drain(..) {
                self.drive(&place, news, &mut wakes);
            }
            wakes.run();
            let Some(calls) = self.calls() else {
                return;
            };
            if !calls.is_empty() {
                due.extend(calls.into_iter().map(|place| (place, false)));
                continue;
            }
            let next = self.stations.values().filter_map(|station| station.next);
            let limit = next.min().map(|next| {
                let now = Instant::now();
                timespec(next.saturating_duration_since(now))
            });
            let waited = epoll::wait(&*self.epoll, spare_capacity(&mut events), limit.as_ref());
            if let Err(errno) = waited
                && errno != rustix::io::Errno::INTR
            {
                log::line!(error, errno = log::text(errno); "the thread for tasks' calls cannot wait");
                thread::sleep(REST);
            }
            for event in events.drain(..) {
                let (data, number) = (event.data.u64() / 2, event.data.u64() % 2);
                if let Some(station) = self.stations.get(&data) {
                    due.push((Arc::clone(&station.place), number > 0));
                } else if data == BELL {
                    let _ = rustix::io::read(&*self.bell, &mut [0_u8; 8]);
                }
            }
            let now = Instant::now();
            let over = |station: &&EpollSet| station.next.is_some_and(|next| next <= now);
            let over = self.stations.values().filter(over);
            due.extend(over.map(|station| (Arc::clone(&station.place), false)));
        }
    }

    /// Takes the slots whose bell was rung. `None` if nothing is registered: the thread ends.
    fn calls(&self) -> Option<Vec<Arc<DriverSlot>>> {
        let mut queue = queue();
        let calls = std::mem::take(&mut queue.calls);
        queue.asleep = calls.is_empty();
        if queue.asleep && self.stations.is_empty() {
            queue.bell = None;
            return None;
        }
        Some(calls)
    }

    fn drive(&mut self, place: &Arc<DriverSlot>, news: bool, wakes: &mut WakeList) {
        let driven = place.driven();
        let Some(driven) = &*driven else {
            return self.leave(place.id);
        };
        let poller = driven.poller();
        if news && let Some(poller) = poller {
            poller.expect_news();
        }
        // A subscriber to the log may panic.
        let turn = catch_unwind(AssertUnwindSafe(|| driven.drive(wakes)));
        match turn.unwrap_or_else(|_| DriveTurn::Wait(Some(Instant::now() + REST))) {
            DriveTurn::Leave => self.leave(place.id),
            DriveTurn::Wait(next) => self.stay(place, poller.map(Poller::sources), next),
        }
    }

    fn stay(
        &mut self,
        place: &Arc<DriverSlot>,
        sources: Option<Arc<Vec<OwnedFd>>>,
        next: Option<Instant>,
    ) {
        if let Some(station) = self.stations.get_mut(&place.id)
            && station.waits_for(sources.as_ref())
        {
            station.next = next;
            return;
        }
        // A new slot, or one whose socket was replaced.
        self.leave(place.id);
        let mut station = EpollSet {
            place: Arc::clone(place),
            sources,
            next,
        };
        for (number, source) in (0..).zip(station.sources()) {
            let data = event_of(place.id, number);
            if let Err(errno) = epoll::add(&*self.epoll, source, data, EventFlags::IN) {
                log::line!(error, errno = log::text(errno); "a socket that tasks wait for is looked at now and then");
                for source in station.sources() {
                    let _ = epoll::delete(&*self.epoll, source);
                }
                // The next turn tries again.
                station.sources = None;
                station.next = Some(Instant::now() + REST);
                break;
            }
        }
        *place.interest() = station.sources.clone().map(|sources| EpollInterest {
            epoll: Arc::clone(&self.epoll),
            sources,
        });
        place.manned.store(true, Ordering::Release);
        self.stations.insert(place.id, station);
    }

    fn leave(&mut self, id: u64) {
        if let Some(station) = self.stations.remove(&id) {
            station.place.manned.store(false, Ordering::Release);
            *station.place.interest() = None;
            for source in station.sources() {
                // Explicitly: these are duplicates, so closing them does not remove them.
                let _ = epoll::delete(&*self.epoll, source);
            }
        }
    }
}
