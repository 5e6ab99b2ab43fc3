//! How a connection that this side makes comes about: whether it has to be made again, and whether it is let in.

use std::sync::Arc;
use std::time::Instant;

use super::dialer::Dialer;
use super::monitor::ConnectionChange;
use super::raw::RawSocket;
use super::reconnect::ReconnectBackoff;
use super::security::MechanismProbe;
use super::{AuthFailure, Endpoint, Poller, RejectedLogins, Security, SocketError};
use crate::log;

#[derive(Debug)]
pub(super) struct OutboundConnection {
    dialer: Dialer,
    backoff: ReconnectBackoff,
    probe: MechanismProbe,
    logs_in: bool,
    up: bool,
    /// Why the last try was refused, until the next.
    failure: Option<AuthFailure>,
    refused: RejectedLogins,
}

impl OutboundConnection {
    /// `refused` counts the logins that are, of this connection and others.
    pub(super) fn new(
        endpoint: &Endpoint,
        security: &Security,
        ipv6: bool,
        refused: RejectedLogins,
    ) -> Self {
        Self {
            dialer: Dialer::new(endpoint, ipv6),
            backoff: ReconnectBackoff::default(),
            probe: security.probe(),
            logs_in: matches!(security, Security::Login(_)),
            up: false,
            failure: None,
            refused,
        }
    }

    /// As it was given.
    pub(super) fn endpoint(&self) -> &Endpoint {
        self.dialer.endpoint()
    }

    /// Connects the socket, which is not yet; or does so as soon as it is known where to. `poller` is told of that, and
    /// [`follow`](Self::follow) does it.
    pub(super) fn dial(
        &mut self,
        socket: &mut RawSocket,
        poller: &Arc<Poller>,
    ) -> Result<(), SocketError> {
        self.dialer.dial(socket, poller)
    }

    /// The connection was given up, and is made again in the same socket.
    pub(super) fn redial(
        &mut self,
        socket: &mut RawSocket,
        poller: &Arc<Poller>,
    ) -> Result<(), SocketError> {
        // Of the old one nothing is left but its name, and what waited for it is lost.
        let _ = self.dialer.hang_up(socket);
        self.dialer.dial(socket, poller)
    }

    /// Leaves the endpoint.
    pub(super) fn hang_up(&mut self, socket: &mut RawSocket) -> Result<(), SocketError> {
        self.dialer.hang_up(socket)
    }

    /// Connects to where the endpoint is now, if that has come out meanwhile. To be called at each look at the socket.
    ///
    /// Whether it did something to the socket, which may have taken the signal that somebody waits for. Then whoever waits
    /// at it looks again in any case.
    pub(super) fn follow(
        &mut self,
        socket: &mut RawSocket,
        poller: &Arc<Poller>,
    ) -> Result<bool, SocketError> {
        let followed = self.dialer.follow(socket, poller);
        if !matches!(followed, Ok(false)) {
            poller.bring_news();
        }
        followed
    }

    /// When to [follow](Self::follow), if nothing happens until then.
    pub(super) fn follow_due(&self) -> Option<Instant> {
        self.dialer.due()
    }

    /// Whether an event of a socket with several endpoints is about this connection.
    pub(super) fn is_at(&self, place: &[u8]) -> bool {
        self.dialer.is_at(place)
    }

    /// Whether an event of a socket without another endpoint is about a connection that was left.
    pub(super) fn is_over(&self, place: &[u8]) -> bool {
        match self.dialer.dialled() {
            Some(_) => self.endpoint().name().is_some() && !self.is_at(place),
            None => true,
        }
    }

    /// Why there is no connection, if it is for the endpoint's name.
    pub(super) fn obstacle(&self) -> Option<String> {
        self.dialer.obstacle()
    }

