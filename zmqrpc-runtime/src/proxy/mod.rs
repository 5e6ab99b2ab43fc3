//! Proxies: what comes in at one end goes out at another one, undecoded.
//!
//! A [`Proxy`] joins two ends: REQ/REP to REQ/REP, subscriptions to calls, jobs to jobs and so on. A [`BufferedProxy`] accepts
//! requests while their target is away, keeps them in a [`Queue`], and delivers each at least once.
//!
//! | | |
//! |---|---|
//! | [`Rep`], [`Sub`], [`Pull`] | ends at which messages come in |
//! | [`Req`], [`Pub`], [`Push`] | ends at which messages go out |
//! | [`Proxy`], [`ProxyHandle`] | joins two ends, and runs |
//! | [`BufferedProxy`], [`BufferedHandle`], [`Backoff`] | the same with a queue in between |
//! | [`MemoryQueue`], `DiskQueue` | where what was accepted is kept |
//! | [`DeadLetter`], [`DeadLetters`] | what could not be delivered |
//! | [`Source`], [`Sink`], [`ProxyPair`], [`Queue`] | sealed traits, to name in bounds |
//! | [`ProxyStats`] | counters |
//!
//! # Examples
//!
//! ```
//! use zmqrpc_runtime::proxy::{Proxy, Rep, Req};
//!
//! let proxy = Proxy::new(
//!     Rep::new().bind("tcp://127.0.0.1:*"),
//!     Req::new().connect("tcp://127.0.0.1:30000"),
//! )
//! .start()?;
//! println!("call {} instead", proxy.endpoints()[0]);
//! # Ok::<(), zmqrpc_runtime::Error>(())
//! ```

// This module knows frame headers and sockets, and nothing of services. Its files:
//
//     builder            Proxy: settings
//     backoff            Backoff: how long to wait between attempts
//     buffered           BufferedProxy: settings and handle
//     ends               Rep, Sub, Pull, Req, Pub, Push: the settings of each end
//     pair               which ends can be joined, and how each pair is opened
//     handle             ProxyHandle: a running proxy
//     relay              the proxy's thread: the event loop that all pairs share
//     call_forwarder     REP to REQ
//     deliverer          REP to REQ with a queue in between, SUB and PULL to REQ: stores, delivers, retries
//     intake             the deliverer's input: callers, or events and jobs
//     spool              requests that were accepted and not delivered
//     delivery_schedule  when and in which order they are attempted: no I/O
//     outcome            what a reply means for a delivery
//     writer             writes to the queue, on a thread of its own where they go to a disk
//     queue              where requests are stored: memory, disk
//     publishing         REP to PUB, SUB to PUB
//     pushing            PULL to PUSH
//     sources            the sockets of SUB and PULL
//     event_output       the socket of PUB
//     frontend           the socket that callers connect to
//     backend            the sockets to services, and the calls in flight over them
//     counters           ProxyStats and the counters behind it

mod backend;
mod backoff;
mod buffered;
mod builder;
mod call_forwarder;
mod counters;
mod deliverer;
mod delivery_schedule;
mod ends;
mod event_output;
mod frontend;
mod handle;
mod intake;
mod outcome;
mod pair;
mod publishing;
mod pushing;
mod queue;
mod relay;
mod sources;
mod spool;
mod writer;

#[cfg(test)]
pub(crate) use backend::SimulatedProxy;
pub use backoff::Backoff;
pub use buffered::{BufferedHandle, BufferedProxy};
pub use builder::{Proxy, Pull2Push, Pull2Req, Rep2Pub, Rep2Req, Sub2Pub, Sub2Req};
pub use counters::ProxyStats;
pub use ends::{Pub, Pull, Push, Rep, Req, Sub};
pub use handle::ProxyHandle;
pub use pair::{ProxyPair, Sink, Source};
pub use queue::{DeadLetter, DeadLetters, MemoryQueue, Queue};
#[cfg(feature = "disk-queue")]
pub use queue::{DiskQueue, reread_letter, reread_request};

use crate::dialect::Dialect;

/// What proxies forward.
const DIALECT: Dialect = Dialect::Native;
