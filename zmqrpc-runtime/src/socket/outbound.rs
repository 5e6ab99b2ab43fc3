//! One outgoing connection: dials it, decides when it has to be made again, and tracks its logins.

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
    /// Why the last login was refused, until the next attempt.
    failure: Option<AuthFailure>,
    refused: RejectedLogins,
}

impl OutboundConnection {
    /// Returns a connection that is not dialled yet. `rejected_logins` may be shared with other connections.
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

    /// Returns the endpoint as the user specified it.
    pub(super) fn endpoint(&self) -> &Endpoint {
        self.dialer.endpoint()
    }

    /// Connects the socket, which must not be connected, at once or as soon as the name is resolved. The lookup wakes
    /// `poller`, and [`advance`](Self::advance) then connects.
    pub(super) fn dial(
        &mut self,
        socket: &mut RawSocket,
        poller: &Arc<Poller>,
    ) -> Result<(), SocketError> {
        self.dialer.dial(socket, poller)
    }

    /// Makes an abandoned connection again, in the same socket.
    pub(super) fn redial(
        &mut self,
        socket: &mut RawSocket,
        poller: &Arc<Poller>,
    ) -> Result<(), SocketError> {
        // libzmq only keeps the name of the old one, and has dropped the messages queued for it.
        let _ = self.dialer.hang_up(socket);
        self.dialer.dial(socket, poller)
    }

    /// Disconnects the socket.
    pub(super) fn hang_up(&mut self, socket: &mut RawSocket) -> Result<(), SocketError> {
        self.dialer.hang_up(socket)
    }

    /// Takes the next step of dialling, if it is due. To be called at each drain of the socket.
    ///
    /// Returns whether this changed the socket, which may have consumed the signal that another thread waits for. That
    /// thread is then woken.
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

    /// Returns when to call [`advance`](Self::advance), unless an event arrives before.
    pub(super) fn follow_due(&self) -> Option<Instant> {
        self.dialer.due()
    }

    /// Returns whether an event of a socket with several endpoints is about this connection.
    pub(super) fn is_at(&self, place: &[u8]) -> bool {
        self.dialer.is_at(place)
    }

    /// Returns whether an event of a socket with one endpoint is about a connection that was ended.
    pub(super) fn is_over(&self, place: &[u8]) -> bool {
        match self.dialer.dialled() {
            Some(_) => self.endpoint().name().is_some() && !self.is_at(place),
            None => true,
        }
    }

    /// Returns why the endpoint's name cannot be resolved, if that is why there is no connection.
    pub(super) fn obstacle(&self) -> Option<String> {
        self.dialer.obstacle()
    }

    /// Handles a connection event. Returns why the login was refused, if it was. A probe wakes `poller` when it has a
    /// result.
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

    /// Returns why the login is refused, if a probe has found out. The connection is then closed.
    pub(super) fn found(&mut self, socket: &mut RawSocket) -> Option<AuthFailure> {
        let failure = self.probe.failure()?;
        // libzmq would retry some twenty times a second.
        let _ = self.dialer.hang_up(socket);
        Some(self.refuse(failure))
    }

    fn refuse(&mut self, failure: AuthFailure) -> AuthFailure {
        self.backoff.refuse();
        self.failure = Some(failure);
        self.refused.count();
        failure
    }

    /// Returns why the last login was refused. `None` if it was not, or another attempt is under way.
    pub(super) fn failure(&self) -> Option<AuthFailure> {
        self.failure
    }

    /// Returns whether a login was refused or is not answered yet. It may take longer than the timeout for a silent
    /// peer.
    pub(super) fn awaits_login(&self) -> bool {
        self.failure.is_some() || self.logs_in && !self.up
    }

    /// Returns the counter of refused logins.
    pub(super) fn refused(&self) -> RejectedLogins {
        self.refused.clone()
    }

    /// Shortens the back-off of a refused login, because a caller waits for the connection.
    pub(super) fn hurry(&mut self) {
        self.backoff.hurry();
    }

    /// Returns when to reconnect, unless an event arrives before.
    pub(super) fn reconnect_due(&self) -> Option<Instant> {
        self.backoff.due()
    }

    /// Returns when a reconnection or a step of the dialer is due that no event announces.
    pub(super) fn due(&self) -> Option<Instant> {
        let times = [self.backoff.due(), self.dialer.due()];
        times.into_iter().flatten().min()
    }

    /// Returns whether a reconnection or a step of the dialer is pending, which does not wake every waiting thread.
    pub(super) fn must_look(&self) -> bool {
        self.backoff.due().is_some() || self.dialer.is_at_work()
    }

    /// Returns whether to reconnect now and, if so, records the attempt.
    pub(super) fn begin(&mut self) -> bool {
        let begins = self.backoff.begin();
        if begins {
            self.failure = None;
        }
        begins
    }

    /// Records an attempt now, so that the next one waits for the full delay.
    pub(super) fn postpone(&mut self) {
        self.backoff.postpone();
        self.failure = None;
    }

    /// Resets the state for the connection that replaces this one.
    pub(super) fn renew(&mut self) {
        self.backoff = self.backoff.heir();
        (self.up, self.failure) = (false, None);
    }
}

/// Logs a refused login where no caller waits to receive it as an error.
pub(super) fn complain(endpoint: &Endpoint, failure: AuthFailure) {
    let (endpoint, reason) = (endpoint.as_str().to_owned(), failure.reason());
    log::line!(
        warn,
        endpoint,
        reason;
        "the login was refused, and is tried again later"
    );
}

/// Logs a connection that the system does not permit.
pub(super) fn complain_of(endpoint: &Endpoint, error: &SocketError) {
    let (endpoint, error) = (endpoint.as_str().to_owned(), log::text(error));
    log::line!(error, endpoint, error; "a connection cannot be made, it is tried again");
}