    /// Takes an event in. Answers why the login was refused, if it was. `poller` is told of what is found out later.
    pub(super) fn note(
        &mut self,
        event: ConnectionChange,
        socket: &mut RawSocket,
        poller: &Arc<Poller>,
    ) -> Option<AuthFailure> {
        if event == ConnectionChange::Itself {
            self.dialer.step_aside(socket);
            poller.bring_news();
            return None;
        }
        self.dialer.note(event);
        self.backoff.note(event);
        match event {
            ConnectionChange::Established => {
                self.probe.forget();
                (self.up, self.failure) = (true, None);
                None
            }
            ConnectionChange::Lost => {
                self.up = false;
                None
            }
            ConnectionChange::Denied => Some(self.refuse(AuthFailure::Refused)),
            ConnectionChange::Mismatched => Some(self.refuse(self.probe.mismatch())),
            ConnectionChange::Failed => {
                if let Some(place) = self.dialer.dialled() {
                    self.probe.note_failure(place, poller);
                }
                None
            }
            ConnectionChange::Itself
            | ConnectionChange::Foreign
            | ConnectionChange::Retried
            | ConnectionChange::ListenerClosed => None,
        }
    }

    /// Why the login is refused, if that was found out meanwhile. The connection is given up then.
    pub(super) fn found(&mut self, socket: &mut RawSocket) -> Option<AuthFailure> {
        let failure = self.probe.failure()?;
        // libzmq would go on trying, some twenty times a second.
        let _ = self.dialer.hang_up(socket);
        Some(self.refuse(failure))
    }

    fn refuse(&mut self, failure: AuthFailure) -> AuthFailure {
        self.backoff.refuse();
        self.failure = Some(failure);
        self.refused.count();
        failure
    }

    /// Why the last login was refused, if it was and no other is under way.
    pub(super) fn failure(&self) -> Option<AuthFailure> {
        self.failure
    }

    /// A login was refused, or not answered yet. It may take longer than a peer may be silent.
    pub(super) fn awaits_login(&self) -> bool {
        self.failure.is_some() || self.logs_in && !self.up
    }

    /// How often the login was refused.
    pub(super) fn refused(&self) -> RejectedLogins {
        self.refused.clone()
    }

    /// Somebody waits for the connection: a login that was refused is tried again soon.
    pub(super) fn hurry(&mut self) {
        self.backoff.hurry();
    }

    /// When to make the connection again, if nothing happens until then.
    pub(super) fn reconnect_due(&self) -> Option<Instant> {
        self.backoff.due()
    }

    /// When there is something to do, of which nothing tells.
    pub(super) fn due(&self) -> Option<Instant> {
        let times = [self.backoff.due(), self.dialer.due()];
        times.into_iter().flatten().min()
    }

    /// There is something to do, now or later, and not everybody who waits is told of it.
    pub(super) fn must_look(&self) -> bool {
        self.backoff.due().is_some() || self.dialer.is_at_work()
    }

    /// Whether to make the connection again now. If that fails, it is due once more.
    pub(super) fn begin(&mut self) -> bool {
        let begins = self.backoff.begin();
        if begins {
            self.failure = None;
        }
        begins
    }

    /// It is tried now, and not again at once.
    pub(super) fn postpone(&mut self) {
        self.backoff.postpone();
        self.failure = None;
    }

    /// Another connection takes the place of this one.
    pub(super) fn renew(&mut self) {
        self.backoff = self.backoff.heir();
        (self.up, self.failure) = (false, None);
    }
}

/// Tells of it where nobody waits who could be told.
pub(super) fn complain(endpoint: &Endpoint, failure: AuthFailure) {
    let (endpoint, reason) = (endpoint.as_str().to_owned(), failure.reason());
    log::line!(
        warn,
        endpoint,
        reason;
        "the login was refused, and is tried again later"
    );
}

/// The same of a connection that the system does not let be made.
pub(super) fn complain_of(endpoint: &Endpoint, error: &SocketError) {
    let (endpoint, error) = (endpoint.as_str().to_owned(), log::text(error));
    log::line!(error, endpoint, error; "a connection cannot be made, it is tried again");
}
