//! The one-way side: publishing to all who subscribe, pushing to one of those who pull.
//!
//! Stubs go over [`Publisher`] and [`Pusher`] as they go over a client; this module knows commands and sockets, and
//! neither clients nor servers.
//!
//! ```text
//! publisher    Publisher: topic and metadata of what is published, and the methods
//! publisher_builder its settings
//! shared_socket a socket behind its lock, and who waits at it
//! publisher_socket what stands under the publisher's lock: socket, sequences, subscribers
//! sequences    the numbers of events, per topic
//! heartbeats   the thread that publishes heartbeats
//! pusher       Pusher: time limit and metadata of what is pushed, and the methods
//! pusher_builder its settings
//! unflushed_jobs which jobs are counted until they have left
//! pusher_queue threads and tasks that wait until a puller has queue
//! async_pusher AsyncPusher: the same for tasks
//! flush        waiting until everything has left this process
//! arguments    commands to frames
//! settings     what both builders have in common
//! endpoints    where publishers and pushers are, and how that changes
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
pub(crate) use endpoints::{Endpoints, open_all};
pub use publisher::Publisher;
pub use publisher_builder::PublisherBuilder;
pub use publisher_socket::{Overflow, PublisherStats};
pub use pusher::{Pusher, PusherStats};
pub use pusher_builder::PusherBuilder;
