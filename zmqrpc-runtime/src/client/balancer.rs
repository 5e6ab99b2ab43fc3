//! The links of a client, and how one is chosen for a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::connection::Connection;
use crate::command::InProcess;
use crate::socket::Registration;

/// Where calls go.
pub(super) enum Channel {
    Connections(Arc<Balancer>),
    /// To a service within the process, on the caller's thread.
    Local(Arc<dyn InProcess>),
}

/// One link per endpoint.
pub(super) struct Balancer {
    connections: Vec<Registration<Connection>>,
    next: AtomicUsize,
}

/// With other links to turn to, a call does not wait longer for one that has no connection.
const TURN: Duration = Duration::from_millis(250);

impl Balancer {
    /// There is at least one.
    pub(super) fn new(connections: Vec<Registration<Connection>>) -> Self {
        Self {
            connections,
            next: AtomicUsize::new(0),
        }
    }

    pub(super) fn all(&self) -> &[Registration<Connection>] {
        &self.connections
    }

    /// The next link in turn that takes calls; the next one in turn if none does.
    pub(super) fn pick(&self) -> &Arc<Connection> {
        if let [only] = &*self.connections {
            return only;
        }
        let start = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len();
        let mut in_turn = self.connections[start..]
            .iter()
            .chain(&self.connections[..start]);
        in_turn
            .find(|connection| connection.refresh())
            .unwrap_or(&self.connections[start])
    }

    /// The next link in turn that takes calls and is none of these.
    pub(super) fn pick_another(&self, refused: &[usize]) -> Option<&Arc<Connection>> {
        let start = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.connections.len();
        (0..count)
            .map(|step| start.wrapping_add(step) % count)
            .filter(|at| !refused.contains(at))
            .map(|at| &*self.connections[at])
            .find(|connection| connection.refresh())
    }

    /// Which of them a link is.
    pub(super) fn position(&self, connection: &Arc<Connection>) -> Option<usize> {
        self.connections
            .iter()
            .position(|own| Arc::ptr_eq(own, connection))
    }

    /// How long a call that starts a try at `now` waits for a connection.
    pub(super) fn turn(&self, connect_timeout: Duration, now: Instant) -> Instant {
        let deadlines = if self.connections.len() > 1 {
            connect_timeout.min(TURN)
        } else {
            connect_timeout
        };
        now + deadlines
    }
}
