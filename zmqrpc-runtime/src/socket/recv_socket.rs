//! The base of sockets that only receive: one endpoint, whole messages, an orderly close.

mod mark_reducer;

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::mark_reducer::MarkReducer;
use super::close::close_and_release;
use super::monitor::{ConnectionChange, Monitor};
use super::outbound::{OutboundConnection, complain, complain_of};
use super::raw::RawSocket;
use super::{
    Direction, Endpoint, Message, Poller, RejectedLogins, SocketError, SocketOptions, inproc,
};

/// A received message: one with the expected frames, or a malformed one.
///
/// Malformed messages are returned one by one, too: a peer that sends nothing else must not keep the receiver in a
/// loop.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival<T> {
    Message(T),
    /// Too many, too few or too long frames.
    Odd,
}

pub(super) struct RecvSocket {
    pub(super) socket: RawSocket,
    /// `None` for `inproc`, and while another monitor is on the socket.
    news: Option<Monitor>,
    outbound: OutboundConnection,
    address: BoundAddress,
    poller: Arc<Poller>,
    narrow: MarkReducer,
}

/// The endpoint. Dropping it unregisters a bound `inproc` name.
struct BoundAddress {
    resolved: String,
    direction: Direction,
}

impl RecvSocket {
    /// Binds or connects a new socket.
    pub(super) fn open(
        mut socket: RawSocket,
        endpoint: &Endpoint,
        options: &SocketOptions,
    ) -> Result<Self, SocketError> {
        let (news, descriptors) = watch(&socket, endpoint)?;
        let (security, refused) = (&options.security, RejectedLogins::default());
        let mut outbound = OutboundConnection::new(endpoint, security, options.ipv6, refused);
        let open = || {
            let poller = Arc::new(Poller::new(descriptors)?);
            let resolved = match endpoint.direction() {
                Direction::Bind => socket.open(endpoint, options.ipv6)?,
                Direction::Connect => {
                    outbound.dial(&mut socket, &poller)?;
                    endpoint.as_str().to_owned()
                }
            };
            Ok((poller, resolved))
        };
        let opened = open();
        let (poller, resolved) = opened.inspect_err(|_| socket.stop_monitor())?;
        if endpoint.is_inproc() && endpoint.direction() == Direction::Bind {
            inproc::bound(&resolved);
        }
        Ok(Self {
            socket,
            news,
            outbound,
            address: BoundAddress {
                resolved,
                direction: endpoint.direction(),
            },
            poller,
            narrow: MarkReducer::new(endpoint, options),
        })
    }

    /// Returns the endpoint, with its wildcards resolved.
    pub(super) fn endpoint(&self) -> &str {
        &self.address.resolved
    }

    pub(super) fn poller(&self) -> Arc<Poller> {
        Arc::clone(&self.poller)
    }

    /// Connects `socket` and replaces the present one with it. Wakes threads that wait on the poller.
    pub(super) fn renew(&mut self, mut socket: RawSocket) -> Result<(), SocketError> {
        self.outbound.postpone();
        let (news, descriptors) = watch(&socket, self.outbound.endpoint())?;
        let opened = self.outbound.dial(&mut socket, &self.poller);
        opened.inspect_err(|_| socket.stop_monitor())?;
        self.poller.replace(descriptors);
        self.socket.stop_monitor();
        (self.socket, self.news) = (socket, news);
        self.narrow.forget();
        self.outbound.renew();
        Ok(())
    }

    /// Returns when to call [`advance_dial`](Self::advance_dial), unless an event arrives before.
    pub(super) fn due(&self) -> Option<Instant> {
        self.outbound.follow_due()
    }

    /// Takes the next step of dialling, if it is due.
    pub(super) fn follow(&mut self) {
        if let Err(error) = self.outbound.follow(&mut self.socket, &self.poller) {
            complain_of(self.outbound.endpoint(), &error);
        }
    }

    /// Returns when to [reconnect](Self::reconnect), because libzmq does not.
    pub(super) fn reconnect_due(&self) -> Option<Instant> {
        self.outbound.reconnect_due()
    }

    /// Returns whether the last login was refused. The next attempt is made when the
    /// [reconnection](Self::reconnect_due) is due.
    pub(super) fn is_refused(&self) -> bool {
        self.outbound.failure().is_some()
    }

    /// Returns whether a login was refused or is not answered yet.
    pub(super) fn awaits_login(&self) -> bool {
        self.outbound.awaits_login()
    }

    /// Returns the counter of refused logins.
    pub(super) fn refused(&self) -> RejectedLogins {
        self.outbound.refused()
    }

    fn read_news(&mut self) -> Result<(), SocketError> {
        while let Some(news) = &mut self.news
            && let Some((event, place)) = news.next_with_place()?
        {
            self.note(event, &place);
        }
        if let Some(failure) = self.outbound.found(&mut self.socket) {
            complain(self.outbound.endpoint(), failure);
        }
        self.follow();
        Ok(())
    }

