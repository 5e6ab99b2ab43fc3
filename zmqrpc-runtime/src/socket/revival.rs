//! Connections that libzmq gives up for good: they have to be made again.

use std::time::{Duration, Instant};

use super::monitor::Connection;

/// Watches one connection that was made to an endpoint.
#[derive(Debug, Default)]
pub(super) struct Revival {
    /// Since when there is no connection, and libzmq has not said that it tries to make one.
    cut: Option<Instant>,
}

/// libzmq gives a connection up for good that brought a message which is too large, or bytes that are no ZMTP. It tells
/// at once when it tries again itself; after this time it does not.
const PATIENCE: Duration = Duration::from_millis(500);

impl Revival {
    pub(super) fn note(&mut self, event: Connection) {
        match event {
            Connection::Lost => self.cut = Some(Instant::now()),
            Connection::Established | Connection::Retried => self.cut = None,
            _ => {}
        }
    }

    /// When to make the connection again, if nothing happens until then.
    pub(super) fn due(&self) -> Option<Instant> {
        self.cut.map(|cut| cut + PATIENCE)
    }

    /// Whether to make the connection again now. If that fails, it is due once more.
    pub(super) fn begin(&mut self) -> bool {
        let due = self.cut.is_some_and(|cut| cut.elapsed() >= PATIENCE);
        if due {
            self.postpone();
        }
        due
    }

    /// It is tried now, and not again at once.
    pub(super) fn postpone(&mut self) {
        self.cut = self.cut.map(|_| Instant::now());
    }
}
