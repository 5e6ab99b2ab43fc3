//! The role of a socket that receives requests of any number of peers and sends them replies.

use super::arrival::Arrival;
use super::route::{Route, RoutedMessage};
use super::{Frame, SocketError};
use crate::clock::Instant;

/// Why a message was not sent. `Full` returns it.
#[derive(Debug)]
pub(crate) enum SendError {
    Full(Box<RoutedMessage>),
    /// The peer has disconnected, or never was connected.
    Gone(Route),
    Broken(SocketError),
}

/// What a server's side of the protocol needs of a socket. Tests have one without a network, in simulated time.
pub(crate) trait Replier {
    /// Receives the next message: its body into `body`; returns its route. `None` if no message is left: only then may
    /// a thread wait on the socket.
    ///
    /// A message without a body or with an overlong route is malformed; `body` is unspecified then.
    fn receive(&mut self, body: &mut Frame) -> Result<Option<Arrival<Route>>, SocketError>;
    /// Sends the whole message, or returns it.
    fn send(&mut self, message: RoutedMessage) -> Result<(), SendError>;
    /// Returns the routes over the connections that it has made itself, to those who send requests over them.
    fn outward(&self) -> Vec<Route> {
        Vec::new()
    }
    /// Returns whether what comes over a route may say on whose behalf it is asked.
    fn trusts_users(&self, _route: &Route) -> bool {
        false
    }
    /// Returns when a reconnection or a step towards one is due, which no event announces.
    fn due(&self) -> Option<Instant>;
}
