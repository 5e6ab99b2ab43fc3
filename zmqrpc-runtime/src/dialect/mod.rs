//! The one place that turns calls into frames and frames into calls.
//!
//! A [`Dialect`] is a way to write both. Everything else of the library deals in neutral values: a server in
//! [`Inbound`] and [`Outbound`], a caller in [`Request`] and [`FrameKind`], a publisher and its subscribers in
//! [`Event`]. [`ReplyTo`] says which call a reply is to, and in which dialect.
//!
//! To add a dialect: a folder beside `native`, a variant of [`Dialect`] with its arms in `server`, `client` and,
//! if proxies pass it on, `forward`; and, where its ids are no numbers, a variant of [`CallId`].

mod call_id;
mod client;
mod failure;
#[cfg(feature = "proxy")]
mod forward;
mod inbound;
pub(crate) mod native;
mod outbound;
mod server;
mod sniffed;

pub use self::{
    call_id::{CallId, NO_ID},
    failure::CallFailure,
    inbound::{CallControl, Event, EventContent, Inbound, MethodRef, Request, RequestKind},
    outbound::{FrameKind, Outbound, Reply, WorkerOffer, WorkerOfferBuf},
    sniffed::SniffedDialect,
};
pub(crate) use self::{
    client::EncodeFailure,
    server::{OutboundFrame, ReplyTo},
};

/// How requests and replies are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Dialect {
    /// The library's own, as `PROTOCOL.md` describes it.
    Native,
}
