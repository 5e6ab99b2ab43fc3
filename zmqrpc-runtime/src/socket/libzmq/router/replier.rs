//! A ROUTER in the role of a replier: receives messages with their routes, and sends replies along them.

use super::RouterSocket;
use crate::clock::Instant;
use crate::socket::SocketError;
use crate::socket::accepted_connections::AcceptedConnections;
use crate::socket::arrival::Arrival;
use crate::socket::libzmq::frame::Frame;
use crate::socket::libzmq::load::NoRoom;
use crate::socket::libzmq::outbound::OutboundConnection;
use crate::socket::libzmq::raw::WouldBlock;
use crate::socket::replier::{Replier, SendError, WatchedConnection};
use crate::socket::route::{Route, RoutedMessage};
use crate::socket::upkeep::Upkeep;

/// The largest routing frame, in bytes. ZeroMQ's routing ids are no longer.
const MAX_HOP: usize = 255;

/// Devices that a message may pass at most. No realistic topology has more.
const MAX_HOPS: usize = 16;

/// Routes that are kept for reuse. Replies to queued calls come in bursts, and allocators with small caches are slow
/// with so many.
const MAX_SPARE_ROUTES: usize = 256;

impl Replier for RouterSocket {
    fn receive(&mut self, body: &mut Frame) -> Result<Option<Arrival<Route>>, SocketError> {
        let mut parts = self.spare_routes.pop().unwrap_or_default();
        // Maintenance may change the socket, and the last operation before a wait must be a receive.
        let received = self.socket.receive_into(&mut parts.peer.name)?
            || self.maintain()? && self.socket.receive_into(&mut parts.peer.name)?;
        if !received {
            self.spare_routes.push(parts);
            return Ok(None);
        }
        let mut more = parts.peer.name.more();
        // libzmq delivers a message as the name of a peer if the peer's own name is in use.
        let (mut frames, mut too_long) = (0, parts.peer.name.len() > MAX_HOP);

        while more {
            if frames > 0 {
                let hop = std::mem::take(body);
                too_long |= parts.hops.len() == MAX_HOPS || hop.len() > MAX_HOP;
                if !too_long {
                    parts.hops.push(hop);
                }
            }
            if !self.socket.receive_into(body)? {
                break;
            }
            frames += 1;
            more = body.more();
        }
        if frames == 0 || too_long {
            return Ok(Some(Arrival::Malformed));
        }
        parts.peer.session = None;
        if parts.peer.has_chosen_name() {
            parts.peer.session = self.session_of(body)?;
        }
        Ok(Some(Arrival::Message(Route(Some(parts)))))
    }

    fn send(&mut self, mut delivery: RoutedMessage) -> Result<(), SendError> {
        let Some(parts) = &mut delivery.route.0 else {
            return Err(SendError::Gone(Box::new(delivery)));
        };
        if let Some(session) = parts.peer.session {
            match self.has_ended(session) {
                Ok(false) => {}
                // Another peer may have the name now, and has not sent this request.
                Ok(true) => return Err(SendError::Gone(Box::new(delivery))),
                Err(error) => return Err(SendError::Broken(error)),
            }
        }
        let load = match self.loads.room_for(&parts.peer, delivery.message.len()) {
            Ok(load) => load,
            Err(NoRoom) => return Err(SendError::Full(Box::new(delivery))),
        };
        // The peer's frame stays in the route until the message is sent, since `Full` returns the message.
        match self.socket.send(&mut parts.peer.name, true) {
            Ok(()) => {}
            Err(WouldBlock::Full) => return Err(SendError::Full(Box::new(delivery))),
            Err(WouldBlock::Unreachable) => return Err(SendError::Gone(Box::new(delivery))),
            Err(WouldBlock::Broken(error)) => return Err(SendError::Broken(error)),
        }
        for mut hop in parts.hops.drain(..) {
            self.send_rest(&mut hop, true)?;
        }
        if let Some(parts) = delivery.route.0
            && self.spare_routes.len() < MAX_SPARE_ROUTES
        {
            self.spare_routes.push(parts);
        }
        if let Some(load) = load {
            delivery.message = load.track(delivery.message);
        }
        self.send_rest(&mut delivery.message, false)
    }

    fn connection_of(&mut self, frame: &Frame) -> Result<WatchedConnection, SocketError> {
        let number = frame.connection_number();
        // libzmq reports that it has accepted a connection before it reads from it.
        self.read_monitor()?;
        Ok(match &self.accepted {
            Some(accepted) if number != 0 => match accepted.serial(number) {
                Some(serial) => WatchedConnection::Open(serial),
                None => WatchedConnection::Lost,
            },
            _ => WatchedConnection::Unwatched,
        })
    }

    fn take_losses(&mut self) -> Vec<u64> {
        let accepted = self.accepted.as_mut();
        accepted
            .map(AcceptedConnections::take_lost)
            .unwrap_or_default()
    }
}

impl Upkeep for RouterSocket {
    fn expect_events(&mut self) {
        self.poller.set_monitor_pending();
    }

    fn expects_events(&self) -> bool {
        self.poller.is_monitor_pending()
    }

    fn due(&self) -> Option<Instant> {
        self.connections
            .iter()
            .filter_map(OutboundConnection::due)
            .min()
    }
}

impl RouterSocket {
    fn send_rest(&mut self, frame: &mut Frame, more: bool) -> Result<(), SendError> {
        match self.socket.send(frame, more) {
            // Never fails: libzmq decides with the first frame whether it takes a message, and drops the rest if the
            // peer disconnects.
            Ok(()) | Err(WouldBlock::Full | WouldBlock::Unreachable) => Ok(()),
            Err(WouldBlock::Broken(error)) => Err(SendError::Broken(error)),
        }
    }
}
