//! What stands under a publisher's lock: the socket, the numbers of events, who subscribes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::sequences::TopicSequences;
use super::shared_socket::{SharedSocket, SocketState};
use crate::log;
use crate::socket::{
    AuthFailure, Interest, Message, PubSocket as Socket, PublishError, SocketError, UnsentCounter,
};
use crate::wire::{Event, EventContent, HEARTBEAT_TOPIC, Limits, patch_id};

/// What happens to a message that finds a subscriber's queue full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overflow {
    /// It is dropped for the subscribers that have no room, and goes to all others. Those who miss it count it as lost.
    #[default]
    Drop,
    /// It goes to nobody, and publishing it is [`Error::Overloaded`](crate::Error::Overloaded): one slow subscriber
    /// holds all others up.
    Refuse,
}

/// What a publisher has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublisherStats {
    /// Commands that were handed over, those included that nobody had subscribed.
    pub published: u64,
    /// How often a subscriber was found full. With [`Overflow::Refuse`] it is the number of messages that were refused.
    /// With [`Overflow::Drop`] the subscriber then misses messages until half of its queue is free again: it counts
    /// them, here they count as one.
    pub congested: u64,
    /// Heartbeats that were handed over.
    pub heartbeats: u64,
    /// Subscribers at present.
    pub subscribers: usize,
    /// Logins that were refused here.
    pub denied: u64,
    /// How often this publisher was not let in: for a wrong login, for having none, or since none was asked for.
    pub unauthenticated: u64,
}

/// A publisher's socket behind its lock.
pub(super) type PublisherSocket = SharedSocket<PublisherState>;

pub(super) struct PublisherState {
    pub(super) socket: Socket,
    sequences: TopicSequences,
    stats: PublisherStats,
}

/// Why there are fewer subscribers than were waited for.
pub(super) enum MissingSubscribers {
    /// There are so many, and the time is over; why nobody can be reached, if it is for an endpoint's name.
    Only(usize, Option<String>),
    /// Nobody lets this publisher in.
    Denied(AuthFailure),
}

/// Why a message was not published.
pub(super) enum NotPublished {
    Full,
    Broken(SocketError),
}

impl PublisherSocket {
    pub(super) fn of(socket: Socket) -> Self {
        let poller = socket.poller();
        let state = PublisherState {
            socket,
            sequences: TopicSequences::default(),
            stats: PublisherStats::default(),
        };
        Self::new(state, poller)
    }

    /// Uses the socket and leaves it to whoever waits at it.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut PublisherState) -> R) -> R {
        let mut state = self.lock();
        state.uses += 1;
        let result = act(&mut state);
        if state.polled || state.is_due() {
            self.settle(&mut state);
        }
        result
    }

    /// Publishes a heartbeat. Where nothing else is published, this is when subscribers are heard.
    pub(super) fn heartbeat(&self, publisher: u64) -> Result<(), NotPublished> {
        let mut state = self.lock();
        let sent = state.heartbeat(publisher);
        self.settle(&mut state);
        sent
    }

    /// Publishes a heartbeat that is marked, or nothing where a subscriber has no room for it.
    pub(super) fn counter(
        &self,
        publisher: u64,
        counter: &Arc<UnsentCounter>,
    ) -> Result<(), NotPublished> {
        let mut state = self.lock();
        let sent = state.counter(publisher, counter);
        self.settle(&mut state);
        sent
    }

    pub(super) fn stats(&self) -> PublisherStats {
        let mut state = self.lock();
        self.settle(&mut state);
        state.stats
    }

    /// Waits until there are `count` subscribers.
    pub(super) fn wait_subscribers(
        &self,
        count: usize,
        limit: Duration,
    ) -> Result<Result<(), MissingSubscribers>, SocketError> {
        // A time that the clock cannot express is no limit.
        let deadline = Instant::now().checked_add(limit);
        let mut state = self.lock();
        self.settle(&mut state);
        // Those from before say nothing of the next try.
        let refused = state.socket.rejected_logins().get();
        loop {
            state.socket.retry_login_soon();
            self.settle(&mut state);
            if state.stats.subscribers >= count {
                return Ok(Ok(()));
            }
            if let Some(denial) = state.socket.login_failure_since(refused) {
                return Ok(Err(MissingSubscribers::Denied(denial)));
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                let obstacle = state.socket.resolve_failure();
                return Ok(Err(MissingSubscribers::Only(
                    state.stats.subscribers,
                    obstacle,
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
    /// Publishes an encoded event, whose number is not written yet.
    pub(super) fn publish(
        &mut self,
        topic: &[u8],
        mut event: Message,
        overflow: Overflow,
    ) -> Result<(), NotPublished> {
        let Self { socket, stats, .. } = self;
        self.sequences.next(topic, |number| {
            patch_id(&mut event, number);
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

    /// Publishes a heartbeat. Who has no room for it has other messages that say the same.
    fn heartbeat(&mut self, publisher: u64) -> Result<(), NotPublished> {
        self.beat(publisher, |socket, frame| {
            socket.send_lossy(HEARTBEAT_TOPIC, Message::copy_of(frame))
        })
    }

    fn counter(
        &mut self,
        publisher: u64,
        counter: &Arc<UnsentCounter>,
    ) -> Result<(), NotPublished> {
        self.beat(publisher, |socket, frame| {
            socket.send(HEARTBEAT_TOPIC, Message::copy_of(frame).tracked_by(counter))
        })
    }

    fn beat(
        &mut self,
        publisher: u64,
        send: impl FnOnce(&mut Socket, &[u8]) -> Result<(), PublishError>,
    ) -> Result<(), NotPublished> {
        let socket = &mut self.socket;
        self.sequences.next(HEARTBEAT_TOPIC, |sequence| {
            let event = Event {
                sequence,
                publisher,
                content: EventContent::Heartbeat,
            };
            let mut frame = Vec::new();
            // It has neither name nor metadata that could be too long.
            let _ = event.encode(&mut frame, &Limits::default());
            send(socket, &frame)
        })?;
        self.stats.heartbeats += 1;
        Ok(())
    }
}

impl SocketState for PublisherState {
    fn take_in(&mut self) -> bool {
        let before = self.stats.subscribers;
        if let Err(error) = self.socket.maintain() {
            log::line!(error, error = log::text(&error); "a connection cannot be made");
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
                    log::line!(error, error = log::text(&error); "what subscribers say cannot be read");
                    break;
                }
            }
        }
        self.stats.subscribers != before
    }

    fn is_cut(&self) -> bool {
        self.socket.awaits_reconnect()
    }

    fn must_look(&self) -> bool {
        self.socket.needs_polling()
    }

    fn close_and_release(&mut self) {
        self.socket.close_and_release();
    }
}

impl From<PublishError> for NotPublished {
    fn from(unpublished: PublishError) -> Self {
        match unpublished {
            PublishError::Full(_) => Self::Full,
            PublishError::Broken(error) => Self::Broken(error),
        }
    }
}
