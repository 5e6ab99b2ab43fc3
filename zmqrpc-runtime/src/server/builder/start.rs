//! From settings to a server that runs.

use std::sync::Arc;

use super::{MAX_WORKERS, ServerBuilder};
use crate::error::Error;
use crate::server::counters::ServerCounters;
use crate::server::deduplicator::Deduplicator;
use crate::server::dispatcher::Dispatcher;
use crate::server::handle::ServerHandle;
use crate::server::method_index::MethodIndex;
use crate::server::outbox::REPLIES_IN_SOCKET;
use crate::server::scheduler::WorkLimits;
use crate::server::server_socket::ServerSocket;
use crate::server::sources::{
    PullSource, Sources, Subscription, SubscriptionSource, ValidSubscription,
};
use crate::server::threads::ServerThreads;
use crate::socket::{Direction, Endpoint, RouterSocket, SocketOptions};
use crate::wire::{Limits, MIN_MESSAGE};

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
        let pulls = parse(&self.pulls)?;
        self.upkeep
            .check()
            .map_err(|(setting, reason)| Error::bad_setting(setting, reason))?;
        let events = subscriptions
            .iter()
            .filter_map(ValidSubscription::inheriting);
        let exposed = endpoints.iter().chain(&pulls).chain(events);
        self.access.warn_if_exposed(exposed);
        let own = self.endpoints.iter().map(|(_, direction)| *direction);
        let others = self.pulls.iter().map(|(_, direction)| *direction);
        let (security, logins) = self.access.of_one_and_each(own, others)?;
        let denied = logins.bound.rejected_logins();
        let limits = self.limits();
        let options = SocketOptions {
            max_frame: self.max_message.saturating_mul(2),
            linger: self.linger,
            send_high_water: self.high_water.map_or(REPLIES_IN_SOCKET, messages),
            receive_high_water: self.high_water.map_or(1000, messages),
            ipv6: self.ipv6,
            security,
            keepalive: self.upkeep,
        };
        let bounds = WorkLimits {
            requests: self.max_queue,
            bytes: self.max_queue_bytes,
            workers: self.workers,
            patience: self.notification_limit,
        };
        let linger = self.linger;
        let (dispatcher, counters) = self.into_parts(limits)?;
        let mut router = RouterSocket::new(&options)?;
        for endpoint in &endpoints {
            router
                .open(endpoint)
                .map_err(|error| Error::bad_endpoint(endpoint.as_str(), error.to_string()))?;
        }
        let (poller, refused) = (router.poller(), router.rejected_logins());
        let mut sources = Sources::new(Arc::clone(&poller), options, logins);
        for subscription in subscriptions {
            let options = sources.before_feed(&subscription)?;
            let subscription = SubscriptionSource::open(subscription, &options)?;
            sources.add_feed(subscription)?;
        }
        for endpoint in &pulls {
            let options = sources.before_pull(endpoint)?;
            let pulled = PullSource::open(endpoint, &options)?;
            sources.add_pull(pulled)?;
        }
        let socket = ServerSocket::new(router, sources, linger);
        let threads = ServerThreads::start(socket, poller, dispatcher, counters, bounds)?;
        Ok(ServerHandle::new(threads, denied, refused))
    }

    /// The services alone, to be called within the process.
    pub(crate) fn into_responder(self) -> Result<Dispatcher, Error> {
        let limits = self.limits();
        self.into_parts(limits).map(|(dispatcher, _)| dispatcher)
    }

    fn into_parts(self, limits: Limits) -> Result<(Dispatcher, Arc<ServerCounters>), Error> {
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
        Limits {
            message: self.max_message,
            ..Limits::default()
        }
    }

    fn check(&self) -> Result<Vec<Endpoint>, Error> {
        if self.endpoints.is_empty() && self.subscriptions.is_empty() && self.pulls.is_empty() {
            return Err(Error::bad_setting(
                "bind",
                "a server needs at least one endpoint to bind or connect, to subscribe or to pull from",
            ));
        }
        if self.max_message < MIN_MESSAGE {
            return Err(Error::bad_setting(
                "max_message",
                format!("it must be {MIN_MESSAGE} bytes or more"),
            ));
        }
        if !(1..=MAX_WORKERS).contains(&self.workers) {
            return Err(Error::bad_setting(
                "workers",
                format!("it must be from 1 to {MAX_WORKERS}"),
            ));
        }
        if self.high_water == Some(0) {
            let reason = "it must be 1 or more: nothing is held without bound";
            return Err(Error::bad_setting("high_water", reason));
        }
        if self.notification_limit.is_zero() {
            let reason = "it must be more than none";
            return Err(Error::bad_setting("notification_limit", reason));
        }
        if self.max_queue == 0 {
            return Err(Error::bad_setting("max_queue", "it must be 1 or more"));
        }
        if self.max_queue_bytes < self.max_message {
            let reason = "it must hold at least one message of `max_message` bytes";
            return Err(Error::bad_setting("max_queue_bytes", reason));
        }
        parse(&self.endpoints)
    }
}

/// As libzmq counts them. Nobody has so many more; and none is no bound to libzmq.
fn messages(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn parse(endpoints: &[(String, Direction)]) -> Result<Vec<Endpoint>, Error> {
    endpoints
        .iter()
        .map(|(text, direction)| {
            Endpoint::parse(text, *direction).map_err(|reason| Error::bad_endpoint(text, reason))
        })
        .collect()
}
