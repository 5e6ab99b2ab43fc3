//! The state behind a publisher's lock: the socket, the sequence numbers, the number of subscribers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::DIALECT;
use super::sequences::TopicSequences;
use super::shared_socket::{SharedSocket, SocketState};
use crate::log;
use crate::socket::{
    AuthFailure, Frame, Interest, PubSocket as Socket, PublishError, SocketError, UnsentCounter,
};
use crate::wire::HEARTBEAT_TOPIC;

/// What happens to a message when a subscriber's queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overflow {
    /// The message is dropped for the subscribers that have no room, which count it as lost, and goes to all others.
    #[default]
    Drop,
    /// The message goes to no subscriber, and publishing it fails with [`Error::Overloaded`](crate::Error::Overloaded): one
    /// slow subscriber holds up all others.
    Refuse,
}

/// Counters of a publisher.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublisherStats {
    /// Commands that were published, including those that had no subscriber.
    pub published: u64,
    /// How often a subscriber's queue was found full. With [`Overflow::Refuse`] it is the number of messages that were
    /// rejected. With [`Overflow::Drop`] the subscriber misses messages until half of its queue is free again; it counts
    /// each of them, whereas here they count once.
    pub congested: u64,
    /// Heartbeats that were published.
    pub heartbeats: u64,
    /// The present number of subscribers.
    pub subscribers: usize,
    /// Logins of subscribers that this publisher rejected.
    pub logins_rejected: u64,
    /// How often a subscriber rejected this publisher's login: because it was wrong, missing, or not asked for.
    pub login_failures: u64,
}

/// A publisher's socket, which its handles share.
pub(super) type PublisherSocket = SharedSocket<PublisherState>;

pub(super) struct PublisherState {
    pub(super) socket: Socket,
    sequences: TopicSequences,
    stats: PublisherStats,
}

/// Why there are fewer subscribers than the caller waited for.
pub(super) enum MissingSubscribers {
    /// The time limit passed with so many subscribers; with the cause if an endpoint's name cannot be resolved.
    Only(usize, Option<String>),
    /// Every peer that the publisher is connected to rejects its login.
    Rejected(AuthFailure),
}

/// Why a message was not published.
pub(super) enum NotPublished {
    Full,
    Broken(SocketError),
}

impl PublisherSocket {
    pub(super) fn from_socket(socket: Socket) -> Self {
        let poller = socket.poller();
        let state = PublisherState {
            socket,
            sequences: TopicSequences::default(),
            stats: PublisherStats::default(),
        };
        Self::new(state, poller)
    }

    /// Calls `act` with the locked state, then reads the socket's events if a thread polls the socket or if it is time to.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut PublisherState) -> R) -> R {
        let mut state = self.lock();
        state.uses_since_drain += 1;
        let result = act(&mut state);
        if state.polled || state.drain_is_due() {
            self.drain_and_notify(&mut state);
        }
        result
    }

    /// Publishes a heartbeat, and reads the socket's events: where nothing else is published, this notices subscribers.
    pub(super) fn publish_heartbeat(&self, publisher: u64) -> Result<(), NotPublished> {
        let mut state = self.lock();
        let sent = state.publish_heartbeat(publisher);
        self.drain_and_notify(&mut state);
        sent
    }

    /// Publishes a heartbeat that `counter` tracks, or none if a subscriber has no room for it.
    pub(super) fn publish_tracked_heartbeat(
        &self,
        publisher: u64,
        counter: &Arc<UnsentCounter>,
    ) -> Result<(), NotPublished> {
        let mut state = self.lock();
        let sent = state.publish_tracked_heartbeat(publisher, counter);
        self.drain_and_notify(&mut state);
        sent
    }

    pub(super) fn stats(&self) -> PublisherStats {
        let mut state = self.lock();
        self.drain_and_notify(&mut state);
        state.stats.clone()
    }

    /// Waits until there are `count` subscribers.
    pub(super) fn wait_subscribers(
        &self,
        count: usize,
        limit: Duration,
    ) -> Result<Result<(), MissingSubscribers>, SocketError> {
        // A limit that the clock cannot express is none.
        let deadline = Instant::now().checked_add(limit);
        let mut state = self.lock();
        self.drain_and_notify(&mut state);
        // Earlier rejections say nothing about the next login attempt.
        let rejected_before = state.socket.rejected_logins().get();
        loop {
            state.socket.retry_login_soon();
            self.drain_and_notify(&mut state);
            if state.stats.subscribers >= count {
                return Ok(Ok(()));
            }
            if let Some(failure) = state.socket.login_failure_since(rejected_before) {
                return Ok(Err(MissingSubscribers::Rejected(failure)));
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                let cause = state.socket.resolve_failure();
                return Ok(Err(MissingSubscribers::Only(
                    state.stats.subscribers,
                    cause,
                )));
            }
            let polls = !state.polled;
            let waited;
            (state, waited) = self.wait(state, deadline);
            if polls {
                self.changed.notify_all();
            }
            waited?;
        }
    }
}

