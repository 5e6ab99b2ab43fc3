//! The calling side: a blocking client, its connections, and calls that are on their way.
//!
//! Stubs call through [`Client`]; this module knows commands and sockets, and nothing of servers.
//!
//! ```text
//! handle      Client: settings of a call, which connection it takes
//! async_client AsyncClient: the same for tasks
//! encoded_call a call that is encoded
//! pending     Pending: a call that was in_flight
//! request     arguments to a frame
//! reply       a frame to a reply or an error
//! call_info   what is called and where, for requests, replies and errors
//! stats       counters
//! balancer    which connection a call takes
//! retry       whether a call is made again, and where
//! connection  threads and tasks that wait for one endpoint: who leads, who follows
//! flush       waiting until notifications have arrived
//! completion  calls end, and who waits wakes
//! state       what stands under the connection's lock: socket, calls, queue
//! send_queue  requests that wait for a connection
//! supervision whether its server lives, and another connection if not
//! drain_state whether its server takes calls, or is about to end
//! notifications notifications that may not have arrived
//! pollers     who looks after the socket for threads
//! task_waiters and for tasks: the driver, or a task that stands in for it
//! liveness    whether the server lives
//! in_flight   calls that have not ended
//! ```

mod async_client;
mod balancer;
mod builder;
mod call_info;
mod completion;
mod connection;
mod drain_state;
mod encoded_call;
mod flush;
mod handle;
mod in_flight;
mod liveness;
mod notifications;
mod pending;
mod pollers;
mod reply;
mod request;
mod retry;
mod send_queue;
mod state;
mod stats;
mod supervision;
mod task_waiters;

pub use async_client::{AsyncCall, AsyncClient};
pub use builder::ClientBuilder;
pub(crate) use completion::{ControlFrame, sign};
pub(crate) use drain_state::DrainState;
pub use handle::Client;
pub(crate) use liveness::{Liveness, LivenessAction};
pub use pending::Pending;
pub(crate) use retry::refusal_of;
pub use stats::ClientStats;
