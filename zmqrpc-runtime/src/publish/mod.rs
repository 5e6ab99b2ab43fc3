//! One-way transports: a [`Publisher`] sends events to every subscriber, a [`Pusher`] sends each job to one puller.
//!
//! Generated stubs use them as they use a client. This module knows commands and sockets, and neither clients nor servers.
//!
//! ```text
//! publisher          Publisher: a handle with a topic and metadata
//! publisher_builder  its settings
//! shared_socket      a socket that threads share behind a lock, and how they wait for it
//! publisher_socket   the state behind a publisher's lock: socket, sequence numbers, subscribers
//! sequences          the sequence numbers of events, per topic
//! heartbeats         the thread that publishes heartbeats
//! pusher             Pusher: a handle with a timeout and metadata
//! pusher_builder     its settings
//! unflushed_jobs     which jobs are tracked until they have left the process
//! pusher_queue       the state behind a pusher's lock: socket, and the tasks that wait until a puller has room
//! async_pusher       AsyncPusher: the same for tasks
//! flush              waiting until everything has left this process
//! arguments          commands to frames
//! settings           settings that both builders share
//! endpoints          the endpoints of publishers and pushers, and how they change at run time
//! ```

mod arguments;
mod async_pusher;
mod endpoints;
mod flush;
mod heartbeats;
mod publisher;
mod publisher_builder;
mod publisher_socket;
mod pusher;
mod pusher_builder;
mod pusher_queue;
mod sequences;
mod settings;
mod shared_socket;
mod unflushed_jobs;

pub use async_pusher::{AsyncPush, AsyncPusher};
#[cfg(feature = "proxy")]
pub(crate) use endpoints::{Endpoints, open_all};
pub use publisher::Publisher;
pub use publisher_builder::PublisherBuilder;
pub use publisher_socket::{Overflow, PublisherStats};
pub use pusher::{Pusher, PusherStats};
pub use pusher_builder::PusherBuilder;

use crate::dialect::Dialect;

/// What publishers and pushers speak.
const DIALECT: Dialect = Dialect::Native;
