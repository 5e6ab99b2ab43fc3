//! The thread that looks after sockets which nobody uses.
//!
//! What happens to a socket stays with it until it is used: libzmq keeps some 10 kB for each peer that comes, also if it
//! has gone again, and the monitor's events. Clients, publishers and pushers are used by their users' threads and have
//! none of their own, so one that lies idle would grow for as long as peers come or connections break.
//!
//! So there is one such thread for the process, while it has any of them. It sleeps until something happens to one, and
//! then for [`REST`]. What has not been taken in by then is taken in by it: nothing grows by more than happens within
//! that time, and sockets in use cost it a look now and then.

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

/// What may lie idle.
pub(crate) trait IdleSocket: Send + Sync {
    fn poller(&self) -> &Poller;

    /// Takes in what has happened, unless somebody else is at it; whom to wake for it goes to `wakes`. `true` if it must
    /// be asked again soon, whatever happens.
    fn look_after(&self, wakes: &mut WakeList) -> bool;
}

/// Owns something and has it looked after. Others may own it as well.
pub(crate) struct Registration<W> {
    socket: Arc<W>,
    place: Arc<IdleSlot>,
    process: Process,
}

/// How long users have to take in themselves what has happened.
const REST: Duration = Duration::from_millis(25);

struct IdleSlot {
    /// Taken away when the care ends, by whoever ends it. So the last owner is never the thread, who would close the
    /// socket in the background while the process ends, and what was sent would be lost.
    socket: Mutex<Option<Arc<dyn IdleSocket>>>,
    again: AtomicBool,
}

static WARDS: PerProcess<Mutex<IdleSockets>> = PerProcess::new();

#[derive(Default)]
struct IdleSockets {
    places: Vec<Arc<IdleSlot>>,
    /// Present while the thread is.
    bell: Option<Arc<OwnedFd>>,
    /// Somebody has to be asked soon, and nobody knows who.
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
            // Its locks may be held for ever, by threads that only the parent has. So it stays as it is.
            return std::mem::forget(Arc::clone(&self.socket));
        }
        let mut wards = wards();
        wards
            .places
            .retain(|place| !Arc::ptr_eq(place, &self.place));
        wards.ring();
        drop(wards);
        // Waits for the caretaker if it is at this one.
        let socket = self.place.socket().take();
        drop(socket);
    }
}

/// A waiter waits for another socket.
pub(super) fn notice_replacement() {
    wards().ring();
}

/// A connection is to be made again later, and nothing will tell of that. Whoever was told that it is gone may never come
/// back, and has taken in what would have woken the caretaker.
pub(super) fn notice_due() {
    let mut wards = wards();
    wards.due = true;
    wards.ring();
}

fn wards() -> MutexGuard<'static, IdleSockets> {
    let wards = WARDS.get().lock();
    wards.unwrap_or_else(PoisonError::into_inner)
}

/// The thread's bell, if it could be started; the next ward has it tried again.
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
        // A statement of its own, which ends with the lock.
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
            // Others are to be looked after, or it is time to ask again.
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

/// Whose descriptors tell something now; nothing if the bell rings or the time is over.
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
        // Interrupted, or the system has no memory: not again at once.
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

    /// All that are to be looked after. When there are none, the thread ends.
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
        // Dropped after the lock.
        let mut wakes = WakeList::default();
        if let Some(socket) = &*self.socket() {
            self.again
                .store(socket.look_after(&mut wakes), Ordering::Relaxed);
        }
    }
}
