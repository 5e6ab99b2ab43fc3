//! Settings of connections, the same for everything that has any.
//!
//! Builders embed [`ConnectionOptions`] and open their sockets with what it says. A new setting of connections is a
//! field here and an option in `socket`; no builder changes.

use std::time::Duration;

use crate::error::Error;
pub use crate::socket::Keepalive;
use crate::socket::{Security, SocketOptions};
use crate::wire::{Limits, MIN_MESSAGE};

/// Settings of connections, for every builder's method `connection`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use zmqrpc_runtime::{Client, ConnectionOptions, Keepalive};
///
/// let options = ConnectionOptions::new()
///     .ipv6(true)
///     .handshake_timeout(Duration::from_secs(3))
///     .keepalive(Keepalive {
///         idle: Duration::from_secs(20),
///         interval: Duration::from_secs(5),
///     });
/// let client = Client::builder()
///     .connect("tcp://127.0.0.1:30000")
///     .connection(options.clone())
///     .build()?;
/// # Ok::<(), zmqrpc_runtime::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it is to be handed to a builder's `connection`"]
pub struct ConnectionOptions {
    max_message: usize,
    high_water: Option<usize>,
    linger: Option<Duration>,
    ipv6: bool,
    handshake_timeout: Duration,
    keepalive: Keepalive,
}

/// How long closing waits where neither the user nor the kind of socket says otherwise.
const LINGER: Duration = Duration::from_secs(1);

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            max_message: Limits::default().message,
            high_water: None,
            linger: None,
            ipv6: false,
            handshake_timeout: Duration::from_secs(10),
            keepalive: Keepalive::default(),
        }
    }
}

impl ConnectionOptions {
    /// Creates the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the size of the largest message, in bytes, in either direction. Default: 16 MiB.
    ///
    /// A larger message is [`Error::TooLarge`] at its sender before anything is sent. A peer's message is refused up to
    /// twice the limit; beyond that the connection is cut, so that no peer makes this side hold more.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// Sets the high-water mark: how many messages libzmq holds for one peer. Default: what the builder's own method
    /// `high_water` says.
    pub fn high_water(mut self, messages: usize) -> Self {
        self.high_water = Some(messages);
        self
    }

    /// Sets how long closing may wait until what was sent has left. Default: 1 s; 0.5 s for proxies.
    pub fn linger(mut self, timeout: Duration) -> Self {
        self.linger = Some(timeout);
        self
    }

    /// Sets whether host names resolve to IPv6 addresses, and `*` listens on IPv6 too. Default: `false`. Addresses in
    /// brackets work in any case.
    pub fn ipv6(mut self, allowed: bool) -> Self {
        self.ipv6 = allowed;
        self
    }

    /// Sets how long a peer may take from the connection to the end of its login. Default: 10 s.
    ///
    /// Then the connection is closed, since a peer that says nothing holds a descriptor; the side that connects makes it
    /// again.
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// Sets TCP's keepalive, which ends connections whose peers are gone without a word.
    pub fn keepalive(mut self, keepalive: Keepalive) -> Self {
        self.keepalive = keepalive;
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = |setting, reason: &str| Err(Error::bad_setting(setting, reason));
        if self.max_message < MIN_MESSAGE {
            return wrong(
                "max_message",
                &format!("it must be {MIN_MESSAGE} bytes or more"),
            );
        }
        if self.high_water == Some(0) {
            return wrong(
                "high_water",
                "it must be 1 or more: nothing is held without bound",
            );
        }
        if self.handshake_timeout.is_zero() {
            return wrong(
                "handshake_timeout",
                "a handshake needs some time, zero is none",
            );
        }
        if self.keepalive.idle.is_zero() || self.keepalive.interval.is_zero() {
            return wrong("keepalive", "both times must be above zero");
        }
        Ok(())
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits {
            message: self.max_message,
            ..Limits::default()
        }
    }

    pub(crate) fn largest_message(&self) -> usize {
        self.max_message
    }

    pub(crate) fn linger_timeout(&self) -> Duration {
        self.linger.unwrap_or(LINGER)
    }

    #[cfg(feature = "proxy")]
    pub(crate) fn linger_or(&self, default: Duration) -> Duration {
        self.linger.unwrap_or(default)
    }

    pub(crate) fn high_water_or(&self, default: usize) -> usize {
        self.high_water.unwrap_or(default)
    }

    /// Returns what to create a socket with whose high-water marks are these unless the user has set one.
    pub(crate) fn socket(
        &self,
        send_high_water: usize,
        receive_high_water: usize,
        security: Security,
    ) -> SocketOptions {
        // Nobody has so many messages, and libzmq takes 0 for no mark at all.
        let mark = |default| u32::try_from(self.high_water_or(default)).unwrap_or(u32::MAX);
        SocketOptions {
            max_frame: self.max_message.saturating_mul(2),
            linger: self.linger_timeout(),
            send_high_water: mark(send_high_water),
            receive_high_water: mark(receive_high_water),
            ipv6: self.ipv6,
            security,
            handshake_timeout: self.handshake_timeout,
            keepalive: self.keepalive,
        }
    }
}

/// When a peer counts as dead that is silent while calls are under way.
///
/// After `interval` of silence the peer is pinged, and again after each further `interval`; after `timeout` of silence
/// its calls fail with [`Error::Unavailable`] and the connection is made anew. Servers answer pings while all of their
/// worker threads are busy, so a slow method is no silence.
///
/// A server that has announced its end is not pinged: it sends keep-alive frames by itself, one each second, and `timeout`
/// is 3 s at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ping {
    /// The silence before a ping. Default: 1 s.
    pub interval: Duration,
    /// The silence after which the peer counts as dead. Default: 3 s. No shorter than `interval`.
    pub timeout: Duration,
}

impl Default for Ping {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(1),
            timeout: Duration::from_secs(3),
        }
    }
}

impl Ping {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.interval.is_zero() || self.timeout < self.interval {
            let reason = "the interval must be above zero and no longer than the timeout";
            return Err(Error::bad_setting("ping", reason));
        }
        Ok(())
    }
}

/// The methods of a builder whose field of this name is a [`ConnectionOptions`]: the whole, and the settings that are set
/// most. What is given behind `high_water` says what is held, and how many by default.
macro_rules! connection_methods {
    ($($options:ident).+; $(#[$high_water:meta])*) => {
        /// Replaces all settings of connections, those included that were set by the methods below.
        pub fn connection(mut self, options: $crate::options::ConnectionOptions) -> Self {
            self.$($options).+ = options;
            self
        }

        /// Sets the size of the largest message, in bytes, as
        /// [`ConnectionOptions::max_message`](crate::ConnectionOptions::max_message) does. Default: 16 MiB.
        pub fn max_message(mut self, bytes: usize) -> Self {
            self.$($options).+ = self.$($options).+.max_message(bytes);
            self
        }

        $(#[$high_water])*
        pub fn high_water(mut self, messages: usize) -> Self {
            self.$($options).+ = self.$($options).+.high_water(messages);
            self
        }

        /// Sets how long closing may wait until what was sent has left. Default: 1 s; 0.5 s for proxies.
        pub fn linger(mut self, timeout: std::time::Duration) -> Self {
            self.$($options).+ = self.$($options).+.linger(timeout);
            self
        }
    };
}
pub(crate) use connection_methods;
