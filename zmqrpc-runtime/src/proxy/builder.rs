//! Settings of a proxy.

use std::sync::Arc;

use super::counters::ProxyCounters;
use super::ends::{Pub, Pull, Push, Rep, Req, Sub};
use super::handle::ProxyHandle;
use super::pair::{ProxyPair, ProxySettings, Sink, Source};
use super::relay::Control;
use crate::error::Error;
use crate::options::connection_methods;

/// From [`Rep`] to [`Req`]: calls, and their replies back.
pub type Rep2Req = Proxy<Rep, Req>;
/// From [`Rep`] to [`Pub`]: requests become events.
pub type Rep2Pub = Proxy<Rep, Pub>;
/// From [`Sub`] to [`Req`]: events become calls.
pub type Sub2Req = Proxy<Sub, Req>;
/// From [`Sub`] to [`Pub`]: events are published again.
pub type Sub2Pub = Proxy<Sub, Pub>;
/// From [`Pull`] to [`Req`]: jobs become calls.
pub type Pull2Req = Proxy<Pull, Req>;
/// From [`Pull`] to [`Push`]: jobs are pushed again.
pub type Pull2Push = Proxy<Pull, Push>;

/// Passes on what comes in at one end to the other: what it carries it does not decode.
///
/// | from, to | what it does |
/// |---|---|
/// | [`Rep`], [`Req`] | passes calls on, as many at once as come, and replies and typed errors back to the callers that wait. Metadata and time limits travel along, less the time that was spent here; so do cancellations and the signs that a call still runs. |
/// | [`Rep`], [`Pub`] | publishes requests, and answers each when it has been published: with an empty reply, which is for methods that return nothing |
/// | [`Sub`], [`Req`] | makes calls of events, up to 256 at once and in no order; tries again within [`Req::attempts`] and [`Req::max_age`], then gives up and counts |
/// | [`Sub`], [`Pub`] | publishes events again under the name and the numbers of their publishers, heartbeats too, so that subscribers count what was lost on either way |
/// | [`Pull`], [`Req`] | makes calls of jobs, as of events |
/// | [`Pull`], [`Push`] | pushes jobs again, as soon as somebody takes them |
///
/// Each end has a login of its own, or asks for logins, by its methods `credentials` and `authenticate`. To what lies
/// behind a proxy the proxy is the peer: [`CallContext::user_id`](crate::CallContext::user_id) there is the proxy's user,
/// and the address the proxy's. Who called the proxy is known to the proxy alone; metadata travels, and is what the caller
/// says it is. So guard the front with what the service behind would ask for.
///
/// It has one thread, and no queue without a bound. A target that is not there, or shows no sign of life, costs its
/// callers an [`Error::Unavailable`] in time, whose [`executed`](Error::executed) says whether it may have run: `No` for
/// what was still here, `Maybe` for what had left. Proxies can be chained.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::proxy::{Proxy, Rep, Req};
///
/// let proxy = Proxy::new(
///     Rep::new().bind("tcp://127.0.0.1:*"),
///     Req::new().connect("tcp://127.0.0.1:30000"),
/// )
/// .start()?;
/// println!("call {} instead", proxy.endpoints()[0]);
/// # Ok::<(), zmqrpc_runtime::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is opened before `start`"]
pub struct Proxy<In, Out> {
    from: In,
    to: Out,
    settings: ProxySettings,
}

impl<In: Source, Out: Sink> Proxy<In, Out> {
    /// A proxy with the default settings.
    pub fn new(from: In, to: Out) -> Self {
        let settings = ProxySettings::default();
        Self { from, to, settings }
    }

    connection_methods! {
        settings.connection;
        /// Sets how many messages libzmq holds for each peer that messages go out to, where the end has no `high_water` of
        /// its own. Default: what that end's says, 100 for [`Push`](crate::proxy::Push).
    }

    /// Calls that have come in and not ended. Default: 65,536. One more is refused with [`Error::Overloaded`].
    pub fn max_calls(mut self, calls: usize) -> Self {
        self.settings.max_calls = calls;
        self
    }

    /// Bytes of requests that wait for a connection to a target. Default: 64 MiB. One more is refused with
    /// [`Error::Overloaded`].
    pub fn max_queued_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_queued_bytes = bytes;
        self
    }

    /// Checks the settings, opens both ends and starts to pass on, on a thread of its own.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] and [`Error::Config`] name the setting that is wrong; nothing is open then.
    /// [`Error::Transport`] if the system gives no more sockets or threads.
    pub fn start(self) -> Result<ProxyHandle, Error>
    where
        (In, Out): ProxyPair,
    {
        self.settings.check()?;
        let counters = Arc::new(ProxyCounters::default());
        let opened =
            super::pair::sealed::Join::open((self.from, self.to), &self.settings, &counters)?;
        let control = Control::start(opened.relay)?;
        Ok(ProxyHandle::new(control, counters, opened.endpoints))
    }
}