impl PublisherState {
    /// Writes the next sequence number into an encoded event and publishes it.
    pub(super) fn publish(
        &mut self,
        topic: &[u8],
        mut event: Frame,
        overflow: Overflow,
    ) -> Result<(), NotPublished> {
        let Self { socket, stats, .. } = self;
        self.sequences.next(topic, |number| {
            DIALECT.set_id(&mut event, number);
            match (socket.send(topic, event), overflow) {
                (Err(PublishError::Full(_)), Overflow::Refuse) => {
                    stats.congested += 1;
                    Err(NotPublished::Full)
                }
                (Err(PublishError::Full(event)), Overflow::Drop) => {
                    stats.congested += 1;
                    Ok(socket.send_lossy(topic, event)?)
                }
                (sent, _) => Ok(sent?),
            }
        })?;
        self.stats.published += 1;
        Ok(())
    }

    /// Publishes a heartbeat. It is dropped for a subscriber whose queue is full: the messages in there also show that the
    /// publisher is alive.
    fn publish_heartbeat(&mut self, publisher: u64) -> Result<(), NotPublished> {
        self.publish_heartbeat_by(publisher, |socket, frame| {
            socket.send_lossy(HEARTBEAT_TOPIC, frame)
        })
    }

    fn publish_tracked_heartbeat(
        &mut self,
        publisher: u64,
        counter: &Arc<UnsentCounter>,
    ) -> Result<(), NotPublished> {
        self.publish_heartbeat_by(publisher, |socket, frame| {
            socket.send(HEARTBEAT_TOPIC, frame.tracked_by(counter))
        })
    }

    /// Encodes a heartbeat under the next sequence number and passes it to `send`.
    fn publish_heartbeat_by(
        &mut self,
        publisher: u64,
        send: impl FnOnce(&mut Socket, Frame) -> Result<(), PublishError>,
    ) -> Result<(), NotPublished> {
        let socket = &mut self.socket;
        self.sequences.next(HEARTBEAT_TOPIC, |sequence| {
            send(socket, DIALECT.heartbeat(sequence, publisher))
        })?;
        self.stats.heartbeats += 1;
        Ok(())
    }
}

impl SocketState for PublisherState {
    fn drain(&mut self) -> bool {
        let before = self.stats.subscribers;
        if let Err(error) = self.socket.maintain() {
            log::line!(error, error = log::text(&error); "a publisher cannot connect to a subscriber");
        }
        loop {
            match self.socket.next_interest() {
                Ok(Some(Interest::Subscribed(topic))) if *topic == *HEARTBEAT_TOPIC => {
                    self.stats.subscribers += 1;
                }
                Ok(Some(Interest::Unsubscribed(topic))) if *topic == *HEARTBEAT_TOPIC => {
                    self.stats.subscribers = self.stats.subscribers.saturating_sub(1);
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => {
                    log::line!(error, error = log::text(&error); "a publisher cannot read its subscriptions");
                    break;
                }
            }
        }
        self.stats.subscribers != before
    }

    fn awaits_reconnect(&self) -> bool {
        self.socket.awaits_reconnect()
    }

    fn needs_polling(&self) -> bool {
        self.socket.needs_polling()
    }

    fn close_and_release(&mut self) {
        self.socket.close_and_release();
    }
}

impl From<PublishError> for NotPublished {
    fn from(failure: PublishError) -> Self {
        match failure {
            PublishError::Full(_) => Self::Full,
            PublishError::Broken(error) => Self::Broken(error),
        }
    }
}
