//! An event that is still encoded, and what comes of a subscription.

use std::fmt;

use super::accessors::{command_accessors, unknown_codec};
use crate::codec::Codec;
use crate::reception::{EncodedCommand, EncodedEvent, EventArrival, LostEvents, UndecodedMessage};

/// An event that is still encoded, with its method and its topic.
pub struct RawEvent {
    topic: Box<str>,
    publisher: u64,
    sequence: u64,
    codec: Codec,
    command: EncodedCommand,
}

/// What a [`RawSubscriber`](super::RawSubscriber) hands out, in the order in which it came.
#[derive(Debug)]
#[non_exhaustive]
pub enum RawArrival {
    /// An event.
    Event(RawEvent),
    /// Events that were published and have not arrived. Comes right before the event whose number shows it.
    Lost(LostEvents),
    /// A message that is no event, or none of a codec that this build has.
    Undecoded(UndecodedMessage),
}

impl RawEvent {
    /// Returns the topic, which is often empty.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Returns the id of the publisher, which it chose at random when it was made. Proxies keep it.
    #[must_use]
    pub fn publisher(&self) -> u64 {
        self.publisher
    }

    /// Returns the event's number among those of its publisher and topic, which begin with 1. Proxies keep it.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    command_accessors! {}
}

impl fmt::Debug for RawEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither arguments nor metadata: they may hold secrets.
        f.debug_struct("RawEvent")
            .field("topic", &self.topic)
            .field("publisher", &self.publisher)
            .field("sequence", &self.sequence)
            .field("method", &self.method())
            .field("codec", &self.codec)
            .finish_non_exhaustive()
    }
}

impl From<EncodedEvent> for RawArrival {
    fn from(event: EncodedEvent) -> Self {
        let id = event.command.codec_id();
        let Some(codec) = Codec::from_id(id) else {
            return Self::Undecoded(event.into_undecoded(unknown_codec(id)));
        };
        let EncodedEvent {
            topic,
            publisher,
            sequence,
            command,
        } = event;
        Self::Event(RawEvent {
            topic,
            publisher,
            sequence,
            codec,
            command,
        })
    }
}

impl From<EventArrival> for RawArrival {
    fn from(arrival: EventArrival) -> Self {
        match arrival {
            EventArrival::Event(event) => event.into(),
            EventArrival::Lost(lost) => Self::Lost(lost),
            EventArrival::Undecoded(message) => Self::Undecoded(message),
        }
    }
}
