//! What calls, settings and sockets fail with.
//!
//! [`Error`] has one variant for each thing that a caller would do something different about, and a typed cause where there
//! are several reasons. [`CallError`] adds the service's own error for methods that return a `Result`.
//!
//! | | |
//! |---|---|
//! | [`Error`] | what failed; [`executed`](Error::executed) says whether the call ran, [`is_transient`](Error::is_transient) whether it may succeed later |
//! | [`Executed`] | `No`, `Maybe`, `Yes` |
//! | [`CallTarget`] | the method and the endpoint of a call |
//! | [`UnavailableCause`], [`OverloadCause`], [`AuthCause`], [`EndpointCause`] | why |
//! | [`CodecError`], [`SocketError`] | what the codec, libzmq or the system said: the [`source`](std::error::Error::source) |
//!
//! # Examples
//!
//! ```
//! use zmqrpc_runtime::error::UnavailableCause;
//! use zmqrpc_runtime::{Error, Executed};
//!
//! fn may_call_again(error: &Error) -> bool {
//!     error.is_transient() && error.executed() == Executed::No
//! }
//!
//! fn is_gone(error: &Error) -> bool {
//!     matches!(error, Error::Unavailable { cause: UnavailableCause::Silent { .. }, .. })
//! }
//! # let _ = (may_call_again, is_gone);
//! ```

mod call;
mod call_target;
mod classification;
mod constructors;
mod endpoint;
mod mismatch;
mod overload;
mod tried;
mod unauthenticated;
mod unavailable;

pub use call::CallError;
pub use call_target::CallTarget;
pub use endpoint::EndpointCause;
pub use overload::OverloadCause;
pub use unauthenticated::AuthCause;
pub use unavailable::UnavailableCause;

pub use crate::codec::Error as CodecError;
pub use crate::socket::SocketError;
pub use crate::wire::Executed;

use std::fmt;
use std::time::Duration;

use self::mismatch::{Incompatible, Signatures};
use crate::codec::Codec;
use crate::description::Change;
use crate::log::Printable;

impl fmt::Display for Executed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::No => "the call was not executed",
            Self::Maybe => "the call may have been executed",
            Self::Yes => "the call was executed",
        })
    }
}

