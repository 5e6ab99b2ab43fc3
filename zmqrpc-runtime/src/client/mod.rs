//! Calling services: a blocking client and one for tasks.
//!
//! A [`Client`] is a handle: clones share its connections, and any number of threads may use one. An [`AsyncClient`] is the
//! same for tasks, on any executor; each may be made of the other. Generated clients, such as `CalculatorClient`, go over
//! either. Every call ends within its time limit, in a reply or an error that says whether it was
//! [executed](crate::Error::executed).
//!
//! | | |
//! |---|---|
//! | [`Client`], [`AsyncClient`] | call, begin, notify, ask all endpoints, call by name; endpoints come and go |
//! | [`ClientBuilder`] | endpoints to connect to and to bind, time limits, bounds, [connections](crate::ConnectionOptions), credentials |
//! | [`RawMethod`], [`RawReply`] | calls whose arguments and replies are bytes |
//! | [`Codec`] | how the values of calls by name are encoded |
//! | [`Pending`], [`AsyncCall`] | a call that is under way |
//! | [`WorkerInfo`] | a server that has connected to a client which is bound |
//! | [`ClientStats`] | counters |
//!
//! # Examples
//!
//! ```no_run
//! use std::time::Duration;
//! use zmqrpc_runtime::Client;
//!
//! let client = Client::builder()
//!     .connect("tcp://127.0.0.1:30000")
//!     .timeout(Duration::from_secs(2))
//!     .build()?;
//! # #[cfg(feature = "msgpack")]
//! let sum: i64 = client.invoke("Calculator.add", &(2, 3))?;
//! # Ok::<(), zmqrpc_runtime::Error>(())
//! ```

// This module knows commands and sockets, and nothing of servers. Its files:
//
//     handle        Client: calls, and their settings
//     preparation   which connection a call takes, how much time it has, its request
//     async_client  AsyncClient: calls of tasks
//     agreements    what becomes of a call to a server that has the method under another key
//     builder       ClientBuilder: settings, checked as a whole
//     balancer      which connection a call takes; endpoints that come and go
//     endpoints     the endpoints of a running client
//     request       arguments to a frame
//     encoded_call  a call that is encoded and not sent yet
//     pending       Pending, and a call that is under way whatever its command
//     invoke        calls by name
//     describe      what a server tells of itself
//     verify        whether a server offers what a client expects
//     raw           calls whose arguments and replies are bytes
//     reply         a frame to a reply or an error
//     call_info     what is called and where, for requests, replies and errors
//     retry         whether a call is made again, and where: no I/O
//     repeat        repeats a call where it was refused, under the server's key or since another server may be next
//     flush         waiting until notifications have arrived
//     stats         ClientStats
//     connection    one endpoint, shared by threads and tasks: who leads, who follows
//     state         what the connection's mutex protects: its socket, its calls and who waits for them
//     waiter        who waits for a call, or its result
//     deadlines     until when a call waits
//     peers         what a connection wants of its sockets: one server's, or those of workers that come
//     client_peers  which of them a client has, and how they are opened
//     workers       the workers that have come to a client that is bound
//     worker_info   what they say of themselves
//     supervision   replaces the connection to a server that is dead
//     pollers       the threads that wait at the socket
//     task_waiters  the tasks that wait for it

mod agreements;
mod async_client;
mod balancer;
mod builder;
mod call_info;
mod client_peers;
mod connection;
mod deadlines;
#[cfg(any(feature = "json", feature = "msgpack"))]
mod describe;
mod encoded_call;
mod endpoints;
mod flush;
mod handle;
#[cfg(any(feature = "json", feature = "msgpack"))]
mod invoke;
mod no_reply;
mod peers;
mod pending;
mod pollers;
mod preparation;
mod raw;
mod repeat;
mod reply;
mod request;
mod retry;
#[cfg(test)]
pub(crate) mod simulation;
mod state;
mod stats;
mod supervision;
mod task_waiters;
#[cfg(any(feature = "json", feature = "msgpack"))]
mod verify;
mod waiter;
mod worker_info;
mod workers;

pub use async_client::{AsyncCall, AsyncClient};
pub use builder::ClientBuilder;
pub use handle::Client;
pub use pending::Pending;
pub use raw::RawReply;
pub use stats::ClientStats;
pub use worker_info::WorkerInfo;

pub use crate::codec::Codec;
pub use crate::command::RawMethod;

use crate::dialect::Dialect;

/// What clients speak to servers.
const DIALECT: Dialect = Dialect::Native;
