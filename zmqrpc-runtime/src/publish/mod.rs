//! The one-way side: publishing to all who subscribe, pushing to one of those who pull.
//!
//! Stubs go over [`Publisher`] and [`Pusher`] as they go over a client; this module knows commands and sockets, and
//! neither clients nor servers.
//!
//! ```text
//! publisher    Publisher: topic and metadata of what is published, and the methods
//! publisher_builder its settings
//! seat         a socket behind its lock, and who waits at it
//! outlet       what stands under the publisher's lock: socket, sequences, subscribers
//! sequences    the numbers of events, per topic
//! heartbeats   the thread that publishes heartbeats
//! pusher       Pusher: time limit and metadata of what is pushed, and the methods
//! pusher_builder its settings
//! ledger       which jobs are counted until they have left
//! room         threads and tasks that wait until a puller has room
//! asynchronous AsyncPusher: the same for tasks
//! flush        waiting until everything has left this process
//! arguments    commands to frames
//! settings     what both builders have in common
//! endpoints    where publishers and pushers are, and how that changes
//! ```

mod arguments;
mod asynchronous;
mod endpoints;
mod flush;
mod heartbeats;
mod ledger;
mod outlet;
mod publisher;
mod publisher_builder;
mod pusher;
mod pusher_builder;
mod room;
mod seat;
mod sequences;
mod settings;

pub use asynchronous::{AsyncPush, AsyncPusher};
pub(crate) use endpoints::{Endpoints, open_all};
pub use outlet::{Overflow, PublisherStats};
pub use publisher::Publisher;
pub use publisher_builder::PublisherBuilder;
pub use pusher::{Pusher, PusherStats};
pub use pusher_builder::PusherBuilder;
