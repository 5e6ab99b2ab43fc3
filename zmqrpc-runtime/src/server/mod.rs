//! The serving side: services, their dispatch, and the thread that runs them.
//!
//! This module knows commands and sockets, and nothing of clients.
//!
//! ```text
//! builder     ServerBuilder: settings, checked as a whole
//! handle      ServerHandle: a running server
//! ending      how it ends
//! handler     closures as services of hand-written commands
//! registry    which service has which method
//! responder   a frame to a job, a job to a frame: no socket
//! unprepared  why a request is not run
//! authorize   may this caller make this call
//! execution   an `async` method that runs
//! executor    where it runs
//! runtime     the tokio runtime for that
//! engine      the threads and what they share
//! end         who waits for the server's end
//! signals     what asks the process to end
//! core        what stands under their lock
//! roles       which thread leads, stands by, helps
//! turn        what the leader does next
//! hand        what the leader runs next without coming back to the sockets
//! notice      how the end of an `async` method is told
//! admission   what is taken on, what is refused
//! running     a call that runs, as its caller knows it
//! work        requests that wait, requests that run
//! port        the socket
//! sources     what is published and pushed
//! outbox      replies that a slow peer has no room for
//! draining    how callers learn of the end before it comes
//! callers     who has been heard of lately
//! deliveries  requests out of queues that must not be executed twice
//! counters    what the server has seen
//! ```

mod admission;
mod authorize;
mod builder;
mod callers;
mod core;
mod counters;
mod deliveries;
mod draining;
mod end;
mod ending;
mod engine;
mod execution;
mod executor;
mod hand;
mod handle;
mod handler;
mod notice;
mod outbox;
mod port;
mod registry;
mod responder;
mod roles;
mod running;
#[cfg(feature = "tokio")]
mod runtime;
mod signals;
mod sources;
mod turn;
mod unprepared;
mod work;

pub use builder::{Server, ServerBuilder};
pub use counters::ServerStats;
pub(crate) use counters::{Counter, Counters};
pub(crate) use draining::Draining;
pub use handle::ServerHandle;
pub use handler::{AsyncHandler, Handler};
pub(crate) use outbox::{Outbox, REPLIES_IN_SOCKET};
pub(crate) use sources::{Callbacks, Checked, Feed, Source};
pub use sources::{Heard, PullStats, Subscription, SubscriptionStats};
