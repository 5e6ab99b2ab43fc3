//! The connections of a ROUTER, as far as it has to know of them: those that it makes, and the sessions of peers that have
//! chosen their own names.

use super::RouterSocket;
use crate::socket::SocketError;
use crate::socket::connection_change::ConnectionChange;
use crate::socket::libzmq::frame::Frame;
use crate::socket::libzmq::outbound::{log_failed_connection, log_refused_login};
use crate::socket::sessions::{Session, SessionGenerations};

impl RouterSocket {
    /// Handles connection events and reconnections that are due. Returns whether this changed the socket.
    pub(super) fn maintain(&mut self) -> Result<bool, SocketError> {
        let mut changed = false;
        if self.monitor.is_some() && self.poller.take_monitor_pending() {
            changed |= self.read_monitor()?;
        }
        for connection in &mut self.connections {
            if connection.should_reconnect() {
                changed = true;
                if let Err(error) = connection.redial(&mut self.socket, &self.poller) {
                    log_failed_connection(connection.endpoint(), &error);
                }
            }
            match connection.advance(&mut self.socket, &self.poller) {
                Ok(advanced) => changed |= advanced,
                Err(error) => {
                    log_failed_connection(connection.endpoint(), &error);
                    changed = true;
                }
            }
        }
        Ok(changed)
    }

    pub(super) fn read_monitor(&mut self) -> Result<bool, SocketError> {
        while let Some(monitor) = &mut self.monitor
            && let Some((event, address, number)) = monitor.next_in_full()?
        {
            if let Some(accepted) = &mut self.accepted {
                match event {
                    ConnectionChange::Accepted => accepted.accept(number),
                    ConnectionChange::Lost => accepted.lose(number),
                    _ => {}
                }
            }
            if event == ConnectionChange::Lost
                && let Some(sessions) = &mut self.sessions
            {
                sessions.record_end(number);
            }
            if event == ConnectionChange::Mismatched {
                self.socket.security().record_mismatch();
            }
            for connection in &mut self.connections {
                if connection.is_at(&address)
                    && let Some(failure) =
                        connection.on_event(event, &mut self.socket, &self.poller)
                {
                    log_refused_login(connection.endpoint(), failure);
                }
            }
        }
        let mut closed = false;
        for connection in &mut self.connections {
            if let Some(failure) = connection.take_probe_failure(&mut self.socket) {
                log_refused_login(connection.endpoint(), failure);
                closed = true;
            }
        }
        Ok(closed)
    }

    /// Returns the session of a peer that has chosen its own name, given a frame from the peer's connection.
    ///
    /// libzmq reports the end of a connection before it reuses the connection's number or the peer's name, so the
    /// monitor is read first. This costs a system call, but not for peers with names from libzmq.
    pub(super) fn session_of(&mut self, frame: &Frame) -> Result<Option<Session>, SocketError> {
        let number = frame.connection_number();
        if number == 0 {
            return Ok(None);
        }
        if self.sessions.is_none() {
            self.sessions = Some(SessionGenerations::default());
            if self.monitor.is_none() {
                self.start_monitor()?;
            }
        }
        self.read_monitor()?;
        Ok(self
            .sessions
            .as_ref()
            .map(|sessions| sessions.current(number)))
    }

    pub(super) fn has_ended(&mut self, session: Session) -> Result<bool, SocketError> {
        self.read_monitor()?;
        let sessions = self.sessions.as_ref();
        Ok(sessions.is_some_and(|sessions| sessions.has_ended(session)))
    }
}
