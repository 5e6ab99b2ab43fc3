//! The methods that a subscriber and a puller have in common.

use std::time::{Duration, Instant};

/// Returns when a time is over that begins now; `None` for one that the clock cannot express, which is never over.
pub(super) fn deadline(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}

/// The methods, and the iterator, of a type whose field `reception` delivers what becomes an `$arrival`.
macro_rules! receiver_methods {
    ($receiver:ident, $iter:ident, $arrival:ident, $stats:ident) => {
        impl $receiver {
            /// Returns the next arrival. Waits for one; `None` after [`close`](Self::close), when all have been taken.
            ///
            /// Several threads may wait: each arrival goes to one of them.
            ///
            /// # Errors
            ///
            /// [`Error::Transport`] if a socket has failed, and [`Error::Forked`]. Nothing comes any more then.
            pub fn recv(&self) -> Result<Option<$arrival>, Error> {
                self.take(None)
            }

            /// Returns the next arrival. Waits for one for no longer than `timeout`: `None` if none has come by then, and
            /// after [`close`](Self::close), when all have been taken.
            ///
            /// # Errors
            ///
            /// Those of [`recv`](Self::recv).
            pub fn recv_timeout(
                &self,
                timeout: std::time::Duration,
            ) -> Result<Option<$arrival>, Error> {
                self.take($crate::raw::receiver::deadline(timeout))
            }

            /// Returns the next arrival if it is there. Does not wait.
            ///
            /// # Errors
            ///
            /// Those of [`recv`](Self::recv).
            pub fn try_recv(&self) -> Result<Option<$arrival>, Error> {
                self.take(Some(std::time::Instant::now()))
            }

            fn take(&self, until: Option<std::time::Instant>) -> Result<Option<$arrival>, Error> {
                Ok(self.reception.take(until)?.map($arrival::from))
            }

            /// Returns an iterator that waits for each arrival. It ends after [`close`](Self::close), and after an error.
            pub fn iter(&self) -> impl Iterator<Item = Result<$arrival, Error>> {
                let mut has_ended = false;
                std::iter::from_fn(move || {
                    if has_ended {
                        return None;
                    }
                    let next = self.recv().transpose();
                    has_ended = !matches!(next, Some(Ok(_)));
                    next
                })
            }

            /// Takes nothing more in. What is here can still be received, then there is nothing: threads that wait are told
            /// so. The endpoints are free a moment later, or when it has been dropped.
            pub fn close(&self) {
                self.reception.close();
            }

            /// Returns the endpoints, in the order in which they were given, with wildcards resolved.
            #[must_use]
            pub fn endpoints(&self) -> Vec<String> {
                self.reception.endpoints().to_vec()
            }

            /// Returns the counters of each endpoint, in the order of these. Empty after the end.
            #[must_use]
            pub fn stats(&self) -> Vec<$stats> {
                self.reception.stats()
            }
        }

        impl IntoIterator for $receiver {
            type Item = Result<$arrival, Error>;
            type IntoIter = $iter;

            fn into_iter(self) -> $iter {
                $iter {
                    receiver: Some(self),
                }
            }
        }

        #[doc = concat!("The arrivals of a [`", stringify!($receiver), "`], each of which it waits for.")]
        #[derive(Debug)]
        #[must_use = "nothing is received before it is asked for the next one"]
        pub struct $iter {
            /// `None` after the end.
            receiver: Option<$receiver>,
        }

        impl Iterator for $iter {
            type Item = Result<$arrival, Error>;

            fn next(&mut self) -> Option<Self::Item> {
                let next = self.receiver.as_ref()?.recv().transpose();
                if !matches!(next, Some(Ok(_))) {
                    self.receiver = None;
                }
                next
            }
        }

        impl std::iter::FusedIterator for $iter {}

        impl std::fmt::Debug for $receiver {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($receiver))
                    .field("endpoints", &self.reception.endpoints())
                    .finish_non_exhaustive()
            }
        }
    };
}
pub(super) use receiver_methods;
