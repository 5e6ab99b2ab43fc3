//! The connection of a worker to a client that is bound.

use std::collections::VecDeque;
use std::sync::Arc;

use super::binder::Binder;
use super::dispatcher::Dispatcher;
use crate::clock::Instant;
use crate::dialect::{Dialect, WorkerOffer};
use crate::error::Error;
use crate::log;
use crate::socket::{
    ConnectionEvent, DealerSocket, Endpoint, Frame, POLL_INTERVAL, Poller, RejectedLogins,
    Requester, SocketError, SocketOptions,
};

/// A DEALER that receives requests.
pub(super) struct BinderSocket<S = DealerSocket> {
    endpoint: String,
    socket: S,
    poller: Arc<Poller>,
    /// What is sent first over each connection.
    greeting: Frame,
    trusts_users: bool,
    /// How often its login was refused, together with the server's others.
    refused: RejectedLogins,
    /// The number of the present connection.
    connection: Option<u64>,
    /// Whether the greeting is still to be sent over it.
    must_greet: bool,
    inbox: VecDeque<Frame>,
    /// Whether the socket was used since its last drain, so that waiting on it could miss a message.
    needs_drain: bool,
    /// How often it was asked for a request since its last drain.
    asked: u32,
}

/// Opens the connection to a client that a server works for.
pub(super) fn open_binder(
    binder: &Binder,
    endpoint: &Endpoint,
    options: &SocketOptions,
    dispatcher: &Dispatcher,
) -> Result<BinderSocket, Error> {
    let socket = DealerSocket::connect(endpoint, options)
        .map_err(|error| Error::endpoint_error(endpoint.as_str(), error))?;
    let poller = socket.poller();
    let greeting = Dialect::Native.worker(&WorkerOffer {
        name: binder.worker_name(),
        services: &dispatcher.services(),
    });
    // Looked at as the other side does, which would give no calls to whom it cannot read.
    if let Err(error) = Dialect::Native.decode_worker(&greeting, dispatcher.limits()) {
        return Err(Error::bad_setting("work_for", error.to_string()));
    }
    let (endpoint, trusts_users) = (endpoint.as_str().to_owned(), binder.trusts_users());
    Ok(BinderSocket::new(
        endpoint,
        socket,
        poller,
        greeting,
        trusts_users,
    ))
}

/// How often a socket that nobody has waited for is asked in vain before it is drained nevertheless: a server that has much
/// to do does not wait.
const ASKED_IN_VAIN: u32 = 16;

impl<S: Requester> BinderSocket<S> {
    pub(super) fn new(
        endpoint: String,
        socket: S,
        poller: Arc<Poller>,
        greeting: Frame,
        trusts_users: bool,
    ) -> Self {
        Self {
            endpoint,
            socket,
            poller,
            greeting,
            trusts_users,
            refused: RejectedLogins::default(),
            connection: None,
            must_greet: false,
            inbox: VecDeque::new(),
            needs_drain: true,
            asked: 0,
        }
    }

    /// Counts refused logins there from now on.
    pub(super) fn count_refused(&mut self, refused: RejectedLogins) {
        self.refused = refused;
    }

    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(super) fn poller(&self) -> &Arc<Poller> {
        &self.poller
    }

    pub(super) fn trusts_users(&self) -> bool {
        self.trusts_users
    }

    /// Returns the number of the present connection, if there is one.
    pub(super) fn connection(&self) -> Option<u64> {
        self.connection
    }

    /// Returns the next request; `None` if none is left: only then may a thread wait on the socket. Takes the number of a
    /// connection that has been made from `last_connection`.
    pub(super) fn receive(
        &mut self,
        last_connection: &mut u64,
    ) -> Result<Option<Frame>, SocketError> {
        loop {
            if let Some(frame) = self.inbox.pop_front() {
                return Ok(Some(frame));
            }
            self.asked += 1;
            let polls = self.socket.is_inproc() || self.socket.needs_polling();
            self.needs_drain |= self.poller.take_ready() || polls || self.asked >= ASKED_IN_VAIN;
            if !std::mem::take(&mut self.needs_drain) {
                return Ok(None);
            }
            self.asked = 0;
            self.drain(last_connection)?;
            if self.inbox.is_empty() && !self.needs_drain {
                return Ok(None);
            }
        }
    }

    fn drain(&mut self, last_connection: &mut u64) -> Result<(), SocketError> {
        let Self {
            endpoint,
            socket,
            connection,
            must_greet,
            inbox,
            refused,
            ..
        } = self;
        let mut abandoned = false;
        let empty = socket.drain(|event| match event {
            ConnectionEvent::Received(frame) => inbox.push_back(frame),
            ConnectionEvent::Up => {
                *last_connection += 1;
                (*connection, *must_greet) = (Some(*last_connection), true);
            }
            ConnectionEvent::Down => {
                *connection = None;
                // Its caller has been told that they may have been executed, and waits no more.
                inbox.clear();
            }
            ConnectionEvent::Abandoned => abandoned = true,
            ConnectionEvent::NotZmtp => {
                log::line!(warn, endpoint = log::text(&endpoint); "what a worker is to work for does not speak ZeroMQ");
            }
            ConnectionEvent::LoginRefused(failure) => {
                refused.count();
                let reason = failure.reason();
                log::line!(warn, endpoint = log::text(&endpoint), reason; "a worker's login was refused and is retried later");
            }
        })?;
        self.needs_drain |= !empty;
        if abandoned {
            self.connection = None;
            self.inbox.clear();
            self.socket.reconnect()?;
            self.needs_drain = true;
        }
        if self.must_greet && self.connection.is_some() {
            self.needs_drain = true;
            self.must_greet = !self.socket.send(&mut self.greeting.clone());
        }
        Ok(())
    }

    /// Sends a reply over the present connection. Returns `false`, and leaves the frame, if there is no room.
    pub(super) fn send(&mut self, frame: &mut Frame) -> bool {
        self.needs_drain = true;
        // Nothing goes before the greeting.
        !self.must_greet && self.socket.send(frame)
    }

    /// Returns when to [receive](Self::receive) next, whatever the socket signals.
    pub(super) fn due(&self) -> Option<Instant> {
        let polls = self.must_greet || self.socket.is_inproc() || self.socket.needs_polling();
        let look = polls.then(|| Instant::now() + POLL_INTERVAL);
        self.socket.due().into_iter().chain(look).min()
    }
}
