//! A subscription's socket, with the state of its losses and of the publisher's silence.

#[cfg(feature = "proxy")]
mod undecoded;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::loss_tracker::LossTracker;
use super::settings::{OnSilence, ValidSubscription};
use super::silence::SilenceTimer;
use super::source_socket::SourceSocket;
use super::stats::{PublisherCounts, SubscriptionStats};
use crate::error::Error;
use crate::log;
use crate::socket::{
    Arrival, Frame, Poller, RejectedLogins, Security, SocketError, SocketOptions, SubSocket,
};
use crate::wire::HEARTBEAT_TOPIC;

/// The publisher of an event, and the event's sequence number.
#[derive(Clone, Copy)]
pub(crate) struct EventOrigin {
    pub(crate) publisher: u64,
    pub(crate) sequence: u64,
}

pub(crate) struct SubscriptionSocket {
    subscriber: SubSocket,
    /// Counts the logins that the subscription's own settings rejected.
    rejected_logins: RejectedLogins,
    losses: LossTracker,
    silence: Option<SilenceTimer>,
    on_silence: Option<OnSilence>,
    /// Whether a callback waits to run.
    callback_pending: Arc<AtomicBool>,
    heartbeats: u64,
    malformed: u64,
    silences: u64,
    renewals: u64,
    /// When to retry to bind the endpoint after it was closed to be renewed.
    reopen_at: Option<Instant>,
    /// Binding it failed, and that was logged.
    reopen_failed: bool,
}

/// How often to retry that.
const REOPEN_INTERVAL: Duration = Duration::from_millis(20);

/// A callback to run outside of every lock.
pub(crate) struct SilenceCallback {
    callback: OnSilence,
    endpoint: String,
    /// Set while it waits, so that the subscription queues no other one.
    pending: Arc<AtomicBool>,
}

impl SilenceCallback {
    /// Runs the callback. Never panics.
    pub(crate) fn call(&self) {
        self.pending.store(false, Ordering::Relaxed);
        let callback = AssertUnwindSafe(|| (self.callback)(&self.endpoint));
        if let Err(panic) = catch_unwind(callback) {
            log::line!(error, endpoint = self.endpoint.clone(); "a callback on silence panicked");
            // The payload may panic again when it is dropped.
            if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
                std::mem::forget(again);
            }
        }
    }
}

impl SubscriptionSocket {
    /// Opens the subscription's socket with [its options](ValidSubscription::options).
    pub(crate) fn open(
        settings: ValidSubscription,
        options: &SocketOptions,
    ) -> Result<Self, Error> {
        let topics = settings.topics.into_iter().map(String::into_bytes);
        let topics = topics.chain([HEARTBEAT_TOPIC.to_vec()]).collect();
        let rejected_logins = settings.security.as_ref().map(Security::rejected_logins);
        Ok(Self {
            rejected_logins: rejected_logins.unwrap_or_default(),
            subscriber: SubSocket::open(&settings.endpoint, topics, options)
                .map_err(|error| Error::endpoint_error(settings.endpoint.as_str(), error))?,
            losses: LossTracker::new(Instant::now()),
            silence: settings
                .silence_timeout
                .map(|limit| SilenceTimer::new(limit, Instant::now())),
            on_silence: settings.on_silence,
            callback_pending: Arc::default(),
            heartbeats: 0,
            malformed: 0,
            silences: 0,
            renewals: 0,
            reopen_at: None,
            reopen_failed: false,
        })
    }

    /// Returns `false` if the topic was subscribed to already.
    pub(crate) fn add_topic(&mut self, topic: &str) -> Result<bool, SocketError> {
        self.subscriber.subscribe(topic.as_bytes())
    }

    /// Returns `false` if the topic was not subscribed to.
    pub(crate) fn remove_topic(&mut self, topic: &str) -> Result<bool, SocketError> {
        let known = self.subscriber.unsubscribe(topic.as_bytes())?;
        if known {
            let subscriber = &self.subscriber;
            self.losses.retain_topics(|topic| subscriber.covers(topic));
        }
        Ok(known)
    }

    pub(crate) fn stats(&self) -> SubscriptionStats {
        let publishers = self
            .losses
            .publishers()
            .map(|(publisher, counts)| PublisherCounts {
                publisher,
                received: counts.received,
                lost: counts.lost,
            });
        SubscriptionStats {
            endpoint: self.subscriber.endpoint().to_owned(),
            received: self.losses.received,
            lost: self.losses.lost,
            heartbeats: self.heartbeats,
            malformed: self.malformed,
            silences: self.silences,
            renewals: self.renewals,
            logins_rejected: self.rejected_logins.get(),
            login_failures: self.subscriber.rejected_logins().get(),
            publishers: publishers.collect(),
        }
    }

    fn reconnect(&mut self, now: Instant) {
        if !self.subscriber.is_login_refused() {
            return self.renew(now, "libzmq gave up the connection to a publisher");
        }
        if let Err(error) = self.subscriber.reconnect(now) {
            let endpoint = self.subscriber.endpoint().to_owned();
            log::line!(error, endpoint, error = log::text(&error); "the connection to a publisher cannot be renewed after a rejected login");
        }
    }

