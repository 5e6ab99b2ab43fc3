//! Pushing jobs, each to one of those who pull.
//!
//! A [`Pusher`] sends commands as jobs, in turn to the pullers that are connected and have room, and waits while none has.
//! A server takes part with a [`Puller`] and executes jobs with the same services as calls. A job has no reply.
//!
//! | | |
//! |---|---|
//! | [`Pusher`], [`PusherBuilder`] | sends jobs; a generated client over it has the methods of the trait |
//! | [`AsyncPusher`], [`AsyncPush`] | the same from tasks |
//! | [`Puller`] | where jobs come from; for [`ServerBuilder::pull`](crate::ServerBuilder::pull) |
//! | [`RawPuller`], [`AsyncRawPuller`] | hands out jobs still encoded, without services: for tools and bridges |
//! | [`RawJobArrival`], [`RawJob`], [`UndecodedMessage`] | what these hand out |
//! | [`RawMethod`], [`Codec`] | how a job says its method and its arguments |
//! | [`PusherStats`], [`PullStats`] | counters |
//!
//! # Examples
//!
//! ```
//! use zmqrpc_runtime::push::{Puller, Pusher};
//!
//! let pusher = Pusher::bind("tcp://127.0.0.1:*")?;
//! let puller = Puller::connect(&*pusher.endpoints()[0]);
//! # let _ = puller;
//! # Ok::<(), zmqrpc_runtime::Error>(())
//! ```

pub use crate::codec::Codec;
pub use crate::command::RawMethod;
pub use crate::publish::{AsyncPush, AsyncPusher, Pusher, PusherBuilder, PusherStats};
pub use crate::raw::{
    AsyncRawPuller, RawJob, RawJobArrival, RawPuller, RawPullerBuilder, RawPullerIter,
};
pub use crate::reception::{PullStats, Puller, UndecodedMessage};
