//! The calling side: a blocking client, its connections, and calls that are on their way.
//!
//! Stubs call through [`Client`]; this module knows commands and sockets, and nothing of servers.
//!
//! ```text
//! handle      Client: settings of a call, which link it takes
//! asynchronous AsyncClient: the same for tasks
//! prepared    a call that is encoded
//! pending     Pending: a call that was begun
//! request     arguments to a frame
//! reply       a frame to a reply or an error
//! subject     what is called and where, for requests, replies and errors
//! stats       counters
//! ways        which link a call takes
//! retry       whether a call is made again, and where
//! link        threads and tasks that wait for one endpoint: who leads, who follows
//! flush       waiting until notifications have arrived
//! ending      calls end, and who waits wakes
//! core        what stands under the link's lock: socket, table, queue
//! queue       requests that wait for a connection
//! lookout     whether its server lives, and another connection if not
//! standing    whether its server takes calls, or is about to end
//! oneway      notifications that may not have arrived
//! watch       who looks after the socket for threads
//! tasks       and for tasks: the driver, or a task that stands in for it
//! pulse       whether the server lives
//! table       calls that have not ended
//! ```

mod asynchronous;
mod builder;
mod core;
mod ending;
mod flush;
mod handle;
mod link;
mod lookout;
mod oneway;
mod pending;
mod prepared;
mod pulse;
mod queue;
mod reply;
mod request;
mod retry;
mod standing;
mod stats;
mod subject;
mod table;
mod tasks;
mod watch;
mod ways;

pub use asynchronous::{AsyncCall, AsyncClient};
pub use builder::ClientBuilder;
pub(crate) use ending::{Sign, sign};
pub use handle::Client;
pub use pending::Pending;
pub(crate) use pulse::{Beat, Pulse};
pub(crate) use retry::refusal_of;
pub(crate) use standing::Standing;
pub use stats::ClientStats;
