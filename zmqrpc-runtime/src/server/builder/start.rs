//! From settings to a server that runs.

use std::sync::Arc;

use super::{MAX_WORKER_THREADS, ServerBuilder};
use crate::callers::REPLIES_IN_SOCKET;
use crate::callers::ServerCounters;
use crate::clock::Instant;
use crate::command::EarlierVersions;
use crate::error::{EndpointCause, Error};
use crate::reception::Puller;
use crate::server::binder_socket::open_binder;
use crate::server::deduplicator::Deduplicator;
use crate::server::dispatcher::Dispatcher;
use crate::server::handle::ServerHandle;
use crate::server::method_index::MethodIndex;
use crate::server::scheduler::WorkLimits;
use crate::server::server_router::ServerRouter;
use crate::server::server_socket::ServerSocket;
use crate::server::sources::{PullSource, Sources, SubscriptionSource};
use crate::server::threads::ServerThreads;
use crate::socket::{Direction, Endpoint, RouterSocket};
use crate::subscription::{Subscription, ValidSubscription};
use crate::wire::Limits;

impl ServerBuilder {
    /// Checks the settings, opens the endpoints and serves, on a thread of its own.
    ///
    /// `async` methods find the tokio runtime that this is called in. Where there is none, or none any more, the server
    /// starts one for the first of them. A method that is under way when the runtime ends answers
    /// [`Error::Unavailable`]. While a runtime of one thread is not driven, nothing on it goes on: callers wait for it, and
    /// for no longer than their time.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] and [`Error::Config`] name the setting that is wrong; nothing is open then.
    /// [`Error::Transport`] if the system gives no more sockets or threads.
    pub fn start(mut self) -> Result<ServerHandle, Error> {
        let endpoints = self.check()?;
        let subscriptions: Vec<_> = std::mem::take(&mut self.subscriptions)
            .into_iter()
            .map(Subscription::check)
            .collect::<Result<_, _>>()?;
        let pulls: Vec<Endpoint> = self
            .pulls
            .iter()
            .map(Puller::check)
            .collect::<Result<_, _>>()?;
        let binders = self
            .binders
            .iter()
            .map(|binder| Ok((binder.clone(), binder.check()?)))
            .collect::<Result<Vec<_>, Error>>()?;
        let events = subscriptions
            .iter()
            .filter_map(ValidSubscription::inheriting);
        let exposed = endpoints.iter().chain(&pulls).chain(events);
        self.auth.warn_if_exposed(exposed);
        let own = self.endpoints.iter().map(|(_, direction)| *direction);
        let others = pulls.iter().map(Endpoint::direction);
        let others = others.chain(binders.iter().map(|(_, endpoint)| endpoint.direction()));
        let (security, logins) = self.auth.for_socket_and_endpoints(own, others)?;
        let denied = logins.bound.rejected_logins();
        let limits = self.limits();
        let options = self
            .options
            .socket(REPLIES_IN_SOCKET as usize, 1000, security);
        let bounds = WorkLimits {
            requests: self.max_queue,
            bytes: self.max_queue_bytes,
            worker_threads: self.worker_threads,
            notification_timeout: self.notification_timeout,
        };
        let linger = self.options.linger_timeout();
        let (dispatcher, counters) = self.into_parts(limits)?;
        let mut router = RouterSocket::new(&options)?;
        for endpoint in &endpoints {
            router
                .open(endpoint)
                .map_err(|error| Error::endpoint_error(endpoint.as_str(), error))?;
        }
        let (poller, refused) = (router.poller(), router.rejected_logins());
        let mut router = ServerRouter::new(router);
        let mut sources = Sources::new(Arc::clone(&poller), options, logins);
        for (binder, endpoint) in &binders {
            let socket = open_binder(binder, endpoint, &sources.binder_options(), &dispatcher)?;
            router.add_binder(socket)?;
        }
        sources.wait_for(router.binder_pollers().cloned().collect());
        for subscription in subscriptions {
            let options = sources.subscription_options(&subscription)?;
            let subscription = SubscriptionSource::open(subscription, &options)?;
            sources.add_subscription(subscription)?;
        }
        for endpoint in &pulls {
            let options = sources.pull_options(endpoint)?;
            let pulled = PullSource::open(endpoint, &options)?;
            sources.add_pull(pulled)?;
        }
        let socket = ServerSocket::new(router, sources, linger, Instant::now());
        let threads = ServerThreads::start(socket, poller, dispatcher, counters, bounds)?;
        Ok(ServerHandle::new(threads, denied, refused))
    }

    /// The services alone, to be called within the process.
    pub(crate) fn into_responder(self) -> Result<Dispatcher, Error> {
        let limits = self.limits();
        self.into_parts(limits).map(|(dispatcher, _)| dispatcher)
    }

    pub(in crate::server) fn into_parts(
        self,
        limits: Limits,
    ) -> Result<(Dispatcher, Arc<ServerCounters>), Error> {
        let mut methods = MethodIndex::default();
        for service in self.services {
            methods.add(service)?;
        }
        if methods.is_empty() {
            return Err(Error::bad_setting(
                "service",
                "a server needs at least one service or handler",
            ));
        }
        methods.add_earlier(&EarlierVersions::read(&self.earlier)?);
        methods.add_built_in(self.introspection, self.documents);
        if let Some(fallback) = self.fallback {
            methods.set_fallback(fallback);
        }
        let counters = Arc::new(ServerCounters::default());
        let deduplicator = Deduplicator::new(self.remember_deliveries);
        Ok((
            Dispatcher::new(
                methods,
                limits,
                Arc::clone(&counters),
                deduplicator,
                self.authorize,
            ),
            counters,
        ))
    }

    fn limits(&self) -> Limits {
        self.options.limits()
    }

    fn check(&self) -> Result<Vec<Endpoint>, Error> {
        let has_none = self.endpoints.is_empty() && self.binders.is_empty();
        if has_none && self.subscriptions.is_empty() && self.pulls.is_empty() {
            return Err(Error::bad_setting(
                "bind",
                "a server needs at least one endpoint to bind or connect, to work for, to subscribe or to pull from",
            ));
        }
        self.options.check()?;
        if !(1..=MAX_WORKER_THREADS).contains(&self.worker_threads) {
            return Err(Error::bad_setting(
                "worker_threads",
                format!("it must be from 1 to {MAX_WORKER_THREADS}"),
            ));
        }
        if self.notification_timeout.is_zero() {
            let reason = "it must be more than none";
            return Err(Error::bad_setting("notification_timeout", reason));
        }
        if self.max_queue == 0 {
            return Err(Error::bad_setting("max_queue", "it must be 1 or more"));
        }
        if self.max_queue_bytes < self.options.largest_message() {
            let reason = "it must hold at least one message of `max_message` bytes";
            return Err(Error::bad_setting("max_queue_bytes", reason));
        }
        parse(&self.endpoints)
    }
}

fn parse(endpoints: &[(String, Direction)]) -> Result<Vec<Endpoint>, Error> {
    endpoints
        .iter()
        .map(|(text, direction)| {
            Endpoint::parse(text, *direction).map_err(|reason| {
                Error::endpoint_error(text, EndpointCause::Malformed(reason.into()))
            })
        })
        .collect()
}
