//! Who waits at sockets is woken.

use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::Duration;

use rustix::fd::OwnedFd;
use rustix::kernel;

use super::poller::Poller;
use super::{Drive, DriveTurn, Driven, IdleSocket, Registration, TaskTimer, WakeList, wait_any};
use crate::clock::{FOREVER, Instant};
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{Condvar, Mutex, thread};

pub(crate) const MODELS: &[(&str, fn())] = &[
    (
        "poller: a wake-up is for the wait that goes on or comes next",
        wake,
    ),
    (
        "poller: nobody waits at a socket that has been replaced",
        replace,
    ),
    (
        "poller: of several sockets the ready ones are told",
        several,
    ),
    (
        "poller: a wait ends at its deadline, though the timer is set for another",
        deadlines,
    ),
    (
        "idle poller: what happens to an unused socket is taken in",
        idle,
    ),
    (
        "idle poller: maintenance that is asked for comes to each socket",
        maintenance,
    ),
    ("driver: each timer wakes its task, once", timers),
    (
        "driver: a timer that is set anew keeps to the new time",
        reset_timer,
    ),
    (
        "driver: a rung bell is heard, and the owner's end waits for the thread",
        bells,
    ),
];

fn wake() {
    let poller = Arc::new(Poller::new(vec![kernel::socket()]).unwrap());
    let rounds = Arc::new(AtomicUsize::new(0));
    let waking = {
        let (poller, rounds) = (Arc::clone(&poller), Arc::clone(&rounds));
        thread::spawn(move || {
            for _ in 0..2 {
                rounds.fetch_add(1, Ordering::SeqCst);
                poller.wake();
            }
        })
    };
    while rounds.load(Ordering::SeqCst) < 2 {
        poller.wait(None).unwrap();
    }
    waking.join().unwrap();
}

fn replace() {
    let poller = Arc::new(Poller::new(vec![kernel::socket()]).unwrap());
    let socket = kernel::socket();
    let replacing = {
        let (poller, socket) = (Arc::clone(&poller), socket.clone());
        thread::spawn(move || {
            poller.replace(vec![socket.clone()]);
            kernel::set_ready(&socket, true);
        })
    };
    let is_new = |sources: &[OwnedFd]| sources[0].is_same(&socket);
    while !(is_new(&poller.sources()) && socket.is_signalled()) {
        poller.wait(None).unwrap();
    }
    replacing.join().unwrap();
}

