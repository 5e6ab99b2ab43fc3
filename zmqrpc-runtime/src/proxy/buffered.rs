//! A proxy with a queue: settings and handle.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::backoff::Backoff;
use super::counters::{ProxyCounters, ProxyStats};
use super::deliverer::Deliverer;
use super::ends::{Rep, Req};
use super::handle::ProxyHandle;
use super::intake::CallerIntake;
use super::pair::ProxySettings;
use super::queue::{DeadLetters, Queue, Store};
use super::relay::Control;
use super::spool::{RetryPolicy, Spool};
use crate::error::Error;
use crate::options::connection_methods;

/// Accepts requests whether or not their target is there, keeps them in a queue, and delivers them when it is.
///
/// A caller gets an empty reply as soon as the queue holds its request; with a [`DiskQueue`](crate::proxy::DiskQueue) that is when
/// it has been written to the disk. So it is for methods that return nothing: the service's reply is not passed back, and
/// callers of methods with another result get an [`Error::Accepted`], although their requests are delivered. What the queue
/// has no room for is refused with [`Error::Overloaded`].
///
/// **Order.** The requests of one client are delivered in the order in which they were accepted, each when the one before
/// it has been answered. Those of different connections are delivered beside each other; a new connection's begin when
/// what was accepted from the same address before has been delivered, since it may be a client that has come back.
///
/// **At least once.** A request is delivered until the target has answered: after a lost connection, a timeout, a crash of
/// the proxy, a refusal that may get better (overloaded, shutting down, unavailable), with rests that become longer. So
/// a target may see one twice, when it was executed and its answer, or the queue's record of it, was lost, or when its
/// method takes longer than one try. It carries its name as the metadata `zmqrpc-delivery`, by which a
/// [`Server`](crate::Server) answers repeats without executing them again, see
/// [`ServerBuilder::remember_deliveries`](crate::ServerBuilder::remember_deliveries): one that is still being executed is
/// neither broken off nor begun again, and its repeat is answered when it ends.
///
/// **Attempts.** Tries are bounded by [`Req::attempts`], 10 if nothing else is said, so that a request which no target can
/// answer does not keep back what waits behind it for ever. Only tries count whose failure may be the request's own: the
/// target has not answered in time, was lost meanwhile, or does not allow the call. While there is no connection, and while
/// the target is overloaded, shutting down or unavailable, none counts: what was accepted waits for it, however long that
/// takes, up to the time to live. A method may take as long as all attempts together, 5 minutes by default.
///
/// **Dead letters.** A request that cannot be delivered is given up: its attempts or its time to live are over, or the
/// target answered that it has no such method, cannot decode the arguments, failed or panicked. The next one of its client
/// comes then. [`BufferedHandle::dead_letters`] reads these back. The queue keeps the last 10,000, up to a quarter of its
/// bytes.
///
/// The time that a caller waits for the acceptance is no limit of the delivery.
///
/// **Logins** are those of a [`Proxy`](crate::proxy::Proxy)'s ends: each end has its own, and the target knows the proxy's user,
/// not the caller's. While the target does not let the proxy in, what was accepted waits.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use zmqrpc_runtime::proxy::{BufferedProxy, MemoryQueue, Rep, Req};
///
/// let store = BufferedProxy::new(
///     Rep::new().bind("tcp://127.0.0.1:*"),
///     Req::new().connect("tcp://127.0.0.1:30000"),
///     MemoryQueue::new(10_000, 64 << 20),
/// )
/// .time_to_live(Duration::from_secs(3600))
/// .start()?;
/// println!("call {}", store.endpoints()[0]);
/// assert!(store.dead_letters()?.next().is_none());
/// # Ok::<(), zmqrpc_runtime::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is opened before `start`"]
pub struct BufferedProxy<Q> {
    from: Rep,
    to: Req,
    queue: Q,
    settings: ProxySettings,
    policy: RetryPolicy,
}

impl<Q: Queue> BufferedProxy<Q> {
    /// A proxy with the default settings, which delivers what the queue holds already.
    pub fn new(from: Rep, to: Req, queue: Q) -> Self {
        Self {
            from,
            to,
            queue,
            settings: ProxySettings::default(),
            policy: RetryPolicy {
                attempt_timeout: Duration::from_secs(30),
                max_attempts: 0,
                count_all_failures: false,
                time_to_live: None,
                backoff: Backoff::default(),
            },
        }
    }

    /// How old a request may become before it is given up. Default: no limit. It is measured by the clock of the machine,
    /// so that it goes on while the proxy is down.
    pub fn time_to_live(mut self, age: Duration) -> Self {
        self.policy.time_to_live = Some(age);
        self
    }

