//! The links of a client, and how one is chosen for a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::link::Link;
use super::table::{Loss, Patience};
use crate::command::Exchange;
use crate::socket::{Care, Message};

/// Where calls go.
pub(super) enum Ways {
    Links(Arc<Links>),
    /// To a service within the process, on the caller's thread.
    Local(Arc<dyn Exchange>),
}

/// One link per endpoint.
pub(super) struct Links {
    links: Vec<Care<Link>>,
    next: AtomicUsize,
}

/// With other links to turn to, a call does not wait longer for one that has no connection.
const TURN: Duration = Duration::from_millis(250);

impl Links {
    /// There is at least one.
    pub(super) fn new(links: Vec<Care<Link>>) -> Self {
        Self {
            links,
            next: AtomicUsize::new(0),
        }
    }

    pub(super) fn all(&self) -> &[Care<Link>] {
        &self.links
    }

    /// The next link in turn that is up; the next one in turn if none is.
    pub(super) fn pick(&self) -> &Arc<Link> {
        if let [only] = &*self.links {
            return only;
        }
        let start = self.next.fetch_add(1, Ordering::Relaxed) % self.links.len();
        let mut in_turn = self.links[start..].iter().chain(&self.links[..start]);
        in_turn
            .find(|link| link.refresh())
            .unwrap_or(&self.links[start])
    }

    /// How long a call that starts a try at `now` waits for a connection.
    pub(super) fn turn(&self, connect_timeout: Duration, now: Instant) -> Instant {
        let patience = if self.links.len() > 1 {
            connect_timeout.min(TURN)
        } else {
            connect_timeout
        };
        now + patience
    }
}

/// Another try, where one is allowed.
pub(super) struct Retry {
    pub(super) links: Arc<Links>,
    pub(super) frame: Message,
    /// It may be executed more than once.
    pub(super) idempotent: bool,
}

impl Retry {
    /// Whether a call that ended so may be made again.
    ///
    /// What was not sent may always be; what may have been executed only if that does no harm.
    pub(super) fn allows(&self, loss: &Loss, patience: &Patience, now: Instant) -> bool {
        match loss {
            Loss::NotConnected | Loss::Foreign | Loss::NoServer { returned: true } => {
                self.links.all().len() > 1 && now < patience.connected_by.min(patience.deadline)
            }
            Loss::Disconnected | Loss::Silent(_) | Loss::NoServer { returned: false } => {
                self.idempotent && now < patience.deadline
            }
            Loss::TimedOut { .. } | Loss::Denied(_) | Loss::Broken(_) => false,
        }
    }
}
