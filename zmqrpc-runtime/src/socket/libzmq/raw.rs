//! A libzmq socket with the operations that the crate `zmq` lacks or gets wrong.

use std::ffi::CString;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
use std::sync::Arc;

use super::context::{SharedContext, shared};
use super::descriptor::borrowed;
use super::fd_exhaustion::ListenerGuard;
use super::frame::Frame;
use super::{login_options, settings};
use crate::log;
use crate::socket::process::Process;
use crate::socket::unix::{UnixPath, listen_at};
use crate::socket::{Direction, Endpoint, Security, SocketError, SocketOptions};

/// Why a frame was not sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WouldBlock {
    /// The peer's queue is full, or no peer is connected.
    Full,
    /// The router has no such peer, or no longer.
    Unreachable,
    /// The socket is unusable.
    Broken(SocketError),
}

/// One socket. The order of its drop matters: the listener guards before the socket, which closes the listeners; the
/// socket before its context, and before its ZAP domain is removed. In a child of the process that created it, it does
/// nothing, not even when it is dropped.
pub(super) struct RawSocket {
    /// The TCP endpoints that it listens at, with the guards of their listeners.
    listeners: Vec<(String, ListenerGuard)>,
    /// The unix sockets that it listens at.
    paths: Vec<(String, UnixPath)>,
    socket: ManuallyDrop<zmq::Socket>,
    process: Process,
    /// `None` if the socket must not keep the context alive.
    context: Option<Arc<SharedContext>>,
    security: Security,
}

impl RawSocket {
    /// Returns a socket that keeps the context alive. Does not start what verifies logins, as
    /// [`create`](super::create::create) does.
    pub(super) fn new(
        context: Arc<SharedContext>,
        kind: zmq::SocketType,
        options: &SocketOptions,
    ) -> Result<Self, SocketError> {
        let mut raw = Self::in_context(&context, kind, options)?;
        raw.context = Some(context);
        Ok(raw)
    }

    /// Returns a socket that does not keep the context alive: its operations fail when the context terminates, and it
    /// must be closed then.
    pub(super) fn in_context(
        context: &SharedContext,
        kind: zmq::SocketType,
        options: &SocketOptions,
    ) -> Result<Self, SocketError> {
        let mut socket = context.socket(kind)?;
        settings::apply(options, &socket, kind)?;
        login_options::apply(&options.security, &mut socket, kind)?;
        Ok(Self {
            listeners: Vec::new(),
            paths: Vec::new(),
            socket: ManuallyDrop::new(socket),
            process: Process::current(),
            context: None,
            security: options.security.clone(),
        })
    }

    /// Returns a PAIR socket in the same context, to read a monitor with.
    pub(super) fn pair(&self) -> Result<Self, SocketError> {
        let context = match &self.context {
            Some(context) => Arc::clone(context),
            None => shared()?,
        };
        Self::with_defaults(context, zmq::PAIR)
    }

    /// Returns a socket with libzmq's default settings and no linger.
    pub(super) fn with_defaults(
        context: Arc<SharedContext>,
        kind: zmq::SocketType,
    ) -> Result<Self, SocketError> {
        let socket = context.socket(kind)?;
        socket
            .set_linger(0)
            .map_err(SocketError::of("setting a socket option"))?;
        Ok(Self {
            listeners: Vec::new(),
            paths: Vec::new(),
            socket: ManuallyDrop::new(socket),
            process: Process::current(),
            context: Some(context),
            security: Security::Open,
        })
    }

    pub(super) fn security(&self) -> &Security {
        &self.security
    }

    pub(super) fn options(&self) -> &zmq::Socket {
        &self.socket
    }

    /// Checks that the socket may be used in a direction, and by this process.
    pub(super) fn check(&self, direction: Direction) -> Result<(), SocketError> {
        self.check_process()?;
        self.security.check(direction)
    }

    #[inline]
    fn check_process(&self) -> Result<(), SocketError> {
        if self.process.is_current() {
            Ok(())
        } else {
            Err(SocketError::inherited())
        }
    }

