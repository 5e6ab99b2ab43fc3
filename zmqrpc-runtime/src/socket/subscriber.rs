//! The subscriber's socket: takes what is published at one endpoint.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::monitor::{ConnectionChange, Monitor};
use super::raw::{RawSocket, WouldBlock};
use super::recv_socket::{self, Arrival, RecvSocket};
use super::{Direction, Endpoint, Message, Poller, RejectedLogins, SocketError, SocketOptions};

/// An XSUB at one endpoint.
///
/// Not a SUB: that one drops what was not subscribed to inside of one receive, so that a publisher which sends nothing
/// else keeps its subscriber there for ever.
pub(crate) struct SubSocket {
    recv: RecvSocket,
    endpoint: Endpoint,
    options: SocketOptions,
    topics: BTreeSet<Vec<u8>>,
    reopening: Option<Reopening>,
}

/// A bound endpoint was left and is to be bound again.
struct Reopening {
    /// Tells when libzmq has left it, which it does in the background. To bind before that would be refused or, with
    /// `ipc`, undone.
    closings: Monitor,
    since: Instant,
    /// That has come true, and what tells of connections has not been found descriptors for.
    is_bound: bool,
}

/// How long libzmq is believed to take to leave an endpoint.
const CLOSING_LIMIT: Duration = Duration::from_secs(1);

const SUBSCRIBE: u8 = 1;
const UNSUBSCRIBE: u8 = 0;

