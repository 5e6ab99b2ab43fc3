//! Which ends a proxy can join, and how it opens each pair.

use std::sync::Arc;
use std::time::Duration;

use super::backend::{Backend, BackendSettings};
use super::backoff::Backoff;
use super::call_forwarder::CallForwarder;
use super::counters::ProxyCounters;
use super::deliverer::Deliverer;
use super::ends::{Pub, Pull, Push, Rep, Req, Sub};
use super::event_output::EventOutput;
use super::frontend::Frontend;
use super::intake::{Intake, MessageIntake};
use super::publishing::{Announcing, Republishing};
use super::pushing::Pushing;
use super::queue::MemoryQueue;
use super::relay::Relay;
use super::sources::{Events, InputSockets, Jobs};
use super::spool::{RetryPolicy, Spool};
use crate::callers::REPLIES_IN_SOCKET;
use crate::clock::FOREVER;
use crate::error::Error;
use crate::options::ConnectionOptions;
use crate::publish::open_all;
use crate::socket::{PushSocket, Security, SocketOptions};
use crate::wire::{Limits, MAX_TOPIC};

/// An end at which messages come in: [`Rep`], [`Sub`], [`Pull`].
pub trait Source: sealed::End {}

/// An end at which messages go out: [`Req`], [`Pub`], [`Push`].
pub trait Sink: sealed::End {}

impl Source for Rep {}
impl Source for Sub {}
impl Source for Pull {}
impl Sink for Req {}
impl Sink for Pub {}
impl Sink for Push {}

/// A pair of ends that a proxy can join.
#[diagnostic::on_unimplemented(
    message = "a proxy cannot join `{Self}`",
    label = "no proxy goes this way",
    note = "a proxy joins `Rep` to `Req` or `Pub`, `Sub` to `Req` or `Pub`, and `Pull` to `Req` or `Push`"
)]
pub trait ProxyPair: sealed::Join {}

impl ProxyPair for (Rep, Req) {}
impl ProxyPair for (Rep, Pub) {}
impl ProxyPair for (Sub, Req) {}
impl ProxyPair for (Sub, Pub) {}
impl ProxyPair for (Pull, Req) {}
impl ProxyPair for (Pull, Push) {}

/// Settings that hold for both ends.
#[derive(Clone, Debug)]
pub struct ProxySettings {
    pub(super) connection: ConnectionOptions,
    pub(super) max_calls: usize,
    pub(super) max_queued_bytes: usize,
}

impl Default for ProxySettings {
    fn default() -> Self {
        Self {
            connection: ConnectionOptions::default(),
            max_calls: 65_536,
            max_queued_bytes: 64 << 20,
        }
    }
}

impl ProxySettings {
    pub(super) fn check(&self) -> Result<(), Error> {
        self.connection.check()?;
        if self.max_calls == 0 {
            return Err(Error::bad_setting("max_calls", "it must be 1 or more"));
        }
        if self.max_queued_bytes < self.connection.largest_message() {
            let reason = "it must hold at least one message of `max_message` bytes";
            return Err(Error::bad_setting("max_queued_bytes", reason));
        }
        Ok(())
    }

    pub(super) fn limits(&self) -> Limits {
        self.connection.limits()
    }

    /// Returns what to create the socket of an end with, whose high-water mark is `own` if the end has one.
    fn options(
        &self,
        own: Option<usize>,
        default: usize,
        security: Security,
    ) -> Result<SocketOptions, Error> {
        let connection = match own {
            Some(0) => return Err(Error::bad_setting("high_water", "it must be 1 or more")),
            Some(mark) => &self.connection.clone().high_water(mark),
            None => &self.connection,
        };
        Ok(SocketOptions {
            receive_high_water: 1000,
            linger: connection.linger_or(LINGER),
            ..connection.socket(default, 1000, security)
        })
    }

    /// Opens the socket that callers connect to.
    pub(super) fn frontend(
        &self,
        rep: &Rep,
        counters: &Arc<ProxyCounters>,
    ) -> Result<Frontend, Error> {
        let options = self.options(
            rep.high_water,
            REPLIES_IN_SOCKET as usize,
            rep.end.security()?,
        )?;
        counters.watch_denied(options.security.rejected_logins());
        let endpoints = rep.end.endpoints()?;
        Frontend::open(&endpoints, &options, self.limits(), Arc::clone(counters))
    }