    /// Binds or connects. Returns the endpoint with its wildcards resolved.
    pub(super) fn open(&mut self, endpoint: &Endpoint, ipv6: bool) -> Result<String, SocketError> {
        self.check(endpoint.direction())?;
        // Set for each endpoint: with IPv6 enabled, `localhost` resolves to `::1` first, and libzmq tries only the
        // first address, so that it would not reach a server at 127.0.0.1.
        self.socket
            .set_ipv6(ipv6 || endpoint.is_ipv6())
            .map_err(SocketError::of("setting a socket option"))?;
        let operation = match endpoint.direction() {
            Direction::Bind => "bind",
            Direction::Connect => "connect",
        };
        let listening = endpoint.bind_path().map(listen_at).transpose()?;
        let descriptor = listening.as_ref().map_or(-1, |(fd, _)| fd.as_raw_fd());
        self.set(zmq_sys::ZMQ_USE_FD, descriptor)?;
        let text = c_text(endpoint.as_str());
        // SAFETY: the socket is live and the text NUL-terminated. Called directly because `zmq::Socket::bind` panics on
        // error codes that it does not know.
        let rc = unsafe {
            match endpoint.direction() {
                Direction::Bind => zmq_sys::zmq_bind(self.socket.as_mut_ptr(), text.as_ptr()),
                Direction::Connect => zmq_sys::zmq_connect(self.socket.as_mut_ptr(), text.as_ptr()),
            }
        };
        if rc != 0 {
            return Err(SocketError::last(operation));
        }
        if let Some((listener, path)) = listening {
            // libzmq owns it from now on.
            let _ = listener.into_raw_fd();
            self.paths.push((endpoint.as_str().to_owned(), path));
        }
        match endpoint.direction() {
            Direction::Connect => Ok(endpoint.as_str().to_owned()),
            Direction::Bind => {
                let last = self
                    .socket
                    .get_last_endpoint()
                    .map_err(SocketError::of("reading the endpoint"))?;
                let resolved = last.unwrap_or_else(|_| endpoint.as_str().to_owned());
                self.security.add_endpoint(&resolved);
                if let Some(guard) = ListenerGuard::at(&resolved) {
                    self.listeners.push((resolved.clone(), guard));
                }
                Ok(resolved)
            }
        }
    }

    /// Undoes [`open`](Self::open), given the endpoint that it returned.
    pub(super) fn close(
        &mut self,
        resolved: &str,
        direction: Direction,
    ) -> Result<(), SocketError> {
        self.check_process()?;
        self.listeners.retain(|(endpoint, _)| endpoint != resolved);
        let text = c_text(resolved);
        // SAFETY: as in `open`.
        let (rc, operation) = unsafe {
            match direction {
                Direction::Bind => (
                    zmq_sys::zmq_unbind(self.socket.as_mut_ptr(), text.as_ptr()),
                    "unbind",
                ),
                Direction::Connect => (
                    zmq_sys::zmq_disconnect(self.socket.as_mut_ptr(), text.as_ptr()),
                    "disconnect",
                ),
            }
        };
        // Only now: a process that binds the path next must not find it in use.
        self.paths.retain(|(endpoint, _)| endpoint != resolved);
        if rc == 0 {
            Ok(())
        } else {
            Err(SocketError::last(operation))
        }
    }

    /// Sets an option that the crate `zmq` does not know.
    pub(super) fn set(&mut self, option: u32, value: i32) -> Result<(), SocketError> {
        self.check_process()?;
        settings::set(&mut self.socket, option, value)
    }

    /// Makes libzmq process its pending commands: a full queue may have room afterwards, and the descriptor signals
    /// again. A send does this only from time to time.
    pub(super) fn process_commands(&mut self) -> Result<(), SocketError> {
        self.check_process()?;
        let events = self.socket.get_events().map(drop);
        events.map_err(SocketError::of("reading the events"))
    }

    /// Returns whether a send would succeed. Processes pending commands, as
    /// [`process_commands`](Self::process_commands) does.
    pub(super) fn has_room(&self) -> Result<bool, SocketError> {
        let events = self.socket.get_events();
        let events = events.map_err(SocketError::of("reading the events"))?;
        Ok(events.contains(zmq::POLLOUT))
    }

