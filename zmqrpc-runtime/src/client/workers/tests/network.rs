//! What is between a client and its workers: which connections there are, and what has come over them.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use crate::socket::{
    Arrival, Frame, Replier, Route, RoutedMessage, SendError, SocketError, Upkeep,
    WatchedConnection,
};

/// What is between a client and its workers.
#[derive(Default)]
pub(super) struct Network {
    /// What the client has not read yet, with the numbers of the connections.
    pub(super) arrivals: VecDeque<(u64, u32, Frame)>,
    /// How many of these can be received: the others come just after a receive has found nothing.
    pub(super) here: usize,
    /// By serial number.
    pub(super) connections: BTreeMap<u64, Connection>,
    pub(super) lost: Vec<u64>,
    /// Whether the next receive that would find nothing fails.
    pub(super) fails: bool,
    /// The number of the connection that was read from last.
    pub(super) read: u32,
}

pub(super) struct Connection {
    pub(super) name: u64,
    /// 0 if it is not watched. Another connection may have it next.
    pub(super) number: u32,
    pub(super) requests: VecDeque<Frame>,
    pub(super) capacity: usize,
    /// The id of the ping that acknowledges its notice of the end.
    pub(super) notice: Option<u64>,
}

impl Network {
    pub(super) fn of_name(&mut self, name: u64) -> Option<&mut Connection> {
        let mut connections = self.connections.values_mut();
        connections.find(|connection| connection.name == name)
    }

    pub(super) fn of_number(&self, number: u32) -> Option<u64> {
        let mut connections = self.connections.iter();
        let found = connections.find(|(_, connection)| connection.number == number);
        found.map(|(serial, _)| *serial)
    }

    pub(super) fn say(&mut self, serial: u64, frame: Frame) {
        let connection = &self.connections[&serial];
        let (name, number) = (connection.name, connection.number);
        self.arrivals.push_back((name, number, frame));
    }

    pub(super) fn go(&mut self, serial: u64) {
        if self
            .connections
            .remove(&serial)
            .is_some_and(|connection| connection.number != 0)
        {
            self.lost.push(serial);
        }
    }
}

pub(super) struct SimulatedRouter(pub(super) Rc<RefCell<Network>>);

impl Replier for SimulatedRouter {
    fn receive(&mut self, body: &mut Frame) -> Result<Option<Arrival<Route>>, SocketError> {
        let mut network = self.0.borrow_mut();
        if network.here == 0 {
            network.here = network.arrivals.len();
            if std::mem::take(&mut network.fails) {
                return Err(SocketError::inherited());
            }
            return Ok(None);
        }
        network.here -= 1;
        let (name, number, frame) = network.arrivals.pop_front().unwrap();
        network.read = number;
        *body = frame;
        Ok(Some(Arrival::Message(Route::outward(name))))
    }

    fn send(&mut self, message: RoutedMessage) -> Result<(), SendError> {
        let mut network = self.0.borrow_mut();
        let name = message.route.outward_connection().unwrap();
        let connection = network.of_name(name);
        match connection {
            None => {
                network.here = network.arrivals.len();
                Err(SendError::Gone(Box::new(message)))
            }
            Some(connection) if connection.requests.len() >= connection.capacity => {
                Err(SendError::Full(Box::new(message)))
            }
            Some(connection) => {
                connection.requests.push_back(message.message);
                Ok(())
            }
        }
    }

    fn connection_of(&mut self, _: &Frame) -> Result<WatchedConnection, SocketError> {
        let network = self.0.borrow();
        Ok(match network.read {
            0 => WatchedConnection::Unwatched,
            number => network
                .of_number(number)
                .map_or(WatchedConnection::Lost, WatchedConnection::Open),
        })
    }

    fn take_losses(&mut self) -> Vec<u64> {
        let mut network = self.0.borrow_mut();
        network.here = network.arrivals.len();
        std::mem::take(&mut network.lost)
    }
}

impl Upkeep for SimulatedRouter {}
