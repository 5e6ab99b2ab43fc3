//! Decides which jobs are tracked until they have left, so that a flush covers every puller's queue: a state machine without
//! I/O.
//!
//! libzmq distributes messages to the pullers in turn, skips those whose queues are full, and does not report which puller
//! got a message. So a tracked message that is sent last shows nothing about a queue that it did not get into. But if the
//! newest message of each full queue is tracked too, waiting for all counters covers that queue as well.
//!
//! With a high-water mark of N messages, the message that fills a queue is at least the Nth push. Where fewer were pushed
//! since everything had left, no queue is full and no message needs to be tracked; from the Nth on all are. To learn what has
//! left, a run of consecutive pushes is tracked from time to time, long enough that each queue with room gets one of them.
//! So tracking costs something only where the pullers do not keep up.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::socket::UnsentCounter;

/// The pushes that may not have left the process.
pub(super) struct UnflushedJobs {
    /// The messages that one puller's queue holds.
    high_water: u64,
    /// Messages pushed since a point before which everything has left.
    pushed: u64,
    /// The runs, oldest first. The last one tracks new messages.
    runs: VecDeque<TrackedRun>,
}

/// Messages that one counter tracks; the first ones are consecutive pushes.
struct TrackedRun {
    /// Messages pushed before it, since the same point as [`UnflushedJobs::pushed`].
    start: u64,
    counter: Arc<UnsentCounter>,
    /// How many consecutive pushes the run still lacks.
    remaining: u64,
}

impl UnflushedJobs {
    pub(super) fn new(high_water: usize) -> Self {
        Self {
            high_water: high_water as u64,
            pushed: 0,
            runs: VecDeque::new(),
        }
    }

    /// Returns the counter of the next message; `None` if it need not be tracked. `queues` returns the number of pullers'
    /// queues.
    pub(super) fn next(&mut self, queues: impl FnOnce() -> u64) -> Option<Arc<UnsentCounter>> {
        if self.runs.is_empty() && self.pushed < self.high_water / 2 {
            return None;
        }
        self.close_runs();
        let is_tracked = self.pushed + 1 >= self.high_water;
        match self.runs.back() {
            Some(run) if run.remaining > 0 => {}
            // The next run begins while the messages of the one before have not left.
            Some(_) if is_tracked && self.runs.len() == 1 => {
                self.begin_run(queues(), UnsentCounter::without_waiter());
            }
            None if is_tracked || self.pushed >= self.high_water / 2 => {
                self.begin_run(queues(), UnsentCounter::without_waiter());
            }
            _ if is_tracked => {}
            _ => return None,
        }
        self.runs.back().map(|run| Arc::clone(&run.counter))
    }

    /// Records that the message was pushed that [`next`](Self::next) was asked about.
    pub(super) fn push(&mut self) {
        self.pushed += 1;
        if let Some(run) = self.runs.back_mut() {
            run.remaining = run.remaining.saturating_sub(1);
        }
    }

    /// Begins a run. At its end, [all counters](Self::counters) together cover everything that was pushed before it.
    pub(super) fn begin_run(&mut self, queues: u64, counter: Arc<UnsentCounter>) {
        self.runs.push_back(TrackedRun {
            start: self.pushed,
            counter,
            // libzmq may skip a queue once while another one ends.
            remaining: 2 * queues + 1,
        });
    }

    /// Returns how many messages the last run lacks.
    pub(super) fn remaining(&self) -> u64 {
        self.runs.back().map_or(0, |run| run.remaining)
    }

    /// Returns the counters of the messages that libzmq still holds.
    pub(super) fn counters(&self) -> impl Iterator<Item = Arc<UnsentCounter>> {
        let counters = self.runs.iter().map(|run| &run.counter);
        counters.filter(|counter| !counter.is_zero()).cloned()
    }

    /// Removes the runs whose messages have left, together with everything that was pushed before them: it had got into
    /// queues in which a message of the run, or another tracked one, was behind it.
    fn close_runs(&mut self) {
        while let Some(run) = self.runs.front()
            && run.counter.is_zero()
            && (run.remaining == 0 || self.runs.len() > 1)
        {
            // A run that was not completed before the next one began covers nothing.
            let start = if run.remaining == 0 { run.start } else { 0 };
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
    use crate::socket::Frame;

    /// Pushes a message, and returns it as libzmq's queue would hold it if it is tracked.
    fn push(unflushed: &mut UnflushedJobs, queues: u64) -> Option<Frame> {
        let counter = unflushed.next(|| queues);
        unflushed.push();
        counter.map(|counter| Frame::new().tracked_by(&counter))
    }

    #[test]
    fn where_pullers_keep_up_only_short_runs_are_tracked() {
        let mut unflushed = UnflushedJobs::new(1000);
        let marked = (0..10_000).filter(|_| push(&mut unflushed, 1).is_some());
        assert_eq!(marked.count(), 3 * 20 - 3);
    }

    #[test]
    fn a_message_that_fills_a_queue_is_always_tracked() {
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
    fn tracking_ends_when_the_backlog_has_left() {
        let mut unflushed = UnflushedJobs::new(100);
        let mut held: VecDeque<_> = (0..1000).map(|_| push(&mut unflushed, 1)).collect();
        // The puller stays up to 10 messages behind.
        let mut untracked = 0;
        for _ in 0..1000 {
            held.push_back(push(&mut unflushed, 1));
            untracked += usize::from(held.back().unwrap().is_none());
            while held.len() > 10 {
                held.pop_front();
            }
        }
        assert!(untracked > 900, "{untracked}");
    }

    #[test]
    fn a_run_tracks_the_next_pushes_whatever_they_are() {
        let mut unflushed = UnflushedJobs::new(1000);
        unflushed.begin_run(1, UnsentCounter::new());
        assert_eq!(unflushed.remaining(), 3);
        let held: Vec<_> = (0..4).map(|_| push(&mut unflushed, 1)).collect();
        assert_eq!(unflushed.remaining(), 0);
        assert!(held[2].is_some() && held[3].is_none());
        assert_eq!(unflushed.counters().count(), 1);
        drop(held);
        assert_eq!(unflushed.counters().count(), 0);
    }
}
