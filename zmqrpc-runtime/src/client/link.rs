//! The way to one endpoint, shared by any number of threads.
//!
//! There is no thread behind it. Of the callers that wait, one leads: it waits for the socket and takes in what
//! arrives, for all of them. When its own call has ended, it wakes another one to lead. So a lone caller never hands
//! its call to another thread.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::core::{Bounds, Core, Overflow};
use super::table::Loss;
use crate::socket::{Dealer, Endpoint, Message, Options, SocketError, Waiter};

/// How long a call waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For its ending.
    pub(super) deadline: Instant,
    /// For being handed over.
    pub(super) connected_by: Instant,
    /// The time from the start to `connected_by`, for messages.
    pub(super) connect_timeout: Duration,
}

/// Why waiting ended without a reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failed {
    Lost(Loss),
    /// The time was over; tells whether the request had been handed over.
    TimedOut {
        written: bool,
    },
    /// There was no connection in time.
    NotConnected,
}

pub(super) struct Link {
    endpoint: Arc<str>,
    core: Mutex<Core>,
    waiter: Arc<Waiter>,
}

impl Link {
    pub(super) fn open(
        endpoint: &Endpoint,
        options: &Options,
        bounds: Bounds,
    ) -> Result<Self, SocketError> {
        let dealer = Dealer::connect(endpoint, options)?;
        let waiter = dealer.waiter();
        Ok(Self {
            endpoint: endpoint.as_str().into(),
            core: Mutex::new(Core::new(dealer, bounds)),
            waiter,
        })
    }

    pub(super) fn endpoint(&self) -> &Arc<str> {
        &self.endpoint
    }

    pub(super) fn is_up(&self) -> bool {
        self.lock().is_up()
    }

    pub(super) fn late(&self) -> u64 {
        self.lock().late()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.lock().in_flight()
    }

    /// Sends a request, or keeps it until the link is up. The id's bytes in the frame are still open.
    pub(super) fn begin(&self, frame: Vec<u8>, oneway: bool) -> Result<u64, Overflow> {
        self.lock().begin(frame, oneway, &self.waiter)
    }

    /// Gives a call up.
    pub(super) fn forget(&self, id: u64) {
        self.lock().forget(id, &self.waiter);
    }

    /// Waits until a call ends.
    pub(super) fn wait(&self, id: u64, patience: Patience) -> Result<Option<Message>, Failed> {
        let mut core = self.lock();
        loop {
            if let Some(ending) = core.take(id) {
                return ending.map_err(Failed::Lost);
            }
            if !core.is_led() {
                core.start_leading();
                let (mut core, ending) = self.lead(core, id, patience);
                core.stop_leading();
                return ending;
            }
            let until = self.patience(&mut core, id, patience)?;
            core.park(id, thread::current());
            drop(core);
            thread::park_timeout(until.saturating_duration_since(Instant::now()));
            core = self.lock();
            core.unpark(id);
        }
    }

    fn lead<'a>(
        &'a self,
        mut core: MutexGuard<'a, Core>,
        id: u64,
        patience: Patience,
    ) -> (MutexGuard<'a, Core>, Result<Option<Message>, Failed>) {
        loop {
            core.service(&self.waiter);
            if let Some(ending) = core.take(id) {
                return (core, ending.map_err(Failed::Lost));
            }
            // Only now, after looking: a reply that has arrived counts, however late it is looked for.
            let until = match self.patience(&mut core, id, patience) {
                Ok(until) => until,
                Err(failed) => return (core, Err(failed)),
            };
            core.start_polling(id);
            drop(core);
            let driven = self.waiter.drive(Some(until));
            core = self.lock();
            core.stop_polling(id);
            if let Err(error) = driven {
                core.forget(id, &self.waiter);
                let loss = Loss::Broken(SocketError::waiting(&error));
                return (core, Err(Failed::Lost(loss)));
            }
        }
    }

    /// How long to wait now; the call is given up when the answer is an error.
    fn patience(&self, core: &mut Core, id: u64, patience: Patience) -> Result<Instant, Failed> {
        let now = Instant::now();
        let written = core.is_written(id);
        let failed = if now >= patience.deadline {
            Failed::TimedOut { written }
        } else if !written && now >= patience.connected_by {
            Failed::NotConnected
        } else if written {
            return Ok(patience.deadline);
        } else {
            return Ok(patience.deadline.min(patience.connected_by));
        };
        core.forget(id, &self.waiter);
        Err(failed)
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
