//! The caller's socket: one connection to one endpoint.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::create::create;
use super::frame::Frame;
use super::inproc;
use super::load::{Load, NoRoom};
use super::monitor::Monitor;
use super::outbound::OutboundConnection;
use super::raw::{RawSocket, WouldBlock};
use crate::clock::Instant;
use crate::log;
use crate::socket::connection_change::ConnectionChange;
use crate::socket::connection_event::ConnectionEvent;
use crate::socket::requester::Requester;
use crate::socket::upkeep::Upkeep;
use crate::socket::{Endpoint, Poller, RejectedLogins, SocketError, SocketOptions};

/// Messages that one drain reports at most.
const MAX_MESSAGES: usize = 1024;

/// The same for a lost connection, before the loss is reported: replies that arrived before the loss count.
const MAX_LAST_MESSAGES: usize = 65_536;

/// A DEALER with a monitor.
pub(crate) struct DealerSocket {
    outbound: OutboundConnection,
    options: SocketOptions,
    connection: Connected,
    poller: Arc<Poller>,
}

struct Connected {
    socket: RawSocket,
    events: EventSource,
    /// Bytes that libzmq holds for the server.
    load: Load,
}

/// The source of connection events.
enum EventSource {
    Monitor(Monitor),
    /// For `inproc`, about which libzmq reports nothing: the number of the binding that the socket is connected to.
    Binding(Option<u64>),
}

impl DealerSocket {
    /// Opens the socket. The connection is established in the background.
    pub(crate) fn connect(
        endpoint: &Endpoint,
        options: &SocketOptions,
    ) -> Result<Self, SocketError> {
        let (security, rejected_logins) = (&options.security, RejectedLogins::default());
        let mut outbound =
            OutboundConnection::new(endpoint, security, options.ipv6, rejected_logins);
        let mut connection = Connected::new(endpoint, options)?;
        let poller = Arc::new(Poller::new(connection.descriptors()?)?);
        connection.dial(&mut outbound, &poller)?;
        Ok(Self {
            outbound,
            options: options.clone(),
            connection,
            poller,
        })
    }

    pub(crate) fn poller(&self) -> Arc<Poller> {
        Arc::clone(&self.poller)
    }

    /// Returns the counter of refused logins.
    #[cfg(feature = "proxy")]
    pub(crate) fn rejected_logins(&self) -> RejectedLogins {
        self.outbound.rejected_logins()
    }
}

impl Requester for DealerSocket {
    fn send(&mut self, frame: &mut Frame) -> bool {
        let Connected { socket, load, .. } = &mut self.connection;
        let is_tracked = match load.room_for(frame.len()) {
            Ok(None) => false,
            // If the query fails, the send below reports why.
            Ok(Some(load)) if socket.has_room().unwrap_or(true) => {
                *frame = load.track(std::mem::take(frame));
                true
            }
            Ok(Some(_)) | Err(NoRoom) => return false,
        };
        match socket.send(frame, false) {
            Ok(()) => return true,
            Err(WouldBlock::Full | WouldBlock::Unreachable) => {}
            Err(WouldBlock::Broken(error)) => {
                log::line!(error, error = log::text(&error); "a request could not be sent");
            }
        }
        // The connection has just broken. The load must not count a message that is kept.
        if is_tracked {
            *frame = Frame::copy_of(frame);
        }
        false
    }

    fn drain(&mut self, on: impl FnMut(ConnectionEvent)) -> Result<bool, SocketError> {
        self.connection.drain(&mut self.outbound, &self.poller, on)
    }

    fn reconnect(&mut self) -> Result<(), SocketError> {
        let mut connection = Connected::new(self.outbound.endpoint(), &self.options)?;
        let descriptors = connection.descriptors()?;
        self.outbound.reset();
        connection.dial(&mut self.outbound, &self.poller)?;
        self.poller.replace(descriptors);
        self.connection = connection;
        Ok(())
    }

    #[cfg(feature = "proxy")]
    fn take_ready(&mut self) -> bool {
        self.poller.take_ready()
    }
}

impl Upkeep for DealerSocket {
    fn expect_events(&mut self) {
        self.poller.set_monitor_pending();
    }

    fn expects_events(&self) -> bool {
        self.poller.is_monitor_pending()
    }

    fn retry_login_soon(&mut self) {
        self.outbound.retry_login_soon();
    }

    fn resolve_failure(&self) -> Option<String> {
        self.outbound.resolve_failure()
    }

    fn due(&self) -> Option<Instant> {
        self.outbound.due()
    }

    fn needs_polling(&self) -> bool {
        matches!(self.connection.events, EventSource::Binding(None))
            || self.outbound.needs_polling()
    }

    fn is_inproc(&self) -> bool {
        matches!(self.connection.events, EventSource::Binding(_))
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        if let EventSource::Monitor(_) = self.events {
            self.socket.stop_monitor();
        }
    }
}

