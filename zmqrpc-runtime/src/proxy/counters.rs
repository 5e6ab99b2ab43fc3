//! Counters of a proxy.

use std::sync::atomic::{AtomicU64, Ordering};

use super::DIALECT;
use crate::callers::{Counter, ServerCounters};
use crate::log;
use crate::socket::RejectedLogins;
use crate::sync::Mutex;
use crate::wire::MAX_HOPS;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counters of a proxy since it started. Those that make no sense for its patterns stay at 0.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct ProxyStats {
            $($(#[$doc])* pub $name: u64,)*
            /// How often a peer rejected the proxy's login: because it was wrong, missing, or not asked for.
            pub login_failures: u64,
            /// Requests that the queue holds now.
            pub held: u64,
            /// Bytes of the requests that the queue holds now.
            pub held_bytes: u64,
            /// Messages that are neither a request nor an event nor a job: random bytes, other dialects, wrong frame counts.
            pub malformed: u64,
            /// Replies that were sent to callers: those of targets, and the proxy's own failures.
            pub answered: u64,
            /// Replies that were dropped because a caller did not read them and its outbox was full.
            pub dropped: u64,
            /// Replies to callers that had disconnected.
            pub unreachable: u64,
            /// Logins of peers that were rejected at ends that demand one.
            pub logins_rejected: u64,
        }

        /// The live counters behind [`ProxyStats`].
        #[derive(Debug, Default)]
        pub(super) struct ProxyCounters {
            $(pub(super) $name: Counter,)*
            held: AtomicU64,
            held_bytes: AtomicU64,
            denied: Mutex<Vec<RejectedLogins>>,
            unauthenticated: Mutex<Vec<RejectedLogins>>,
            /// The counters of the caller side, which are those of a server.
            pub(super) frontend: ServerCounters,
        }

        impl ProxyCounters {
            pub(super) fn set_held(&self, requests: u64, bytes: u64) {
                self.held.store(requests, Ordering::Relaxed);
                self.held_bytes.store(bytes, Ordering::Relaxed);
            }

            /// Counts one more proxy in the frame of an event or a job. Returns `false` if it has passed as many as allowed:
            /// in a ring of proxies it would circle for ever.
            pub(super) fn count_hop(&self, frame: &mut [u8]) -> bool {
                let may_pass = DIALECT.count_hop(frame);
                if !may_pass && let Some(hidden) = self.frontend.log.admit("ring") {
                    log::line!(warn, limit = MAX_HOPS, hidden; "a message has passed `limit` proxies and is dropped, do they stand in a ring? `hidden` more came before this one");
                }
                may_pass
            }

            /// Includes the rejected logins of peers at an end that demands one in [`ProxyStats::logins_rejected`].
            pub(super) fn watch_denied(&self, logins: RejectedLogins) {
                self.denied.lock().push(logins);
            }

            /// Includes the rejected logins of one of the proxy's sockets in [`ProxyStats::login_failures`].
            pub(super) fn watch_unauthenticated(&self, logins: RejectedLogins) {
                self.unauthenticated.lock().push(logins);
            }

            pub(super) fn read(&self) -> ProxyStats {
                let frontend = self.frontend.read();
                ProxyStats {
                    logins_rejected: sum(&self.denied),
                    login_failures: sum(&self.unauthenticated),
                    $($name: self.$name.get(),)*
                    held: self.held.load(Ordering::Relaxed),
                    held_bytes: self.held_bytes.load(Ordering::Relaxed),
                    malformed: frontend.malformed,
                    answered: frontend.replies,
                    dropped: frontend.dropped,
                    unreachable: frontend.unreachable,
                }
            }
        }
    };
}

/// Releases the lock before it returns, so that no caller holds two.
fn sum(watched: &Mutex<Vec<RejectedLogins>>) -> u64 {
    watched.lock().iter().map(RejectedLogins::get).sum()
}

counters! {
    /// Requests, events and jobs that arrived with a valid header.
    received,
    /// Messages that were sent to a target, each attempt counted.
    forwarded,
    /// Requests that were rejected as overloaded because the proxy had no room for them.
    overloaded,
    /// Requests whose time limit or time to live passed before the target replied, or before they could be sent.
    expired,
    /// Calls that their callers cancelled.
    cancelled,
    /// Calls that were in flight when the connection to their target broke, or the target stopped responding.
    lost,
    /// Messages from a queue that a target has replied to.
    delivered,
    /// Delivery attempts that failed and are retried.
    retried,
    /// Messages that were given up. In a [`BufferedProxy`](crate::proxy::BufferedProxy) they become dead letters.
    given_up,
    /// Dead letters that a queue has dropped for lack of room: the oldest, and those that are larger than all of it.
    dead_letters_dropped,
    /// How often a subscriber's queue was found full.
    congested,
    /// Messages of targets that belonged to no call and were dropped: late replies, and messages that are no replies.
    late,
    /// Connections to targets that were replaced because the target stopped responding.
    renewals,
}
