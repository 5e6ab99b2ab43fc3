//! Which patterns a proxy goes from and to, and what it takes to go there.

use std::sync::Arc;
use std::time::Duration;

use super::backend::{Backend, BackendLimits};
use super::call_forwarder::CallForwarder;
use super::counters::ProxyCounters;
use super::deliverer::Deliverer;
use super::delivery_schedule::Backoff;
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
use crate::clock::FOREVER;
use crate::error::Error;
use crate::publish::open_all;
use crate::socket::{Keepalive, PushSocket, Security, SocketOptions};
use crate::wire::{Limits, MAX_TOPIC, MIN_MESSAGE};

/// An end that messages come in at: [`Rep`], [`Sub`], [`Pull`].
pub trait Source: sealed::End {}

/// An end that messages go out at: [`Req`], [`Pub`], [`Push`].
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

/// What holds for both ends.
#[derive(Clone, Copy, Debug)]
pub struct ProxySettings {
    pub(super) max_message: usize,
    pub(super) max_calls: usize,
    pub(super) max_queued_bytes: usize,
    pub(super) ipv6: bool,
    pub(super) upkeep: Keepalive,
}

impl Default for ProxySettings {
    fn default() -> Self {
        Self {
            max_message: Limits::default().message,
            max_calls: 65_536,
            max_queued_bytes: 64 << 20,
            ipv6: false,
            upkeep: Keepalive::default(),
        }
    }
}

impl ProxySettings {
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.max_message < MIN_MESSAGE {
            let reason = format!("it must be {MIN_MESSAGE} bytes or more");
            return Err(Error::bad_setting("max_message", reason));
        }
        if self.max_calls == 0 {
            return Err(Error::bad_setting("max_calls", "it must be 1 or more"));
        }
        if self.max_queued_bytes < self.max_message {
            let reason = "it must hold at least one message of `max_message` bytes";
            return Err(Error::bad_setting("max_queued_bytes", reason));
        }
        let wrong = |(setting, reason)| Error::bad_setting(setting, reason);
        self.upkeep.check().map_err(wrong)?;
        Ok(())
    }

    pub(super) fn limits(&self) -> Limits {
        Limits {
            message: self.max_message,
            ..Limits::default()
        }
    }

    fn options(&self, send_high_water: u32, security: Security) -> SocketOptions {
        SocketOptions {
            max_frame: self.max_message.saturating_mul(2),
            linger: LINGER,
            send_high_water,
            receive_high_water: 1000,
            ipv6: self.ipv6,
            security,
            keepalive: self.upkeep,
        }
    }

    pub(super) fn frontend(
        &self,
        rep: &Rep,
        counters: &Arc<ProxyCounters>,
    ) -> Result<Frontend, Error> {
        let options = self.options(high_water(rep.high_water)?, rep.end.security()?);
        counters.watch_denied(options.security.rejected_logins());
        let endpoints = rep.end.endpoints.parse()?;
        Frontend::open(&endpoints, &options, self.limits(), Arc::clone(counters))
    }

    fn events(&self, sub: Sub, counters: &Arc<ProxyCounters>) -> Result<Events, Error> {
        let (options, limits) = (self.options(1000, Security::Open), self.limits());
        let (subscriptions, logins) = sub.check()?;
        counters.watch_denied(logins.bound.rejected_logins());
        let counters = Arc::clone(counters);
        Events::open(subscriptions, &options, &logins, limits, counters)
    }

    fn jobs(&self, pull: &Pull, counters: &Arc<ProxyCounters>) -> Result<Jobs, Error> {
        let endpoints = pull.end.endpoints.parse()?;
        let (options, logins) = (self.options(1000, Security::Open), pull.end.securities()?);
        counters.watch_denied(logins.bound.rejected_logins());
        let counters = Arc::clone(counters);
        Jobs::open(&endpoints, &options, &logins, self.limits(), counters)
    }

    fn output(&self, to: &Pub, counters: &Arc<ProxyCounters>) -> Result<EventOutput, Error> {
        if to.topic.len() > MAX_TOPIC {
            let reason = format!("it has {} bytes, {MAX_TOPIC} are allowed", to.topic.len());
            return Err(Error::bad_setting("topic", reason));
        }
        if to.heartbeat.is_some_and(|interval| interval.is_zero()) {
            return Err(Error::bad_setting("heartbeat", "it must be above zero"));
        }
        let endpoints = to.end.endpoints.parse()?;
        let options = self.options(high_water(to.high_water)?, to.end.security()?);
        counters.watch_denied(options.security.rejected_logins());
        let counters = Arc::clone(counters);
        EventOutput::open(&endpoints, &options, to.overflow, to.heartbeat, counters)
    }

    /// Makes calls of what nobody waits for.
    fn deliver<I: Intake + 'static>(
        &self,
        intake: I,
        req: &Req,
        counters: &Arc<ProxyCounters>,
    ) -> Result<Box<dyn Relay>, Error> {
        let patience = RetryPolicy {
            attempt: ATTEMPT,
            attempts: req.attempts.max(1),
            counts_all: true,
            time_to_live: Some(req.max_age),
            backoff: BACKOFF,
        };
        let queue = MemoryQueue::without_letters(self.max_calls, self.max_queued_bytes);
        let spool = Spool::new(
            Arc::new(queue),
            self.limits(),
            patience,
            Arc::clone(counters),
        );
        let spool = spool.map_err(|reason| Error::bad_queue("the queue", reason))?;
        let backend = self.backend(req, counters)?;
        let relay = Deliverer::start(intake, backend, spool)?;
        Ok(Box::new(relay))
    }

    pub(super) fn backend<O>(
        &self,
        req: &Req,
        counters: &Arc<ProxyCounters>,
    ) -> Result<Backend<O>, Error> {
        let bounds = BackendLimits {
            in_flight: self.max_calls,
            waiting_bytes: self.max_queued_bytes,
            connect_timeout: req.connect_timeout.min(FOREVER),
        };
        let (endpoints, liveness) = (req.end.endpoints.parse()?, req.liveness()?);
        let options = self.options(1000, req.end.security()?);
        Backend::open(&endpoints, &options, liveness, bounds, Arc::clone(counters))
    }
}

