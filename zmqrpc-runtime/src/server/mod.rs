//! The serving side: services, their dispatch, and the thread that runs them.
//!
//! This module knows commands and sockets, and nothing of clients.
//!
//! ```text
//! builder     ServerBuilder: settings, checked as a whole
//! handle      ServerHandle: a running server
//! handler     closures as services of hand-written commands
//! registry    which service has which method
//! responder   a frame to a job, a job to a frame: no socket
//! executor    runs `async` methods
//! worker      the thread: socket, queue, outbox
//! outbox      replies that a slow peer has no room for
//! counters    what the server has seen
//! ```

mod builder;
mod counters;
mod executor;
mod handle;
mod handler;
mod outbox;
mod registry;
mod responder;
mod worker;

pub use builder::{Server, ServerBuilder};
pub use counters::ServerStats;
pub use handle::ServerHandle;
pub use handler::{AsyncHandler, Handler};
