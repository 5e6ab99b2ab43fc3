//! Where a server's requests come from: a ROUTER, and the clients that it works for.

use std::sync::Arc;

use super::binder_socket::BinderSocket;
use crate::clock::Instant;
use crate::error::{EndpointCause, Error};
use crate::socket::{
    Arrival, Endpoint, Frame, Poller, Replier, Route, RoutedMessage, RouterSocket, SendError,
    SocketError, Upkeep,
};

/// A ROUTER for those who connect, and for hubs; and a DEALER for each client that is bound.
pub(super) struct ServerRouter {
    router: RouterSocket,
    binders: Vec<BinderSocket>,
    /// The number of the last connection that was made to a binder.
    last_connection: u64,
    /// Whether the binders are asked first the next time, so that who sends without end does not keep the others out.
    binders_first: bool,
}

impl ServerRouter {
    pub(super) fn new(router: RouterSocket) -> Self {
        Self {
            router,
            binders: Vec::new(),
            last_connection: 0,
            binders_first: false,
        }
    }

    /// Adds a client to work for.
    pub(super) fn add_binder(&mut self, mut binder: BinderSocket) -> Result<(), Error> {
        let endpoint = binder.endpoint();
        if self
            .binders
            .iter()
            .any(|other| other.endpoint() == endpoint)
        {
            return Err(Error::endpoint_error(endpoint, EndpointCause::Duplicate));
        }
        binder.count_refused(self.router.rejected_logins());
        self.binders.push(binder);
        Ok(())
    }

    /// Returns the pollers of the clients that it works for.
    pub(super) fn binder_pollers(&self) -> impl Iterator<Item = &Arc<Poller>> {
        self.binders.iter().map(BinderSocket::poller)
    }

    pub(super) fn requires_login(&self) -> bool {
        self.router.requires_login()
    }

    /// Adds an endpoint. Returns it with its wildcards resolved.
    pub(super) fn open(&mut self, endpoint: &Endpoint) -> Result<String, SocketError> {
        self.router.open(endpoint)
    }

    /// Removes an endpoint. Returns `false` if there is no such endpoint.
    pub(super) fn close(&mut self, endpoint: &str) -> Result<bool, SocketError> {
        let before = self.binders.len();
        self.binders.retain(|binder| binder.endpoint() != endpoint);
        if self.binders.len() < before {
            return Ok(true);
        }
        self.router.close(endpoint)
    }

    pub(super) fn endpoints(&self) -> impl Iterator<Item = &str> {
        let binders = self.binders.iter().map(BinderSocket::endpoint);
        self.router.endpoints().chain(binders)
    }

    pub(super) fn close_and_release(self) {
        self.router.close_and_release();
    }

    fn receive_of_binders(&mut self) -> Result<Option<(Route, Frame)>, SocketError> {
        for at in 0..self.binders.len() {
            let binder = &mut self.binders[at];
            if let Some(frame) = binder.receive(&mut self.last_connection)?
                && let Some(connection) = binder.connection()
            {
                // The others are first the next time.
                self.binders.rotate_left(at + 1);
                return Ok(Some((Route::outward(connection), frame)));
            }
        }
        Ok(None)
    }

    fn binder_of(&self, route: &Route) -> Option<usize> {
        let connection = Some(route.outward_connection()?);
        let is_meant = |binder: &BinderSocket| binder.connection() == connection;
        self.binders.iter().position(is_meant)
    }
}

impl Replier for ServerRouter {
    fn receive(&mut self, body: &mut Frame) -> Result<Option<Arrival<Route>>, SocketError> {
        if self.binders.is_empty() {
            return self.router.receive(body);
        }
        self.binders_first = !self.binders_first;
        if self.binders_first
            && let Some((route, frame)) = self.receive_of_binders()?
        {
            *body = frame;
            return Ok(Some(Arrival::Message(route)));
        }
        if let Some(arrival) = self.router.receive(body)? {
            return Ok(Some(arrival));
        }
        Ok(self.receive_of_binders()?.map(|(route, frame)| {
            *body = frame;
            Arrival::Message(route)
        }))
    }

    fn send(&mut self, mut message: RoutedMessage) -> Result<(), SendError> {
        if self.binders.is_empty() || message.route.outward_connection().is_none() {
            return self.router.send(message);
        }
        let Some(at) = self.binder_of(&message.route) else {
            return Err(SendError::Gone(Box::new(message)));
        };
        if self.binders[at].send(&mut message.message) {
            Ok(())
        } else {
            Err(SendError::Full(Box::new(message)))
        }
    }

    fn outward(&self) -> Vec<Route> {
        let connections = self.binders.iter().filter_map(BinderSocket::connection);
        connections.map(Route::outward).collect()
    }

    fn trusts_users(&self, route: &Route) -> bool {
        !self.binders.is_empty()
            && self
                .binder_of(route)
                .is_some_and(|at| self.binders[at].trusts_users())
    }
}

impl Upkeep for ServerRouter {
    fn due(&self) -> Option<Instant> {
        let binders = self.binders.iter().filter_map(BinderSocket::due);
        self.router.due().into_iter().chain(binders).min()
    }
}
