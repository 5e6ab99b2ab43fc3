//! The subscriber's socket: receives what is published at one endpoint.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::frame::Frame;
use super::monitor::Monitor;
use super::raw::{RawSocket, WouldBlock};
use super::recv_socket::{self, RecvSocket};
use crate::socket::arrival::Arrival;
use crate::socket::connection_change::ConnectionChange;
use crate::socket::{Direction, Endpoint, Poller, RejectedLogins, SocketError, SocketOptions};

/// An XSUB at one endpoint.
///
/// Not a SUB, which drops messages of other topics within one receive, so that a publisher which sends nothing else
/// keeps its subscriber there for ever.
pub(crate) struct SubSocket {
    recv: RecvSocket,
    endpoint: Endpoint,
    options: SocketOptions,
    topics: BTreeSet<Vec<u8>>,
    rebinding: Option<Rebinding>,
}

/// A bound endpoint that is closed and to be bound again.
struct Rebinding {
    /// Reports when libzmq has closed the endpoint, which it does in the background. To bind before that would fail or,
    /// with `ipc`, be undone.
    listener_monitor: Monitor,
    since: Instant,
    /// Whether the endpoint is bound again, but its monitor could not be started for lack of descriptors.
    is_bound: bool,
}

/// How long libzmq may take to close an endpoint.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

const SUBSCRIBE: u8 = 1;
const UNSUBSCRIBE: u8 = 0;

impl SubSocket {
    /// Opens the socket. A connection is established in the background. Each topic is a prefix.
    pub(crate) fn open(
        endpoint: &Endpoint,
        topics: BTreeSet<Vec<u8>>,
        options: &SocketOptions,
    ) -> Result<Self, SocketError> {
        let socket = with_topics(&topics, options)?;
        Ok(Self {
            recv: RecvSocket::open(socket, endpoint, options)?,
            endpoint: endpoint.clone(),
            options: options.clone(),
            topics,
            rebinding: None,
        })
    }

    /// Returns the endpoint, with its wildcards resolved.
    pub(crate) fn endpoint(&self) -> &str {
        self.recv.endpoint()
    }

    pub(crate) fn poller(&self) -> Arc<Poller> {
        self.recv.poller()
    }

    /// Returns whether the endpoint is bound, so that any number of publishers may connect.
    pub(crate) fn is_bound(&self) -> bool {
        self.endpoint.direction() == Direction::Bind
    }

    /// Subscribes to a prefix. Returns `false` if it was subscribed to already.
    pub(crate) fn subscribe(&mut self, topic: &[u8]) -> Result<bool, SocketError> {
        let new = !self.topics.contains(topic);
        if new {
            send_subscription(&mut self.recv.socket, SUBSCRIBE, topic)?;
            self.topics.insert(topic.to_vec());
        }
        Ok(new)
    }

    /// Ends a subscription. Returns `false` if there was none.
    pub(crate) fn unsubscribe(&mut self, topic: &[u8]) -> Result<bool, SocketError> {
        let was_subscribed = self.topics.remove(topic);
        if was_subscribed {
            send_subscription(&mut self.recv.socket, UNSUBSCRIBE, topic)?;
        }
        Ok(was_subscribed)
    }

    /// Returns whether a subscription covers this topic.
    pub(crate) fn covers(&self, topic: &[u8]) -> bool {
        (0..=topic.len()).any(|end| self.topics.contains(&topic[..end]))
    }

    /// Receives the next message: its topic and the event. `None` if no message is left: only then may a thread wait on
    /// the socket.
    ///
    /// A publisher can send topics that were never subscribed to, or no longer are.
    pub(crate) fn receive(
        &mut self,
        topic: &mut Frame,
        event: &mut Frame,
    ) -> Result<Option<Arrival<()>>, SocketError> {
        self.recv.receive([topic, event])
    }

    /// Receives the next message with all of its frames, for who looks at what is no event, too. `None` if no message is
    /// left. What goes beyond some number of frames, or `max_bytes` of them together, is dropped; the number of these
    /// frames is returned.
    pub(crate) fn receive_whole(
        &mut self,
        max_bytes: usize,
    ) -> Result<Option<(Vec<Frame>, usize)>, SocketError> {
        self.recv.receive_whole(max_bytes)
    }

    /// As [`PullSocket::maintain`](super::PullSocket::maintain).
    pub(crate) fn maintain(&mut self) -> Result<(), SocketError> {
        self.recv.maintain()
    }

