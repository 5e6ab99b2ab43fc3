//! What the leader runs next without coming back to the sockets in between: commands that nobody waits for, while
//! methods are short.
//!
//! Not the leader's own: when it stands still in a method, whoever takes the lead over takes these too.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::dispatcher::ReadyCall;

/// Few, as nothing else is looked at in between: methods that suddenly take longer keep calls waiting for so many, and
/// these wait although other workers may be free.
const SIZE: usize = 8;

pub(super) struct LocalQueue<J = ReadyCall>(Mutex<LocalCall<J>>);

struct LocalCall<J> {
    /// Of the leader whose hand it is.
    term: u64,
    jobs: VecDeque<J>,
}

impl<J> Default for LocalQueue<J> {
    fn default() -> Self {
        Self(Mutex::new(LocalCall {
            term: 0,
            jobs: VecDeque::with_capacity(SIZE),
        }))
    }
}

impl<J> LocalQueue<J> {
    /// The next one; nothing for a leader that was deposed.
    pub(super) fn next(&self, term: u64) -> Option<J> {
        let mut held = self.held();
        if held.term != term {
            return None;
        }
        held.jobs.pop_front()
    }

    /// Adds what `more` has; nothing for a leader that was deposed.
    pub(super) fn fill(&self, term: u64, mut more: impl FnMut() -> Option<J>) {
        let mut held = self.held();
        if held.term != term {
            return;
        }
        while held.jobs.len() < SIZE
            && let Some(job) = more()
        {
            held.jobs.push_back(job);
        }
    }

    pub(super) fn has_some(&self, term: u64) -> bool {
        let held = self.held();
        held.term == term && !held.jobs.is_empty()
    }

    /// What is left, for a leader that was not deposed.
    pub(super) fn empty(&self, term: u64) -> VecDeque<J> {
        let mut held = self.held();
        if held.term != term {
            return VecDeque::new();
        }
        held.jobs.drain(..).collect()
    }

    /// Hands over to the leader of `term`. Answers what the one before has left.
    pub(super) fn pass(&self, term: u64) -> VecDeque<J> {
        let mut held = self.held();
        held.term = term;
        held.jobs.drain(..).collect()
    }

    fn held(&self) -> MutexGuard<'_, LocalCall<J>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(term: u64) -> LocalQueue<usize> {
        let local_queue = LocalQueue::default();
        local_queue.pass(term);
        let mut numbers = 1..;
        local_queue.fill(term, || numbers.next());
        local_queue
    }

    #[test]
    fn it_holds_a_few_and_gives_them_out_in_their_order() {
        let local_queue = filled(1);
        let all: Vec<_> = std::iter::from_fn(|| local_queue.next(1)).collect();
        assert!(all.into_iter().eq(1..=SIZE));
    }

    #[test]
    fn who_was_deposed_neither_takes_out_nor_puts_in() {
        let local_queue = filled(1);
        assert_eq!(local_queue.next(1), Some(1));
        assert!(local_queue.pass(2).into_iter().eq(2..=SIZE));
        local_queue.fill(1, || panic!("nothing is taken out of the queue"));
        let mut one = Some(7);
        local_queue.fill(2, || one.take());
        assert_eq!((local_queue.next(1), local_queue.empty(1).len()), (None, 0));
        assert_eq!(local_queue.next(2), Some(7));
    }
}
