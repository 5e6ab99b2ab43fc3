//! Commands and services: what generated code implements and what a transport carries.
//!
//! A *command* is an encoded call; a *service* executes commands. This module holds the traits between the two and
//! the tables that a server dispatches with. It knows the wire format and the codecs, but neither clients nor
//! servers.

#[cfg(feature = "tokio")]
mod blocking;
mod call;
mod context;
mod method;
mod outcome;
mod service;
mod traits;
mod transport;
mod value;

#[cfg(feature = "tokio")]
pub(crate) use blocking::{OneThread, mark_of_blocked};
pub(crate) use call::{Blank, Envelope, reply_frame};
pub use call::{Call, Frame, Handled, Refusal, Task};
pub use context::CallContext;
pub(crate) use context::{DeadlineScope, inherited_deadline};
pub use method::Method;
pub use outcome::{Answer, Failure, Fallible, MaybeResult, Never, Returned};
pub(crate) use service::{Dispatch, Served, Started};
pub use service::{Entry, Service};
pub use traits::Command;
pub(crate) use transport::{Exchange, Exchanged};
pub use transport::{Transport, WithTimeout, WithTopic};
pub use value::Wire;