/// Everything that can go wrong with a call but the service's own errors, and with setting up a client or server.
///
/// [`executed`](Self::executed) says whether a failed call may have had an effect, [`method`](Self::method) and
/// [`endpoint`](Self::endpoint) where it happened. New variants may come: match with a `_` arm.
///
/// The other side may have had a part in what an error says. What is printed of it has no control characters, none that
/// turn the direction of writing, and is cut after 1,024 characters; the fields have it as it came.
///
/// Its text is complete: it contains that of its cause. The [`source`](std::error::Error::source) is the cause as a value, to
/// be told from others by its type.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No reply came within the time allowed.
    #[error("{at}: no reply within {timeout:?}; {executed}")]
    #[non_exhaustive]
    Timeout {
        /// The call.
        at: CallTarget,
        /// The time that the call had.
        timeout: Duration,
        /// `No` if it had not been sent yet or the server found it expired.
        executed: Executed,
    },
    /// There is no connection, or it broke before the reply came.
    #[error("{at}: {cause}; {executed}")]
    #[non_exhaustive]
    Unavailable {
        /// The call.
        at: CallTarget,
        /// What is known about the connection.
        #[source]
        cause: UnavailableCause,
        /// `No` if the request had not been sent yet.
        executed: Executed,
    },
    /// The server does not let this client in, or the client does not trust the server.
    #[error("{at}: access denied: {cause}")]
    #[non_exhaustive]
    Unauthenticated {
        /// The call.
        at: CallTarget,
        /// What the server said, or what is known.
        #[source]
        cause: AuthCause,
    },
    /// The server has no such method.
    #[error(
        "{at}: the server has no such method; is the service registered there, under this name?"
    )]
    #[non_exhaustive]
    UnknownMethod {
        /// The call.
        at: CallTarget,
    },
    /// Both sides know the method but disagree about its arguments, its reply or its version, or about types within these, and
    /// values would be read as others, or the server does not tell its shapes. [`Client::verify`](crate::Client::verify)
    /// says where.
    #[error("{at}: {}", Signatures(.ours, .theirs, .difference.as_deref()))]
    #[non_exhaustive]
    SignatureMismatch {
        /// The call.
        at: CallTarget,
        /// The signature as the caller knows it.
        ours: Box<str>,
        /// The signature as the server knows it.
        theirs: Box<str>,
        /// Where they differ, if that is known: ``Inventory.place order.lines[].count: `u32` here, `i64` there``.
        difference: Option<Box<str>>,
    },
    /// What a client expects of its server is not what that one offers, says
    /// [`verify`](crate::Client::verify).
    #[error("{at}: {}", Incompatible(.changes))]
    #[non_exhaustive]
    SchemaMismatch {
        /// The service.
        at: CallTarget,
        /// The changes from what the client expects to what the server offers.
        changes: Vec<Change>,
    },
    /// A method called by name failed with an error of its own. Calls through a stub give
    /// [`CallError::Service`] with the typed error instead.
    #[error("{at}: the service answered with an error: {}", Printable(.message))]
    #[non_exhaustive]
    Service {
        /// The call.
        at: CallTarget,
        /// The error as a line of text, of at most 256 characters.
        message: Box<str>,
        /// The codec of the error: that of the call.
        codec: Codec,
        /// The encoded error.
        body: Box<[u8]>,
    },
    /// A queue is full, here or at the server.
    #[error("{at}: {cause}; the call was not executed, try again later")]
    #[non_exhaustive]
    Overloaded {
        /// The call.
        at: CallTarget,
        /// Which queue, and its limit.
        #[source]
        cause: OverloadCause,
    },
    /// The call was withdrawn before it ended.
    #[error("{at}: cancelled; {executed}")]
    #[non_exhaustive]
    Cancelled {
        /// The call.
        at: CallTarget,
        /// Whether it may have run before.
        executed: Executed,
    },
    /// The server ends, or this client has ended.
    #[error("{at}: the server is shutting down; the call was not executed")]
    #[non_exhaustive]
    ShuttingDown {
        /// The call.
        at: CallTarget,
    },
    /// A request or a reply is over the limit for messages.
    #[error("{at}: {what} is larger than the limit of {limit} bytes; {executed}")]
    #[non_exhaustive]
    TooLarge {
        /// The call.
        at: CallTarget,
        /// The request or the reply.
        what: &'static str,
        /// The limit that it exceeds, in bytes.
        limit: usize,
        /// `No` for a request, `Yes` for a reply.
        executed: Executed,
    },
    /// A request or a reply could not be turned into bytes.
    #[error("{at}: {what} cannot be encoded: {}; {executed}", Printable(.source))]
    #[non_exhaustive]
    Encode {
        /// The call.
        at: CallTarget,
        /// The arguments or the reply.
        what: &'static str,
        /// What the encoder said.
        source: CodecError,
        /// `No` for arguments, `Yes` for a reply.
        executed: Executed,
    },
    /// A request or a reply was not what the receiver expected.
    #[error("{at}: {what} cannot be decoded: {}; {executed}", Printable(.source))]
    #[non_exhaustive]
    Decode {
        /// The call.
        at: CallTarget,
        /// The request, the arguments or the reply.
        what: &'static str,
        /// What the decoder said.
        source: CodecError,
        /// `No` for a request, `Yes` for a reply.
        executed: Executed,
    },
    /// A proxy has taken the request on, to deliver or to publish it later, and its result cannot come back.
    #[error(
        "{at}: a proxy has accepted the request, to have it executed later; its result cannot come back: call a method that returns nothing; the call may have been executed"
    )]
    #[non_exhaustive]
    Accepted {
        /// The call.
        at: CallTarget,
    },
    /// The service panicked; the server goes on.
    #[error(
        "{at}: the service panicked; it was started and did not end, the server's log says why"
    )]
    #[non_exhaustive]
    Panicked {
        /// The call.
        at: CallTarget,
    },
    /// The server answered with a status that this version does not know.
    #[error("{at}: the server answered with status {code}: {}; {executed}", Printable(.message))]
    #[non_exhaustive]
    Remote {
        /// The call.
        at: CallTarget,
        /// The status.
        code: u8,
        /// The server's words.
        message: Box<str>,
        /// What the server said about it.
        executed: Executed,
    },
    /// An endpoint is wrong or cannot be used. Nothing was opened.
    #[error("endpoint `{endpoint}`: {cause}")]
    #[non_exhaustive]
    Endpoint {
        /// The endpoint as it was given.
        endpoint: Box<str>,
        /// What is wrong with it.
        #[source]
        cause: EndpointCause,
    },
    /// A setting is wrong. Nothing was opened.
    #[error("setting `{setting}`: {reason}")]
    #[non_exhaustive]
    Config {
        /// The name of the builder's method.
        setting: &'static str,
        /// What is wrong with its value.
        reason: Box<str>,
    },
    /// A proxy's queue cannot be used.
    #[error("queue `{path}`: {reason}")]
    #[non_exhaustive]
    Queue {
        /// The file, as it was given.
        path: Box<str>,
        /// What is wrong with it.
        reason: Box<str>,
    },
    /// A service was still running when the time for a shutdown was over.
    #[error(
        "a service is still running after {timeout:?}; it goes on until it returns, its reply is dropped"
    )]
    StillRunning {
        /// The time that the shutdown had.
        timeout: Duration,
    },
    /// The process has forked since the handle was made, and this is the child. Nothing was done.
    ///
    /// Connections and threads stay with the parent. Whatever the child makes itself works.
    #[error(
        "this handle was made before the process forked, and belongs to the parent: make a new one"
    )]
    Forked,
    /// Waiting here would never end: what is waited for needs the very thread that waits, the only one of its tokio
    /// runtime.
    #[error(
        "`{operation}` waits for `async` methods that need the very thread that waits, the only one of its tokio \
         runtime; use {instead}"
    )]
    #[non_exhaustive]
    Deadlock {
        /// The method that was called.
        operation: &'static str,
        /// What to use instead.
        instead: &'static str,
    },
    /// libzmq or the operating system failed.
    #[error("the socket failed: {source}")]
    #[non_exhaustive]
    Transport {
        /// What failed.
        #[from]
        source: SocketError,
    },
}
