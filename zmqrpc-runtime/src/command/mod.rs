//! Commands and services: what generated code implements and what a transport carries.
//!
//! A *command* is an encoded call; a *service* executes commands. This module holds the traits between the two, and the
//! table by which a server dispatches. It knows the wire format and the codecs, but must not know clients or servers.

mod arguments;
#[cfg(feature = "tokio")]
mod blocking;
mod call;
mod context;
mod describer;
mod earlier;
mod encode_arguments;
mod interned;
mod locate;
mod method;
mod outcome;
mod raw_method;
mod service;
mod traits;
mod transport;
mod value;
mod values;

pub use arguments::{ArgumentList, ArgumentTypes, OwnFields, Untold};
#[cfg(feature = "tokio")]
pub(crate) use blocking::{SingleThreadRuntime, blocked_runtime_tag};
pub use call::{Call, EncodedReply, HandlerResult, MethodFuture};
pub(crate) use call::{CallBuffer, ReplyContext};
pub use context::CallContext;
pub(crate) use context::{DeadlineScope, inherited_deadline};
pub use describer::of;
pub(crate) use describer::{Describer, of_method};
pub(crate) use earlier::{ArgumentCheck, EarlierReceivers, EarlierVersions, ToldMethod};
pub(crate) use encode_arguments::{CheckedArguments, EncodeArguments, RawArguments};
pub(crate) use interned::interned;
pub(crate) use locate::ValueRole;
pub(crate) use method::ANY_METHOD;
pub use method::Method;
pub use outcome::{Answer, Failure, Fallible, MaybeResult, Never, Returned};
pub use raw_method::RawMethod;
pub(crate) use service::{DynService, ServiceObject, Started};
pub use service::{MethodEntry, Service};
pub use traits::Command;
pub(crate) use transport::{InProcess, InProcessResult};
pub use transport::{Transport, WithTimeout, WithTopic};
pub use value::Value;
pub use values::{Described, KeyCell};
