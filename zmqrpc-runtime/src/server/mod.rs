//! Serving: services behind endpoints, and the server that runs them.
//!
//! A server executes the commands of its services wherever they come from: calls at the endpoints that it binds, events
//! that it [subscribes](ServerBuilder::subscribe) to, jobs that it [pulls](ServerBuilder::pull), calls of clients that
//! it [works for](ServerBuilder::work_for). Plain methods run on its worker threads, `async` methods on the tokio
//! runtime that it was started in.
//!
//! | | |
//! |---|---|
//! | [`Server::builder`], [`ServerBuilder`] | services, endpoints, worker threads, bounds, logins |
//! | [`ServerHandle`] | a running server: its endpoints and subscriptions at run time, its end |
//! | [`Binder`] | a client to work for |
//! | [`ServerStats`] | counters |
//!
//! # Examples
//!
//! ```
//! use std::time::Duration;
//! # use zmqrpc_runtime::ServerBuilder;
//! # fn example(settings: ServerBuilder) -> Result<(), zmqrpc_runtime::Error> {
//! // `settings` has services: `Server::builder().service(CalculatorServer::new(..))`.
//! let server = settings.bind("tcp://127.0.0.1:*").start()?;
//! println!("serving at {}", server.endpoints()[0]);
//! server.shutdown(Duration::from_secs(5))
//! # }
//! ```

// It knows commands and sockets, and nothing of clients. Its files:
//
//     builder          ServerBuilder: settings, checked as a whole
//     handle           ServerHandle: a running server
//     shutdown         how a server is shut down, and waited for
//     handler          closures as services of hand-written commands
//     method_index     finds methods among the services
//     dispatcher       a frame to a call, a call to a reply: no socket
//     rejection        why a request does not become a call
//     authorize        whether a caller may make a call
//     execution        a handler that runs
//     executor         where suspended `async` methods run
//     runtime          the tokio runtime for them
//     threads          the threads and the state that they share
//     signals          the signals that ask the process to end
//     state            what the server's mutex protects
//     roles            which thread leads, stands by, helps
//     turn             what the leader does next
//     dynamic          services that are known at run time only, and the fallback
//     earlier          keys of earlier versions
//     introspection    the built-in service, which tells of the others
//     local_queue      what the leader runs before its next look at the sockets
//     completion_guard reports the end of a suspended `async` method
//     admission        which requests are taken on
//     running_call     a call that runs, as its caller knows it
//     scheduler        the calls that wait and the calls that run
//     server_socket    the socket, with what is known of those who send requests
//     server_router    the ROUTER, and a DEALER for each client that the server works for
//     binder           Binder: a client to work for
//     binder_socket    the connection to it
//     sources          subscriptions and pull sockets
//     deduplicator     executes deliveries of proxies once

mod admission;
mod authorize;
mod binder;
mod binder_socket;
mod builder;
mod completion_guard;
mod deduplicator;
mod dispatcher;
mod dynamic;
mod earlier;
mod execution;
mod executor;
mod handle;
mod handler;
mod introspection;
mod local_queue;
mod method_index;
mod rejection;
mod roles;
mod running_call;
#[cfg(feature = "tokio")]
mod runtime;
mod scheduler;
mod server_router;
mod server_socket;
mod shutdown;
mod signals;
#[cfg(test)]
pub(crate) mod simulation;
mod sources;
mod state;
mod threads;
mod turn;

pub use crate::callers::ServerStats;
pub use crate::reception::{PullStats, Puller};
pub use crate::subscription::{PublisherCounts, Subscription, SubscriptionStats};
pub use binder::Binder;
pub use builder::{Server, ServerBuilder};
pub use dynamic::{RawCall, RawFailure};
pub use handle::ServerHandle;
pub use handler::{AsyncHandler, Handler};
pub use introspection::Introspection;
