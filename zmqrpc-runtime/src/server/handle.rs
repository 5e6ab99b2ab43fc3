//! A running server.

use std::fmt;
use std::sync::Arc;

use super::binder::Binder;
use super::binder_socket::open_binder;
use super::sources::{CommandSource, PullSource, Sources, SubscriptionSource};
use super::threads::ServerThreads;
use crate::callers::ServerStats;
use crate::error::{EndpointCause, Error};
use crate::logins::warn_if_exposed;
use crate::reception::{PullStats, Puller};
use crate::socket::{Direction, Endpoint, RejectedLogins, SocketError};
use crate::subscription::{Subscription, SubscriptionStats, check_topic};

/// A running server. Dropping it ends the server as [`shutdown`](Self::shutdown) does, within a second; at once where
/// `async` methods need the very thread that drops it to go on.
///
/// All of its methods take `&self`: to stop a server from another thread, share the handle in an `Arc`.
#[must_use = "dropping the handle ends the server"]
pub struct ServerHandle {
    pub(super) threads: Arc<ServerThreads>,
    denied: RejectedLogins,
    refused: RejectedLogins,
}

impl ServerHandle {
    pub(super) fn new(
        threads: Arc<ServerThreads>,
        denied: RejectedLogins,
        refused: RejectedLogins,
    ) -> Self {
        Self {
            threads,
            denied,
            refused,
        }
    }

    /// The endpoints, in the order in which they were added, with wildcards resolved: `tcp://127.0.0.1:*` reads
    /// `tcp://127.0.0.1:49213` here. Empty after the end.
    #[must_use]
    pub fn endpoints(&self) -> Vec<String> {
        let endpoints = self
            .threads
            .with_router(|router| router.endpoints().map(str::to_owned).collect());
        endpoints.unwrap_or_default()
    }

    /// Listens on another endpoint; answers it with its wildcards resolved.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if it is wrong or in use; the server goes on as before.
    pub fn add_bind(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
        self.open(endpoint.as_ref(), Direction::Bind)
    }

    /// Connects to another endpoint: a hub that hands requests on.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if it is wrong; the server goes on as before.
    pub fn add_connect(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
        self.open(endpoint.as_ref(), Direction::Connect)
    }

    /// Works for another client, as [`ServerBuilder::work_for`](super::ServerBuilder::work_for) has it.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if its endpoint is wrong, or the server works for it already; the server goes on as before.
    pub fn work_for(&self, binder: impl Into<Binder>) -> Result<(), Error> {
        let binder = binder.into();
        let endpoint = binder.check()?;
        let options = self.sources(endpoint.as_str(), |sources| sources.binder_options())?;
        let dispatcher = self.threads.dispatcher();
        let socket = open_binder(&binder, &endpoint, &options, dispatcher)?;
        let added = self.threads.with_router(|router| router.add_binder(socket));
        added.ok_or_else(|| self.ended(endpoint.as_str()))??;
        self.threads.wait_for_binders();
        Ok(())
    }

    /// Leaves an endpoint, bound or connected, named as [`endpoints`](Self::endpoints) shows it. Its callers lose
    /// their connections.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the server has no such endpoint.
    pub fn remove_endpoint(&self, endpoint: impl AsRef<str>) -> Result<(), Error> {
        let endpoint = endpoint.as_ref();
        match self.threads.with_router(|router| router.close(endpoint)) {
            Some(Ok(true)) => {
                self.threads.wait_for_binders();
                Ok(())
            }
            Some(Ok(false)) => Err(Error::endpoint_error(endpoint, EndpointCause::Unknown)),
            Some(Err(error)) => Err(Error::endpoint_error(endpoint, error)),
            None => Err(self.ended(endpoint)),
        }
    }

