//! What sockets that only receive have in common: one endpoint each, whole messages, a clean end.

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

/// A message of frames as they were expected, or none of it.
///
/// What does not fit is answered one by one, too: a peer that sends nothing else must not keep its reader in a loop.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival<T> {
    Message(T),
    /// Too many frames, too few, or too long ones.
    Odd,
}

pub(super) struct RecvSocket {
    pub(super) socket: RawSocket,
    /// None of `inproc`, and while another monitor is on the socket.
    news: Option<Monitor>,
    outbound: OutboundConnection,
    address: BoundAddress,
    poller: Arc<Poller>,
    narrow: MarkReducer,
}

/// Where the socket is; forgotten when it goes.
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

    /// The endpoint, with its wildcards resolved.
    pub(super) fn endpoint(&self) -> &str {
        &self.address.resolved
    }

    pub(super) fn poller(&self) -> Arc<Poller> {
        Arc::clone(&self.poller)
    }

    /// Connects another socket and goes on with it. Whoever waits notices.
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

    /// When to [follow](Self::follow) the endpoint's name, if nothing happens until then.
    pub(super) fn due(&self) -> Option<Instant> {
        self.outbound.follow_due()
    }

    /// Connects to where the endpoint is now, if it is time to.
    pub(super) fn follow(&mut self) {
        if let Err(error) = self.outbound.follow(&mut self.socket, &self.poller) {
            complain_of(self.outbound.endpoint(), &error);
        }
    }

    /// When to [renew](Self::renew) a connection that is not made again otherwise.
    pub(super) fn reconnect_due(&self) -> Option<Instant> {
        self.outbound.reconnect_due()
    }

    /// Whether the login was refused, and is to be tried again when the [reconnection](Self::reconnect_due) is due.
    pub(super) fn is_refused(&self) -> bool {
        self.outbound.failure().is_some()
    }

    /// A login was refused, or not answered yet.
    pub(super) fn awaits_login(&self) -> bool {
        self.outbound.awaits_login()
    }

    /// How often the login was refused.
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
            // A connection to a bound endpoint begins with the mark that this was bound with.
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

    /// Takes the next message, its frames in place: moving them about takes longer than receiving them. Of an odd one
    /// they hold anything.
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
                // Frames of one message arrive together: only the first can be missing.
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

    /// Takes in what becomes of connections, and no message. To be called from [time to time](super::UnreadTimer) while nothing
    /// is received: libzmq keeps some 10 kB for each peer that has come, also if it has gone again, until then.
    ///
    /// From the first time on libzmq [holds fewer messages](MarkReducer).
    ///
    /// May take the signal of a message's arrival.
    pub(super) fn settle(&mut self) -> Result<(), SocketError> {
        self.narrow(Instant::now())?;
        self.socket.settle()?;
        self.read_news()
    }

    /// Ends the monitor.
    fn stop_news(&mut self) {
        if let Some(news) = self.news.take() {
            self.socket.stop_monitor();
            drop(news);
        }
    }

    /// Another monitor has taken the place of this one's.
    pub(super) fn drop_news(&mut self) {
        self.news = None;
    }

    /// Takes the place of that other monitor.
    pub(super) fn resume_news(&mut self) -> Result<(), SocketError> {
        let (news, descriptors) = watch(&self.socket, self.outbound.endpoint())?;
        self.poller.replace(descriptors);
        self.news = news;
        Ok(())
    }

    /// Closes the socket and frees its endpoint.
    pub(super) fn close_and_release(&mut self) {
        self.stop_news();
        let BoundAddress {
            resolved,
            direction,
        } = &self.address;
        // Nobody else can want what was only connected.
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

/// What to wait for, and what tells of connections.
fn watch(
    socket: &RawSocket,
    endpoint: &Endpoint,
) -> Result<(Option<Monitor>, Vec<OwnedFd>), SocketError> {
    // First: with a monitor that nobody reads nothing may fail any more.
    let mut descriptors = vec![socket.descriptor()?];
    let mut monitor = match endpoint.direction() {
        // Of `inproc` libzmq tells nothing.
        _ if endpoint.is_inproc() => None,
        Direction::Connect => Some(Monitor::of_connections(socket)?),
        Direction::Bind => Some(Monitor::of_changes(socket)?),
    };
    if let Some(monitor) = &mut monitor {
        descriptors.push(monitor.descriptor()?);
    }
    Ok((monitor, descriptors))
}

/// A socket that is neither bound nor connected yet.
pub(super) fn socket(
    kind: zmq::SocketType,
    options: &SocketOptions,
) -> Result<RawSocket, SocketError> {
    // It sends nothing but subscriptions. Those for a publisher that is gone would hold up the end for all of the linger.
    let options = SocketOptions {
        linger: Duration::ZERO,
        ..options.clone()
    };
    RawSocket::new(kind, &options)
}