    /// Closes the connections and opens new ones, with the same topics. Messages that were not received yet are lost.
    /// Returns `false` if this could not help.
    ///
    /// A bound socket closes its endpoint, and its publishers reconnect once [`rebind`](Self::rebind) has bound it
    /// again.
    pub(crate) fn reconnect(&mut self, now: Instant) -> Result<bool, SocketError> {
        if self.rebinding.is_some() {
            return Ok(false);
        }
        if self.endpoint.direction() == Direction::Connect {
            let socket = with_topics(&self.topics, &self.options)?;
            self.recv.reconnect(socket)?;
            return Ok(true);
        }
        // Within a machine no connection breaks unnoticed, and `inproc` publishers would not reconnect.
        if !self.endpoint.is_tcp() {
            return Ok(false);
        }
        let listener_monitor = Monitor::of_closings(&self.recv.socket)?;
        self.recv.drop_monitor();
        let resolved = self.recv.endpoint().to_owned();
        let is_closed = self.recv.socket.close(&resolved, Direction::Bind);
        self.rebinding = Some(Rebinding {
            listener_monitor,
            since: now,
            is_bound: false,
        });
        is_closed.map(|()| true)
    }

    /// Returns whether the last login was refused. The next attempt is made when the
    /// [reconnection](Self::reconnect_due) is due.
    pub(crate) fn is_login_refused(&self) -> bool {
        self.recv.is_login_refused()
    }

    /// Returns whether a login was refused or is not answered yet. Silence does not mean a lost connection then.
    pub(crate) fn awaits_login(&self) -> bool {
        self.recv.awaits_login()
    }

    /// Returns the counter of refused logins.
    pub(crate) fn rejected_logins(&self) -> RejectedLogins {
        self.recv.rejected_logins()
    }

    /// Returns when to call [`advance_dial`](Self::advance_dial), unless an event arrives before.
    pub(crate) fn dial_due(&self) -> Option<Instant> {
        self.recv.dial_due()
    }

    /// Takes the next step of dialling, if it is due.
    pub(crate) fn advance_dial(&mut self) {
        self.recv.advance_dial();
    }

    /// Returns when to [reconnect](Self::reconnect), because libzmq does not.
    pub(crate) fn reconnect_due(&self) -> Option<Instant> {
        self.recv.reconnect_due()
    }

    /// Returns whether the endpoint is closed and not bound again yet.
    pub(crate) fn is_rebinding(&self) -> bool {
        self.rebinding.is_some()
    }

    /// Binds the endpoint again once it is free. To be called from time to time until
    /// [`is_rebinding`](Self::is_rebinding) returns `false`.
    pub(crate) fn rebind(&mut self, now: Instant) -> Result<(), SocketError> {
        let Some(rebinding) = &mut self.rebinding else {
            return Ok(());
        };
        let mut is_closed = now.saturating_duration_since(rebinding.since) >= CLOSE_TIMEOUT;
        while let Some(event) = rebinding.listener_monitor.next()? {
            is_closed |= event == ConnectionChange::ListenerClosed;
        }
        if !is_closed {
            return Ok(());
        }
        // Another process may take the port from now on, and each further attempt may succeed.
        rebinding.since = now.checked_sub(CLOSE_TIMEOUT).unwrap_or(now);
        if !rebinding.is_bound {
            let resolved = self.recv.endpoint();
            let endpoint = Endpoint::parse(resolved, Direction::Bind)
                .map_err(|reason| SocketError::refused("bind", &reason))?;
            self.recv.socket.open(&endpoint, self.options.ipv6)?;
            rebinding.is_bound = true;
        }
        // A new monitor replaces the one for the closed listener.
        self.recv.resume_monitor()?;
        self.rebinding = None;
        Ok(())
    }

    fn stop_rebinding(&mut self) {
        if let Some(rebinding) = self.rebinding.take() {
            self.recv.socket.stop_monitor();
            drop(rebinding);
        }
    }

    /// Closes the socket and waits until its endpoint is free.
    pub(crate) fn close_and_release(mut self) {
        self.stop_rebinding();
        self.recv.close_and_release();
    }
}

impl Drop for SubSocket {
    fn drop(&mut self) {
        self.stop_rebinding();
    }
}

fn with_topics(
    topics: &BTreeSet<Vec<u8>>,
    options: &SocketOptions,
) -> Result<RawSocket, SocketError> {
    let mut socket = recv_socket::socket(zmq::XSUB, options)?;
    // Subscriptions are messages: libzmq would silently drop those that exceed the high-water mark.
    let set = SocketError::of("setting a socket option");
    socket.options().set_sndhwm(0).map_err(set)?;
    for topic in topics {
        send_subscription(&mut socket, SUBSCRIBE, topic)?;
    }
    Ok(socket)
}

fn send_subscription(socket: &mut RawSocket, kind: u8, topic: &[u8]) -> Result<(), SocketError> {
    let mut frame = Vec::with_capacity(1 + topic.len());
    frame.push(kind);
    frame.extend_from_slice(topic);
    match socket.send(&mut Frame::from(frame), false) {
        // Without a publisher there is no receiver yet: the socket sends its subscriptions to each that connects.
        Ok(()) | Err(WouldBlock::Full | WouldBlock::Unreachable) => Ok(()),
        Err(WouldBlock::Broken(error)) => Err(error),
    }
}
