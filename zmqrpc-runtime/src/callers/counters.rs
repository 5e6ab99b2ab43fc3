//! What a server has counted since its start.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::log::Throttle;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counters of a server since its start.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct ServerStats {
            $($(#[$doc])* pub $name: u64,)*
            /// Logins that the server rejected.
            pub logins_rejected: u64,
            /// How often a hub, or a client that this server works for, rejected it: for a wrong login, for a missing one, or
            /// for one that it does not ask for.
            pub login_failures: u64,
        }

        /// The counters behind [`ServerStats`], which several threads increment.
        #[derive(Debug, Default)]
        pub(crate) struct ServerCounters {
            $(pub(crate) $name: Counter,)*
            /// Limits how often the server logs what it counts.
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
    /// Calls and notifications that the server took on.
    requests,
    /// Replies, failures included, that were handed to the socket. Pongs and frames which tell that a call still runs
    /// are not counted, neither here nor below.
    replies,
    /// Calls that got a failure for a reply, and notifications that were dropped for one: unknown methods, mismatched
    /// signatures, undecodable arguments, replies that cannot travel.
    refused,
    /// Messages that are not requests: random bytes, other dialects, unknown versions, truncated headers.
    malformed,
    /// Handlers that panicked.
    panics,
    /// Requests whose deadline passed before they were executed. They are not executed.
    expired,
    /// Calls that were cancelled while they waited, or while an `async` method of theirs did, and calls and notifications
    /// of callers that had gone by then. The former are not executed, the latter dropped where they wait.
    cancelled,
    /// Requests that were delivered again after they had been executed with success. They get a reply, and are not
    /// executed again.
    repeated,
    /// Requests that were rejected because the queue was full.
    overloaded,
    /// Replies that were dropped because the peer did not take them and its outbox was full.
    dropped,
    /// Replies to peers that had gone.
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
