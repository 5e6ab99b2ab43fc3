//! A running server.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::counters::ServerStats;
use super::end::Waited;
use super::engine::Engine;
use super::signals;
use super::sources::{
    Feed, PullStats, Pulled, Source, Sources, Subscription, SubscriptionStats, check_topic,
};
use crate::auth::warn_if_exposed;
use crate::error::Error;
use crate::socket::{Denied, Direction, Endpoint, SocketError, aside};

/// A running server. Dropping it ends the server as [`shutdown`](Self::shutdown) does, within a second; at once where
/// `async` methods need the very thread that drops it to go on.
///
/// All of its methods take `&self`: to stop a server from another thread, share the handle in an `Arc`.
#[must_use = "dropping the handle ends the server"]
pub struct ServerHandle {
    engine: Arc<Engine>,
    denied: Denied,
    refused: Denied,
}

/// How long dropping a handle waits.
const DROP_LIMIT: Duration = Duration::from_secs(1);

impl ServerHandle {
    pub(super) fn new(engine: Arc<Engine>, denied: Denied, refused: Denied) -> Self {
        Self {
            engine,
            denied,
            refused,
        }
    }

    /// The endpoints, in the order in which they were added, with wildcards resolved: `tcp://127.0.0.1:*` reads
    /// `tcp://127.0.0.1:49213` here. Empty after the end.
    #[must_use]
    pub fn endpoints(&self) -> Vec<String> {
        let endpoints = self
            .engine
            .with_router(|router| router.endpoints().map(str::to_owned).collect());
        endpoints.unwrap_or_default()
    }

    /// Listens on another endpoint; answers it with its wildcards resolved.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if it is wrong or in use; the server goes on as before.
    pub fn bind(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
        self.open(endpoint.as_ref(), Direction::Bind)
    }

    /// Connects to another endpoint: a hub that hands requests on.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if it is wrong; the server goes on as before.
    pub fn connect(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
        self.open(endpoint.as_ref(), Direction::Connect)
    }

    /// Leaves an endpoint, bound or connected, named as [`endpoints`](Self::endpoints) shows it. Its callers lose
    /// their connections.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the server has no such endpoint.
    pub fn close(&self, endpoint: impl AsRef<str>) -> Result<(), Error> {
        let endpoint = endpoint.as_ref();
        match self.engine.with_router(|router| router.close(endpoint)) {
            Some(Ok(true)) => Ok(()),
            Some(Ok(false)) => Err(Error::bad_endpoint(
                endpoint,
                "the server has no such endpoint",
            )),
            Some(Err(error)) => Err(Error::bad_endpoint(endpoint, error.to_string())),
            None => Err(ended(endpoint)),
        }
    }

    fn open(&self, text: &str, direction: Direction) -> Result<String, Error> {
        let endpoint =
            Endpoint::parse(text, direction).map_err(|reason| Error::bad_endpoint(text, reason))?;
        let guarded = self.engine.with_router(|router| router.is_guarded());
        if guarded == Some(false) {
            warn_if_exposed(std::iter::once(&endpoint));
        }
        match self.engine.with_router(|router| router.open(&endpoint)) {
            Some(result) => result.map_err(|error| Error::bad_endpoint(text, error.to_string())),
            None => Err(ended(text)),
        }
    }

    /// Subscribes at run time, as [`ServerBuilder::subscribe`](super::ServerBuilder::subscribe) does before the start;
    /// answers the endpoint with its wildcards resolved, which is the subscription's name from then on.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is wrong, in use, or subscribed to already; [`Error::Config`] names the setting
    /// that is wrong. The server goes on as before.
    pub fn subscribe(&self, subscription: impl Into<Subscription>) -> Result<String, Error> {
        let subscription = subscription.into().check()?;
        let endpoint = subscription.endpoint().to_owned();
        let options = self.sources(&endpoint, |sources| sources.before_feed(&subscription))??;
        subscription.warn_if_exposed(&options);
        let feed = Feed::open(subscription, &options)?;
        self.sources(&endpoint, |sources| sources.add_feed(feed))?
    }

    /// Ends a subscription. What it has received and is not executed yet still is.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the server has no such subscription.
    pub fn unsubscribe(&self, endpoint: impl AsRef<str>) -> Result<(), Error> {
        let endpoint = endpoint.as_ref();
        let feed = self.sources(endpoint, |sources| sources.remove_feed(endpoint))?;
        feed.ok_or_else(|| no_subscription(endpoint))?.shut();
        Ok(())
    }

