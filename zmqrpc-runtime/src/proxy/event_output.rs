//! The output socket of PUB: events and the proxy's own heartbeats.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::DIALECT;
use super::counters::ProxyCounters;
use crate::error::Error;
use crate::log;
use crate::publish::{Overflow, open_all};
use crate::socket::{
    Endpoint, Frame, POLL_INTERVAL, Poller, PubSocket, PublishError, SocketError, SocketOptions,
};
use crate::wire::HEARTBEAT_TOPIC;

/// A PUB socket with the overflow policy and the sequence numbers of the proxy's own events.
pub(super) struct EventOutput {
    publisher: PubSocket,
    poller: Arc<Poller>,
    overflow: Overflow,
    counters: Arc<ProxyCounters>,
    /// The publisher id of the events that the proxy itself makes.
    pub(super) id: u64,
    sequence: u64,
    /// Interval, time and sequence number of the next heartbeat.
    heartbeat: Option<(Duration, Instant, u64)>,
    needs_drain: bool,
}

impl EventOutput {
    pub(super) fn open(
        endpoints: &[Endpoint],
        options: &SocketOptions,
        overflow: Overflow,
        heartbeat: Option<Duration>,
        counters: Arc<ProxyCounters>,
    ) -> Result<Self, Error> {
        let mut publisher = PubSocket::new(options)?;
        open_all(endpoints, |endpoint| publisher.open(endpoint))?;
        counters.watch_unauthenticated(publisher.rejected_logins());
        Ok(Self {
            poller: publisher.poller(),
            publisher,
            overflow,
            counters,
            id: RandomState::new().hash_one(std::process::id()),
            sequence: 1,
            heartbeat: heartbeat.map(|interval| (interval, Instant::now(), 1)),
            needs_drain: true,
        })
    }

    pub(super) fn poller(&self) -> Arc<Poller> {
        Arc::clone(&self.poller)
    }

    pub(super) fn endpoints(&self) -> Vec<String> {
        self.publisher.endpoints().map(str::to_owned).collect()
    }

    pub(super) fn after_wait(&mut self) {
        self.needs_drain |= self.poller.take_ready() || self.publisher.needs_polling();
    }

    /// Returns the sequence number of the proxy's next own event.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Advances the sequence number: an event was published under it.
    pub(super) fn advance(&mut self) {
        self.sequence += 1;
    }

    /// Publishes an event. Returns `false` if a subscriber had no room and the policy therefore drops it for all.
    pub(super) fn publish(&mut self, topic: &[u8], event: Frame) -> Result<bool, SocketError> {
        self.needs_drain = true;
        match self.publisher.send(topic, event) {
            Ok(()) => {}
            Err(PublishError::Full(event)) => {
                self.counters.congested.increment();
                if self.overflow == Overflow::Refuse {
                    return Ok(false);
                }
                self.send_lossy(topic, event)?;
            }
            Err(PublishError::Broken(error)) => return Err(error),
        }
        self.counters.forwarded.increment();
        Ok(true)
    }

    fn send_lossy(&mut self, topic: &[u8], event: Frame) -> Result<(), SocketError> {
        match self.publisher.send_lossy(topic, event) {
            Ok(()) | Err(PublishError::Full(_)) => Ok(()),
            Err(PublishError::Broken(error)) => Err(error),
        }
    }

    /// Sends a heartbeat if one is due, reconnects where libzmq does not, and reads the subscriptions, which would pile up
    /// otherwise. The caller may wait on the socket afterwards.
    pub(super) fn serve(&mut self, now: Instant) -> Result<(), SocketError> {
        if let Some((interval, due, number)) = self.heartbeat
            && due <= now
        {
            self.heartbeat = now
                .checked_add(interval)
                .map(|due| (interval, due, number + 1));
            self.needs_drain = true;
            self.send_lossy(HEARTBEAT_TOPIC, DIALECT.heartbeat(number, self.id))?;
        }
        if std::mem::take(&mut self.needs_drain) {
            if let Err(error) = self.publisher.maintain() {
                log::line!(error, error = log::text(&error); "a proxy cannot connect to a subscriber; it tries again");
            }
            while self.publisher.next_interest()?.is_some() {}
        }
        Ok(())
    }

    /// Returns when to run again even if the socket does not signal.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let heartbeat = self.heartbeat.map(|(_, due, _)| due);
        let poll = self.publisher.needs_polling().then(|| now + POLL_INTERVAL);
        heartbeat.into_iter().chain(poll).min()
    }

    pub(super) fn close_and_release(mut self) {
        self.publisher.close_and_release();
    }
}
