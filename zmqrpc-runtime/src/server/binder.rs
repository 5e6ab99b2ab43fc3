//! Clients that are bound, and that a server connects to as a worker.

use crate::error::{EndpointCause, Error};
use crate::socket::{Direction, Endpoint};

/// A client that is bound and gives its calls to the workers that connect to it: for
/// [`ServerBuilder::work_for`](crate::ServerBuilder::work_for).
///
/// It need not be there yet, and may come and go: the worker connects again, and says anew what it offers. What was called
/// over a connection that is lost is executed, but not answered over the next one.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::Server;
/// use zmqrpc_runtime::server::Binder;
///
/// let worker = Server::builder()
///     .work_for("tcp://127.0.0.1:30003")
///     .work_for(Binder::connect("tcp://127.0.0.1:30004").name("left arm").trust_users());
/// # let _ = worker;
/// ```
#[derive(Clone, Debug)]
#[must_use = "a server works for it"]
pub struct Binder {
    endpoint: String,
    name: String,
    trusts_users: bool,
}

/// The most bytes of a name.
const MAX_NAME: usize = 255;

impl Binder {
    /// Connects to an endpoint where a client listens: `tcp://host:30003`, `ipc:///run/name.sock`, `inproc://name`.
    pub fn connect(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            name: String::new(),
            trusts_users: false,
        }
    }

    /// Sets the name under which this server works for it, at most 255 bytes. Default: none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Believes it on whose behalf it calls: what it says in the metadata `zmqrpc-user` is
    /// [`CallContext::user_id`](crate::CallContext::user_id), and what
    /// [`authorize`](crate::ServerBuilder::authorize) goes by. Default: its calls have no user.
    ///
    /// Whoever can listen at the endpoint can claim to be anybody then: log in by CURVE, which knows the other side's key, or
    /// have the network see to it.
    pub fn trust_users(mut self) -> Self {
        self.trusts_users = true;
        self
    }

    pub(super) fn check(&self) -> Result<Endpoint, Error> {
        if self.name.len() > MAX_NAME {
            let reason = format!("the name of a worker has at most {MAX_NAME} bytes");
            return Err(Error::bad_setting("work_for", reason));
        }
        Endpoint::parse(&self.endpoint, Direction::Connect).map_err(|reason| {
            Error::endpoint_error(&self.endpoint, EndpointCause::Malformed(reason.into()))
        })
    }

    /// Returns the worker's name there.
    pub(super) fn worker_name(&self) -> &str {
        &self.name
    }

    pub(super) fn trusts_users(&self) -> bool {
        self.trusts_users
    }
}

impl From<&str> for Binder {
    fn from(endpoint: &str) -> Self {
        Self::connect(endpoint)
    }
}

impl From<&String> for Binder {
    fn from(endpoint: &String) -> Self {
        Self::connect(endpoint)
    }
}

impl From<String> for Binder {
    fn from(endpoint: String) -> Self {
        Self::connect(endpoint)
    }
}
