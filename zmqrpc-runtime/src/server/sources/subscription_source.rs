//! One subscription at work: its socket, what came, and how long nothing has.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::event_frame::{EventFrame, EventOrigin};
use super::loss_tracker::LossTracker;
use super::silence::SilenceTimer;
use super::stats::{PublisherCounts, SubscriptionStats};
use super::subscription::{OnSilence, ValidSubscription};
use super::{CommandSource, SourceMessage};
use crate::command::CallBuffer;
use crate::error::Error;
use crate::log;
use crate::server::dispatcher::Dispatcher;
use crate::socket::{
    Arrival, Message, Poller, RejectedLogins, Security, SocketError, SocketOptions, SubSocket,
};
use crate::wire::{Event, EventContent, HEARTBEAT_TOPIC, Limits, MAX_TOPIC};

pub(crate) struct SubscriptionSource {
    subscriber: SubSocket,
    /// What the next event is received into.
    topic: Message,
    buffer: CallBuffer,
    /// The logins that its own settings have refused.
    denied: RejectedLogins,
    losses: LossTracker,
    silence: Option<SilenceTimer>,
    on_silence: Option<OnSilence>,
    /// A callback waits to be made.
    telling: Arc<AtomicBool>,
    heartbeats: u64,
    malformed: u64,
    silences: u64,
    renewals: u64,
    /// When to look whether a bound endpoint that was left can be bound again.
    reopen_at: Option<Instant>,
    /// It could not be, and that has been said.
    stuck: bool,
}

/// How often a bound endpoint that was left is looked after.
const REOPEN: Duration = Duration::from_millis(20);

/// A callback to be made, outside of every lock.
pub(crate) struct SilenceCallback {
    callback: OnSilence,
    endpoint: String,
    /// While it waits, no other one of the same subscription is made.
    waits: Arc<AtomicBool>,
}

impl SilenceCallback {
    /// Never panics.
    pub(crate) fn tell(&self) {
        self.waits.store(false, Ordering::Relaxed);
        let callback = AssertUnwindSafe(|| (self.callback)(&self.endpoint));
        if let Err(panic) = catch_unwind(callback) {
            log::line!(error, endpoint = self.endpoint.clone(); "a callback on silence panicked");
            // What it panics with may panic again when it is dropped.
            if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
                std::mem::forget(again);
            }
        }
    }
}

impl SubscriptionSource {
    /// Opens the subscription's socket with [its options](ValidSubscription::options).
    pub(crate) fn open(
        settings: ValidSubscription,
        options: &SocketOptions,
    ) -> Result<Self, Error> {
        let topics = settings.topics.into_iter().map(String::into_bytes);
        let topics = topics.chain([HEARTBEAT_TOPIC.to_vec()]).collect();
        let denied = settings.security.as_ref().map(Security::rejected_logins);
        Ok(Self {
            denied: denied.unwrap_or_default(),
            subscriber: SubSocket::open(&settings.endpoint, topics, options)
                .map_err(|error| Error::unopened(&settings.endpoint, &error))?,
            topic: Message::new(),
            buffer: CallBuffer::new(Instant::now()),
            losses: LossTracker::new(Instant::now()),
            silence: settings
                .heartbeat
                .map(|limit| SilenceTimer::new(limit, Instant::now())),
            on_silence: settings.on_silence,
            telling: Arc::default(),
            heartbeats: 0,
            malformed: 0,
            silences: 0,
            renewals: 0,
            reopen_at: None,
            stuck: false,
        })
    }

    /// `false` if the topic was subscribed to before.
    pub(in crate::server) fn add_topic(&mut self, topic: &str) -> Result<bool, SocketError> {
        self.subscriber.subscribe(topic.as_bytes())
    }

    /// `false` if the topic was not subscribed to.
    pub(in crate::server) fn remove_topic(&mut self, topic: &str) -> Result<bool, SocketError> {
        let known = self.subscriber.unsubscribe(topic.as_bytes())?;
        if known {
            let subscriber = &self.subscriber;
            self.losses.forget_all_but(|topic| subscriber.covers(topic));
        }
        Ok(known)
    }

