//! Settings of a publisher.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use super::endpoints::open_all;
use super::heartbeats::Heartbeats;
use super::publisher::{Publisher, PublisherShared};
use super::publisher_socket::{Overflow, PublisherSocket};
use super::settings::{SenderSettings, setters};
use crate::command::EarlierReceivers;
use crate::error::Error;
use crate::logins::{authenticate_method, credentials_method};
use crate::options::connection_methods;
use crate::socket::{Process, PubSocket as Socket, Registration};

/// Makes a [`Publisher`]. Nothing is opened before [`build`](Self::build), which checks every setting.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use zmqrpc_runtime::pubsub::{Overflow, Publisher};
///
/// let publisher = Publisher::builder()
///     .bind("tcp://127.0.0.1:*")
///     .heartbeat_interval(Duration::from_secs(10))
///     .overflow(Overflow::Refuse)
///     .build()?;
/// # Ok::<(), zmqrpc_runtime::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is opened before `build`"]
pub struct PublisherBuilder {
    settings: SenderSettings,
    heartbeat: Option<Duration>,
    overflow: Overflow,
}

impl Default for PublisherBuilder {
    fn default() -> Self {
        Self {
            settings: SenderSettings::new(10_000),
            heartbeat: None,
            overflow: Overflow::default(),
        }
    }
}

impl PublisherBuilder {
    setters! {
        /// Adds an endpoint that subscribers connect to: `tcp://host:port`, `ipc://path` or `inproc://name`.
        /// `tcp://127.0.0.1:*` takes any free port, see [`Publisher::endpoints`].
        bind;

        /// Adds an endpoint where a subscriber is bound. The connection is made in the background and made again when it is
        /// lost.
        connect;

        /// Sends `value` under `key` with every message, as [`Publisher::with_metadata`] does.
        metadata;

        /// Sends to subscribers that are of an earlier version of a service: under its keys, where they read nothing as
        /// something else. A value that they would refuse is an [`Error::Encode`], and is not sent. `snapshot` is what [`assert_compatible`](crate::schema::assert_compatible) wrote of that
        /// version; one that is no description is an [`Error::Config`].
        ///
        /// So senders may be replaced before their receivers. Those that are newer take it if they were given
        /// [the same snapshot](crate::ServerBuilder::earlier). Of several that have a method, the first counts.
        earlier;
    }

    connection_methods! {
        settings.options;
        /// Sets how many messages are held for each subscriber at most. Default: 10,000. Beyond that the
        /// [overflow policy](Self::overflow) decides.
        ///
        /// The kernel's buffers and the subscriber's own queue hold some more. Over `inproc` both queues are one.
    }

    credentials_method! {
        settings.auth
        /// A login that is refused is logged and counted, see [`PublisherStats::login_failures`](crate::pubsub::PublisherStats::login_failures), and tried again after half
        /// a second, then more and more rarely, up to every 32 s; while [`Publisher::wait_subscribers`] waits, twice a
        /// second, and that is told of it.
    }

    authenticate_method! {
        settings.auth
        /// Asks everybody for a login who connects to what it [binds](Self::bind). A subscriber and what it gets may then be
        /// trusted as far as its login is.
    }

    /// Publishes a heartbeat each `interval`, from a thread of the publisher's own. Default: none.
    pub fn heartbeat_interval(mut self, interval: Duration) -> Self {
        self.heartbeat = Some(interval);
        self
    }

    /// What happens to a message that finds a subscriber full. Default: [`Overflow::Drop`].
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Checks the settings and opens the socket.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] and [`Error::Config`] name the setting that is wrong; nothing is open then.
    /// [`Error::Transport`] if the system gives no more sockets or threads.
    pub fn build(self) -> Result<Publisher, Error> {
        let settings = self.settings;
        let endpoints = settings.check()?;
        let options = settings.options(&endpoints)?;
        if self.heartbeat.is_some_and(|interval| interval.is_zero()) {
            let reason = "the interval must be above zero";
            return Err(Error::bad_setting("heartbeat_interval", reason));
        }
        let mut socket = Socket::new(&options)?;
        open_all(&endpoints, |endpoint| socket.open(endpoint))?;
        let unauthenticated = socket.rejected_logins();
        let (socket, id) = (Arc::new(PublisherSocket::from_socket(socket)), random());
        let heartbeats = self
            .heartbeat
            .map(|interval| Heartbeats::start(Arc::clone(&socket), id, interval));
        let shared = PublisherShared {
            heartbeats: heartbeats.transpose()?,
            socket: Registration::new(socket),
            id,
            overflow: self.overflow,
            high_water: settings.high_water(),
            limits: settings.limits(),
            earlier: EarlierReceivers::read(&settings.earlier)?,
            endpoint: settings.endpoints.only(),
            denied: options.security.rejected_logins(),
            unauthenticated,
            process: Process::current(),
        };
        Ok(Publisher::new(shared, settings.metadata))
    }
}

/// A number that no other publisher has: the standard library seeds its hashers from the system's randomness, once per
/// process, and differently for each one.
fn random() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.finish()
}
