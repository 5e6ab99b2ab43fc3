//! The base of sockets that only receive: one endpoint, whole messages, an orderly close.

#[cfg(test)]
mod tests;

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::close::close_and_release;
use super::create::create;
use super::frame::Frame;
use super::inproc;
use super::mark_reducer::MarkReducer;
use super::monitor::Monitor;
use super::outbound::{OutboundConnection, log_failed_connection, log_refused_login};
use super::raw::RawSocket;
use crate::socket::arrival::Arrival;
use crate::socket::connection_change::ConnectionChange;
use crate::socket::{Direction, Endpoint, Poller, RejectedLogins, SocketError, SocketOptions};

pub(super) struct RecvSocket {
    pub(super) socket: RawSocket,
    /// `None` for `inproc`, and while another monitor is on the socket.
    monitor: Option<Monitor>,
    outbound: OutboundConnection,
    address: BoundAddress,
    poller: Arc<Poller>,
    mark_reducer: MarkReducer,
}

/// How many frames of a message are kept that is received whole.
const MAX_FRAMES: usize = 32;

/// The endpoint. Dropping it unregisters a bound `inproc` name.
struct BoundAddress {
    resolved: String,
    direction: Direction,
}

impl RecvSocket {
    /// Binds or connects a new socket.
    pub(super) fn open(
        mut socket: RawSocket,
        endpoint: &Endpoint,
        options: &SocketOptions,
    ) -> Result<Self, SocketError> {
        let (monitor, descriptors) = start_monitor(&socket, endpoint)?;
        let (security, rejected_logins) = (&options.security, RejectedLogins::default());
        let mut outbound =
            OutboundConnection::new(endpoint, security, options.ipv6, rejected_logins);
        let open = || {
            let poller = Arc::new(Poller::new(descriptors)?);
            let resolved = match endpoint.direction() {
                Direction::Bind => socket.open(endpoint, options.ipv6)?,
                Direction::Connect => {
                    outbound.dial(&mut socket, &poller)?;
                    endpoint.as_str().to_owned()
                }
            };
            Ok((poller, resolved))
        };
        let opened = open();
        let (poller, resolved) = opened.inspect_err(|_| socket.stop_monitor())?;
        if endpoint.is_inproc() && endpoint.direction() == Direction::Bind {
            inproc::register(&resolved);
        }
        Ok(Self {
            socket,
            monitor,
            outbound,
            address: BoundAddress {
                resolved,
                direction: endpoint.direction(),
            },
            poller,
            mark_reducer: MarkReducer::new(endpoint, options),
        })
    }

    /// Returns the endpoint, with its wildcards resolved.
    pub(super) fn endpoint(&self) -> &str {
        &self.address.resolved
    }

    pub(super) fn poller(&self) -> Arc<Poller> {
        Arc::clone(&self.poller)
    }

    /// Connects `socket` and replaces the present one with it. Wakes threads that wait on the poller.
    pub(super) fn reconnect(&mut self, mut socket: RawSocket) -> Result<(), SocketError> {
        self.outbound.record_attempt();
        let (monitor, descriptors) = start_monitor(&socket, self.outbound.endpoint())?;
        let opened = self.outbound.dial(&mut socket, &self.poller);
        opened.inspect_err(|_| socket.stop_monitor())?;
        self.poller.replace(descriptors);
        self.socket.stop_monitor();
        (self.socket, self.monitor) = (socket, monitor);
        self.mark_reducer.mark_outdated();
        self.outbound.reset();
        Ok(())
    }

    /// Returns when to call [`advance_dial`](Self::advance_dial), unless an event arrives before.
    pub(super) fn dial_due(&self) -> Option<Instant> {
        self.outbound.dial_due()
    }

    /// Takes the next step of dialling, if it is due.
    pub(super) fn advance_dial(&mut self) {
        if let Err(error) = self.outbound.advance(&mut self.socket, &self.poller) {
            log_failed_connection(self.outbound.endpoint(), &error);
        }
    }