    /// Takes events of another topic too, of a subscription that is named as [`subscriptions`](Self::subscriptions) shows
    /// it. `false` if it did already. It takes effect at the publisher a moment later.
    ///
    /// A subscription that was made without a topic has the topic `""`, which is everything.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the server has no such subscription, [`Error::Config`] if the topic is too long.
    pub fn add_topic(
        &self,
        endpoint: impl AsRef<str>,
        topic: impl AsRef<str>,
    ) -> Result<bool, Error> {
        let (endpoint, topic) = (endpoint.as_ref(), topic.as_ref());
        check_topic(topic)?;
        self.with_feed(endpoint, |feed| feed.add_topic(topic))
    }

    /// Takes no more events of a topic, unless another one covers them. `false` if the subscription does not have exactly
    /// this one. Without any topic it hears nothing but heartbeats.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the server has no such subscription.
    pub fn remove_topic(
        &self,
        endpoint: impl AsRef<str>,
        topic: impl AsRef<str>,
    ) -> Result<bool, Error> {
        let topic = topic.as_ref();
        self.with_feed(endpoint.as_ref(), |feed| feed.remove_topic(topic))
    }

    /// The subscriptions and what they have seen, in the order in which they were made. Empty after the end.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<SubscriptionStats> {
        let feeds = self.engine.with_sources(|sources| sources.feeds());
        feeds.unwrap_or_default()
    }

    /// Executes what is pushed to another endpoint that this server listens at; answers it with its wildcards resolved.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if it is wrong or in use; the server goes on as before.
    pub fn pull_bind(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
        self.pull(endpoint.as_ref(), Direction::Bind)
    }

    /// Executes what is pushed by whoever listens at another endpoint.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if it is wrong or pulled from already; the server goes on as before.
    pub fn pull_connect(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
        self.pull(endpoint.as_ref(), Direction::Connect)
    }

    fn pull(&self, text: &str, direction: Direction) -> Result<String, Error> {
        let endpoint =
            Endpoint::parse(text, direction).map_err(|reason| Error::bad_endpoint(text, reason))?;
        let options = self.sources(text, |sources| sources.before_pull(&endpoint))??;
        if !options.security.is_guarded() {
            warn_if_exposed(std::iter::once(&endpoint));
        }
        let pulled = Pulled::open(&endpoint, &options)?;
        self.sources(text, |sources| sources.add_pull(pulled))?
    }

    /// Pulls from an endpoint no longer, named as [`pulls`](Self::pulls) shows it. What had been sent to this server and
    /// not been read is lost.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the server does not pull from there.
    pub fn pull_close(&self, endpoint: impl AsRef<str>) -> Result<(), Error> {
        let endpoint = endpoint.as_ref();
        let pulled = self.sources(endpoint, |sources| sources.remove_pull(endpoint))?;
        let missing = || Error::bad_endpoint(endpoint, "the server does not pull from there");
        pulled.ok_or_else(missing)?.shut();
        Ok(())
    }

    /// The endpoints that commands are pulled from and what came, in the order in which they were added. Empty after the
    /// end.
    #[must_use]
    pub fn pulls(&self) -> Vec<PullStats> {
        let pulls = self.engine.with_sources(|sources| sources.pulls());
        pulls.unwrap_or_default()
    }

    fn sources<R>(
        &self,
        endpoint: &str,
        action: impl FnOnce(&mut Sources) -> R,
    ) -> Result<R, Error> {
        let result = self.engine.with_sources(action);
        result.ok_or_else(|| ended(endpoint))
    }

    fn with_feed(
        &self,
        endpoint: &str,
        action: impl FnOnce(&mut Feed) -> Result<bool, SocketError>,
    ) -> Result<bool, Error> {
        let result = self.sources(endpoint, |sources| sources.with_feed(endpoint, action))?;
        let result = result.ok_or_else(|| no_subscription(endpoint))?;
        result.map_err(|error| Error::bad_endpoint(endpoint, error.to_string()))
    }

    /// Counters since the start.
    #[must_use]
    pub fn stats(&self) -> ServerStats {
        ServerStats {
            denied: self.denied.get(),
            unauthenticated: self.refused.get(),
            ..self.engine.counters.read()
        }
    }

    /// Blocks until the server ends: until another thread shuts it down, or its socket fails.
    /// [`run_until_signal`](Self::run_until_signal) ends it when the process is asked to end.
    ///
    /// # Errors
    ///
    /// [`Error::Deadlock`] when an `async` method needs this very thread to go on, since it is the only one of the tokio
    /// runtime that the server was started in. There [`wait_async`](Self::wait_async) waits.
    pub fn wait(&self) -> Result<(), Error> {
        match self.engine.wait(None) {
            Waited::Deadlocked => Err(Error::Deadlock {
                operation: "wait",
                instead: "`wait_async().await`",
            }),
            Waited::Ended | Waited::Running => Ok(()),
        }
    }

    /// Waits as [`wait`](Self::wait) does, as a task. Works on any executor; dropping the future does nothing.
    pub async fn wait_async(&self) {
        self.engine.end().reached().await;
    }

    /// Ends the server: refuses what comes from now on, executes what has arrived, sends the last replies, closes.
    /// Returns when that is done. Once ended, a server stays ended, and this returns at once.
    ///
    /// # Errors
    ///
    /// [`Error::StillRunning`] when `limit` passes first. The socket is closed then; a service that is still running
    /// goes on until it returns, and its reply is dropped; `async` services end at their next `await`.
    ///
    /// [`Error::Deadlock`] when an `async` method needs this very thread to come to its end, since it is the only one of
    /// the tokio runtime that the server was started in. The server goes on then, unless the method began during the
    /// wait. There [`shutdown_async`](Self::shutdown_async) ends it.
    pub fn shutdown(&self, limit: Duration) -> Result<(), Error> {
        const DEADLOCK: Error = Error::Deadlock {
            operation: "shutdown",
            instead: "`shutdown_async(..).await`",
        };
        if self.engine.is_deadlocked() {
            return Err(DEADLOCK);
        }
        match end_within(&self.engine, limit) {
            Waited::Ended => Ok(()),
            Waited::Running => Err(Error::StillRunning { limit }),
            Waited::Deadlocked => Err(DEADLOCK),
        }
    }

    /// Ends the server as [`shutdown`](Self::shutdown) does, and waits for it as a task. Works on any executor. It takes a
    /// thread for as long as it lasts.
    ///
    /// # Cancellation
    ///
    /// The server ends within `limit` although the future is dropped, once it has been polled.
    ///
    /// # Errors
    ///
    /// [`Error::StillRunning`] as there, and [`Error::Transport`] if no thread can be started: the server goes on then.
    pub async fn shutdown_async(&self, limit: Duration) -> Result<(), Error> {
        let engine = Arc::clone(&self.engine);
        match aside(move || end_within(&engine, limit)).await? {
            Waited::Running => Err(Error::StillRunning { limit }),
            Waited::Ended | Waited::Deadlocked => Ok(()),
        }
    }

    /// Serves until the process is asked to end, by SIGINT (ctrl-c) or SIGTERM; then ends the server as
    /// [`shutdown`](Self::shutdown) does. Returns also when the server ends for another reason.
    ///
    /// A second signal ends the process at once, as if nobody cared for signals; so does one that comes after this has
    /// returned.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// # use zmqrpc_runtime::{Error, Server, ServerBuilder};
    ///
    /// # fn example(settings: ServerBuilder) -> Result<(), Error> {
    /// let server = settings.bind("tcp://*:30000").start()?;
    /// server.run_until_signal(Duration::from_secs(10))
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`shutdown`](Self::shutdown), and [`Error::Transport`] if the system lets nobody wait for signals.
    pub fn run_until_signal(&self, limit: Duration) -> Result<(), Error> {
        if self.engine.is_deadlocked() {
            return Err(RUN_DEADLOCK);
        }
        let _signals = self.watch_signals()?;
        match self.engine.wait_asked() {
            Waited::Deadlocked => Err(RUN_DEADLOCK),
            Waited::Ended | Waited::Running => self.shutdown(limit),
        }
    }

    /// Serves as [`run_until_signal`](Self::run_until_signal) does, and waits as a task. Works on any executor.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn run_until_signal_async(&self, limit: Duration) -> Result<(), Error> {
        let _signals = self.watch_signals()?;
        self.engine.end().asked().await;
        self.shutdown_async(limit).await
    }

    fn watch_signals(&self) -> Result<signals::Watch, Error> {
        let engine = Arc::clone(&self.engine);
        let watch = signals::Watch::start(move || engine.end().ask());
        watch.map_err(|error| SocketError::io("waiting for signals", &error).into())
    }
}

const RUN_DEADLOCK: Error = Error::Deadlock {
    operation: "run_until_signal",
    instead: "`run_until_signal_async(..).await`",
};

fn end_within(engine: &Engine, limit: Duration) -> Waited {
    engine.stop();
    let waited = engine.wait(Some(limit));
    if waited == Waited::Running {
        engine.finish();
    }
    waited
}

fn no_subscription(endpoint: &str) -> Error {
    Error::bad_endpoint(endpoint, "the server has no such subscription")
}

fn ended(endpoint: &str) -> Error {
    Error::bad_endpoint(endpoint, "the server has ended")
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        match end_within(&self.engine, DROP_LIMIT) {
            Waited::Ended => {}
            Waited::Running => {
                let error = Error::StillRunning { limit: DROP_LIMIT };
                tracing::warn!(%error, "a server was dropped");
            }
            Waited::Deadlocked => {
                self.engine.finish();
                tracing::warn!(
                    "a server was dropped on the only thread of its tokio runtime, and its `async` methods with it; \
                     `shutdown_async(..).await` lets them come to their ends"
                );
            }
        }
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle")
            .field("endpoints", &self.endpoints())
            .finish_non_exhaustive()
    }
}
