//! The calling side: a blocking client, its connections, and calls that are on their way.
//!
//! Stubs call through [`Client`]; this module knows commands and sockets, and nothing of servers.
//!
//! ```text
//! handle      Client: settings of a call, which link it takes
//! pending     Pending: a call that was begun
//! request     arguments to a frame
//! reply       a frame to a reply or an error
//! subject     what is called and where, for requests, replies and errors
//! link        threads that wait for one endpoint: who leads, who follows
//! core        what stands under the link's lock: socket, table, queue
//! table       calls that have not ended
//! ```

mod builder;
mod core;
mod handle;
mod link;
mod pending;
mod reply;
mod request;
mod subject;
mod table;

pub use builder::ClientBuilder;
pub use handle::{Client, ClientStats};
pub use pending::Pending;