fn high_water(messages: usize) -> Result<u32, Error> {
    let messages = u32::try_from(messages).ok().filter(|count| *count > 0);
    messages.ok_or_else(|| Error::bad_setting("high_water", "it must be 1 or more"))
}

/// Jobs that are held for each puller. Few: they are lost if the process dies, and no other puller gets them.
const PUSH_HIGH_WATER: u32 = 100;
/// How long a target may take to answer a call that nobody waits for.
const ATTEMPT: Duration = Duration::from_secs(30);
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(100),
    longest: Duration::from_secs(5),
};
/// Cancellations and the last answers may take so long to leave when the sockets close.
const LINGER: Duration = Duration::from_millis(500);

/// What nobody else can implement.
pub(super) mod sealed {
    use super::{Arc, Error, ProxyCounters, ProxySettings, Pub, Pull, Push, Relay, Rep, Req, Sub};

    pub trait End {}

    impl End for Rep {}
    impl End for Sub {}
    impl End for Pull {}
    impl End for Req {}
    impl End for Pub {}
    impl End for Push {}

    /// A proxy that is about to run.
    pub struct Opened {
        pub(in crate::proxy) relay: Box<dyn Relay>,
        pub(in crate::proxy) endpoints: Vec<String>,
    }

    pub trait Join {
        /// Opens both ends; none if one fails.
        #[expect(private_interfaces, reason = "sealed: nobody else calls it")]
        fn open(
            self,
            settings: &ProxySettings,
            counters: &Arc<ProxyCounters>,
        ) -> Result<Opened, Error>;
    }
}

impl sealed::Join for (Rep, Req) {
    #[expect(private_interfaces, reason = "sealed: nobody else calls it")]
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
    #[expect(private_interfaces, reason = "sealed: nobody else calls it")]
    fn open(
        self,
        settings: &ProxySettings,
        counters: &Arc<ProxyCounters>,
    ) -> Result<sealed::Opened, Error> {
        let (rep, to) = self;
        let output = settings.output(&to, counters)?;
        let frontend = settings.frontend(&rep, counters)?;
        let endpoints = [frontend.endpoints(), output.endpoints()].concat();
        let relay = Box::new(Announcing::new(frontend, output, to.topic.into()));
        Ok(sealed::Opened { relay, endpoints })
    }
}

impl sealed::Join for (Sub, Pub) {
    #[expect(private_interfaces, reason = "sealed: nobody else calls it")]
    fn open(
        self,
        settings: &ProxySettings,
        counters: &Arc<ProxyCounters>,
    ) -> Result<sealed::Opened, Error> {
        let (sub, to) = self;
        let output = settings.output(&to, counters)?;
        let events = settings.events(sub, counters)?;
        let endpoints = [events.endpoints(), output.endpoints()].concat();
        let relay = Box::new(Republishing::new(events, output, Arc::clone(counters)));
        Ok(sealed::Opened { relay, endpoints })
    }
}

impl sealed::Join for (Sub, Req) {
    #[expect(private_interfaces, reason = "sealed: nobody else calls it")]
    fn open(
        self,
        settings: &ProxySettings,
        counters: &Arc<ProxyCounters>,
    ) -> Result<sealed::Opened, Error> {
        let (sub, req) = self;
        let events = settings.events(sub, counters)?;
        let endpoints = events.endpoints();
        let intake = MessageIntake::new(events, settings.limits(), Arc::clone(counters));
        let relay = settings.deliver(intake, &req, counters)?;
        Ok(sealed::Opened { relay, endpoints })
    }
}

impl sealed::Join for (Pull, Req) {
    #[expect(private_interfaces, reason = "sealed: nobody else calls it")]
    fn open(
        self,
        settings: &ProxySettings,
        counters: &Arc<ProxyCounters>,
    ) -> Result<sealed::Opened, Error> {
        let (pull, req) = self;
        let jobs = settings.jobs(&pull, counters)?;
        let endpoints = jobs.endpoints();
        let intake = MessageIntake::new(jobs, settings.limits(), Arc::clone(counters));
        let relay = settings.deliver(intake, &req, counters)?;
        Ok(sealed::Opened { relay, endpoints })
    }
}

impl sealed::Join for (Pull, Push) {
    #[expect(private_interfaces, reason = "sealed: nobody else calls it")]
    fn open(
        self,
        settings: &ProxySettings,
        counters: &Arc<ProxyCounters>,
    ) -> Result<sealed::Opened, Error> {
        let (pull, to) = self;
        let jobs = settings.jobs(&pull, counters)?;
        let options = settings.options(PUSH_HIGH_WATER, to.end.security()?);
        counters.watch_denied(options.security.rejected_logins());
        let mut push = PushSocket::new(&options)?;
        counters.watch_refused(push.rejected_logins());
        open_all(&to.end.endpoints.parse()?, |endpoint| push.open(endpoint))?;
        let pushed = push.endpoints().map(str::to_owned).collect();
        let endpoints = [jobs.endpoints(), pushed].concat();
        let relay = Box::new(Pushing::new(jobs, push, Arc::clone(counters)));
        Ok(sealed::Opened { relay, endpoints })
    }
}
