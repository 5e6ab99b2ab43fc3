//! What a proxy has seen since it started.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::log;
use crate::server;
use crate::server::Counter;
use crate::socket::RejectedLogins;
use crate::wire::{MAX_HOPS, count_hop};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counters of a proxy since it started. Those that make no sense for its patterns stay at 0.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct ProxyStats {
            $($(#[$doc])* pub $name: u64,)*
            /// How often the proxy was not let in: for a wrong login, for having none, or since none was asked for.
            pub login_failures: u64,
            /// Requests that a queue holds now.
            pub held: u64,
            /// Bytes of the requests that a queue holds now.
            pub held_bytes: u64,
            /// Messages that are no request, event or job: random bytes, other dialects, wrong frame counts.
            pub malformed: u64,
            /// Answers that were handed over to callers: replies of the target and failures that the proxy tells of.
            pub answered: u64,
            /// Answers that were dropped because a caller did not take them and its outbox was full.
            pub dropped: u64,
            /// Answers for callers that had gone.
            pub unreachable: u64,
            /// Logins that were refused at ends that ask for them.
            pub logins_rejected: u64,
        }

        /// The counters as they are counted.
        #[derive(Debug, Default)]
        pub(super) struct ProxyCounters {
            $(pub(super) $name: Counter,)*
            held: AtomicU64,
            held_bytes: AtomicU64,
            denied: Mutex<Vec<RejectedLogins>>,
            refused: Mutex<Vec<RejectedLogins>>,
            /// Those of the side that callers connect to, as a server counts them.
            pub(super) frontend: server::ServerCounters,
        }

        impl ProxyCounters {
            pub(super) fn set_held(&self, requests: u64, bytes: u64) {
                self.held.store(requests, Ordering::Relaxed);
                self.held_bytes.store(bytes, Ordering::Relaxed);
            }

            /// Counts one more proxy in an event or a job that is passed on. `false` if it has passed too many: it would
            /// go on for ever where proxies stand in a ring.
            pub(super) fn count_hop(&self, frame: &mut [u8]) -> bool {
                let goes_on = count_hop(frame);
                if !goes_on && let Some(hidden) = self.frontend.log.admit("ring") {
                    log::line!(warn, limit = MAX_HOPS, hidden; "a message has passed `limit` proxies and is dropped, do they stand in a ring? `hidden` more were before this one");
                }
                goes_on
            }

            /// Adds what an end counts that asks for logins.
            pub(super) fn watch_denied(&self, denied: RejectedLogins) {
                all(&self.denied).push(denied);
            }

            /// Adds what a socket counts whose login may be refused.
            pub(super) fn watch_refused(&self, refused: RejectedLogins) {
                all(&self.refused).push(refused);
            }

            pub(super) fn read(&self) -> ProxyStats {
                let frontend = self.frontend.read();
                ProxyStats {
                    logins_rejected: all(&self.denied).iter().map(RejectedLogins::get).sum(),
                    login_failures: all(&self.refused).iter().map(RejectedLogins::get).sum(),
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

fn all(watched: &Mutex<Vec<RejectedLogins>>) -> MutexGuard<'_, Vec<RejectedLogins>> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

counters! {
    /// Requests, events and jobs that came in and could be read.
    received,
    /// Those that were handed over to a target, each try counted.
    forwarded,
    /// Requests that were refused, typed, since the proxy had no room for them.
    overloaded,
    /// Requests whose time was over before there was an answer, or before they could be handed over.
    expired,
    /// Calls that their callers gave up.
    cancelled,
    /// Calls that were under way when the connection to their target broke, or the target showed no sign of life.
    lost,
    /// Messages that a target has answered and a queue need not hold any more.
    delivered,
    /// Tries to deliver that failed and are made again.
    retried,
    /// Messages that were given up: dead letters, where there is a queue.
    given_up,
    /// Dead letters that a queue has dropped for want of room: the oldest, and those that alone are larger than it.
    dead_letters_dropped,
    /// How often a subscriber of the proxy was found full.
    congested,
    /// Messages of targets that ended no call: replies that came too late, and what is no reply. They are dropped.
    late,
    /// Connections to targets that were given up because nothing was heard, and made anew.
    renewals,
}
