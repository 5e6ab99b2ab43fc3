//! Events, and what was lost between them.

use std::sync::Arc;
use std::time::Instant;

use super::command::{CommandHead, EncodedCommand};
use super::source::EncodedSource;
use super::undecoded::UndecodedMessage;
use crate::dialect::{Dialect, EventContent};
use crate::error::Error;
use crate::logins::SecurityByDirection;
use crate::options::ConnectionOptions;
use crate::socket::{Frame, Security, SocketError};
use crate::subscription::{
    EventOrigin, SourceSocket, Subscription, SubscriptionSocket, SubscriptionStats,
    ValidSubscription,
};
use crate::wire::{HEARTBEAT_TOPIC, Limits, MAX_TOPIC, without_hops};

/// A subscription whose events are left encoded.
pub(crate) struct EventReception {
    socket: SubscriptionSocket,
    endpoint: Arc<str>,
}

/// What comes of a subscription, in its order.
#[derive(Debug)]
pub(crate) enum EventArrival {
    /// What was lost stands before the event that shows it.
    Lost(LostEvents),
    Event(EncodedEvent),
    Undecoded(UndecodedMessage),
}

#[derive(Debug)]
pub(crate) struct EncodedEvent {
    pub(crate) topic: Box<str>,
    pub(crate) publisher: u64,
    pub(crate) sequence: u64,
    pub(crate) command: EncodedCommand,
}

/// Events of one publisher and topic that were published and have not arrived, as a gap in its numbers shows: mostly since a
/// queue was full, or a connection broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostEvents {
    publisher: u64,
    topic: Box<str>,
    count: u64,
    endpoint: Arc<str>,
}

impl LostEvents {
    /// Returns how many are lost.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the topic that they were published under.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Returns the publisher's id, which it chose at random when it was made.
    #[must_use]
    pub fn publisher(&self) -> u64 {
        self.publisher
    }

    /// Returns the endpoint that they should have come over, with wildcards resolved.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl EncodedEvent {
    /// Returns it as a message that is no event, since whoever got it cannot read it.
    pub(crate) fn into_undecoded(self, reason: String) -> UndecodedMessage {
        let topic = Frame::copy_of(self.topic.as_bytes());
        let (event, received_at, endpoint) = self.command.into_frame();
        UndecodedMessage::new(vec![topic, event], 0, reason, received_at, &endpoint)
    }
}

/// What was read of an event.
enum EventHead {
    Heartbeat(EventOrigin),
    Command(EventOrigin, Box<str>, CommandHead),
}

impl EventReception {
    /// Checks subscriptions, and opens their sockets.
    pub(crate) fn open_all(
        subscriptions: Vec<Subscription>,
        options: &ConnectionOptions,
    ) -> Result<Vec<Self>, Error> {
        options.check()?;
        let checked = subscriptions.into_iter().map(Subscription::check);
        let checked: Vec<_> = checked.collect::<Result<_, _>>()?;
        let options = options.socket(1000, 1000, Security::Open);
        let open = |subscription: ValidSubscription| {
            // Its logins are its own: there is nobody else's.
            let options = subscription.options(&options, &SecurityByDirection::default());
            subscription.warn_if_exposed(&options);
            let socket = SubscriptionSocket::open(subscription, &options)?;
            let endpoint = socket.endpoint().into();
            Ok(Self { socket, endpoint })
        };
        checked.into_iter().map(open).collect()
    }

    fn read(&self, topic: &[u8], event: &[u8], limits: &Limits) -> Result<EventHead, String> {
        let text = match str::from_utf8(topic) {
            Ok(text) if text.len() <= MAX_TOPIC => Some(text),
            _ if topic == HEARTBEAT_TOPIC => None,
            _ => return Err("the topic is not UTF-8, or too long".into()),
        };
        if !self.socket.expects(topic) {
            return Err("the topic is not subscribed to".into());
        }
        let event = Dialect::of_request(event)
            .decode_event(event, limits)
            .map_err(|error| error.to_string())?;
        let origin = EventOrigin {
            publisher: event.publisher,
            sequence: without_hops(event.sequence),
        };
        match (event.content, text) {
            (EventContent::Heartbeat, None) => Ok(EventHead::Heartbeat(origin)),
            (EventContent::Command(request), Some(text)) => {
                let head = CommandHead::of(&request);
                Ok(EventHead::Command(origin, text.into(), head))
            }
            _ => Err("a heartbeat under a topic of commands, or the reverse".into()),
        }
    }

    fn record(
        &mut self,
        (origin, topic, head): (EventOrigin, Box<str>, CommandHead),
        event: Frame,
        now: Instant,
    ) -> (Option<LostEvents>, EncodedEvent) {
        let connection = self.socket.connection_of(&event);
        let lost = self
            .socket
            .record_event(origin, topic.as_bytes(), connection, now);
        let EventOrigin {
            publisher,
            sequence,
        } = origin;
        let lost = (lost > 0).then(|| LostEvents {
            publisher,
            topic: topic.clone(),
            count: lost,
            endpoint: Arc::clone(&self.endpoint),
        });
        let event = EncodedEvent {
            topic,
            publisher,
            sequence,
            command: EncodedCommand::new(event, head, now, &self.endpoint),
        };
        (lost, event)
    }
}

impl EncodedSource for EventReception {
    type Item = EventArrival;
    type Socket = SubscriptionSocket;
    type Stats = SubscriptionStats;

    fn socket(&self) -> &SubscriptionSocket {
        &self.socket
    }

    fn socket_mut(&mut self) -> &mut SubscriptionSocket {
        &mut self.socket
    }

    fn receive(
        &mut self,
        limits: &Limits,
        now: Instant,
        mut take: impl FnMut(EventArrival, usize),
    ) -> Result<bool, SocketError> {
        let max_bytes = limits.message.saturating_mul(2);
        let Some((frames, left_out)) = self.socket.receive_whole(max_bytes)? else {
            return Ok(false);
        };
        let bytes = frames.iter().map(|frame| frame.len()).sum();
        let read = match &*frames {
            [topic, event] if left_out == 0 => self.read(topic, event, limits),
            _ => Err(format!(
                "a message of {} frames, where an event has two",
                frames.len() + left_out
            )),
        };
        match read {
            Ok(EventHead::Heartbeat(origin)) => self.socket.record_heartbeat(origin, now),
            Ok(EventHead::Command(origin, topic, head)) => {
                let event = frames.into_iter().next_back().unwrap_or_default();
                let (lost, event) = self.record((origin, topic, head), event, now);
                if let Some(lost) = lost {
                    take(EventArrival::Lost(lost), 0);
                }
                take(EventArrival::Event(event), bytes);
            }
            Err(reason) => {
                self.socket.record_malformed();
                let message = UndecodedMessage::new(frames, left_out, reason, now, &self.endpoint);
                take(EventArrival::Undecoded(message), bytes);
            }
        }
        Ok(true)
    }

    fn stats(&self) -> SubscriptionStats {
        self.socket.stats()
    }

    fn close_and_release(self) {
        self.socket.close_and_release();
    }
}