    /// Opens the sockets of subscriptions.
    fn events(&self, sub: Sub, counters: &Arc<ProxyCounters>) -> Result<Events, Error> {
        let (options, limits) = (self.options(None, 1000, Security::Open)?, self.limits());
        let (subscriptions, logins) = sub.check()?;
        counters.watch_denied(logins.bound.rejected_logins());
        let counters = Arc::clone(counters);
        Events::open(subscriptions, &options, &logins, limits, counters)
    }

    /// Opens the sockets that jobs are pulled from.
    fn jobs(&self, pull: &Pull, counters: &Arc<ProxyCounters>) -> Result<Jobs, Error> {
        let endpoints = pull.end.endpoints()?;
        let options = self.options(None, 1000, Security::Open)?;
        let logins = pull.end.securities()?;
        counters.watch_denied(logins.bound.rejected_logins());
        let counters = Arc::clone(counters);
        Jobs::open(&endpoints, &options, &logins, self.limits(), counters)
    }

    /// Opens the socket that events are published over.
    fn event_output(&self, to: &Pub, counters: &Arc<ProxyCounters>) -> Result<EventOutput, Error> {
        if to.topic.len() > MAX_TOPIC {
            let reason = format!("it has {} bytes, {MAX_TOPIC} are allowed", to.topic.len());
            return Err(Error::bad_setting("topic", reason));
        }
        if to.heartbeat.is_some_and(|interval| interval.is_zero()) {
            return Err(Error::bad_setting(
                "heartbeat_interval",
                "it must be above zero",
            ));
        }
        let endpoints = to.end.endpoints()?;
        let options = self.options(to.high_water, EVENTS_IN_SOCKET, to.end.security()?)?;
        counters.watch_denied(options.security.rejected_logins());
        let counters = Arc::clone(counters);
        EventOutput::open(&endpoints, &options, to.overflow, to.heartbeat, counters)
    }

    /// Opens the relay that makes calls of events or jobs.
    fn deliverer<I: Intake + 'static>(
        &self,
        intake: I,
        req: &Req,
        counters: &Arc<ProxyCounters>,
    ) -> Result<Box<dyn Relay>, Error> {
        let policy = RetryPolicy {
            attempt_timeout: ATTEMPT_TIMEOUT,
            max_attempts: req.attempts.max(1),
            count_all_failures: true,
            time_to_live: Some(req.max_age),
            backoff: Backoff::default(),
        };
        let queue = MemoryQueue::without_letters(self.max_calls, self.max_queued_bytes);
        let spool = Spool::new(Arc::new(queue), self.limits(), policy, Arc::clone(counters));
        let spool = spool.map_err(|reason| Error::bad_queue("the queue", reason))?;
        let backend = self.backend(req, counters)?;
        let relay = Deliverer::start(intake, backend, spool)?;
        Ok(Box::new(relay))
    }

    /// Opens the sockets to services.
    pub(super) fn backend<O>(
        &self,
        req: &Req,
        counters: &Arc<ProxyCounters>,
    ) -> Result<Backend<O>, Error> {
        let settings = BackendSettings {
            in_flight: self.max_calls,
            waiting_bytes: self.max_queued_bytes,
            connect_timeout: req.connect_timeout.min(FOREVER),
        };
        let (endpoints, liveness) = (req.end.endpoints()?, req.liveness()?);
        let options = self.options(None, 1000, req.end.security()?)?;
        Backend::open(
            &endpoints,
            &options,
            liveness,
            settings,
            Arc::clone(counters),
        )
    }
}

/// Jobs that are queued for each puller. Few: they are lost if the process dies, and no other puller gets them.
const JOBS_IN_SOCKET: usize = 100;
/// Events that are queued for each subscriber.
const EVENTS_IN_SOCKET: usize = 10_000;
/// How long a target may take to reply to a call made of an event or a job.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
/// The linger time of the sockets, in which cancellations and the last replies leave when they close.
const LINGER: Duration = Duration::from_millis(500);

/// Traits that no other crate can implement.
pub(super) mod sealed {
    use super::{Arc, Error, ProxyCounters, ProxySettings, Pub, Pull, Push, Relay, Rep, Req, Sub};

    pub trait End {}

    impl End for Rep {}
    impl End for Sub {}
    impl End for Pull {}
    impl End for Req {}
    impl End for Pub {}
    impl End for Push {}

    /// A proxy whose sockets are open and whose thread has not started.
    pub struct Opened {
        pub(in crate::proxy) relay: Box<dyn Relay>,
        pub(in crate::proxy) endpoints: Vec<String>,
    }

