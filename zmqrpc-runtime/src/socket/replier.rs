//! The role of a socket that receives requests of any number of peers and sends them replies.

use super::arrival::Arrival;
use super::route::{Route, RoutedMessage};
use super::{Frame, SocketError, Upkeep};

/// Why a message was not sent. `Full` and `Gone` return it.
#[derive(Debug)]
pub(crate) enum SendError {
    Full(Box<RoutedMessage>),
    /// The peer has disconnected, or never was connected.
    Gone(Box<RoutedMessage>),
    Broken(SocketError),
}

/// A connection that a peer has made, as far as the socket watches such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WatchedConnection {
    /// It is there; with a number that no other one gets.
    Open(u64),
    /// It has gone already.
    Lost,
    /// The socket does not watch it: connections within the process, among others.
    Unwatched,
}

/// What a server's side of the protocol needs of a socket. Tests have one without a network, in simulated time.
pub(crate) trait Replier: Upkeep {
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
    /// Returns the connection that a frame has come over.
    fn connection_of(&mut self, _frame: &Frame) -> Result<WatchedConnection, SocketError> {
        Ok(WatchedConnection::Unwatched)
    }
    /// Returns the connections that were lost since the last call, as far as the socket watches them. What has come over
    /// one can be received by then.
    fn take_losses(&mut self) -> Vec<u64> {
        Vec::new()
    }
}
