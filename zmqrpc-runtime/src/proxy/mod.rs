//! Proxies: what comes in at one end goes out at another one, undecoded.
//!
//! This module knows headers and sockets, and nothing of services and commands.
//!
//! ```text
//! builder     Proxy: settings
//! buffered    BufferedProxy: settings and handle
//! ends        Rep, Sub, Pull, Req, Pub, Push: the patterns at both ends
//! passage     which ends can be joined, and what it takes
//! handle      ProxyHandle: a running proxy
//! relay       its thread: one loop, the same for all
//! exchange    REP to REQ
//! deliver     REP to REQ with a queue in between, SUB and PULL to REQ: keeps, delivers, tries again
//! intake      where that gets its messages from
//! keeping     what it has accepted and not delivered
//! lanes       in which order and when they are tried: no I/O
//! outcome     what an answer means for a delivery
//! queue       where they wait: memory, disk
//! publishing  REP to PUB, SUB to PUB
//! pushing     PULL to PUSH
//! sources     the sockets of SUB and PULL
//! outlet      the socket of PUB
//! front       the socket that callers connect to
//! target      the sockets to services, and the calls that are under way there
//! link        one of those sockets
//! endings     what links tell of calls, and what their callers are told
//! table       those calls: no I/O
//! counters    what the proxy has seen
//! ```

mod buffered;
mod builder;
mod counters;
mod deliver;
mod endings;
mod ends;
mod exchange;
mod front;
mod handle;
mod intake;
mod keeping;
mod lanes;
mod link;
mod outcome;
mod outlet;
mod passage;
mod publishing;
mod pushing;
mod queue;
mod relay;
mod sources;
mod table;
mod target;
mod writer;

pub use buffered::{BufferedHandle, BufferedProxy};
pub use builder::{Proxy, Pull2Push, Pull2Req, Rep2Pub, Rep2Req, Sub2Pub, Sub2Req};
pub use counters::ProxyStats;
pub use ends::{Pub, Pull, Push, Rep, Req, Sub};
pub use handle::ProxyHandle;
pub use queue::{DeadLetter, DeadLetters, MemoryQueue, Queue};
#[cfg(feature = "disk-queue")]
pub use queue::{DiskQueue, reread_letter, reread_request};
