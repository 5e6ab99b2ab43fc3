//! What is published and pushed, taken in still encoded: for who looks at it without services.
//!
//! A thread takes it in, counts what is missing, keeps the connections, and puts everything in its order into a queue. What
//! becomes of it is not known here.
//!
//! ```text
//! command         an encoded command out of an event or a job
//! undecoded       a message that is neither
//! source          a socket to take in from, among others
//! event_source    events, and what was lost between them
//! job_socket      a socket that jobs are pulled from, which servers have, too
//! job_source      jobs
//! queue           what has been taken in and waits for who takes it
//! thread          the thread between the two
//! puller          settings of a pull socket
//! pull_stats      counters for users
//! ```

mod command;
mod event_source;
mod job_socket;
mod job_source;
mod pull_stats;
mod puller;
mod queue;
mod source;
mod thread;
mod undecoded;

pub(crate) use command::EncodedCommand;
pub use event_source::LostEvents;
pub(crate) use event_source::{EncodedEvent, EventArrival, EventReception};
pub(crate) use job_socket::JobSocket;
pub(crate) use job_source::{JobArrival, JobReception};
pub use pull_stats::PullStats;
pub use puller::Puller;
pub(crate) use queue::QueueBounds;
pub(crate) use thread::Reception;
pub use undecoded::UndecodedMessage;