    /// Returns when to [reconnect](Self::reconnect), because libzmq does not.
    pub(super) fn reconnect_due(&self) -> Option<Instant> {
        self.outbound.reconnect_due()
    }

    /// Returns whether the last login was refused. The next attempt is made when the
    /// [reconnection](Self::reconnect_due) is due.
    pub(super) fn is_login_refused(&self) -> bool {
        self.outbound.login_failure().is_some()
    }

    /// Returns whether a login was refused or is not answered yet.
    pub(super) fn awaits_login(&self) -> bool {
        self.outbound.awaits_login()
    }

    /// Returns the counter of refused logins.
    pub(super) fn rejected_logins(&self) -> RejectedLogins {
        self.outbound.rejected_logins()
    }

    fn read_monitor(&mut self) -> Result<(), SocketError> {
        while let Some(monitor) = &mut self.monitor
            && let Some((event, address)) = monitor.next_with_address()?
        {
            self.on_event(event, &address);
        }
        if let Some(failure) = self.outbound.take_probe_failure(&mut self.socket) {
            log_refused_login(self.outbound.endpoint(), failure);
        }
        self.advance_dial();
        Ok(())
    }

    fn on_event(&mut self, event: ConnectionChange, address: &[u8]) {
        if event == ConnectionChange::Established {
            // libzmq gives a new connection the high-water mark that the endpoint was bound with.
            self.mark_reducer.mark_outdated();
        }
        if self.address.direction == Direction::Bind {
            if event == ConnectionChange::Mismatched {
                self.socket.security().record_mismatch();
            }
        } else if !self.outbound.is_outdated(address)
            && let Some(failure) = self
                .outbound
                .on_event(event, &mut self.socket, &self.poller)
        {
            log_refused_login(self.outbound.endpoint(), failure);
        }
    }

    /// Receives the next message into `frames`, in place: moving frames takes longer than receiving them. After a
    /// malformed message, their content is unspecified.
    pub(super) fn receive<const N: usize>(
        &mut self,
        frames: [&mut Frame; N],
    ) -> Result<Option<Arrival<()>>, SocketError> {
        let mut frames = frames.into_iter();
        let mut more = false;
        for frame in frames.by_ref() {
            if !self.socket.receive_into(frame)? {
                if self.poller.take_monitor_pending() {
                    self.read_monitor()?;
                }
                // The frames of a message arrive together: only the first can be absent.
                return Ok(more.then_some(Arrival::Malformed));
            }
            more = frame.more();
            if !more {
                break;
            }
        }
        let whole = !more && frames.next().is_none();
        while more {
            let Some(extra) = self.socket.receive()? else {
                break;
            };
            more = extra.more();
        }
        Ok(Some(if whole {
            Arrival::Message(())
        } else {
            Arrival::Malformed
        }))
    }

    /// Receives the next message with all of its frames, whatever it is; `None` if no message is left. A message has any
    /// number of frames: what goes beyond [`MAX_FRAMES`] or `max_bytes` is dropped, and the number of these frames returned.
    pub(super) fn receive_whole(
        &mut self,
        max_bytes: usize,
    ) -> Result<Option<(Vec<Frame>, usize)>, SocketError> {
        let Some(first) = self.socket.receive()? else {
            if self.poller.take_monitor_pending() {
                self.read_monitor()?;
            }
            return Ok(None);
        };
        let (mut more, mut bytes) = (first.more(), first.len());
        let (mut frames, mut left_out) = (vec![first], 0);
        while more {
            let Some(frame) = self.socket.receive()? else {
                break;
            };
            more = frame.more();
            bytes = bytes.saturating_add(frame.len());
            if frames.len() < MAX_FRAMES && bytes <= max_bytes {
                frames.push(frame);
            } else {
                left_out += 1;
            }
        }
        Ok(Some((frames, left_out)))
    }