    fn renew(&mut self, now: Instant, reason: &'static str) {
        let renewed = self.subscriber.reconnect(now);
        let endpoint = self.subscriber.endpoint().to_owned();
        match renewed {
            Ok(renewed) => {
                log::line!(warn, endpoint, renewed; "{reason}");
                self.renewals += u64::from(renewed);
            }
            // The next silence retries.
            Err(error) => {
                log::line!(error, endpoint, error = log::text(&error); "{reason}, and the connection cannot be renewed");
            }
        }
        self.reopen_at = self
            .subscriber
            .is_rebinding()
            .then(|| now + REOPEN_INTERVAL);
    }

    fn reopen(&mut self, now: Instant) {
        match self.subscriber.rebind(now) {
            Ok(()) => self.reopen_failed = false,
            Err(error) => {
                if !self.reopen_failed {
                    let endpoint = self.subscriber.endpoint().to_owned();
                    log::line!(error, endpoint, error = log::text(&error); "a subscription cannot bind its endpoint again, and goes on trying");
                }
                self.reopen_failed = true;
            }
        }
        self.reopen_at = self
            .subscriber
            .is_rebinding()
            .then(|| now + REOPEN_INTERVAL);
        self.reset_silence(now);
    }

    /// Receives the next event into `topic` and `event`.
    pub(crate) fn receive(
        &mut self,
        topic: &mut Frame,
        event: &mut Frame,
    ) -> Result<Option<Arrival<()>>, SocketError> {
        self.subscriber.receive(topic, event)
    }

    /// Receives the next message with all of its frames, as [`SubSocket::receive_whole`] does.
    pub(crate) fn receive_whole(
        &mut self,
        max_bytes: usize,
    ) -> Result<Option<(Vec<Frame>, usize)>, SocketError> {
        self.subscriber.receive_whole(max_bytes)
    }

    /// Returns whether events of this topic are subscribed to. Some may come that are not: they were under way when their
    /// topic was unsubscribed from.
    pub(crate) fn expects(&self, topic: &[u8]) -> bool {
        self.losses.is_current_topic(topic) || self.subscriber.covers(topic)
    }

    /// Returns the number of the connection that an event came over. Where the subscription is bound, several publishers
    /// may connect, and use each other's ids.
    pub(crate) fn connection_of(&self, event: &Frame) -> u32 {
        if self.subscriber.is_bound() {
            event.peer().connection()
        } else {
            0
        }
    }

    /// Returns how many events of this publisher and topic are lost before this one.
    pub(crate) fn record_event(
        &mut self,
        origin: EventOrigin,
        topic: &[u8],
        connection: u32,
        now: Instant,
    ) -> u64 {
        self.reset_silence(now);
        let EventOrigin {
            publisher,
            sequence,
        } = origin;
        self.losses
            .record_event(publisher, topic, sequence, connection, now)
    }

    pub(crate) fn record_heartbeat(&mut self, origin: EventOrigin, now: Instant) {
        self.reset_silence(now);
        self.heartbeats += 1;
        self.losses.record_heartbeat(origin.publisher);
    }

    pub(crate) fn record_malformed(&mut self) {
        self.malformed += 1;
    }
}

impl SourceSocket for SubscriptionSocket {
    fn endpoint(&self) -> &str {
        self.subscriber.endpoint()
    }

    fn poller(&self) -> Arc<Poller> {
        self.subscriber.poller()
    }

    fn due(&self) -> Option<Instant> {
        if self.reopen_at.is_some() {
            return self.reopen_at;
        }
        let silence = self.silence.as_ref().and_then(SilenceTimer::due);
        let connection = [self.subscriber.reconnect_due(), self.subscriber.dial_due()];
        silence
            .into_iter()
            .chain(connection.into_iter().flatten())
            .min()
    }

    fn maintain(&mut self, now: Instant) -> Option<SilenceCallback> {
        if self.reopen_at.is_some() {
            self.reopen(now);
            return None;
        }
        self.subscriber.advance_dial();
        if self
            .subscriber
            .reconnect_due()
            .is_some_and(|due| due <= now)
        {
            self.reconnect(now);
        }
        if !self.silence.as_mut()?.has_passed(now) {
            return None;
        }
        self.silences += 1;
        // A login takes a moment, and after a rejected one the socket reconnects with a back-off of its own.
        if !self.subscriber.awaits_login() {
            self.renew(now, "nothing was heard from a publisher");
        }
        let callback = self.on_silence.as_ref()?;
        if self.callback_pending.swap(true, Ordering::Relaxed) {
            return None;
        }
        Some(SilenceCallback {
            callback: Arc::clone(callback),
            pending: Arc::clone(&self.callback_pending),
            endpoint: self.subscriber.endpoint().to_owned(),
        })
    }

    fn reset_silence(&mut self, now: Instant) {
        if let Some(silence) = &mut self.silence {
            silence.heard(now);
        }
    }

    fn settle(&mut self) -> Result<(), SocketError> {
        self.subscriber.maintain()
    }

    fn close_and_release(self) {
        self.subscriber.close_and_release();
    }
}
