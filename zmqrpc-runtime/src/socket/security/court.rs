//! The thread that decides the logins that take their time.
//!
//! Who sends many wrong passwords must not keep the others out: those who wait take turns by their addresses, and no
//! address has more than a few places.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use super::gate::{Claim, Gate, Verdict};
use super::request::Sender;
use crate::log;
use crate::socket::Waiter;

/// A login that is to be decided.
pub(super) struct Case {
    pub(super) gate: Arc<Gate>,
    pub(super) claim: Claim,
    pub(super) address: String,
    pub(super) from: Sender,
    pub(super) received: Instant,
}

pub(super) struct Court {
    docket: Mutex<Docket>,
    called: Condvar,
    /// Of the handler, which sends the answers.
    handler: Arc<Waiter>,
}

#[derive(Default)]
struct Docket {
    /// By address, the next one first.
    lanes: VecDeque<(String, VecDeque<Case>)>,
    waiting: usize,
    decided: Vec<(Case, Verdict)>,
    sits: bool,
    closed: bool,
}

/// Logins that wait.
const MAX_WAITING: usize = 1024;

/// Of these, from one address.
const MAX_PER_ADDRESS: usize = 64;

impl Court {
    pub(super) fn new(handler: Arc<Waiter>) -> Arc<Self> {
        Arc::new(Self {
            docket: Mutex::default(),
            called: Condvar::new(),
            handler,
        })
    }

    /// Takes a login, or gives it back with the reason.
    pub(super) fn file(self: &Arc<Self>, case: Case) -> Result<(), (Box<Case>, &'static str)> {
        let full = "too many logins wait";
        let mut docket = self.docket();
        if docket.waiting == MAX_WAITING {
            return Err((Box::new(case), full));
        }
        if !docket.sits {
            let court = Arc::clone(self);
            let builder = thread::Builder::new().name("zmqrpc-login".into());
            if let Err(error) = builder.spawn(move || court.sit()) {
                log::line!(error, error = log::text(&error); "no thread for logins");
                return Err((Box::new(case), "no thread for it"));
            }
            docket.sits = true;
        }
        let at = docket
            .lanes
            .iter()
            .position(|(address, _)| *address == case.address);
        match at {
            Some(at) if docket.lanes[at].1.len() == MAX_PER_ADDRESS => {
                return Err((Box::new(case), full));
            }
            Some(at) => docket.lanes[at].1.push_back(case),
            None => {
                let lane = (case.address.clone(), VecDeque::from([case]));
                docket.lanes.push_back(lane);
            }
        }
        docket.waiting += 1;
        self.called.notify_one();
        Ok(())
    }

    /// What has been decided.
    pub(super) fn decided(&self) -> Vec<(Case, Verdict)> {
        std::mem::take(&mut self.docket().decided)
    }

    /// Ends the thread, as soon as it has decided what it is at.
    pub(super) fn close(&self) {
        self.docket().closed = true;
        self.called.notify_one();
    }

    fn sit(&self) {
        while let Some(case) = self.next() {
            let verdict = judged(|| Some(case.gate.judge.decide(&case.claim)));
            self.docket()
                .decided
                .push((case, verdict.unwrap_or(PANICKED)));
            self.handler.wake();
        }
    }

    fn next(&self) -> Option<Case> {
        let docket = self.docket();
        let idle = |docket: &mut Docket| docket.lanes.is_empty() && !docket.closed;
        let docket = self.called.wait_while(docket, idle);
        let mut docket = docket.unwrap_or_else(PoisonError::into_inner);
        if docket.closed {
            return None;
        }
        let (address, mut lane) = docket.lanes.pop_front()?;
        let case = lane.pop_front()?;
        if !lane.is_empty() {
            docket.lanes.push_back((address, lane));
        }
        docket.waiting -= 1;
        Some(case)
    }

    fn docket(&self) -> MutexGuard<'_, Docket> {
        self.docket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const PANICKED: Verdict = Verdict::Refused("what should decide it panicked");

/// Asks what may be a user's code.
pub(super) fn judged(judge: impl FnOnce() -> Option<Verdict>) -> Option<Verdict> {
    catch_unwind(AssertUnwindSafe(judge)).unwrap_or_else(|panic| {
        log::line!(error, ; "what decides logins panicked");
        // What it panics with may panic again when it is dropped.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            std::mem::forget(again);
        }
        Some(PANICKED)
    })
}
