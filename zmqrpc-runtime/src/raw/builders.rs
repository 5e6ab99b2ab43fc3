//! The settings of what hands out events and jobs as they come.

use super::async_receivers::{AsyncRawPuller, AsyncRawSubscriber};
use super::puller::RawPuller;
use super::subscriber::RawSubscriber;
use crate::error::Error;
use crate::logins::{AuthSettings, authenticate_method, credentials_method};
use crate::options::ConnectionOptions;
use crate::reception::{EventReception, JobReception, Puller, QueueBounds, Reception};
use crate::subscription::Subscription;

/// Makes a [`RawSubscriber`] or an [`AsyncRawSubscriber`]. Nothing is opened before [`build`](Self::build), which checks
/// every setting.
#[derive(Debug, Default)]
#[must_use = "nothing is opened before `build`"]
pub struct RawSubscriberBuilder {
    subscriptions: Vec<Subscription>,
    settings: ReceptionSettings,
}

/// Makes a [`RawPuller`] or an [`AsyncRawPuller`]. Nothing is opened before [`build`](Self::build), which checks every
/// setting.
#[derive(Debug, Default)]
#[must_use = "nothing is opened before `build`"]
pub struct RawPullerBuilder {
    pullers: Vec<Puller>,
    auth: AuthSettings,
    settings: ReceptionSettings,
}

/// What both have.
#[derive(Debug)]
struct ReceptionSettings {
    options: ConnectionOptions,
    bounds: QueueBounds,
}

impl Default for ReceptionSettings {
    fn default() -> Self {
        Self {
            options: ConnectionOptions::default(),
            bounds: QueueBounds {
                items: 1000,
                bytes: 64 << 20,
            },
        }
    }
}

impl ReceptionSettings {
    fn check(&self) -> Result<(), Error> {
        self.options.check()?;
        if self.bounds.items == 0 {
            return Err(Error::bad_setting("max_queue", "it must be 1 or more"));
        }
        if self.bounds.bytes < self.options.largest_message() {
            let reason = "it must hold at least one message of `max_message` bytes";
            return Err(Error::bad_setting("max_queue_bytes", reason));
        }
        Ok(())
    }
}

macro_rules! reception_methods {
    () => {
        /// Replaces all settings of connections.
        pub fn connection(mut self, options: ConnectionOptions) -> Self {
            self.settings.options = options;
            self
        }

        /// Sets the size of the largest message, in bytes, as [`ConnectionOptions::max_message`] does. Default: 16 MiB.
        pub fn max_message(mut self, bytes: usize) -> Self {
            self.settings.options = self.settings.options.max_message(bytes);
            self
        }

        /// How many arrivals are held that nobody has received. Default: 1,000. Further ones are left unread.
        pub fn max_queue(mut self, arrivals: usize) -> Self {
            self.settings.bounds.items = arrivals;
            self
        }

        /// How many bytes of arrivals are held that nobody has received. Default: 64 MiB. Further ones are left unread.
        pub fn max_queue_bytes(mut self, bytes: usize) -> Self {
            self.settings.bounds.bytes = bytes;
            self
        }
    };
}

impl RawSubscriberBuilder {
    /// Adds a subscription. A text connects to an endpoint and takes everything; a [`Subscription`] says more. Any number
    /// of them, each with a connection of its own.
    pub fn subscribe(mut self, subscription: impl Into<Subscription>) -> Self {
        self.subscriptions.push(subscription.into());
        self
    }

    reception_methods! {}

    /// Checks the settings, opens the subscriptions and takes in what comes, on a thread of its own.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] and [`Error::Config`] name the setting that is wrong; nothing is open then.
    /// [`Error::Transport`] if the system gives no more sockets or threads.
    pub fn build(self) -> Result<RawSubscriber, Error> {
        self.start().map(RawSubscriber::new)
    }

    /// Does the same as [`build`](Self::build), for tasks. Takes no runtime: it works on any executor.
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build).
    pub fn build_async(self) -> Result<AsyncRawSubscriber, Error> {
        self.start().map(AsyncRawSubscriber::new)
    }

    fn start(self) -> Result<Reception<EventReception>, Error> {
        let Self {
            subscriptions,
            settings,
        } = self;
        settings.check()?;
        if subscriptions.is_empty() {
            let reason = "a subscriber needs at least one subscription";
            return Err(Error::bad_setting("subscribe", reason));
        }
        let sources = EventReception::open_all(subscriptions, &settings.options)?;
        Reception::start(sources, &settings.options, settings.bounds)
    }
}

impl RawPullerBuilder {
    /// Adds an endpoint to pull from. Any number of them.
    pub fn pull(mut self, puller: Puller) -> Self {
        self.pullers.push(puller);
        self
    }

    reception_methods! {}

    credentials_method! {
        auth
        /// A login that is refused is logged and counted, see
        /// [`PullStats::login_failures`](crate::push::PullStats::login_failures), and tried again after half a second, then
        /// more and more rarely, up to every 32 s.
    }

    authenticate_method! {
        auth
        /// Asks everybody for a login who connects to where it is [bound](Puller::bind).
    }

    /// Checks the settings, opens the endpoints and takes in what comes, on a thread of its own.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] and [`Error::Config`] name the setting that is wrong; nothing is open then.
    /// [`Error::Transport`] if the system gives no more sockets or threads.
    pub fn build(self) -> Result<RawPuller, Error> {
        self.start().map(RawPuller::new)
    }

    /// Does the same as [`build`](Self::build), for tasks. Takes no runtime: it works on any executor.
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build).
    pub fn build_async(self) -> Result<AsyncRawPuller, Error> {
        self.start().map(AsyncRawPuller::new)
    }

    fn start(self) -> Result<Reception<JobReception>, Error> {
        let Self {
            pullers,
            auth,
            settings,
        } = self;
        settings.check()?;
        if pullers.is_empty() {
            let reason = "a puller needs at least one endpoint to pull from";
            return Err(Error::bad_setting("pull", reason));
        }
        let sources = JobReception::open_all(&pullers, &settings.options, &auth)?;
        Reception::start(sources, &settings.options, settings.bounds)
    }
}
