//! What a server has seen since it started.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::log::Throttle;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counters of a server since it started.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct ServerStats {
            $($(#[$doc])* pub $name: u64,)*
            /// Logins that were refused.
            pub logins_rejected: u64,
            /// How often a hub did not let this server in: for a wrong login, for having none, or since none was asked for.
            pub login_failures: u64,
        }

        /// The counters as they are counted: by several threads.
        #[derive(Debug, Default)]
        pub(crate) struct ServerCounters {
            $(pub(crate) $name: Counter,)*
            /// What the log is told of it.
            pub(crate) log: Throttle,
        }

        impl ServerCounters {
            pub(crate) fn read(&self) -> ServerStats {
                ServerStats { $($name: self.$name.get(),)* ..ServerStats::default() }
            }
        }
    };
}

counters! {
    /// Calls and notifications that were taken on.
    requests,
    /// Replies, refusals included, that were handed over to the socket. Answers to pings and signs that a call still
    /// runs are not counted, neither here nor below.
    replies,
    /// Calls and notifications that were answered with a failure, or dropped with one: unknown methods, mismatched
    /// signatures, undecodable arguments, replies that cannot travel.
    refused,
    /// Messages that are no request: random bytes, other dialects, unknown versions, truncated headers.
    malformed,
    /// Services that panicked.
    panics,
    /// Requests whose time was over before they were executed. They are not executed.
    expired,
    /// Calls that their callers gave up before they were executed, and calls and notifications of callers that had gone
    /// by then. They are not executed.
    cancelled,
    /// Requests that were delivered before and executed then. They are answered, and not executed again.
    repeated,
    /// Requests that the queue had no room for.
    overloaded,
    /// Replies that were dropped because a peer did not take them and its outbox was full.
    dropped,
    /// Replies for peers that had gone.
    unreachable,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn increment(&self) {
        self.add(1);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