    fn note(&mut self, event: ConnectionChange, place: &[u8]) {
        if event == ConnectionChange::Established {
            // libzmq gives a new connection the high-water mark that the endpoint was bound with.
            self.narrow.forget();
        }
        if self.address.direction == Direction::Bind {
            if event == ConnectionChange::Mismatched {
                self.socket.security().note_mismatch();
            }
        } else if !self.outbound.is_over(place)
            && let Some(failure) = self.outbound.note(event, &mut self.socket, &self.poller)
        {
            complain(self.outbound.endpoint(), failure);
        }
    }

    /// Receives the next message into `frames`, in place: moving frames takes longer than receiving them. After a
    /// malformed message, their content is unspecified.
    pub(super) fn receive<const N: usize>(
        &mut self,
        frames: [&mut Message; N],
    ) -> Result<Option<Arrival<()>>, SocketError> {
        let mut frames = frames.into_iter();
        let mut more = false;
        for frame in frames.by_ref() {
            if !self.socket.receive_into(frame)? {
                if self.poller.take_news() {
                    self.read_news()?;
                }
                // The frames of a message arrive together: only the first can be absent.
                return Ok(more.then_some(Arrival::Odd));
            }
            more = frame.more();
            if !more {
                break;
            }
        }
        let whole = !more && frames.next().is_none();
        while more {
            let Some(beyond) = self.socket.receive()? else {
                break;
            };
            more = beyond.more();
        }
        Ok(Some(if whole {
            Arrival::Message(())
        } else {
            Arrival::Odd
        }))
    }

    /// Handles connection events without receiving a message. To be called from [time to time](super::UnreadTimer)
    /// while the socket is left unread: until then, libzmq keeps some 10 kB for each peer that has connected, even
    /// after the peer has disconnected.
    ///
    /// From the first call on, libzmq [queues fewer messages](MarkReducer).
    ///
    /// May consume the signal that a message has arrived.
    pub(super) fn settle(&mut self) -> Result<(), SocketError> {
        self.narrow(Instant::now())?;
        self.socket.settle()?;
        self.read_news()
    }

    /// Stops the monitor.
    fn stop_news(&mut self) {
        if let Some(news) = self.news.take() {
            self.socket.stop_monitor();
            drop(news);
        }
    }

    /// Drops the monitor, because another one has replaced it on the socket.
    pub(super) fn drop_news(&mut self) {
        self.news = None;
    }

    /// Starts a new monitor, which replaces that other one.
    pub(super) fn resume_news(&mut self) -> Result<(), SocketError> {
        let (news, descriptors) = watch(&self.socket, self.outbound.endpoint())?;
        self.poller.replace(descriptors);
        self.news = news;
        Ok(())
    }

    /// Closes the socket and waits until its endpoint is free.
    pub(super) fn close_and_release(&mut self) {
        self.stop_news();
        let BoundAddress {
            resolved,
            direction,
        } = &self.address;
        // Only a bound endpoint can be of use to another socket.
        if *direction == Direction::Bind {
            close_and_release(&mut self.socket, &[(resolved.clone(), *direction)]);
        }
    }
}

impl Drop for RecvSocket {
    fn drop(&mut self) {
        self.stop_news();
    }
}

impl Drop for BoundAddress {
    fn drop(&mut self) {
        if self.direction == Direction::Bind {
            inproc::unbound(&self.resolved);
        }
    }
}

/// Returns the socket's monitor, if it has one, and the descriptors to wait on.
fn watch(
    socket: &RawSocket,
    endpoint: &Endpoint,
) -> Result<(Option<Monitor>, Vec<OwnedFd>), SocketError> {
    // Duplicated first: once a monitor exists, nothing may fail before it is read.
    let mut descriptors = vec![socket.descriptor()?];
    let mut monitor = match endpoint.direction() {
        // libzmq reports nothing about `inproc`.
        _ if endpoint.is_inproc() => None,
        Direction::Connect => Some(Monitor::of_connections(socket)?),
        Direction::Bind => Some(Monitor::of_changes(socket)?),
    };
    if let Some(monitor) = &mut monitor {
        descriptors.push(monitor.descriptor()?);
    }
    Ok((monitor, descriptors))
}

/// Returns a socket that is neither bound nor connected.
pub(super) fn socket(
    kind: zmq::SocketType,
    options: &SocketOptions,
) -> Result<RawSocket, SocketError> {
    // Such sockets only send subscriptions. Those for a publisher that has gone would delay the close for the full
    // linger.
    let options = SocketOptions {
        linger: Duration::ZERO,
        ..options.clone()
    };
    RawSocket::new(kind, &options)
}
