//! Jobs as they come, from a thread.

use super::builders::RawPullerBuilder;
use super::job::RawJobArrival;
use super::receiver::receiver_methods;
use crate::error::Error;
use crate::reception::{JobReception, PullStats, Puller, Reception};

/// Hands out what is pushed without knowing its types: each job still encoded, with its method; what is no job. For tools
/// and bridges.
///
/// It is one of those who pull: a job that it gets goes to nobody else. A thread of its own takes jobs in and renews
/// connections. It holds up to [`max_queue`](RawPullerBuilder::max_queue) of them that nobody has received, and libzmq 100
/// for each pusher, as at a server; beyond that pushers wait. What it holds is lost when it is dropped.
///
/// Threads that share it by reference receive in turns. Dropping it closes it: its endpoints are free then.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::push::{Codec, Pusher, RawJobArrival, RawPuller};
///
/// # fn main() -> Result<(), zmqrpc_runtime::Error> {
/// let pusher = Pusher::bind("tcp://127.0.0.1:*")?;
/// let jobs = RawPuller::connect(&pusher.endpoints()[0])?;
/// pusher.push_raw(7, Codec::Postcard, &[42])?;
/// if let Some(RawJobArrival::Job(job)) = jobs.recv()? {
///     println!("{}: {:?}", job.method(), job.arguments());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping it closes it"]
pub struct RawPuller {
    reception: Reception<JobReception>,
}

impl RawPuller {
    /// Returns a builder with the default settings, for several endpoints, logins and settings of connections.
    pub fn builder() -> RawPullerBuilder {
        RawPullerBuilder::default()
    }

    /// Pulls from a pusher that is bound to an endpoint. It need not be there yet.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is invalid. [`Error::Transport`] if the system gives no more sockets or threads.
    pub fn connect(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Self::open(Puller::connect(endpoint.as_ref()))
    }

    /// Pulls from where a puller says.
    ///
    /// # Errors
    ///
    /// Those of [`RawPullerBuilder::build`].
    pub fn open(puller: Puller) -> Result<Self, Error> {
        Self::builder().pull(puller).build()
    }

    pub(super) fn new(reception: Reception<JobReception>) -> Self {
        Self { reception }
    }
}

receiver_methods! { RawPuller, RawPullerIter, RawJobArrival, PullStats }
