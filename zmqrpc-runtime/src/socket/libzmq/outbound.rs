//! One outgoing connection: dials it, decides when it has to be made again, and tracks its logins.

use std::sync::Arc;
use std::time::Instant;

use super::dialer::Dialer;
use super::mechanism_probe::MechanismProbe;
use super::raw::RawSocket;
use crate::log;
use crate::socket::connection_change::ConnectionChange;
use crate::socket::reconnect::ReconnectBackoff;
use crate::socket::{AuthFailure, Endpoint, Poller, RejectedLogins, Security, SocketError};

#[derive(Debug)]
pub(super) struct OutboundConnection {
    dialer: Dialer,
    backoff: ReconnectBackoff,
    probe: MechanismProbe,
    presents_login: bool,
    is_connected: bool,
    /// Why the last login was refused, until the next attempt.
    login_failure: Option<AuthFailure>,
    rejected_logins: RejectedLogins,
}

impl OutboundConnection {
    /// Returns a connection that is not dialled yet. `rejected_logins` may be shared with other connections.
    pub(super) fn new(
        endpoint: &Endpoint,
        security: &Security,
        ipv6: bool,
        rejected_logins: RejectedLogins,
    ) -> Self {
        Self {
            dialer: Dialer::new(endpoint, ipv6),
            backoff: ReconnectBackoff::default(),
            probe: MechanismProbe::new(security.mechanism()),
            presents_login: security.presents_login(),
            is_connected: false,
            login_failure: None,
            rejected_logins,
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
        let _ = self.dialer.disconnect(socket);
        self.dialer.dial(socket, poller)
    }

    /// Disconnects the socket.
    pub(super) fn disconnect(&mut self, socket: &mut RawSocket) -> Result<(), SocketError> {
        self.dialer.disconnect(socket)
    }

    /// Takes the next step of dialling, if it is due. To be called at each drain of the socket.
    ///
    /// Returns whether this changed the socket, which may have consumed the signal that another thread waits for. That
    /// thread is then woken.
    pub(super) fn advance(
        &mut self,
        socket: &mut RawSocket,
        poller: &Arc<Poller>,
    ) -> Result<bool, SocketError> {
        let advanced = self.dialer.advance(socket, poller);
        if !matches!(advanced, Ok(false)) {
            poller.notify_owner();
        }
        advanced
    }

    /// Returns when to call [`advance`](Self::advance), unless an event arrives before.
    pub(super) fn dial_due(&self) -> Option<Instant> {
        self.dialer.due()
    }

    /// Returns whether an event of a socket with several endpoints is about this connection.
    pub(super) fn is_at(&self, address: &[u8]) -> bool {
        self.dialer.is_at(address)
    }

    /// Returns whether an event of a socket with one endpoint is about a connection that was ended.
    pub(super) fn is_outdated(&self, address: &[u8]) -> bool {
        match self.dialer.dialled() {
            Some(_) => self.endpoint().host_name().is_some() && !self.is_at(address),
            None => true,
        }
    }

    /// Returns why the endpoint's name cannot be resolved, if that is why there is no connection.
    pub(super) fn resolve_failure(&self) -> Option<String> {
        self.dialer.resolve_failure()
    }

    /// Handles a connection event. Returns why the login was refused, if it was. A probe wakes `poller` when it has a
    /// result.
    pub(super) fn on_event(
        &mut self,
        event: ConnectionChange,
        socket: &mut RawSocket,
        poller: &Arc<Poller>,
    ) -> Option<AuthFailure> {
        if event == ConnectionChange::SelfConnected {
            self.dialer.leave_self_connection(socket);
            poller.notify_owner();
            return None;
        }
        self.dialer.on_event(event);
        self.backoff.on_event(event);
        match event {
            ConnectionChange::Established => {
                self.probe.reset();
                (self.is_connected, self.login_failure) = (true, None);
                None
            }
            ConnectionChange::Lost => {
                self.is_connected = false;
                None
            }
            ConnectionChange::LoginRefused => Some(self.record_refusal(AuthFailure::Refused)),
            ConnectionChange::Mismatched => {
                Some(self.record_refusal(self.probe.mismatch_failure()))
            }
            ConnectionChange::BrokenOff => {
                if let Some(address) = self.dialer.dialled() {
                    self.probe.record_failure(address, poller);
                }
                None
            }
            ConnectionChange::SelfConnected
            | ConnectionChange::NotZmtp
            | ConnectionChange::Retried
            | ConnectionChange::ListenerClosed
            | ConnectionChange::Accepted => None,
        }
    }

    /// Returns why the login is refused, if a probe has found out. The connection is then closed.
    pub(super) fn take_probe_failure(&mut self, socket: &mut RawSocket) -> Option<AuthFailure> {
        let failure = self.probe.take_failure()?;
        // libzmq would retry some twenty times a second.
        let _ = self.dialer.disconnect(socket);
        Some(self.record_refusal(failure))
    }

    fn record_refusal(&mut self, failure: AuthFailure) -> AuthFailure {
        self.backoff.record_refusal();
        self.login_failure = Some(failure);
        self.rejected_logins.count();
        failure
    }

    /// Returns why the last login was refused. `None` if it was not, or another attempt is under way.
    pub(super) fn login_failure(&self) -> Option<AuthFailure> {
        self.login_failure
    }

    /// Returns whether a login was refused or is not answered yet. It may take longer than the timeout for a silent
    /// peer.
    pub(super) fn awaits_login(&self) -> bool {
        self.login_failure.is_some() || self.presents_login && !self.is_connected
    }

    /// Returns the counter of refused logins.
    pub(super) fn rejected_logins(&self) -> RejectedLogins {
        self.rejected_logins.clone()
    }

    /// Shortens the back-off of a refused login, because a caller waits for the connection.
    pub(super) fn retry_login_soon(&mut self) {
        self.backoff.retry_login_soon();
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
    pub(super) fn needs_polling(&self) -> bool {
        self.backoff.due().is_some() || self.dialer.is_pending()
    }

    /// Returns whether to reconnect now and, if so, records the attempt.
    pub(super) fn should_reconnect(&mut self) -> bool {
        let reconnects = self.backoff.should_reconnect();
        if reconnects {
            self.login_failure = None;
        }
        reconnects
    }

    /// Records an attempt now, so that the next one waits for the full delay.
    pub(super) fn record_attempt(&mut self) {
        self.backoff.record_attempt();
        self.login_failure = None;
    }

    /// Resets the state for the connection that replaces this one.
    pub(super) fn reset(&mut self) {
        self.backoff = self.backoff.successor();
        (self.is_connected, self.login_failure) = (false, None);
    }
}

/// Logs a refused login where no caller waits to receive it as an error.
pub(super) fn log_refused_login(endpoint: &Endpoint, failure: AuthFailure) {
    let (endpoint, reason) = (endpoint.as_str().to_owned(), failure.reason());
    log::line!(
        warn,
        endpoint,
        reason;
        "the login was refused and is retried later"
    );
}

/// Logs a connection that the system does not permit.
pub(super) fn log_failed_connection(endpoint: &Endpoint, error: &SocketError) {
    let (endpoint, error) = (endpoint.as_str().to_owned(), log::text(error));
    log::line!(error, endpoint, error; "a connection could not be made and is retried");
}
