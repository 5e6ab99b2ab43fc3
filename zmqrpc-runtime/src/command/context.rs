//! What a handler can learn about the call that it serves.

use std::cell::Cell;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::Method;
use crate::socket::Message;
use crate::wire::{Limits, Metadata, metadata_of};

/// The circumstances of a call: who calls, what travels beside the arguments, how much time remains.
///
/// A method whose first parameter is `cx: &CallContext` gets it from the server; it is no argument and does not
/// travel.
///
/// A call that a handler makes to another server, on the thread that the handler runs on, never outlasts the call
/// that it serves: its time limit is capped by what [`remaining`](Self::remaining) says.
pub struct CallContext {
    frame: Message,
    method: &'static Method,
    /// When it arrived.
    since: Instant,
    deadline: Option<Instant>,
    topic: Option<Box<str>>,
}

static NO_METHOD: Method = Method::new("", "", 0, "");

impl CallContext {
    /// Of a call that is still to come.
    pub(super) fn buffer(now: Instant) -> Self {
        Self {
            frame: Message::new(),
            method: &NO_METHOD,
            since: now,
            deadline: None,
            topic: None,
        }
    }

    pub(super) fn frame_mut(&mut self) -> &mut Message {
        &mut self.frame
    }

    pub(super) fn fill(
        &mut self,
        method: &'static Method,
        since: Instant,
        deadline: Option<Instant>,
        topic: Option<Box<str>>,
    ) {
        self.method = method;
        self.since = since;
        self.deadline = deadline;
        self.topic = topic;
    }

    /// Gives free what the call has brought.
    pub(super) fn clear(&mut self) {
        self.frame.clear();
        self.topic = None;
    }

    /// The method that was called.
    #[must_use]
    pub fn method(&self) -> &'static Method {
        self.method
    }

    /// The caller's IP address, as the socket knows it; none over `ipc` and `inproc`.
    #[must_use]
    pub fn peer(&self) -> Option<&str> {
        // Over `ipc` libzmq says "localhost".
        self.frame
            .peer_address()
            .filter(|address| address.parse::<IpAddr>().is_ok())
    }

    /// The name under which the caller logged in; none where the server asks for no login, and none over `inproc`, where
    /// it cannot.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.frame.login().map(|(_, user)| user)
    }

    /// How the caller logged in: `PLAIN` or `CURVE`; none where [`user_id`](Self::user_id) is none.
    #[must_use]
    pub fn mechanism(&self) -> Option<&str> {
        self.frame.login().map(|(mechanism, _)| mechanism)
    }

    /// The topic that the command was published under, often empty; none of what was called or pushed.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// A text that the caller sent along under `key`.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.all_metadata().get(key)
    }

    /// Everything that the caller sent along, in its order.
    pub fn metadata_iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all_metadata().iter()
    }

    /// How much longer the caller waits; none if for ever. Zero when its time is over.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(crate) fn frame(&self) -> &[u8] {
        &self.frame
    }

    // Read again from the frame rather than kept: most handlers never ask. The limits were kept to when it arrived.
    fn all_metadata(&self) -> Metadata<'_> {
        metadata_of(&self.frame, &Limits::NONE)
    }
}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the metadata: tokens travel there.
        f.debug_struct("CallContext")
            .field("method", &format_args!("{}", self.method))
            .field("peer", &self.peer())
            .field("user_id", &self.user_id())
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}

thread_local! {
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The deadline of the call that this thread is serving: the cap of all calls made from it.
pub(crate) fn inherited_deadline() -> Option<Instant> {
    DEADLINE.get()
}

/// While this lives, calls made on this thread end by `deadline`.
pub(crate) struct DeadlineScope {
    outer: Option<Instant>,
}

impl DeadlineScope {
    pub(crate) fn enter(deadline: Option<Instant>) -> Self {
        // A service within the process can be called by a handler: the tighter of the two holds.
        let outer = DEADLINE.get();
        DEADLINE.set(match (outer, deadline) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        });
        Self { outer }
    }
}

impl Drop for DeadlineScope {
    fn drop(&mut self) {
        DEADLINE.set(self.outer);
    }
}