    pub(super) fn stats(&self) -> SubscriptionStats {
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
            denied: self.denied.get(),
            unauthenticated: self.subscriber.rejected_logins().get(),
            publishers: publishers.collect(),
        }
    }

    fn revive(&mut self, now: Instant) {
        if !self.subscriber.is_login_refused() {
            return self.renew(now, "a publisher's connection was given up");
        }
        if let Err(error) = self.subscriber.reconnect(now) {
            let endpoint = self.subscriber.endpoint().to_owned();
            log::line!(error, endpoint, error = log::text(&error); "a publisher cannot be logged in to");
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
            // The next silence tries again.
            Err(error) => {
                log::line!(error, endpoint, error = log::text(&error); "{reason}, and the next cannot be made");
            }
        }
        self.reopen_at = self.subscriber.is_rebinding().then(|| now + REOPEN);
    }

    fn reopen(&mut self, now: Instant) {
        match self.subscriber.rebind(now) {
            Ok(()) => self.stuck = false,
            Err(error) => {
                if !self.stuck {
                    let endpoint = self.subscriber.endpoint().to_owned();
                    log::line!(error, endpoint, error = log::text(&error); "a subscription cannot listen again, and goes on trying");
                }
                self.stuck = true;
            }
        }
        self.reopen_at = self.subscriber.is_rebinding().then(|| now + REOPEN);
        self.excuse(now);
    }

    fn receive(&mut self) -> Result<Option<Arrival<()>>, SocketError> {
        self.subscriber
            .receive(&mut self.topic, self.buffer.frame())
    }

    /// The next event as it came, for who passes it on. Heartbeats are events as well.
    pub(crate) fn pass(
        &mut self,
        limits: &Limits,
        now: Instant,
    ) -> Result<Option<Arrival<(Message, Message)>>, SocketError> {
        match self.receive()? {
            None => return Ok(None),
            Some(Arrival::Malformed) => {
                self.forget_event();
                return Ok(Some(Arrival::Malformed));
            }
            Some(Arrival::Message(())) => {}
        }
        let (topic, event) = (&self.topic, &*self.buffer.frame());
        let is_text = topic.len() <= MAX_TOPIC && str::from_utf8(topic).is_ok();
        let fits = match Event::decode(event, limits).map(|event| event.content) {
            Ok(EventContent::Heartbeat) => **topic == *HEARTBEAT_TOPIC,
            Ok(EventContent::Command(_)) => is_text && self.subscriber.covers(topic),
            Err(_) => false,
        };
        if !fits {
            self.forget_event();
            return Ok(Some(Arrival::Malformed));
        }
        if let Some(silence) = &mut self.silence {
            silence.heard(now);
        }
        let message = (&mut self.topic, self.buffer.frame());
        let message = (std::mem::take(message.0), std::mem::take(message.1));
        Ok(Some(Arrival::Message(message)))
    }

    /// The logins that were refused by it, and to it.
    pub(crate) fn logins(&self) -> (RejectedLogins, RejectedLogins) {
        (self.denied.clone(), self.subscriber.rejected_logins())
    }

    fn reject(&mut self) -> SourceMessage {
        self.forget_event();
        self.malformed += 1;
        SourceMessage::Malformed
    }

    /// The event is not taken: it must not be kept until the next one comes, as long as it may be.
    fn forget_event(&mut self) {
        self.buffer.frame().clear();
    }
}

impl CommandSource for SubscriptionSource {
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

    fn look(&mut self, now: Instant) -> Option<SilenceCallback> {
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
            self.revive(now);
        }
        if !self.silence.as_mut()?.has_passed(now) {
            return None;
        }
        self.silences += 1;
        // A login takes its time, and one that was refused has times of its own.
        if !self.subscriber.awaits_login() {
            self.renew(now, "nothing is heard from a publisher");
        }
        let callback = self.on_silence.as_ref()?;
        if self.telling.swap(true, Ordering::Relaxed) {
            return None;
        }
        Some(SilenceCallback {
            callback: Arc::clone(callback),
            waits: Arc::clone(&self.telling),
            endpoint: self.subscriber.endpoint().to_owned(),
        })
    }

    fn excuse(&mut self, now: Instant) {
        if let Some(silence) = &mut self.silence {
            silence.heard(now);
        }
    }

    fn settle(&mut self) -> Result<(), SocketError> {
        self.subscriber.maintain()
    }

    fn take(
        &mut self,
        dispatcher: &Dispatcher,
        now: Instant,
    ) -> Result<SourceMessage, SocketError> {
        match self.receive()? {
            None => return Ok(SourceMessage::Nothing),
            Some(Arrival::Malformed) => {
                let reason = "a message without a topic, or with more than an event";
                dispatcher.complain(format_args!("{reason}, at {}", self.endpoint()), None);
                return Ok(self.reject());
            }
            Some(Arrival::Message(())) => {}
        }
        // Once: asking libzmq where the bytes are takes longer than most of what is done with them.
        let topic: &[u8] = &self.topic;
        if !self.losses.is_at_hand(topic) && !self.subscriber.covers(topic) {
            // Also what was on its way when its topic was given up.
            return Ok(self.reject());
        }
        // Others may publish to it as well, and in each other's names.
        let connection = if self.subscriber.is_bound() {
            self.buffer.frame().connection_number()
        } else {
            0
        };
        let Some((front, read)) = dispatcher.read_event(topic, &mut self.buffer, now) else {
            return Ok(self.reject());
        };
        if let Some(silence) = &mut self.silence {
            silence.heard(now);
        }
        Ok(match read {
            EventFrame::Heartbeat => {
                self.heartbeats += 1;
                self.losses.heartbeat(front.publisher);
                self.forget_event();
                SourceMessage::Something
            }
            EventFrame::Refused => {
                let EventOrigin {
                    publisher,
                    sequence,
                } = front;
                self.losses
                    .event(publisher, topic, sequence, connection, now);
                self.forget_event();
                SourceMessage::Something
            }
            EventFrame::Job(job) => {
                let EventOrigin {
                    publisher,
                    sequence,
                } = front;
                self.losses
                    .event(publisher, topic, sequence, connection, now);
                SourceMessage::Job(job)
            }
        })
    }

    fn close_and_release(self) {
        self.subscriber.close_and_release();
    }
}
