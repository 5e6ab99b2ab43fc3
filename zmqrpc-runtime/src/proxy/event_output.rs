//! Where a proxy publishes.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::counters::ProxyCounters;
use crate::error::Error;
use crate::log;
use crate::publish::{Overflow, open_all};
use crate::socket::{
    Endpoint, Message, POLL_INTERVAL, Poller, PubSocket, PublishError, SocketError, SocketOptions,
};
use crate::wire::{Event, EventContent, HEARTBEAT_TOPIC, Limits};

pub(super) struct EventOutput {
    publisher: PubSocket,
    poller: Arc<Poller>,
    overflow: Overflow,
    counters: Arc<ProxyCounters>,
    /// What this proxy publishes of its own has this name.
    pub(super) id: u64,
    sequence: u64,
    /// Interval, next time and number.
    heartbeat: Option<(Duration, Instant, u64)>,
    used: bool,
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
        counters.watch_refused(publisher.rejected_logins());
        Ok(Self {
            poller: publisher.poller(),
            publisher,
            overflow,
            counters,
            id: RandomState::new().hash_one(std::process::id()),
            sequence: 1,
            heartbeat: heartbeat.map(|interval| (interval, Instant::now(), 1)),
            used: true,
        })
    }

    pub(super) fn poller(&self) -> Arc<Poller> {
        Arc::clone(&self.poller)
    }

    pub(super) fn endpoints(&self) -> Vec<String> {
        self.publisher.endpoints().map(str::to_owned).collect()
    }

    pub(super) fn wake(&mut self) {
        self.used |= self.poller.take_ready() || self.publisher.needs_polling();
    }

    /// The number of the next event of this proxy's own.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// That number was used.
    pub(super) fn advance(&mut self) {
        self.sequence += 1;
    }

    /// Publishes. `false` if a subscriber had no room and nobody has got it therefore.
    pub(super) fn publish(&mut self, topic: &[u8], event: Message) -> Result<bool, SocketError> {
        self.used = true;
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

    fn send_lossy(&mut self, topic: &[u8], event: Message) -> Result<(), SocketError> {
        match self.publisher.send_lossy(topic, event) {
            Ok(()) | Err(PublishError::Full(_)) => Ok(()),
            Err(PublishError::Broken(error)) => Err(error),
        }
    }

    /// Takes in what subscribers say, which would pile up, makes connections again that are lost for good, and sends a heartbeat that is due. Then the socket may be
    /// waited on.
    pub(super) fn serve(&mut self, now: Instant) -> Result<(), SocketError> {
        if let Some((interval, due, number)) = self.heartbeat
            && due <= now
        {
            self.heartbeat = now
                .checked_add(interval)
                .map(|due| (interval, due, number + 1));
            let event = Event {
                sequence: number,
                publisher: self.id,
                content: EventContent::Heartbeat,
            };
            if let Ok(event) = Message::build(|out| event.encode(out, &Limits::NONE)) {
                self.used = true;
                self.send_lossy(HEARTBEAT_TOPIC, event)?;
            }
        }
        if std::mem::take(&mut self.used) {
            if let Err(error) = self.publisher.maintain() {
                log::line!(error, error = log::text(&error); "a proxy cannot connect to a subscriber, it tries again");
            }
            while self.publisher.next_interest()?.is_some() {}
        }
        Ok(())
    }

    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let heartbeat = self.heartbeat.map(|(_, due, _)| due);
        let look = self.publisher.needs_polling().then(|| now + POLL_INTERVAL);
        heartbeat.into_iter().chain(look).min()
    }

    pub(super) fn close_and_release(mut self) {
        self.publisher.close_and_release();
    }
}
