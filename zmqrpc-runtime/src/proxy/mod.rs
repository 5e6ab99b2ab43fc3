//! Proxies: what comes in at one end goes out at another one, undecoded.
//!
//! This module knows headers and sockets, and nothing of services and commands.
//!
//! ```text
//! builder     Proxy: settings
//! buffered    BufferedProxy: settings and handle
//! ends        Rep, Sub, Pull, Req, Pub, Push: the patterns at both ends
//! pair        which ends can be joined, and what it takes
//! handle      ProxyHandle: a running proxy
//! relay       its thread: one loop, the same for all
//! call_forwarder REP to REQ
//! deliverer   REP to REQ with a queue in between, SUB and PULL to REQ: keeps, delivers, tries again
//! intake      where that gets its messages from
//! spool       what it has accepted and not delivered
//! delivery_schedule in which order and when they are tried: no I/O
//! outcome     what an answer means for a delivery
//! queue       where they wait: memory, disk
//! publishing  REP to PUB, SUB to PUB
//! pushing     PULL to PUSH
//! sources     the sockets of SUB and PULL
//! event_output the socket of PUB
//! frontend    the socket that callers connect to
//! backend     the sockets to services, and the calls that are under way there
//! counters    what the proxy has seen
//! ```

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