    /// How long to wait for the answer to one try. Default: 30 s. The target is told what all tries that are left take
    /// together, see [`Req::attempts`]: it may go on for so long.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.policy.attempt_timeout = timeout;
        self
    }

    /// Sets how long to wait after an attempt that failed. A connection that is made ends all waits.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.policy.backoff = backoff;
        self
    }

    connection_methods! {
        settings.connection;
        /// Sets how many messages libzmq holds for each peer that messages go out to, where the end has no `high_water` of
        /// its own. Default: what that end's says, 100 for [`Push`](crate::proxy::Push).
    }

    /// Checks the settings, opens both ends and starts to accept and to deliver, on a thread of its own.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`], [`Error::Config`] and [`Error::Queue`] name what is wrong; nothing is open then.
    /// [`Error::Transport`] if the system gives no more sockets or threads.
    pub fn start(self) -> Result<BufferedHandle, Error> {
        let Self {
            from,
            to,
            queue,
            settings,
            mut policy,
        } = self;
        policy.max_attempts = to.attempts.max(1);
        settings.check()?;
        policy.check()?;
        let store: Arc<dyn Store> = Arc::new(queue);
        let counters = Arc::new(ProxyCounters::default());
        let spool = Spool::new(
            Arc::clone(&store),
            settings.limits(),
            policy,
            Arc::clone(&counters),
        );
        let spool = spool.map_err(|reason| Error::bad_queue("the queue", reason))?;
        let backend = settings.backend(&to, &counters)?;
        let frontend = settings.frontend(&from, &counters)?;
        let endpoints = frontend.endpoints();
        let relay = Deliverer::start(CallerIntake::new(frontend), backend, spool)?;
        let control = Control::start(Box::new(relay))?;
        Ok(BufferedHandle {
            proxy: ProxyHandle::new(control, counters, endpoints),
            store,
        })
    }
}

impl Drop for BufferedHandle {
    fn drop(&mut self) {
        if self.proxy.check_process().is_err() {
            // The file is the parent's as well.
            std::mem::forget(Arc::clone(&self.store));
        }
    }
}

impl RetryPolicy {
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.attempt_timeout.is_zero() {
            let reason = "a try needs some time, zero is none";
            return Err(Error::bad_setting("attempt_timeout", reason));
        }
        if self.backoff.first.is_zero() || self.backoff.longest < self.backoff.first {
            let reason = "the first rest must be above zero and no longer than the longest";
            return Err(Error::bad_setting("backoff", reason));
        }
        Ok(())
    }
}

/// A running [`BufferedProxy`]. It does what a [`ProxyHandle`] does, and reads dead letters back. What its queue holds when
/// it ends stays there; a [`MemoryQueue`](crate::proxy::MemoryQueue) ends with it.
///
/// With a [`DiskQueue`](crate::proxy::DiskQueue) no delivery holds up the end: one that is under way has a tenth of a second to be
/// answered. Then it is given up, and made again by the next proxy.
#[must_use = "dropping the handle ends the proxy"]
pub struct BufferedHandle {
    proxy: ProxyHandle,
    store: Arc<dyn Store>,
}

impl BufferedHandle {
    /// The endpoints that callers connect to, in the order in which they were added, with wildcards resolved.
    #[must_use]
    pub fn endpoints(&self) -> Vec<String> {
        self.proxy.endpoints()
    }

    /// Counters since the start.
    #[must_use]
    pub fn stats(&self) -> ProxyStats {
        self.proxy.stats()
    }

    /// Blocks until the proxy ends, as [`ProxyHandle::wait`] does.
    pub fn wait(&self) {
        self.proxy.wait();
    }

    /// Waits for the end as a task, as [`ProxyHandle::wait_async`] does.
    pub async fn wait_async(&self) {
        self.proxy.wait_async().await;
    }

    /// Ends the proxy as [`ProxyHandle::shutdown`] does. What has been accepted and not delivered stays in the queue.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn shutdown(&self, timeout: Duration) -> Result<(), Error> {
        self.proxy.shutdown(timeout)
    }

    /// Ends the proxy and waits as a task, as [`ProxyHandle::shutdown_async`] does.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn shutdown_async(&self, timeout: Duration) -> Result<(), Error> {
        self.proxy.shutdown_async(timeout).await
    }

    /// What was given up, oldest first. They are read one at a time.
    ///
    /// # Errors
    ///
    /// [`Error::Queue`] if the queue cannot be read.
    pub fn dead_letters(&self) -> Result<DeadLetters<'_>, Error> {
        self.proxy.check_process()?;
        DeadLetters::of(&*self.store).map_err(unreadable)
    }

    /// Removes a dead letter; `false` if there is none of this [number](crate::proxy::DeadLetter::number).
    ///
    /// # Errors
    ///
    /// [`Error::Queue`] if the queue cannot be written.
    pub fn discard_dead_letter(&self, number: u64) -> Result<bool, Error> {
        self.proxy.check_process()?;
        self.store.discard_letter(number).map_err(unreadable)
    }
}

fn unreadable(reason: String) -> Error {
    Error::bad_queue("the queue", reason)
}

impl fmt::Debug for BufferedHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferedHandle")
            .field("endpoints", &self.endpoints())
            .finish_non_exhaustive()
    }
}
