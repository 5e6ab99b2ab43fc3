//! Events and jobs that the leader runs one after the other without a look at the sockets, while methods are short.
//!
//! The queue is shared: when the leader is stuck in a method, the next leader takes the queue over.

use std::collections::VecDeque;

use super::dispatcher::ReadyCall;
use crate::sync::{Mutex, MutexGuard};

/// Small, since the leader looks at nothing else meanwhile. If methods suddenly take longer, this many delay the calls
/// in the sockets, and wait themselves although other worker threads may be free.
const CAPACITY: usize = 8;

pub(super) struct LocalQueue<C = ReadyCall>(Mutex<LocalQueueState<C>>);

struct LocalQueueState<C> {
    /// The term of the leader that owns the queue.
    term: u64,
    calls: VecDeque<C>,
}

impl<C> Default for LocalQueue<C> {
    fn default() -> Self {
        Self(Mutex::new(LocalQueueState {
            term: 0,
            calls: VecDeque::with_capacity(CAPACITY),
        }))
    }
}

impl<C> LocalQueue<C> {
    /// Removes the next call. Returns `None` if the leader of `term` was replaced.
    pub(super) fn next(&self, term: u64) -> Option<C> {
        let mut state = self.lock();
        if state.term != term {
            return None;
        }
        state.calls.pop_front()
    }

    /// Fills the queue from `more`. Does nothing if the leader of `term` was replaced.
    pub(super) fn fill(&self, term: u64, mut more: impl FnMut() -> Option<C>) {
        let mut state = self.lock();
        if state.term != term {
            return;
        }
        while state.calls.len() < CAPACITY
            && let Some(call) = more()
        {
            state.calls.push_back(call);
        }
    }

    pub(super) fn has_calls(&self, term: u64) -> bool {
        let state = self.lock();
        state.term == term && !state.calls.is_empty()
    }

    /// Removes all calls; none if the leader of `term` was replaced.
    pub(super) fn drain(&self, term: u64) -> VecDeque<C> {
        let mut state = self.lock();
        if state.term != term {
            return VecDeque::new();
        }
        state.calls.drain(..).collect()
    }

    /// Makes the leader of `term` the owner. Returns the calls that the previous leader left.
    pub(super) fn take_over(&self, term: u64) -> VecDeque<C> {
        let mut state = self.lock();
        state.term = term;
        state.calls.drain(..).collect()
    }

    fn lock(&self) -> MutexGuard<'_, LocalQueueState<C>> {
        self.0.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(term: u64) -> LocalQueue<usize> {
        let queue = LocalQueue::default();
        queue.take_over(term);
        let mut numbers = 1..;
        queue.fill(term, || numbers.next());
        queue
    }

    #[test]
    fn calls_leave_in_their_order_and_no_more_than_the_capacity_wait() {
        let queue = filled(1);
        let all: Vec<_> = std::iter::from_fn(|| queue.next(1)).collect();
        assert!(all.into_iter().eq(1..=CAPACITY));
    }

    #[test]
    fn who_was_deposed_neither_takes_out_nor_puts_in() {
        let queue = filled(1);
        assert_eq!(queue.next(1), Some(1));
        assert!(queue.take_over(2).into_iter().eq(2..=CAPACITY));
        queue.fill(1, || panic!("a replaced leader takes no calls"));
        let mut one = Some(7);
        queue.fill(2, || one.take());
        assert_eq!((queue.next(1), queue.drain(1).len()), (None, 0));
        assert_eq!(queue.next(2), Some(7));
    }
}