    pub trait Join {
        /// Opens both ends, or neither if one fails.
        #[expect(private_interfaces, reason = "sealed: only this module calls it")]
        fn open(
            self,
            settings: &ProxySettings,
            counters: &Arc<ProxyCounters>,
        ) -> Result<Opened, Error>;
    }
}

impl sealed::Join for (Rep, Req) {
    #[expect(private_interfaces, reason = "sealed: only this module calls it")]
    fn open(
        self,
        settings: &ProxySettings,
        counters: &Arc<ProxyCounters>,
    ) -> Result<sealed::Opened, Error> {
        let (rep, req) = self;
        let backend = settings.backend(&req, counters)?;
        let frontend = settings.frontend(&rep, counters)?;
        let endpoints = frontend.endpoints();
        Ok(sealed::Opened {
            relay: Box::new(CallForwarder::new(frontend, backend)),
            endpoints,
        })
    }
}

impl sealed::Join for (Rep, Pub) {
    #[expect(private_interfaces, reason = "sealed: only this module calls it")]
    fn open(
        self,
        settings: &ProxySettings,
        counters: &Arc<ProxyCounters>,
    ) -> Result<sealed::Opened, Error> {
        let (rep, to) = self;
        let output = settings.event_output(&to, counters)?;
        let frontend = settings.frontend(&rep, counters)?;
        let endpoints = [frontend.endpoints(), output.endpoints()].concat();
        let relay = Box::new(Announcing::new(frontend, output, to.topic.into()));
        Ok(sealed::Opened { relay, endpoints })
    }
}

impl sealed::Join for (Sub, Pub) {
    #[expect(private_interfaces, reason = "sealed: only this module calls it")]
    fn open(
        self,
        settings: &ProxySettings,
        counters: &Arc<ProxyCounters>,
    ) -> Result<sealed::Opened, Error> {
        let (sub, to) = self;
        let output = settings.event_output(&to, counters)?;
        let events = settings.events(sub, counters)?;
        let endpoints = [events.endpoints(), output.endpoints()].concat();
        let relay = Box::new(Republishing::new(events, output, Arc::clone(counters)));
        Ok(sealed::Opened { relay, endpoints })
    }
}

impl sealed::Join for (Sub, Req) {
    #[expect(private_interfaces, reason = "sealed: only this module calls it")]
    fn open(
        self,
        settings: &ProxySettings,
        counters: &Arc<ProxyCounters>,
    ) -> Result<sealed::Opened, Error> {
        let (sub, req) = self;
        let events = settings.events(sub, counters)?;
        let endpoints = events.endpoints();
        let intake = MessageIntake::new(events, settings.limits(), Arc::clone(counters));
        let relay = settings.deliverer(intake, &req, counters)?;
        Ok(sealed::Opened { relay, endpoints })
    }
}

impl sealed::Join for (Pull, Req) {
    #[expect(private_interfaces, reason = "sealed: only this module calls it")]
    fn open(
        self,
        settings: &ProxySettings,
        counters: &Arc<ProxyCounters>,
    ) -> Result<sealed::Opened, Error> {
        let (pull, req) = self;
        let jobs = settings.jobs(&pull, counters)?;
        let endpoints = jobs.endpoints();
        let intake = MessageIntake::new(jobs, settings.limits(), Arc::clone(counters));
        let relay = settings.deliverer(intake, &req, counters)?;
        Ok(sealed::Opened { relay, endpoints })
    }
}

impl sealed::Join for (Pull, Push) {
    #[expect(private_interfaces, reason = "sealed: only this module calls it")]
    fn open(
        self,
        settings: &ProxySettings,
        counters: &Arc<ProxyCounters>,
    ) -> Result<sealed::Opened, Error> {
        let (pull, to) = self;
        let jobs = settings.jobs(&pull, counters)?;
        let options = settings.options(None, JOBS_IN_SOCKET, to.end.security()?)?;
        counters.watch_denied(options.security.rejected_logins());
        let mut push = PushSocket::new(&options)?;
        counters.watch_unauthenticated(push.rejected_logins());
        open_all(&to.end.endpoints()?, |endpoint| push.open(endpoint))?;
        let pushed = push.endpoints().map(str::to_owned).collect();
        let endpoints = [jobs.endpoints(), pushed].concat();
        let relay = Box::new(Pushing::new(jobs, push, Arc::clone(counters)));
        Ok(sealed::Opened { relay, endpoints })
    }
}
