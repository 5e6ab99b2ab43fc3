//! The connections of a client, and how one is chosen for a call.
//!
//! Most clients keep the endpoints that they were built with, so those are read without a lock until the first change.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::liveness::Liveness;
use super::state::CallLimits;
use crate::command::InProcess;
use crate::error::{EndpointCause, Error};
use crate::options::Ping;
use crate::socket::{Direction, Endpoint, Registration, SocketOptions};
use crate::wire::Limits;

/// Where calls go.
pub(super) enum Channel {
    Connections(Arc<Balancer>),
    /// To a service within the process, on the caller's thread.
    Local(Arc<dyn InProcess>),
}

/// What it takes to open a connection.
pub(super) struct Opener {
    pub(super) options: SocketOptions,
    pub(super) limits: Limits,
    pub(super) bounds: CallLimits,
    pub(super) ping: Ping,
}

/// One connection per endpoint.
pub(super) struct Balancer {
    opener: Opener,
    /// Those that the client was built with.
    initial: Box<[Entry]>,
    /// Whether `current` is to be read in place of `initial`.
    changed: AtomicBool,
    current: Mutex<Arc<[Entry]>>,
    next: AtomicUsize,
}

/// A connection that is looked after while nobody uses it.
#[derive(Clone)]
pub(super) struct Entry(Arc<Registration<Connection>>);

impl Entry {
    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.0
    }
}

impl Deref for Entry {
    type Target = Arc<Connection>;

    fn deref(&self) -> &Arc<Connection> {
        &self.0
    }
}

/// The connections as they are at one moment.
pub(super) enum Connections<'a> {
    Initial(&'a [Entry]),
    Current(Arc<[Entry]>),
}

/// With other connections to turn to, a call does not wait longer for one that has not been made.
const TURN: Duration = Duration::from_millis(250);

impl Opener {
    fn open(&self, endpoint: &Endpoint) -> Result<Entry, Error> {
        let liveness = Liveness::new(self.ping);
        Connection::open(endpoint, &self.options, self.limits, self.bounds, liveness)
            .map(|connection| Entry(Arc::new(Registration::new(Arc::new(connection)))))
            .map_err(|error| Error::endpoint_error(endpoint.as_str(), error))
    }
}

impl Balancer {
    /// Opens a connection to each endpoint.
    pub(super) fn open(opener: Opener, endpoints: &[Endpoint]) -> Result<Self, Error> {
        let initial: Result<_, _> = endpoints
            .iter()
            .map(|endpoint| opener.open(endpoint))
            .collect();
        Ok(Self {
            opener,
            initial: initial?,
            changed: AtomicBool::new(false),
            current: Mutex::new(Arc::new([])),
            next: AtomicUsize::new(0),
        })
    }

    #[inline]
    pub(super) fn all(&self) -> Connections<'_> {
        if self.changed.load(Ordering::Acquire) {
            Connections::Current(Arc::clone(&self.current()))
        } else {
            Connections::Initial(&self.initial)
        }
    }

    /// Returns the next connection in turn that takes calls, or the next one in turn if none does; `None` if there is
    /// none at all.
    pub(super) fn pick(&self) -> Option<Arc<Connection>> {
        let connections = self.all();
        if let [only] = &*connections {
            return Some(Arc::clone(only.connection()));
        }
        let start = self.next.fetch_add(1, Ordering::Relaxed) % connections.len().max(1);
        let (behind, first) = connections.split_at(start);
        let mut in_turn = first.iter().chain(behind);
        in_turn
            .find(|connection| connection.refresh())
            .or_else(|| first.first())
            .map(|entry| Arc::clone(entry.connection()))
    }

    /// Returns the next connection in turn that takes calls and has none of these [numbers](number).
    pub(super) fn pick_another(&self, refused: &[usize]) -> Option<Arc<Connection>> {
        let connections = self.all();
        let start = self.next.fetch_add(1, Ordering::Relaxed) % connections.len().max(1);
        let (behind, first) = connections.split_at(start);
        let mut in_turn = first.iter().chain(behind);
        in_turn
            .find(|connection| !refused.contains(&number(connection)) && connection.refresh())
            .map(|entry| Arc::clone(entry.connection()))
    }

    /// Returns until when a call waits for a connection that begins an attempt at `now`.
    pub(super) fn turn(&self, connect_timeout: Duration, now: Instant) -> Instant {
        let timeout = if self.all().len() > 1 {
            connect_timeout.min(TURN)
        } else {
            connect_timeout
        };
        now + timeout
    }

    /// Adds an endpoint: calls go there from now on, too.
    pub(super) fn add(&self, text: &str) -> Result<(), Error> {
        let endpoint = Endpoint::parse(text, Direction::Connect).map_err(|reason| {
            Error::endpoint_error(text, EndpointCause::Malformed(reason.into()))
        })?;
        self.change(|connections| {
            if find(connections, endpoint.as_str()).is_some() {
                return Err(Error::endpoint_error(text, EndpointCause::Duplicate));
            }
            connections.push(self.opener.open(&endpoint)?);
            Ok(())
        })
    }

    /// Removes an endpoint: no call begins there from now on. Those that are under way keep the connection to their end.
    pub(super) fn remove(&self, text: &str) -> Result<(), Error> {
        let removed = self.change(|connections| {
            let at = find(connections, text);
            let at = at.ok_or_else(|| Error::endpoint_error(text, EndpointCause::Unknown))?;
            Ok(connections.remove(at))
        })?;
        // Behind the lock: it may be the last owner, and closing a socket takes its time.
        drop(removed);
        Ok(())
    }

    fn change<R>(
        &self,
        change: impl FnOnce(&mut Vec<Entry>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let mut current = self.current();
        let mut connections = if self.changed.load(Ordering::Acquire) {
            current.to_vec()
        } else {
            self.initial.to_vec()
        };
        let result = change(&mut connections)?;
        let before = std::mem::replace(&mut *current, connections.into());
        self.changed.store(true, Ordering::Release);
        drop(current);
        drop(before);
        Ok(result)
    }

    fn current(&self) -> MutexGuard<'_, Arc<[Entry]>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find(connections: &[Entry], endpoint: &str) -> Option<usize> {
    connections
        .iter()
        .position(|connection| &**connection.endpoint() == endpoint)
}

/// Returns a number that no other connection has while this one lives.
pub(super) fn number(connection: &Arc<Connection>) -> usize {
    Arc::as_ptr(connection) as usize
}

impl Deref for Connections<'_> {
    type Target = [Entry];

    #[inline]
    fn deref(&self) -> &[Entry] {
        match self {
            Self::Initial(connections) => connections,
            Self::Current(connections) => connections,
        }
    }
}
