//! The context of a call, for its handler.

use std::cell::Cell;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::{Method, RawMethod};
use crate::dialect::Dialect;
use crate::socket::Frame;
use crate::wire::Metadata;

/// The context of a call: the caller, the metadata beside the arguments, the remaining time.
///
/// The server passes it to a method whose first parameter is `cx: &CallContext`. The context is no argument and does
/// not travel.
///
/// A call that a handler makes to another server, on the handler's own thread, never outlasts the call being served:
/// its time limit is capped by [`remaining`](Self::remaining).
pub struct CallContext {
    frame: Frame,
    method: &'static Method,
    /// When the request arrived.
    received_at: Instant,
    deadline: Option<Instant>,
    topic: Option<Box<str>>,
    /// Whether the metadata may say who calls.
    trusts_user: bool,
}

/// The key of the metadata in which a client says on whose behalf it calls, where it is trusted in that.
const USER_KEY: &str = "zmqrpc-user";

static NO_METHOD: Method = Method::new("", "", 0, "");

impl CallContext {
    /// Returns a context for a request that is yet to be received.
    pub(super) fn buffer(now: Instant) -> Self {
        Self {
            frame: Frame::new(),
            method: &NO_METHOD,
            received_at: now,
            deadline: None,
            topic: None,
            trusts_user: false,
        }
    }

    /// Sets whether the metadata of the request to be received may say who calls.
    #[inline]
    pub(super) fn trust_user(&mut self, trusts_user: bool) {
        self.trusts_user = trusts_user;
    }

    pub(super) fn frame_mut(&mut self) -> &mut Frame {
        &mut self.frame
    }

    pub(super) fn fill(
        &mut self,
        method: &'static Method,
        received_at: Instant,
        deadline: Option<Instant>,
        topic: Option<Box<str>>,
    ) {
        self.method = method;
        self.received_at = received_at;
        self.deadline = deadline;
        self.topic = topic;
    }

    /// Frees the frame and the topic.
    pub(super) fn clear(&mut self) {
        self.frame.clear();
        self.topic = None;
    }

    /// Returns the called method. What a [fallback](crate::ServerBuilder::fallback) answers is the method `*` of no service;
    /// [`called`](Self::called) tells what it was asked for.
    #[must_use]
    pub fn method(&self) -> &'static Method {
        self.method
    }

    /// Returns the method as the caller has named it: by its name or by its key.
    #[must_use]
    pub fn called(&self) -> RawMethod<'_> {
        // Decoded again, as the metadata is.
        let called = Dialect::of_request(&self.frame).method(&self.frame);
        called.map_or(RawMethod::Name(""), RawMethod::from)
    }

    /// Returns the caller's IP address, as the socket knows it; `None` over `ipc` and `inproc`.
    #[must_use]
    pub fn peer(&self) -> Option<&str> {
        // Over `ipc` libzmq returns "localhost".
        self.frame
            .peer()
            .address()
            .filter(|address| address.parse::<IpAddr>().is_ok())
    }

    /// Returns the name under which the caller logged in; `None` if the server asks for no login, and over `inproc`,
    /// which knows no logins. For calls over a [`Binder`](crate::server::Binder), the name that it passes on, if it is
    /// trusted in that.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        let passed_on = || self.metadata(USER_KEY).filter(|_| self.trusts_user);
        self.frame.peer().user().or_else(passed_on)
    }

    /// Returns how the caller logged in here, `PLAIN` or `CURVE`; `None` if it did not.
    #[must_use]
    pub fn mechanism(&self) -> Option<&str> {
        self.frame.peer().mechanism()
    }

    /// Returns the topic under which the command was published, which is often empty; `None` if the command was called
    /// or pushed.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// Returns the text that the caller sent under `key`.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.all_metadata().get(key)
    }

    /// Returns an iterator over the metadata, in the order in which the caller sent it.
    pub fn metadata_iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all_metadata().iter()
    }

    /// Returns how much longer the caller waits, zero after the deadline; `None` if for ever.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    pub(crate) fn received_at(&self) -> Instant {
        self.received_at
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(crate) fn frame(&self) -> &[u8] {
        &self.frame
    }

    // Decoded again from the frame rather than kept, as most handlers never need it. Its limits were checked when the
    // request arrived.
    fn all_metadata(&self) -> Metadata<'_> {
        Dialect::of_request(&self.frame).metadata(&self.frame)
    }
}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Leaves the metadata out: it may contain tokens.
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

/// Returns the deadline of the call that this thread is serving, which caps all calls made from it.
pub(crate) fn inherited_deadline() -> Option<Instant> {
    DEADLINE.get()
}

/// While a value of this type lives, calls made on its thread end by `deadline`.
pub(crate) struct DeadlineScope {
    outer: Option<Instant>,
}

impl DeadlineScope {
    pub(crate) fn enter(deadline: Option<Instant>) -> Self {
        // A handler can call a service within the process: the earlier deadline applies.
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
