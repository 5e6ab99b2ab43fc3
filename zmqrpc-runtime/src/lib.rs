//! The runtime of [`zmqrpc`](https://docs.rs/zmqrpc): everything that runs. Programs use it through that crate, which
//! re-exports what is public here.
//!
//! The layers, each of which may use those before it and none behind it:
//!
//! ```text
//! log, clock < wire < codec < socket < command, error < auth < client, server, publish < message, proxy, local
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(target_os = "linux"))]
compile_error!(
    "zmqrpc runs on Linux only: it waits by epoll, eventfd and timerfd, and looks into /proc."
);

mod auth;
mod client;
mod clock;
mod codec;
mod command;
mod error;
mod local;
mod log;
mod message;
mod proxy;
mod publish;
mod server;
mod socket;
mod wire;

pub use auth::{
    Authenticator, CurveClient, CurveServer, KeyPair, Passwords, PublicKey, SecretKey,
    hash_password,
};
pub use client::{AsyncCall, AsyncClient, Client, ClientBuilder, ClientStats, Pending};
pub use codec::{Error as CodecError, assert_travels};
pub use command::{
    Answer, CallContext, Command, Failure, Method, Never, Service, Transport, Wire, WithTimeout,
    WithTopic,
};
pub use error::{CallError, Error, Site};
#[cfg(feature = "tokio")]
pub use message::{AsyncReceiver, Delivered};
pub use message::{Received, Receiver, Sender};
#[cfg(feature = "disk-queue")]
pub use proxy::DiskQueue;
pub use proxy::{
    BufferedHandle, BufferedProxy, DeadLetter, DeadLetters, MemoryQueue, Proxy, ProxyHandle,
    ProxyStats, Pub, Pull, Pull2Push, Pull2Req, Push, Queue, Rep, Rep2Pub, Rep2Req, Req, Sub,
    Sub2Pub, Sub2Req,
};
pub use publish::{AsyncPush, AsyncPusher, Pusher, PusherBuilder, PusherStats};
pub use publish::{Overflow, Publisher, PublisherBuilder, PublisherStats};
pub use server::{
    AsyncHandler, Handler, Heard, PullStats, Server, ServerBuilder, ServerHandle, ServerStats,
    Subscription, SubscriptionStats,
};
pub use socket::SocketError;
pub use wire::Executed;

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

    pub use crate::client::Client;
    pub use crate::codec::{Bytes, Lent, NoArgs, Owned, Str, optional_bytes};
    pub use crate::command::{
        Call, CallContext, Command, Entry, Fallible, Frame, Handled, MaybeResult, Method, Refusal,
        Returned, Service, Task, Transport, WithTimeout, WithTopic,
    };
    pub use crate::error::{CallError, Error};
    pub use crate::local::local;
}

/// What fuzz targets reach.
#[doc(hidden)]
pub mod __fuzz {
    pub use crate::codec::*;
    #[cfg(feature = "disk-queue")]
    pub use crate::proxy::{reread_letter, reread_request};
    pub use crate::socket::reread_login;
    pub use crate::wire::*;
}
