//! Limits, gates and chance for tests: nothing sleeps to wait for a state, and nothing hangs.

use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Runs a test's body on a thread of its own, so that one which hangs fails.
pub(crate) fn within<R: Send + 'static>(
    limit: Duration,
    body: impl FnOnce() -> R + Send + 'static,
) -> R {
    let (done, ended) = channel();
    let runner = thread::spawn(move || {
        let _ = done.send(body());
    });
    match ended.recv_timeout(limit) {
        Ok(result) => {
            runner.join().unwrap();
            result
        }
        Err(RecvTimeoutError::Disconnected) => resume_unwind(runner.join().unwrap_err()),
        Err(RecvTimeoutError::Timeout) => panic!("it has not ended within {limit:?}"),
    }
}

/// The same, while no other such test of this process runs: for what counts descriptors or needs the machine.
pub(crate) fn alone<R: Send + 'static>(
    limit: Duration,
    body: impl FnOnce() -> R + Send + 'static,
) -> R {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    within(limit, body)
}

/// Waits for a state that nothing tells of, by asking for it.
#[track_caller]
pub(crate) fn await_state(what: &str, reached: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !reached() {
        assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}");
        thread::yield_now();
    }
}

/// What a handler waits at until the test opens it; it tells how many have come.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    open: bool,
    arrived: usize,
}

/// So that a failing test does not leave a handler behind that holds its server up.
const PATIENCE: Duration = Duration::from_secs(20);

impl Gate {
    /// A handler's side: waits until the gate is open.
    pub(crate) fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        state.arrived += 1;
        changed.notify_all();
        let _open = changed
            .wait_timeout_while(state, PATIENCE, |state| !state.open)
            .unwrap();
    }

    pub(crate) fn open(&self) {
        let (state, changed) = &*self.0;
        state.lock().unwrap().open = true;
        changed.notify_all();
    }

    /// The test's side: waits until `count` handlers have come in all.
    pub(crate) fn await_arrivals(&self, count: usize) {
        let (state, changed) = &*self.0;
        let (state, _) = changed
            .wait_timeout_while(state.lock().unwrap(), PATIENCE, |state| {
                state.arrived < count
            })
            .unwrap();
        assert!(
            state.arrived >= count,
            "{} handlers came of {count}",
            state.arrived
        );
    }
}

/// `SplitMix64`: chance that is the same in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.number() % bound as u64).unwrap()
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.number().to_le_bytes()[0]).collect()
    }
}
