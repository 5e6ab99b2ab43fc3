//! The serving side: services, their dispatch, and the thread that runs them.
//!
//! This module knows commands and sockets, and nothing of clients.
//!
//! ```text
//! builder     ServerBuilder: settings, checked as a whole
//! handle      ServerHandle: a running server
//! shutdown    how it ends
//! handler     closures as services of local_queue-written commands
//! method_index which service has which method
//! dispatcher  a frame to a job, a job to a frame: no socket
//! rejection   why a request is not run
//! authorize   may this caller make this call
//! execution   an `async` method that runs
//! executor    where it runs
//! runtime     the tokio runtime for that
//! threads     the threads and what they share
//! termination who waits for the server's end
//! signals     what asks the process to end
//! state       what stands under their lock
//! roles       which thread leads, stands by, helps
//! turn        what the leader does next
//! local_queue what the leader runs next without coming back to the sockets
//! completion_guard how the end of an `async` method is told
//! admission   what is taken on, what is refused
//! running_call a call that runs, as its caller knows it
//! scheduler   requests that wait, requests that run
//! server_socket the socket
//! sources     what is published and pushed
//! outbox      replies that a slow peer has no room for
//! draining    how active_peers learn of the end before it comes
//! active_peers who has been heard of lately
//! deduplicator requests out of queues that must not be executed twice
//! counters    what the server has seen
//! ```

mod active_peers;
mod admission;
mod authorize;
mod builder;
mod completion_guard;
mod counters;
mod deduplicator;
mod dispatcher;
mod draining;
mod execution;
mod executor;
mod handle;
mod handler;
mod local_queue;
mod method_index;
mod outbox;
mod rejection;
mod roles;
mod running_call;
#[cfg(feature = "tokio")]
mod runtime;
mod scheduler;
mod server_socket;
mod shutdown;
mod signals;
mod sources;
mod state;
mod termination;
mod threads;
mod turn;

pub use builder::{Server, ServerBuilder};
pub use counters::ServerStats;
pub(crate) use counters::{Counter, ServerCounters};
pub(crate) use draining::Draining;
pub use handle::ServerHandle;
pub use handler::{AsyncHandler, Handler};
pub(crate) use outbox::{Outbox, REPLIES_IN_SOCKET};
pub(crate) use sources::{CallbackThread, CommandSource, SubscriptionSource, ValidSubscription};
pub use sources::{PublisherCounts, PullStats, Puller, Subscription, SubscriptionStats};
pub(crate) use termination::{Termination, WaitOutcome};