fn several() {
    let sockets = [kernel::socket(), kernel::socket()];
    let pollers: Vec<_> = sockets
        .iter()
        .map(|socket| Arc::new(Poller::new(vec![socket.clone()]).unwrap()))
        .collect();
    let signal = |socket: &OwnedFd| {
        let socket = socket.clone();
        thread::spawn(move || kernel::set_ready(&socket, true))
    };
    let signalling = sockets.each_ref().map(signal);
    // Pollers are ready at first: nobody knows yet.
    assert!(pollers.iter().all(|poller| poller.take_ready()));
    let mut ready = [false; 2];
    while ready != [true; 2] {
        wait_any(&pollers, None).unwrap();
        for ((ready, poller), socket) in ready.iter_mut().zip(&pollers).zip(&sockets) {
            if poller.take_ready() {
                *ready = true;
                kernel::set_ready(socket, false);
            }
        }
    }
    signalling
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

/// The timer is set anew only for an earlier deadline, and a wait may end before its own.
fn deadlines() {
    let poller = Arc::new(Poller::new(vec![kernel::socket()]).unwrap());
    let waking = {
        let poller = Arc::clone(&poller);
        thread::spawn(move || poller.wake())
    };
    // Ended by the other thread.
    poller.wait(Some(Instant::now() + FOREVER)).unwrap();
    for _ in 0..2 {
        let deadline = Instant::now() + Duration::from_millis(1);
        while Instant::now() < deadline {
            poller.wait(Some(deadline)).unwrap();
        }
    }
    waking.join().unwrap();
}

/// An idle socket, with what has arrived.
struct Idle {
    poller: Poller,
    socket: OwnedFd,
    state: Mutex<IdleState>,
    changed: Condvar,
}

#[derive(Default)]
struct IdleState {
    pending: bool,
    maintained: bool,
}

impl Idle {
    fn new() -> Arc<Self> {
        let socket = kernel::socket();
        Arc::new(Self {
            poller: Poller::new(vec![socket.clone()]).unwrap(),
            socket,
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    fn arrive(&self) {
        self.state.lock().pending = true;
        kernel::set_ready(&self.socket, true);
    }

    fn wait_until(&self, condition: impl Fn(&IdleState) -> bool) {
        let mut state = self.state.lock();
        while !condition(&state) {
            state = self.changed.wait(state);
        }
    }
}

impl IdleSocket for Idle {
    fn poller(&self) -> &Poller {
        &self.poller
    }

    fn maintain(&self, _wakes: &mut WakeList) -> bool {
        kernel::set_ready(&self.socket, false);
        *self.state.lock() = IdleState {
            pending: false,
            maintained: true,
        };
        self.changed.notify_all();
        false
    }
}

/// Beside a socket to which nothing happens, and which keeps the thread.
fn idle() {
    let quiet = Registration::new(Idle::new());
    let one = |_| {
        thread::spawn(|| {
            let idle = Idle::new();
            let registration = Registration::new(Arc::clone(&idle));
            idle.arrive();
            idle.wait_until(|state| !state.pending);
            (idle, registration)
        })
    };
    let threads = [0, 1].map(one);
    for (idle, registration) in threads.map(|thread| thread.join().unwrap()) {
        drop(registration);
        assert_eq!(
            Arc::strong_count(&idle),
            1,
            "it has another owner behind its end"
        );
    }
    drop(quiet);
}

fn maintenance() {
    let idle = [Idle::new(), Idle::new()];
    let registrations = idle
        .each_ref()
        .map(|idle| Registration::new(Arc::clone(idle)));
    let asking = thread::spawn(super::idle_poller::request_maintenance);
    for idle in &idle {
        idle.wait_until(|state| state.maintained);
    }
    asking.join().unwrap();
    drop(registrations);
}

/// A task, which a thread of the model waits for.
#[derive(Default)]
struct Task {
    woken: Mutex<usize>,
    changed: Condvar,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        *self.woken.lock() += 1;
        self.changed.notify_all();
    }
}

impl Task {
    fn wait(&self) {
        let mut woken = self.woken.lock();
        while *woken == 0 {
            woken = self.changed.wait(woken);
        }
        assert_eq!(*woken, 1, "a task is woken twice by one timer");
    }
}

fn timers() {
    let one = |milliseconds| {
        thread::spawn(move || {
            let (timer, task) = (TaskTimer::new(), Arc::new(Task::default()));
            let at = Instant::now() + Duration::from_millis(milliseconds);
            timer.set(at, &Waker::from(Arc::clone(&task))).unwrap();
            task.wait();
            assert!(Instant::now() >= at, "a timer wakes before its time");
            drop(timer);
            task.wait();
        })
    };
    let threads: Vec<_> = [0, 2].into_iter().map(one).collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

fn reset_timer() {
    let (timer, task) = (TaskTimer::new(), Arc::new(Task::default()));
    let waker = Waker::from(Arc::clone(&task));
    let now = Instant::now();
    timer.set(now + FOREVER, &waker).unwrap();
    timer.set(now + Duration::from_millis(1), &waker).unwrap();
    task.wait();
    timer.set(now + FOREVER, &waker).unwrap();
    drop(timer);
    task.wait();
}

/// What is to be done, and whether it is done.
struct Work {
    poller: Poller,
    socket: OwnedFd,
    state: Mutex<(usize, usize)>,
    changed: Condvar,
    ended: Arc<AtomicBool>,
}

impl Drive for Work {
    fn poller(&self) -> Option<&Poller> {
        Some(&self.poller)
    }

    fn drive(&self, _wakes: &mut WakeList) -> DriveTurn {
        assert!(
            !self.ended.load(Ordering::SeqCst),
            "it is driven behind its end"
        );
        kernel::set_ready(&self.socket, false);
        let mut state = self.state.lock();
        state.1 = state.0;
        self.changed.notify_all();
        // As a connection: it is left when nobody waits any more.
        if state.0 == 2 {
            DriveTurn::Idle
        } else {
            DriveTurn::Wait(None)
        }
    }
}

fn bells() {
    let one = |_| {
        thread::spawn(|| {
            let ended = Arc::new(AtomicBool::new(false));
            let socket = kernel::socket();
            let driven = Driven::new(Work {
                poller: Poller::new(vec![socket.clone()]).unwrap(),
                socket: socket.clone(),
                state: Mutex::new((0, 0)),
                changed: Condvar::new(),
                ended: Arc::clone(&ended),
            });
            // First by its bell, which registers it, and then by what arrives.
            driven.state.lock().0 = 1;
            driven.bell().ring().unwrap();
            wait_until_done(&driven);
            driven.state.lock().0 = 2;
            kernel::set_ready(&socket, true);
            wait_until_done(&driven);
            drop(driven);
            ended.store(true, Ordering::SeqCst);
        })
    };
    let threads: Vec<_> = (0..2).map(one).collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

fn wait_until_done(work: &Work) {
    let mut state = work.state.lock();
    while state.1 != state.0 {
        state = work.changed.wait(state);
    }
}
