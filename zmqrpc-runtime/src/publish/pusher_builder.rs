//! Settings of a pusher.

use std::sync::Arc;
use std::time::Duration;

use super::endpoints::open_all;
use super::pusher::{Pusher, PusherShared};
use super::pusher_queue::PusherQueue;
use super::settings::{SenderSettings, setters};
use crate::command::EarlierReceivers;
use crate::error::Error;
use crate::logins::{authenticate_method, credentials_method};
use crate::options::connection_methods;
use crate::socket::{Process, PushSocket, Registration};

/// Makes a [`Pusher`]. Nothing is opened before [`build`](Self::build), which checks every setting.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use zmqrpc_runtime::push::Pusher;
///
/// let pusher = Pusher::builder()
///     .connect("tcp://127.0.0.1:30002")
///     .connect("tcp://127.0.0.1:30003")
///     .timeout(Duration::from_secs(5))
///     .build()?;
/// # Ok::<(), zmqrpc_runtime::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is opened before `build`"]
pub struct PusherBuilder {
    settings: SenderSettings,
    timeout: Duration,
}

impl Default for PusherBuilder {
    fn default() -> Self {
        Self {
            settings: SenderSettings::new(1000),
            timeout: Duration::from_secs(30),
        }
    }
}

impl PusherBuilder {
    setters! {
        /// Adds an endpoint that pullers connect to: `tcp://host:port`, `ipc://path` or `inproc://name`.
        /// `tcp://127.0.0.1:*` takes any free port, see [`Pusher::endpoints`].
        bind;

        /// Adds an endpoint where a puller is bound. Jobs go in turn to those that are connected and have room; the
        /// connection is made in the background and made again when it is lost.
        connect;

        /// Sends `value` under `key` with every job, as [`Pusher::with_metadata`] does.
        metadata;

        /// Sends to pullers that are of an earlier version of a service: under its keys, where they read nothing as
        /// something else. A value that they would refuse is an [`Error::Encode`], and is not sent. `snapshot` is what [`assert_compatible`](crate::schema::assert_compatible) wrote of that
        /// version; one that is no description is an [`Error::Config`].
        ///
        /// So senders may be replaced before their receivers. Those that are newer take it if they were given
        /// [the same snapshot](crate::ServerBuilder::earlier). Of several that have a method, the first counts.
        earlier;
    }

    connection_methods! {
        settings.options;
        /// Sets how many jobs are held for each puller at most. Default: 1,000. Beyond that pushing waits.
        ///
        /// The kernel's buffers and the puller's own queue hold some more. Over `inproc` both queues are one.
    }

    credentials_method! {
        settings.auth
        /// A login that is refused is logged and counted, see [`PusherStats::login_failures`](crate::push::PusherStats::login_failures), and tried again after half a
        /// second, then more and more rarely, up to every 32 s; while somebody pushes, twice a second, and that one is told
        /// of it.
    }

    authenticate_method! {
        settings.auth
        /// Asks everybody for a login who connects to what it [binds](Self::bind). A puller and what it gets may then be
        /// trusted as far as its login is.
    }

    /// How long pushing may wait for room, and for somebody who pulls. Default: 30 s.
    ///
    /// A limit of the method's attribute goes before it, [`Pusher::with_timeout`] before both.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Checks the settings and opens the socket.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] and [`Error::Config`] name the setting that is wrong; nothing is open then.
    /// [`Error::Transport`] if the system gives no more sockets.
    pub fn build(self) -> Result<Pusher, Error> {
        let settings = self.settings;
        let endpoints = settings.check()?;
        let options = settings.options(&endpoints)?;
        let mut socket = PushSocket::new(&options)?;
        open_all(&endpoints, |endpoint| socket.open(endpoint))?;
        let unauthenticated = socket.rejected_logins();
        let shared = PusherShared {
            queue: Registration::new(Arc::new(PusherQueue::from_socket(
                socket,
                settings.high_water(),
            ))),
            timeout: self.timeout,
            high_water: settings.high_water(),
            limits: settings.limits(),
            earlier: EarlierReceivers::read(&settings.earlier)?,
            endpoint: settings.endpoints.only(),
            denied: options.security.rejected_logins(),
            unauthenticated,
            process: Process::current(),
        };
        Ok(Pusher::new(shared, settings.metadata))
    }

    /// Like [`build`](Self::build), for pushing from tasks.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn build_async(self) -> Result<super::AsyncPusher, Error> {
        self.build().map(super::AsyncPusher::from)
    }
}