impl SubSocket {
    /// Opens the socket; a connection is made in the background. Each topic is a prefix.
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
            reopening: None,
        })
    }

    /// The endpoint, with its wildcards resolved.
    pub(crate) fn endpoint(&self) -> &str {
        self.recv.endpoint()
    }

    pub(crate) fn poller(&self) -> Arc<Poller> {
        self.recv.poller()
    }

    /// Whether publishers connect to it, any number of them.
    pub(crate) fn is_bound(&self) -> bool {
        self.endpoint.direction() == Direction::Bind
    }

    /// `false` if it was subscribed to before.
    pub(crate) fn subscribe(&mut self, topic: &[u8]) -> Result<bool, SocketError> {
        let new = !self.topics.contains(topic);
        if new {
            tell(&mut self.recv.socket, SUBSCRIBE, topic)?;
            self.topics.insert(topic.to_vec());
        }
        Ok(new)
    }

    /// `false` if it was not subscribed to.
    pub(crate) fn unsubscribe(&mut self, topic: &[u8]) -> Result<bool, SocketError> {
        let known = self.topics.remove(topic);
        if known {
            tell(&mut self.recv.socket, UNSUBSCRIBE, topic)?;
        }
        Ok(known)
    }

    /// Whether a message of this topic is subscribed to.
    pub(crate) fn covers(&self, topic: &[u8]) -> bool {
        (0..=topic.len()).any(|end| self.topics.contains(&topic[..end]))
    }

    /// Takes the next message, its topic and the event, or nothing when all have been taken. After nothing the socket may be waited on.
    ///
    /// A publisher can send what was not subscribed to, or no longer.
    pub(crate) fn receive(
        &mut self,
        topic: &mut Message,
        event: &mut Message,
    ) -> Result<Option<Arrival<()>>, SocketError> {
        self.recv.receive([topic, event])
    }

    /// As [`PullSocket::settle`](super::PullSocket::settle).
    pub(crate) fn settle(&mut self) -> Result<(), SocketError> {
        self.recv.settle()
    }

    /// Gives the connections up and makes new ones, with the same topics. What has not been received is lost. `false`
    /// if there is nothing that this could heal.
    ///
    /// Where the socket is bound, its publishers connect again. That takes [`reopen`](Self::reopen).
    pub(crate) fn renew(&mut self, now: Instant) -> Result<bool, SocketError> {
        if self.reopening.is_some() {
            return Ok(false);
        }
        if self.endpoint.direction() == Direction::Connect {
            let socket = with_topics(&self.topics, &self.options)?;
            self.recv.renew(socket)?;
            return Ok(true);
        }
        // Within a machine no connection breaks unnoticed; and `inproc` publishers would not come again.
        if !self.endpoint.is_tcp() {
            return Ok(false);
        }
        let closings = Monitor::of_closings(&self.recv.socket)?;
        self.recv.drop_news();
        let resolved = self.recv.endpoint().to_owned();
        let left = self.recv.socket.close(&resolved, Direction::Bind);
        self.reopening = Some(Reopening {
            closings,
            since: now,
            is_bound: false,
        });
        left.map(|()| true)
    }

    /// Whether the login was refused, and is to be tried again when the [reconnection](Self::reconnect_due) is due.
    pub(crate) fn is_refused(&self) -> bool {
        self.recv.is_refused()
    }

    /// A login was refused, or not answered yet: that nothing is heard means nothing.
    pub(crate) fn awaits_login(&self) -> bool {
        self.recv.awaits_login()
    }

    /// How often the login was refused.
    pub(crate) fn refused(&self) -> RejectedLogins {
        self.recv.refused()
    }

    /// When to [follow](Self::follow) the endpoint's name, if nothing happens until then.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.recv.due()
    }

    /// Connects to where the endpoint is now, if it is time to.
    pub(crate) fn follow(&mut self) {
        self.recv.follow();
    }

    /// When to [renew](Self::renew) a connection that is not made again otherwise.
    pub(crate) fn reconnect_due(&self) -> Option<Instant> {
        self.recv.reconnect_due()
    }

    /// The endpoint has been left and is not bound again yet.
    pub(crate) fn is_reopening(&self) -> bool {
        self.reopening.is_some()
    }

    /// Binds the endpoint again as soon as it is free. To be called now and then, until that has come true.
    pub(crate) fn reopen(&mut self, now: Instant) -> Result<(), SocketError> {
        let Some(reopening) = &mut self.reopening else {
            return Ok(());
        };
        let mut left = now.saturating_duration_since(reopening.since) >= CLOSING_LIMIT;
        while let Some(event) = reopening.closings.next()? {
            left |= event == ConnectionChange::ListenerClosed;
        }
        if !left {
            return Ok(());
        }
        // From now on the port may be anybody's, and each further try may succeed.
        reopening.since = now.checked_sub(CLOSING_LIMIT).unwrap_or(now);
        if !reopening.is_bound {
            let resolved = self.recv.endpoint();
            let endpoint = Endpoint::parse(resolved, Direction::Bind)
                .map_err(|reason| SocketError::refused("bind", &reason))?;
            self.recv.socket.open(&endpoint, self.options.ipv6)?;
            reopening.is_bound = true;
        }
        // Another monitor takes the place of the one that told of the closing.
        self.recv.resume_news()?;
        self.reopening = None;
        Ok(())
    }

    fn stop_reopening(&mut self) {
        if let Some(reopening) = self.reopening.take() {
            self.recv.socket.stop_monitor();
            drop(reopening);
        }
    }

    /// Closes the socket and frees its endpoint.
    pub(crate) fn close_and_release(mut self) {
        self.stop_reopening();
        self.recv.close_and_release();
    }
}

impl Drop for SubSocket {
    fn drop(&mut self) {
        self.stop_reopening();
    }
}

fn with_topics(
    topics: &BTreeSet<Vec<u8>>,
    options: &SocketOptions,
) -> Result<RawSocket, SocketError> {
    let mut socket = recv_socket::socket(zmq::XSUB, options)?;
    // Subscriptions are messages: those that had no room would be dropped without a word.
    let set = SocketError::of("setting a socket option");
    socket.options().set_sndhwm(0).map_err(set)?;
    for topic in topics {
        tell(&mut socket, SUBSCRIBE, topic)?;
    }
    Ok(socket)
}

fn tell(socket: &mut RawSocket, what: u8, topic: &[u8]) -> Result<(), SocketError> {
    let mut order = Vec::with_capacity(1 + topic.len());
    order.push(what);
    order.extend_from_slice(topic);
    match socket.send(&mut Message::from(order), false) {
        // Without a publisher there is nobody to tell yet: the socket does when one comes.
        Ok(()) | Err(WouldBlock::Full | WouldBlock::Unreachable) => Ok(()),
        Err(WouldBlock::Broken(error)) => Err(error),
    }
}