    /// Stops the monitor. Must be called before the monitor's reader closes: libzmq's I/O thread writes events with
    /// blocking sends, and without a reader it would stall every socket of the process.
    pub(super) fn stop_monitor(&mut self) {
        if !self.process.is_current() {
            return;
        }
        // SAFETY: the socket is live; a null endpoint stops monitoring.
        let rc =
            unsafe { zmq_sys::zmq_socket_monitor(self.socket.as_mut_ptr(), std::ptr::null(), 0) };
        if rc != 0 {
            let error = SocketError::last("stop");
            log::line!(error, error = log::text(&error); "a monitor could not be stopped");
        }
    }

    /// Sends one frame. If that fails, leaves the frame unchanged.
    ///
    /// Only the first frame of a message can fail to be sent; libzmq takes or drops the others with it.
    pub(super) fn send(&mut self, frame: &mut Frame, more: bool) -> Result<(), WouldBlock> {
        self.check_process().map_err(WouldBlock::Broken)?;
        let flags = if more {
            zmq::DONTWAIT | zmq::SNDMORE
        } else {
            zmq::DONTWAIT
        };
        loop {
            // SAFETY: socket and message are live; on success libzmq leaves an empty, initialised message, on failure
            // it leaves the message unchanged.
            let rc = unsafe {
                zmq_sys::zmq_msg_send(frame.as_mut_ptr(), self.socket.as_mut_ptr(), flags)
            };
            if rc >= 0 {
                frame.set_empty();
                return Ok(());
            }
            // The number only: the text is not needed for a full queue, which is common.
            // SAFETY: `zmq_errno` has no preconditions.
            let code = unsafe { zmq_sys::zmq_errno() };
            if code == zmq::Error::EAGAIN.to_raw() {
                return Err(WouldBlock::Full);
            } else if code == zmq::Error::EHOSTUNREACH.to_raw() {
                return Err(WouldBlock::Unreachable);
            } else if code != zmq::Error::EINTR.to_raw() {
                return Err(WouldBlock::Broken(SocketError::last("send")));
            }
        }
    }

    /// Receives one frame. `None` if there is none.
    pub(super) fn receive(&mut self) -> Result<Option<Frame>, SocketError> {
        let mut frame = Frame::new();
        Ok(self.receive_into(&mut frame)?.then_some(frame))
    }

    /// Receives one frame into `frame`. Returns `false` if there is none.
    #[inline]
    pub(super) fn receive_into(&mut self, frame: &mut Frame) -> Result<bool, SocketError> {
        self.check_process()?;
        // libzmq would drop the content anyway, whether it receives a frame or not.
        frame.clear();
        loop {
            // SAFETY: socket and message are live.
            let rc = unsafe {
                zmq_sys::zmq_msg_recv(frame.as_mut_ptr(), self.socket.as_mut_ptr(), zmq::DONTWAIT)
            };
            if rc >= 0 {
                frame.set_received(rc);
                return Ok(true);
            }
            // As in `send`: an empty queue is common.
            // SAFETY: `zmq_errno` has no preconditions.
            let code = unsafe { zmq_sys::zmq_errno() };
            if code == zmq::Error::EAGAIN.to_raw() {
                return Ok(false);
            }
            if code != zmq::Error::EINTR.to_raw() {
                return Err(SocketError::last("receive"));
            }
        }
    }

    /// Returns a duplicate of the socket's descriptor, which stays valid if the socket is closed while a thread waits
    /// on it: libzmq closes its own later, on another thread.
    pub(super) fn descriptor(&self) -> Result<OwnedFd, SocketError> {
        self.check_process()?;
        let fd = self
            .socket
            .get_fd()
            .map_err(SocketError::of("reading the descriptor"))?;
        // libzmq keeps it open as long as the socket lives.
        borrowed(fd)
            .try_clone_to_owned()
            .map_err(|error| SocketError::io("duplicating the descriptor", &error))
    }
}

impl Drop for RawSocket {
    fn drop(&mut self) {
        self.listeners.clear();
        if self.process.is_current() {
            // SAFETY: the socket is dropped only here, and not used afterwards.
            unsafe { ManuallyDrop::drop(&mut self.socket) };
        }
    }
}

fn c_text(text: &str) -> CString {
    // `Endpoint::parse` rejects NUL.
    CString::new(text).unwrap_or_default()
}
