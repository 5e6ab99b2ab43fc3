//! The thread that waits at sockets in the place of tasks.
//!
//! A task cannot do it itself: an executor tells nobody whether it can wait for a descriptor or for a time, and it may be
//! idle, blocked or gone while tasks of others wait at the same socket. So one thread of the process waits for all
//! sockets that tasks wait at, takes in what arrives, keeps the time, and wakes the tasks, whatever executor they are on.
//!
//! It starts when the first task has to wait, and ends soon after the last one has been served.

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

/// What tasks may wait for.
pub(crate) trait Drive: Send + Sync {
    /// Where something happens; nothing for what waits for the time alone.
    fn poller(&self) -> Option<&Poller>;

    /// Takes in what has happened and ends what is over; whom to wake for it goes to `wakes`. Leaves the socket drained.
    fn drive(&self, wakes: &mut WakeList) -> DriveTurn;
}

/// What the thread does next for one that it has driven.
pub(crate) enum DriveTurn {
    /// Drives it again when something happens, and then at the latest.
    Wait(Option<Instant>),
    /// Nothing, before it is called again: no task waits.
    Leave,
}

/// Owns something and lets the thread drive it.
pub(crate) struct Driven<D> {
    inner: Arc<D>,
    post: DriverBell,
}

/// Where the thread is called to.
#[derive(Clone)]
pub(crate) struct DriverBell(Arc<DriverSlot>);

struct DriverSlot {
    id: u64,
    /// Taken away by the owner's end, which waits for the thread's turn to be over. So the last owner is never the thread,
    /// which would close the socket in the background while the process ends, and what was sent would be lost.
    driven: Mutex<Option<Arc<dyn Drive>>>,
    /// The thread waits for it.
    manned: AtomicBool,
    /// Where it listens for what happens there.
    interest: Mutex<Option<EpollInterest>>,
}

/// What the thread has registered for a place.
struct EpollInterest {
    epoll: Arc<OwnedFd>,
    sources: Arc<Vec<OwnedFd>>,
}

/// How long the thread waits after a failure of the system or of a log.
const REST: Duration = Duration::from_millis(100);

/// The bell's, among the numbers of places.
const BELL: u64 = 0;

static DESK: PerProcess<Mutex<WakeQueue>> = PerProcess::new();

/// Where the thread finds who has called.
#[derive(Default)]
struct WakeQueue {
    calls: Vec<Arc<DriverSlot>>,
    /// Present while the thread is.
    bell: Option<Arc<OwnedFd>>,
    /// The thread waits, or is about to, and has not been rung for since.
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
        // Waits for the thread if it is at this one. Others than the thread never hold more than one of the two locks.
        let driven = self.post.0.driven().take();
        drop(driven);
        if self.post.0.manned.load(Ordering::Acquire) {
            queue().call(&self.post);
        }
    }
}

impl DriverBell {
    /// Has the thread drive it now. Any number of calls that it has not followed yet are one.
    ///
    /// May be called with the lock of what is driven held.
    pub(crate) fn call(&self) -> Result<(), SocketError> {
        let mut queue = queue();
        if queue.bell.is_none() {
            queue.bell = Some(start()?);
        }
        queue.call(self);
        Ok(())
    }

    /// Whether the thread drives it when something arrives. Who has it not listen drains the socket before it does again; what
    /// has arrived by then makes itself heard at once.
    ///
    /// May be called with the lock of what is driven held.
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

/// Tells what happens at one of a place's sources: the socket, or something beside it.
fn event_of(id: u64, source: usize) -> EventData {
    EventData::new_u64(id * 2 + u64::from(source > 0))
}

/// The thread's own.
struct DriverThread {
    epoll: Arc<OwnedFd>,
    bell: Arc<OwnedFd>,
    stations: HashMap<u64, EpollSet>,
}

/// What the thread waits for.
struct EpollSet {
    place: Arc<DriverSlot>,
    /// Registered while they are here.
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
        // Whom to drive, and whether what happened there concerns more than messages.
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

    /// Who has called. Nothing if the thread has to end: nobody needs it.
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
        // A log may panic.
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
        // New here, or it has another socket now.
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
                // By hand: these are duplicates, so closing them would not do it.
                let _ = epoll::delete(&*self.epoll, source);
            }
        }
    }
}
