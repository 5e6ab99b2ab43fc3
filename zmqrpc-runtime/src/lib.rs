//! The runtime of [`zmqrpc`](https://docs.rs/zmqrpc): everything that runs. Programs use it through that crate, which
//! re-exports what is public here.
//!
//! The layers, each of which may use those before it and none behind it:
//!
//! ```text
//! spares, sync < log, clock < wire < codec, description < export, tracer < socket < dialect < command, error < auth < logins, options < callers, connection, subscription, termination < simulation, reception < client, server, publish, raw < message, proxy, local, pubsub, push, schema, service < simulated_pairs
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]
// The documentation speaks of what features add.
#![cfg_attr(
    not(all(
        feature = "auth",
        feature = "json",
        feature = "msgpack",
        feature = "proxy"
    )),
    allow(rustdoc::broken_intra_doc_links)
)]

#[cfg(not(target_os = "linux"))]
compile_error!(
    "zmqrpc runs on Linux only: it waits by epoll, eventfd and timerfd, and looks into /proc."
);

#[cfg(feature = "auth")]
pub mod auth;
mod callers;
pub mod client;
mod clock;
mod codec;
mod command;
mod connection;
mod description;
mod dialect;
pub mod error;
mod export;
mod local;
mod log;
mod logins;
pub mod message;
mod options;
#[cfg(feature = "proxy")]
pub mod proxy;
mod publish;
pub mod pubsub;
pub mod push;
mod raw;
mod reception;
pub mod schema;
pub mod server;
pub mod service;
#[cfg(test)]
mod simulated_pairs;
#[cfg(test)]
mod simulation;
mod socket;
mod spares;
mod subscription;
mod sync;
mod termination;
mod tracer;
mod wire;

#[cfg(feature = "auth")]
pub use auth::Credentials;
pub use client::{AsyncClient, Client, ClientBuilder};
pub use error::{CallError, Error, Executed};
pub use options::{ConnectionOptions, Keepalive, Ping};
pub use schema::Documented;
pub use server::{Server, ServerBuilder, ServerHandle};
pub use service::{CallContext, Command};

/// Declares a cell for the key of a method, as an expression.
#[doc(hidden)]
#[macro_export]
macro_rules! __key_cell {
    () => {{
        static CELL: $crate::__private::KeyCell = $crate::__private::KeyCell::new();
        &CELL
    }};
}

/// What generated code may name, and nobody else: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use std::boxed::Box;
    pub use std::clone::Clone;
    pub use std::convert::AsRef;
    pub use std::future::Future;
    pub use std::option::Option;
    pub use std::result::Result;
    pub use std::sync::Arc;
    pub use std::time::Duration;
    pub use std::vec::Vec;

    pub use serde::{Serialize, Serializer};

    pub use crate::__key_cell as key_cell;
    pub use crate::client::Client;
    pub use crate::codec::{Bytes, Lent, NoArgs, Owned, Str, optional_bytes};
    pub use crate::command::{
        ArgumentTypes, Call, CallContext, Command, Described, EncodedReply, Fallible,
        HandlerResult, KeyCell, MaybeResult, Method, MethodEntry, MethodFuture, OwnFields,
        Returned, Service, Transport, Untold, WithTimeout, WithTopic,
    };
    pub use crate::description::{
        DocsOf, Documented, FieldDocs, TypeDocs, Undocumented, VariantDocs,
    };
    pub use crate::dialect::CallFailure;
    pub use crate::error::{CallError, Error};
    pub use crate::local::local;
    pub use crate::tracer::RootType;
}

/// What fuzz targets reach.
#[doc(hidden)]
pub mod __fuzz {
    pub use crate::codec::Error as CodecError;
    pub use crate::codec::*;
    pub use crate::description::read_canonical;
    pub use crate::dialect::native::*;
    pub use crate::dialect::*;
    #[cfg(feature = "disk-queue")]
    pub use crate::proxy::{reread_letter, reread_request};
    #[cfg(feature = "auth")]
    pub use crate::socket::reread_login;
    pub use crate::wire::*;
}
