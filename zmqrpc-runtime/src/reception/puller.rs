//! Where jobs are pulled from.

use crate::error::{EndpointCause, Error};
use crate::socket::{Direction, Endpoint};

/// Where to get jobs from: for [`ServerBuilder::pull`](crate::ServerBuilder::pull) and
/// [`ServerHandle::pull`](crate::ServerHandle::pull), which execute them, and for a [`RawPuller`](crate::push::RawPuller),
/// which hands them out still encoded.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::push::Puller;
///
/// let jobs = Puller::bind("tcp://*:30002");
/// # let _ = jobs;
/// ```
#[derive(Clone, Debug)]
#[must_use = "it is pulled from by a server or a `RawPuller`"]
pub struct Puller {
    endpoint: String,
    direction: Direction,
}

impl Puller {
    /// Listens for pushers that connect: `tcp://*:30002`, or `tcp://*:*` for any free port, which
    /// [`ServerHandle::pulls`](crate::ServerHandle::pulls) tells.
    pub fn bind(endpoint: impl Into<String>) -> Self {
        let (endpoint, direction) = (endpoint.into(), Direction::Bind);
        Self {
            endpoint,
            direction,
        }
    }

    /// Connects to a pusher that listens. It need not be there yet.
    pub fn connect(endpoint: impl Into<String>) -> Self {
        let (endpoint, direction) = (endpoint.into(), Direction::Connect);
        Self {
            endpoint,
            direction,
        }
    }

    pub(crate) fn check(&self) -> Result<Endpoint, Error> {
        Endpoint::parse(&self.endpoint, self.direction).map_err(|reason| {
            Error::endpoint_error(&self.endpoint, EndpointCause::Malformed(reason.into()))
        })
    }
}
