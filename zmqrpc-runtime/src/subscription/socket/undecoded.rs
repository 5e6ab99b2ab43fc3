//! What a proxy takes of a subscription: events that are forwarded undecoded, and the counters of logins.

use std::time::Instant;

use super::SourceSocket;
use super::SubscriptionSocket;
use crate::dialect::{Dialect, EventContent};
use crate::socket::{Arrival, Frame, RejectedLogins, SocketError};
use crate::wire::{HEARTBEAT_TOPIC, Limits, MAX_TOPIC};

impl SubscriptionSocket {
    /// Receives the next event undecoded, for a proxy that forwards it. Heartbeats are events, too.
    pub(crate) fn receive_raw(
        &mut self,
        limits: &Limits,
        now: Instant,
    ) -> Result<Option<Arrival<(Frame, Frame)>>, SocketError> {
        let (mut topic, mut event) = (Frame::new(), Frame::new());
        match self.receive(&mut topic, &mut event)? {
            None => return Ok(None),
            Some(Arrival::Malformed) => return Ok(Some(Arrival::Malformed)),
            Some(Arrival::Message(())) => {}
        }
        let is_text = topic.len() <= MAX_TOPIC && str::from_utf8(&topic).is_ok();
        let content = Dialect::of_request(&event).decode_event(&event, limits);
        let is_valid = match content.map(|event| event.content) {
            Ok(EventContent::Heartbeat) => *topic == *HEARTBEAT_TOPIC,
            Ok(EventContent::Command(_)) => is_text && self.subscriber.covers(&topic),
            Err(_) => false,
        };
        if !is_valid {
            return Ok(Some(Arrival::Malformed));
        }
        self.reset_silence(now);
        Ok(Some(Arrival::Message((topic, event))))
    }

    /// Returns the counters of the logins that this subscription rejected, and of its own logins that publishers
    /// rejected.
    pub(crate) fn rejected_logins(&self) -> (RejectedLogins, RejectedLogins) {
        (
            self.rejected_logins.clone(),
            self.subscriber.rejected_logins(),
        )
    }
}
