//! Endpoints of a running client: they come and go, and can be asked all at once.

use super::balancer::{Balancer, Channel};
use super::call_info::Callee;
use super::encoded_call::Destination;
use super::handle::Client;
use super::pending::depart_together;
use super::worker_info::WorkerInfo;
use crate::command::Command;
use crate::dialect::RequestKind;
use crate::error::{EndpointCause, Error};
use crate::socket::Direction;

impl Client {
    fn balancer(&self, endpoint: &str) -> Result<&Balancer, Error> {
        self.check_process()?;
        match &self.shared.channel {
            Channel::Connections(balancer) => Ok(balancer),
            Channel::Local(_) => Err(Error::endpoint_error(endpoint, EndpointCause::Local)),
        }
    }

    /// Returns the endpoints, in the order in which they were added; none for a service within the process, and in a forked
    /// child.
    #[must_use]
    pub fn endpoints(&self) -> Vec<String> {
        let connections = self.connections();
        connections
            .iter()
            .map(|connection| connection.endpoint().to_string())
            .collect()
    }

    /// Connects to one more endpoint: calls of this handle and all of its clones go there as well from now on.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is wrong or the client has it already; nothing has changed then.
    pub fn add_connect(&self, endpoint: impl AsRef<str>) -> Result<(), Error> {
        let endpoint = endpoint.as_ref();
        self.balancer(endpoint)?
            .add(endpoint, Direction::Connect)
            .map(drop)
    }

    /// Listens at one more endpoint for servers that work for this client, as
    /// [`ClientBuilder::bind`](super::ClientBuilder::bind) has it. Returns it with its wildcards resolved.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is wrong or in use, or the client has it already; nothing has changed then.
    pub fn add_bind(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
        let endpoint = endpoint.as_ref();
        let added = self.balancer(endpoint)?.add(endpoint, Direction::Bind)?;
        Ok(added.to_string())
    }

    /// Returns the servers that have connected to what this client [binds](super::ClientBuilder::bind), and get calls:
    /// none that has said that it ends, or that is silent. In no order that matters.
    #[must_use]
    pub fn workers(&self) -> Vec<WorkerInfo> {
        let connections = self.connections();
        let all = connections.iter().flat_map(|connection| {
            let endpoint = connection.endpoint();
            let workers = connection.workers().into_iter();
            workers.map(|worker| WorkerInfo::new(endpoint, worker))
        });
        all.collect()
    }

    /// Leaves an endpoint, named as [`endpoints`](Self::endpoints) shows it: no call begins there any more. Calls that
    /// are under way there keep the connection until they end; notifications still leave within the
    /// [linger](super::ClientBuilder::linger), and [`flush`](Self::flush) before this waits until they have arrived.
    /// Without any endpoint, calls fail at once with [`Error::Unavailable`].
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the client has no such endpoint.
    pub fn remove_endpoint(&self, endpoint: impl AsRef<str>) -> Result<(), Error> {
        let endpoint = endpoint.as_ref();
        self.balancer(endpoint)?.remove(endpoint)
    }

    /// Sends one command to every endpoint and waits for all of them. Answers one result per endpoint, in the order in
    /// which they were added; one that fails or does not connect does not keep the others from answering.
    ///
    /// Endpoints that have no connection yet are waited for on threads that end before this returns.
    #[expect(clippy::type_complexity, reason = "a pair per endpoint is what it is")]
    pub fn fan_out<C: Command>(&self, command: &C) -> Vec<(String, Result<C::Reply, C::Failure>)> {
        let callee = Callee::of(const { &C::METHOD });
        let connections = match &self.shared.channel {
            Channel::Connections(_) => self.connections(),
            Channel::Local(_) => return vec![("local".into(), self.call(command))],
        };
        let marked = self.blocking();
        let client = marked.as_ref().unwrap_or(self);
        let in_flight: Vec<_> = connections
            .iter()
            .map(|connection| {
                self.check_process()?;
                let to = Destination::Connection(connection.clone());
                client
                    .prepare_for(to, callee, RequestKind::Call, command)?
                    .begin(callee)
            })
            .collect();
        let in_flight = depart_together(in_flight, callee);
        let waited = in_flight.into_iter().map(|in_flight| match in_flight {
            Ok(mut call) => call.outcome(callee, &|| self.encode_again(callee, command)),
            Err(error) => Err(error.into()),
        });
        connections
            .iter()
            .map(|connection| connection.endpoint().to_string())
            .zip(waited)
            .collect()
    }
}
