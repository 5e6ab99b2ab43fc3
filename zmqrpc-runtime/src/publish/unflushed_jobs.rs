//! Which jobs are counted until they have left, so that a flush knows of everybody's queue: a state machine without I/O.
//!
//! libzmq deals messages out to those who pull, passes over those whose queues are full, and tells nobody. So a marked
//! message that is sent last shows nothing of a queue that it did not get into. But the newest message of a full queue
//! can be marked, too: then whoever waits for all marks waits for that queue as well.
//!
//! A queue of so many messages is filled by the last of at least as many pushes. Where fewer were pushed since
//! everything had left, no queue is full, and nothing is marked; all others are. To know what has left, a run of pushes
//! is marked now and then: enough for each queue to get one, if it has room. So marks cost something only where those who
//! pull do not keep up.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::socket::UnsentCounter;

pub(super) struct UnflushedJobs {
    /// Messages that one queue holds.
    high_water: u64,
    /// Pushed since a point before which everything has left.
    pushed: u64,
    /// The oldest first. What is marked is marked by the last one.
    runs: VecDeque<MarkedRun>,
}

/// Pushes that are marked, the first ones in a row.
struct MarkedRun {
    /// What was pushed before, since the same point.
    start: u64,
    counter: Arc<UnsentCounter>,
    /// How many are still to follow in a row.
    left: u64,
}

impl UnflushedJobs {
    pub(super) fn new(high_water: usize) -> Self {
        Self {
            high_water: high_water as u64,
            pushed: 0,
            runs: VecDeque::new(),
        }
    }

    /// How the next message is to be marked, if it is; there are so many `queues` by now.
    pub(super) fn next(&mut self, queues: impl FnOnce() -> u64) -> Option<Arc<UnsentCounter>> {
        if self.runs.is_empty() && self.pushed < self.high_water / 2 {
            return None;
        }
        self.close_runs();
        let is_marked = self.pushed + 1 >= self.high_water;
        match self.runs.back() {
            Some(run) if run.left > 0 => {}
            // The next run begins while the one before is waited for.
            Some(_) if is_marked && self.runs.len() == 1 => {
                self.begin(queues(), UnsentCounter::without_waiter());
            }
            None if is_marked || self.pushed >= self.high_water / 2 => {
                self.begin(queues(), UnsentCounter::without_waiter());
            }
            _ if is_marked => {}
            _ => return None,
        }
        self.runs.back().map(|run| Arc::clone(&run.counter))
    }

    /// The next message has been pushed, as [`next`](Self::next) has said.
    pub(super) fn push(&mut self) {
        self.pushed += 1;
        if let Some(run) = self.runs.back_mut() {
            run.left = run.left.saturating_sub(1);
        }
    }

    /// Begins a run, at whose end [all marks](Self::marks) tell of everything that was pushed before it.
    pub(super) fn begin(&mut self, queues: u64, counter: Arc<UnsentCounter>) {
        self.runs.push_back(MarkedRun {
            start: self.pushed,
            counter,
            // A queue may be passed over once while another one ends.
            left: 2 * queues + 1,
        });
    }

    /// How many messages the last run lacks.
    pub(super) fn left(&self) -> u64 {
        self.runs.back().map_or(0, |run| run.left)
    }

    /// The marks of what has not left as far as is known.
    pub(super) fn marks(&self) -> impl Iterator<Item = Arc<UnsentCounter>> {
        let marks = self.runs.iter().map(|run| &run.counter);
        marks.filter(|counter| !counter.is_zero()).cloned()
    }

    /// Finds out what has left: what was pushed before a run got into queues that had a message of it behind that, or
    /// were full, and had a marked one.
    fn close_runs(&mut self) {
        while let Some(run) = self.runs.front()
            && run.counter.is_zero()
            && (run.left == 0 || self.runs.len() > 1)
        {
            // One that was not finished before the next one began shows nothing.
            let start = if run.left == 0 { run.start } else { 0 };
            self.runs.pop_front();
            self.pushed -= start;
            for run in &mut self.runs {
                run.start -= start;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::Message;

    /// Pushes, and keeps what libzmq would.
    fn push(unflushed: &mut UnflushedJobs, queues: u64) -> Option<Message> {
        let counter = unflushed.next(|| queues);
        unflushed.push();
        counter.map(|counter| Message::new().tracked_by(&counter))
    }

    #[test]
    fn who_keeps_up_has_a_short_run_counted_now_and_then() {
        let mut unflushed = UnflushedJobs::new(1000);
        let marked = (0..10_000).filter(|_| push(&mut unflushed, 1).is_some());
        assert_eq!(marked.count(), 3 * 20 - 3);
    }

    #[test]
    fn what_fills_a_queue_is_always_counted() {
        for high_water in [1, 2, 3, 10, 1000] {
            let mut unflushed = UnflushedJobs::new(high_water);
            let held: Vec<_> = (0..3 * high_water)
                .map(|_| push(&mut unflushed, 2))
                .collect();
            let filled = high_water - 1;
            assert!(held[filled..].iter().all(Option::is_some), "{high_water}");
        }
    }

    #[test]
    fn nothing_is_counted_any_more_when_what_was_has_left() {
        let mut unflushed = UnflushedJobs::new(100);
        let mut held: VecDeque<_> = (0..1000).map(|_| push(&mut unflushed, 1)).collect();
        // Always somewhat behind.
        let mut plain = 0;
        for _ in 0..1000 {
            held.push_back(push(&mut unflushed, 1));
            plain += usize::from(held.back().unwrap().is_none());
            while held.len() > 10 {
                held.pop_front();
            }
        }
        assert!(plain > 900, "{plain}");
    }

    #[test]
    fn a_run_that_was_begun_takes_whatever_is_pushed_next() {
        let mut unflushed = UnflushedJobs::new(1000);
        unflushed.begin(1, UnsentCounter::new());
        assert_eq!(unflushed.left(), 3);
        let held: Vec<_> = (0..4).map(|_| push(&mut unflushed, 1)).collect();
        assert_eq!(unflushed.left(), 0);
        assert!(held[2].is_some() && held[3].is_none());
        assert_eq!(unflushed.marks().count(), 1);
        drop(held);
        assert_eq!(unflushed.marks().count(), 0);
    }
}
