//! An encoded command, out of an event or a job.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dialect::{Dialect, MethodRef, Request};
use crate::socket::Frame;
use crate::wire::{Metadata, MethodKey};

/// A command whose header has been read, and whose arguments have not.
#[derive(Debug)]
pub(crate) struct EncodedCommand {
    frame: Frame,
    head: CommandHead,
    received_at: Instant,
    endpoint: Arc<str>,
}

/// What the header says, without a borrow of the frame.
#[derive(Debug)]
pub(super) struct CommandHead {
    codec: u8,
    method: NamedMethod,
    remaining: Option<Duration>,
    /// How many bytes of arguments are at the frame's end.
    arguments: usize,
}

#[derive(Debug)]
enum NamedMethod {
    Key(MethodKey),
    Name(Box<str>),
}

impl CommandHead {
    pub(super) fn of(request: &Request<'_>) -> Self {
        Self {
            codec: request.codec,
            method: match request.method {
                MethodRef::Key(key) => NamedMethod::Key(key),
                MethodRef::Name(name) => NamedMethod::Name(name.into()),
            },
            remaining: request.remaining,
            arguments: request.body.len(),
        }
    }
}

impl EncodedCommand {
    /// `head` is what was read of `frame`.
    pub(super) fn new(
        frame: Frame,
        head: CommandHead,
        received_at: Instant,
        endpoint: &Arc<str>,
    ) -> Self {
        Self {
            frame,
            head,
            received_at,
            endpoint: Arc::clone(endpoint),
        }
    }

    /// Returns the codec's number, which this build need not know.
    pub(crate) fn codec_id(&self) -> u8 {
        self.head.codec
    }

    pub(crate) fn method(&self) -> MethodRef<'_> {
        match &self.head.method {
            NamedMethod::Key(key) => MethodRef::Key(*key),
            NamedMethod::Name(name) => MethodRef::Name(name),
        }
    }

    pub(crate) fn arguments(&self) -> &[u8] {
        let start = self.frame.len().saturating_sub(self.head.arguments);
        self.frame.get(start..).unwrap_or_default()
    }

    /// Returns how long it was worth executing when it arrived.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        self.head.remaining
    }

    // Decoded again from the frame rather than kept: its limits were checked when it arrived.
    pub(crate) fn metadata(&self) -> Metadata<'_> {
        Dialect::of_request(&self.frame).metadata(&self.frame)
    }

    pub(crate) fn received_at(&self) -> Instant {
        self.received_at
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn peer(&self) -> Option<&str> {
        peer_of(&self.frame)
    }

    pub(crate) fn user_id(&self) -> Option<&str> {
        self.frame.peer().user()
    }

    pub(crate) fn mechanism(&self) -> Option<&str> {
        self.frame.peer().mechanism()
    }

    pub(super) fn into_frame(self) -> (Frame, Instant, Arc<str>) {
        (self.frame, self.received_at, self.endpoint)
    }
}

/// Returns the IP address of the peer that a frame came from.
pub(super) fn peer_of(frame: &Frame) -> Option<&str> {
    // Over `ipc` libzmq returns "localhost".
    let address = frame.peer().address();
    address.filter(|address| address.parse::<IpAddr>().is_ok())
}