impl Connected {
    /// Returns a socket that is not connected yet.
    fn new(endpoint: &Endpoint, options: &SocketOptions) -> Result<Self, SocketError> {
        let socket = create(zmq::DEALER, options)?;
        if endpoint.is_inproc() {
            // Connected once the name is bound: libzmq would take requests before that.
            return Ok(Self {
                socket,
                events: EventSource::Binding(None),
                load: Load::default(),
            });
        }
        // Otherwise libzmq queues messages for a server that has gone, and delivers them after its restart: requests
        // would run whose callers were already told that they failed.
        let immediate = socket.options().set_immediate(true);
        immediate.map_err(SocketError::of("setting a socket option"))?;
        let events = EventSource::Monitor(Monitor::of_connections(&socket)?);
        let load = Load::default();
        Ok(Self {
            socket,
            events,
            load,
        })
    }

    fn dial(
        &mut self,
        outbound: &mut OutboundConnection,
        poller: &Arc<Poller>,
    ) -> Result<(), SocketError> {
        match self.events {
            EventSource::Monitor(_) => outbound.dial(&mut self.socket, poller),
            EventSource::Binding(_) => Ok(()),
        }
    }

    fn descriptors(&mut self) -> Result<Vec<OwnedFd>, SocketError> {
        let mut descriptors = vec![self.socket.descriptor()?];
        if let EventSource::Monitor(monitor) = &mut self.events {
            descriptors.push(monitor.descriptor()?);
        }
        Ok(descriptors)
    }

    fn drain(
        &mut self,
        outbound: &mut OutboundConnection,
        poller: &Arc<Poller>,
        mut on: impl FnMut(ConnectionEvent),
    ) -> Result<bool, SocketError> {
        let mut drained = self.drain_messages(MAX_MESSAGES, &mut on)?;
        if !drained {
            return Ok(false);
        }
        if let EventSource::Binding(connected) = self.events {
            return self.check_binding(outbound.endpoint(), connected, on);
        }
        if poller.take_monitor_pending() {
            drained = self.read_monitor(outbound, poller, &mut on)?;
            if let Some(failure) = outbound.take_probe_failure(&mut self.socket) {
                on(ConnectionEvent::LoginRefused(failure));
            }
        }
        if outbound.advance(&mut self.socket, poller)? {
            drained &= self.drain_messages(MAX_MESSAGES, &mut on)?;
        }
        if outbound.should_reconnect() {
            on(ConnectionEvent::Abandoned);
        }
        Ok(drained)
    }

    fn read_monitor(
        &mut self,
        outbound: &mut OutboundConnection,
        poller: &Arc<Poller>,
        on: &mut impl FnMut(ConnectionEvent),
    ) -> Result<bool, SocketError> {
        let mut drained = true;
        while let EventSource::Monitor(monitor) = &mut self.events
            && let Some((event, address)) = monitor.next_with_address()?
        {
            if outbound.is_outdated(&address) {
                continue;
            }
            if let Some(failure) = outbound.on_event(event, &mut self.socket, poller) {
                on(ConnectionEvent::LoginRefused(failure));
            }
            match event {
                ConnectionChange::Established => {
                    // Lets libzmq attach the new connection, so that subsequent sends find it.
                    drained = self.drain_messages(MAX_MESSAGES, on)?;
                    on(ConnectionEvent::Up);
                }
                ConnectionChange::Lost => {
                    // Replies that came before the loss count: the socket holds them already.
                    drained = self.drain_messages(MAX_LAST_MESSAGES, on)?;
                    on(ConnectionEvent::Down);
                }
                // The dialer has ended it, and nothing was sent over it.
                ConnectionChange::SelfConnected => {
                    drained = self.drain_messages(MAX_MESSAGES, on)?;
                }
                ConnectionChange::NotZmtp => on(ConnectionEvent::NotZmtp),
                ConnectionChange::LoginRefused
                | ConnectionChange::Mismatched
                | ConnectionChange::BrokenOff
                | ConnectionChange::Retried
                | ConnectionChange::ListenerClosed
                | ConnectionChange::Accepted => {}
            }
        }
        Ok(drained)
    }

    fn check_binding(
        &mut self,
        endpoint: &Endpoint,
        connected: Option<u64>,
        mut on: impl FnMut(ConnectionEvent),
    ) -> Result<bool, SocketError> {
        let mut drained = true;
        match (connected, inproc::binding(endpoint.as_str())) {
            (None, Some(binding)) => {
                self.socket.open(endpoint, false)?;
                self.events = EventSource::Binding(Some(binding));
                drained = self.drain_messages(MAX_MESSAGES, &mut on)?;
                on(ConnectionEvent::Up);
            }
            (Some(connected), now) if now != Some(connected) => {
                // A server sends its last replies before it unbinds.
                drained = self.drain_messages(MAX_LAST_MESSAGES, &mut on)?;
                on(ConnectionEvent::Abandoned);
            }
            _ => {}
        }
        Ok(drained)
    }

    /// Reports `most` messages at most. Returns whether none is left.
    fn drain_messages(
        &mut self,
        most: usize,
        on: &mut impl FnMut(ConnectionEvent),
    ) -> Result<bool, SocketError> {
        for _ in 0..most {
            let Some(mut frame) = self.socket.receive()? else {
                return Ok(true);
            };
            // The last frame is the message; the frames before it are a route that ends here.
            while frame.more() {
                match self.socket.receive()? {
                    Some(next) => frame = next,
                    None => return Ok(true),
                }
            }
            on(ConnectionEvent::Received(frame));
        }
        Ok(false)
    }
}