    /// Handles connection events without receiving a message. To be called from [time to time](super::UnreadTimer)
    /// while the socket is left unread: until then, libzmq keeps some 10 kB for each peer that has connected, even
    /// after the peer has disconnected.
    ///
    /// From the first call on, libzmq [queues fewer messages](MarkReducer).
    ///
    /// May consume the signal that a message has arrived.
    pub(super) fn maintain(&mut self) -> Result<(), SocketError> {
        self.reduce_mark(Instant::now())?;
        self.socket.process_commands()?;
        self.read_monitor()
    }

    /// Sets the lower mark, if that is due.
    fn reduce_mark(&mut self, now: Instant) -> Result<(), SocketError> {
        // Only the monitor reports connections that end.
        if self.monitor.is_none() || !self.mark_reducer.should_try(now) {
            return Ok(());
        }
        // Before, since handling an event may end a pipe: none is handled from here until the mark is set.
        self.read_monitor()?;
        let Some(monitor) = &mut self.monitor else {
            return Ok(());
        };
        let events = self.mark_reducer.try_to_set(&mut self.socket, monitor)?;
        for (event, address) in events {
            self.on_event(event, &address);
        }
        Ok(())
    }

    /// Stops the monitor.
    fn stop_monitor(&mut self) {
        if let Some(monitor) = self.monitor.take() {
            self.socket.stop_monitor();
            drop(monitor);
        }
    }

    /// Drops the monitor, because another one has replaced it on the socket.
    pub(super) fn drop_monitor(&mut self) {
        self.monitor = None;
    }

    /// Starts a new monitor, which replaces that other one.
    pub(super) fn resume_monitor(&mut self) -> Result<(), SocketError> {
        let (monitor, descriptors) = start_monitor(&self.socket, self.outbound.endpoint())?;
        self.poller.replace(descriptors);
        self.monitor = monitor;
        Ok(())
    }

    /// Closes the socket and waits until its endpoint is free.
    pub(super) fn close_and_release(&mut self) {
        self.stop_monitor();
        let BoundAddress {
            resolved,
            direction,
        } = &self.address;
        // Only a bound endpoint can be of use to another socket.
        if *direction == Direction::Bind {
            close_and_release(&mut self.socket, &[(resolved.clone(), *direction)]);
        }
    }
}

impl Drop for RecvSocket {
    fn drop(&mut self) {
        self.stop_monitor();
    }
}

impl Drop for BoundAddress {
    fn drop(&mut self) {
        if self.direction == Direction::Bind {
            inproc::unregister(&self.resolved);
        }
    }
}

/// Returns the socket's monitor, if it has one, and the descriptors to wait on.
fn start_monitor(
    socket: &RawSocket,
    endpoint: &Endpoint,
) -> Result<(Option<Monitor>, Vec<OwnedFd>), SocketError> {
    // Duplicated first: once a monitor exists, nothing may fail before it is read.
    let mut descriptors = vec![socket.descriptor()?];
    let mut monitor = match endpoint.direction() {
        // libzmq reports nothing about `inproc`.
        _ if endpoint.is_inproc() => None,
        Direction::Connect => Some(Monitor::of_connections(socket)?),
        Direction::Bind => Some(Monitor::of_changes(socket)?),
    };
    if let Some(monitor) = &mut monitor {
        descriptors.push(monitor.descriptor()?);
    }
    Ok((monitor, descriptors))
}

/// Returns a socket that is neither bound nor connected.
pub(super) fn socket(
    kind: zmq::SocketType,
    options: &SocketOptions,
) -> Result<RawSocket, SocketError> {
    // Such sockets only send subscriptions. Those for a publisher that has gone would delay the close for the full
    // linger.
    let options = SocketOptions {
        linger: Duration::ZERO,
        ..options.clone()
    };
    create(kind, &options)
}