    fn open(&self, text: &str, direction: Direction) -> Result<String, Error> {
        let endpoint = Endpoint::parse(text, direction).map_err(|reason| {
            Error::endpoint_error(text, EndpointCause::Malformed(reason.into()))
        })?;
        let guarded = self.threads.with_router(|router| router.requires_login());
        if guarded == Some(false) {
            warn_if_exposed(std::iter::once(&endpoint));
        }
        match self.threads.with_router(|router| router.open(&endpoint)) {
            Some(result) => result.map_err(|error| Error::endpoint_error(text, error)),
            None => Err(self.ended(text)),
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
        let options = self.sources(&endpoint, |sources| {
            sources.subscription_options(&subscription)
        })??;
        subscription.warn_if_exposed(&options);
        let subscription = SubscriptionSource::open(subscription, &options)?;
        self.sources(&endpoint, |sources| sources.add_subscription(subscription))?
    }

    /// Ends a subscription. What it has received and is not executed yet still is.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the server has no such subscription.
    pub fn unsubscribe(&self, endpoint: impl AsRef<str>) -> Result<(), Error> {
        let endpoint = endpoint.as_ref();
        let subscription =
            self.sources(endpoint, |sources| sources.remove_subscription(endpoint))?;
        subscription
            .ok_or_else(|| no_subscription(endpoint))?
            .close_and_release();
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
        self.with_subscription(endpoint, |subscription| subscription.add_topic(topic))
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
        self.with_subscription(endpoint.as_ref(), |subscription| {
            subscription.remove_topic(topic)
        })
    }

    /// The subscriptions and what they have seen, in the order in which they were made. Empty after the end.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<SubscriptionStats> {
        let subscriptions = self.threads.with_sources(|sources| sources.subscriptions());
        subscriptions.unwrap_or_default()
    }

    /// Executes what is pushed to another endpoint, as [`ServerBuilder::pull`](super::ServerBuilder::pull) does before the
    /// start. Returns the endpoint with its wildcards resolved, which names it from then on.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if it is wrong, in use, or pulled from already; the server goes on as before.
    pub fn pull(&self, puller: impl Into<Puller>) -> Result<String, Error> {
        let endpoint = puller.into().check()?;
        let text = endpoint.as_str();
        let options = self.sources(text, |sources| sources.pull_options(&endpoint))??;
        if !options.security.requires_login() {
            warn_if_exposed(std::iter::once(&endpoint));
        }
        let source = PullSource::open(&endpoint, &options)?;
        self.sources(text, |sources| sources.add_pull(source))?
    }

    /// Pulls from an endpoint no longer, named as [`pulls`](Self::pulls) shows it. What had been sent to this server and
    /// not been read is lost.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the server does not pull from there.
    pub fn stop_pulling(&self, endpoint: impl AsRef<str>) -> Result<(), Error> {
        let endpoint = endpoint.as_ref();
        let pulled = self.sources(endpoint, |sources| sources.remove_pull(endpoint))?;
        let missing = || Error::endpoint_error(endpoint, EndpointCause::Unknown);
        pulled.ok_or_else(missing)?.close_and_release();
        Ok(())
    }

    /// The endpoints that commands are pulled from and what came, in the order in which they were added. Empty after the
    /// end.
    #[must_use]
    pub fn pulls(&self) -> Vec<PullStats> {
        let pulls = self.threads.with_sources(|sources| sources.pulls());
        pulls.unwrap_or_default()
    }

    fn sources<R>(
        &self,
        endpoint: &str,
        action: impl FnOnce(&mut Sources) -> R,
    ) -> Result<R, Error> {
        let result = self.threads.with_sources(action);
        result.ok_or_else(|| self.ended(endpoint))
    }

    fn with_subscription(
        &self,
        endpoint: &str,
        action: impl FnOnce(&mut SubscriptionSource) -> Result<bool, SocketError>,
    ) -> Result<bool, Error> {
        let result = self.sources(endpoint, |sources| {
            sources.with_subscription(endpoint, action)
        })?;
        let result = result.ok_or_else(|| no_subscription(endpoint))?;
        result.map_err(|error| Error::endpoint_error(endpoint, error))
    }

    fn ended(&self, endpoint: &str) -> Error {
        let forked = Error::check_process(self.threads.process()).err();
        forked.unwrap_or_else(|| Error::endpoint_error(endpoint, EndpointCause::Ended))
    }

    /// Counters since the start.
    #[must_use]
    pub fn stats(&self) -> ServerStats {
        ServerStats {
            logins_rejected: self.denied.get(),
            login_failures: self.refused.get(),
            ..self.threads.counters.read()
        }
    }
}

fn no_subscription(endpoint: &str) -> Error {
    Error::endpoint_error(endpoint, EndpointCause::Unknown)
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle")
            .field("endpoints", &self.endpoints())
            .finish_non_exhaustive()
    }
}
