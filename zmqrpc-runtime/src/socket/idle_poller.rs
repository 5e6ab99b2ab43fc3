//! The idle poller: the thread that maintains sockets which no other thread uses.
//!
//! Events accumulate in a socket until it is used: libzmq keeps some 10 kB for each peer that connects, even after the
//! peer has disconnected, and the monitor's events. Clients, publishers and pushers run on their users' threads and
//! have none of their own, so an idle one would grow for as long as peers connect or connections break.
//!
//! So the process has one such thread while it has any of these sockets. The thread sleeps until a socket is ready, and
//! then for [`REST`]. It handles what no other thread has handled by then: no socket accumulates more than the events
//! of that time, and sockets in use cost the thread a check now and then.

use std::ops::Deref;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use super::poller::timespec;
use super::process::{PerProcess, Process};
use super::{Poller, WakeList};
use crate::log;

/// A socket that may be idle.
pub(crate) trait IdleSocket: Send + Sync {
    fn poller(&self) -> &Poller;

    /// Handles pending events, unless another thread is doing so, and adds the wakers of the tasks concerned to
    /// `wakes`. Returns whether it must be called again soon, even without an event.
    fn look_after(&self, wakes: &mut WakeList) -> bool;
}

/// Owns a socket and registers it with the idle poller until it is dropped. The socket may have other owners.
pub(crate) struct Registration<W> {
    socket: Arc<W>,
    place: Arc<IdleSlot>,
    process: Process,
}

/// How long users have to handle events themselves.
const REST: Duration = Duration::from_millis(25);

struct IdleSlot {
    /// Taken when the registration is dropped. So the idle poller never drops the last reference: it would close the
    /// socket in the background while the process exits, and sent messages would be lost.
    socket: Mutex<Option<Arc<dyn IdleSocket>>>,
    again: AtomicBool,
}

static WARDS: PerProcess<Mutex<IdleSockets>> = PerProcess::new();

#[derive(Default)]
struct IdleSockets {
    places: Vec<Arc<IdleSlot>>,
    /// Wakes the thread. Present while the thread runs.
    bell: Option<Arc<OwnedFd>>,
    /// Whether some socket, it is not known which, needs maintenance soon.
    due: bool,
}

impl<W: IdleSocket + 'static> Registration<W> {
    pub(crate) fn of(socket: Arc<W>) -> Self {
        let place = Arc::new(IdleSlot {
            socket: Mutex::new(Some(Arc::clone(&socket) as _)),
            again: AtomicBool::new(false),
        });
        let mut wards = wards();
        wards.places.push(Arc::clone(&place));
        wards.ring();
        if wards.bell.is_none() {
            wards.bell = start();
        }
        let process = Process::current();
        Self {
            socket,
            place,
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
        let mut wards = wards();
        wards
            .places
            .retain(|place| !Arc::ptr_eq(place, &self.place));
        wards.ring();
        drop(wards);
        // Waits if the idle poller is maintaining this socket.
        let socket = self.place.socket().take();
        drop(socket);
    }
}

/// Wakes the idle poller, because a [`Poller`] has another socket now.
pub(super) fn notice_replacement() {
    wards().ring();
}

/// Makes the idle poller maintain all sockets, because a reconnection will be due that no event announces. The thread
/// that handled the loss may never use the socket again, and has consumed the event that would have woken the idle
/// poller.
pub(super) fn notice_due() {
    let mut wards = wards();
    wards.due = true;
    wards.ring();
}

fn wards() -> MutexGuard<'static, IdleSockets> {
    let wards = WARDS.get().lock();
    wards.unwrap_or_else(PoisonError::into_inner)
}

/// Starts the thread and returns the eventfd that wakes it. `None` if that fails; the next registration tries again.
fn start() -> Option<Arc<OwnedFd>> {
    let started = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
        .map_err(std::io::Error::from)
        .and_then(|bell| {
            let (bell, name) = (Arc::new(bell), "zmqrpc-caretaker".into());
            thread::Builder::new().name(name).spawn(look_after)?;
            Ok(bell)
        });
    started
        .inspect_err(
            |error| log::line!(error, error = log::text(error); "nobody looks after idle sockets"),
        )
        .ok()
}

fn look_after() {
    loop {
        // A statement of its own, so that the lock is released.
        let all = wards().all();
        let Some((bell, places, due)) = all else {
            return;
        };
        if due {
            thread::sleep(REST);
            for place in &places {
                place.look_after();
            }
        }
        let sources: Vec<_> = places.iter().map(|place| place.sources()).collect();
        let again = |place: &IdleSlot| place.again.load(Ordering::Relaxed);
        let limit = places.iter().any(|place| again(place)).then_some(REST);
        if wait(&bell, &sources, limit).is_empty() {
            // The set of sockets has changed, or it is time to maintain some again.
            let _ = rustix::io::read(&*bell, &mut [0_u8; 8]);
        } else {
            thread::sleep(REST);
        }
        let stirred = wait(&bell, &sources, Some(Duration::ZERO));
        for (number, place) in places.iter().enumerate() {
            if stirred.contains(&number) || again(place) {
                place.look_after();
            }
        }
    }
}

/// Returns the indices of the sockets that are ready. Empty if the thread was woken or `limit` has passed.
fn wait(bell: &OwnedFd, sources: &[Arc<Vec<OwnedFd>>], limit: Option<Duration>) -> Vec<usize> {
    let of_all = sources.iter().enumerate();
    let fds = of_all.flat_map(|(number, fds)| fds.iter().map(move |fd| (number, fd)));
    let (mut owners, mut polled) = (Vec::new(), vec![PollFd::new(bell, PollFlags::IN)]);
    for (number, fd) in fds {
        owners.push(number);
        polled.push(PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN));
    }
    let limit: Option<Timespec> = limit.map(timespec);
    if poll(&mut polled, limit.as_ref()).is_err() {
        // Interrupted, or out of memory: not again at once.
        thread::sleep(REST);
        return Vec::new();
    }
    let told = owners.into_iter().zip(&polled[1..]);
    told.filter(|(_, fd)| !fd.revents().is_empty())
        .map(|(number, _)| number)
        .collect()
}

impl IdleSockets {
    fn ring(&self) {
        if let Some(bell) = &self.bell {
            let _ = rustix::io::write(&**bell, &1_u64.to_ne_bytes());
        }
    }

    /// Returns all registered sockets. `None` if there are none: the thread ends.
    fn all(&mut self) -> Option<(Arc<OwnedFd>, Vec<Arc<IdleSlot>>, bool)> {
        if self.places.is_empty() {
            self.bell = None;
        }
        let bell = self.bell.clone()?;
        Some((bell, self.places.clone(), std::mem::take(&mut self.due)))
    }
}

impl IdleSlot {
    fn socket(&self) -> MutexGuard<'_, Option<Arc<dyn IdleSocket>>> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sources(&self) -> Arc<Vec<OwnedFd>> {
        let socket = self.socket();
        socket
            .as_ref()
            .map_or_else(Arc::default, |socket| socket.poller().sources())
    }

    fn look_after(&self) {
        // Dropped after the lock is released.
        let mut wakes = WakeList::default();
        if let Some(socket) = &*self.socket() {
            self.again
                .store(socket.look_after(&mut wakes), Ordering::Relaxed);
        }
    }
}
