//! What has been taken in and waits for who takes it: threads, or a task.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::error::Error;
use crate::socket::WakeList;
use crate::sync::{Condvar, Mutex, MutexGuard};

/// Between the thread that takes in and those who take from it. One of these may be a task.
pub(super) struct ReceptionQueue<T> {
    state: Mutex<QueueState<T>>,
    bounds: QueueBounds,
    /// Wakes the threads that wait for an item.
    arrived: Condvar,
    /// Wakes the thread that takes in: there is room again, or it has to end.
    freed: Condvar,
}

/// Beyond which nothing is taken in. The last item may exceed the number of bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueBounds {
    pub(crate) items: usize,
    pub(crate) bytes: usize,
}

struct QueueState<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
    /// How many threads wait for an item.
    waiting: usize,
    /// The task that waits for an item.
    task: Option<Waker>,
    /// Whether the thread that takes in waits for room.
    stalled: bool,
    end: QueueEnd,
}

enum QueueEnd {
    Open,
    Closed,
    /// The thread that takes in has failed.
    Failed(Error),
}

/// What an item takes beside its bytes.
const OVERHEAD: usize = 256;

impl<T> ReceptionQueue<T> {
    pub(super) fn new(bounds: QueueBounds) -> Self {
        Self {
            state: Mutex::new(QueueState {
                items: VecDeque::new(),
                bytes: 0,
                waiting: 0,
                task: None,
                stalled: false,
                end: QueueEnd::Open,
            }),
            bounds,
            arrived: Condvar::new(),
            freed: Condvar::new(),
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.state.lock().fits(self.bounds)
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.state.lock().end, QueueEnd::Open)
    }

    /// Adds an item, whether or not there is room.
    pub(super) fn push(&self, item: T, bytes: usize, wakes: &mut WakeList) {
        let bytes = bytes.saturating_add(OVERHEAD);
        let mut state = self.state.lock();
        state.bytes = state.bytes.saturating_add(bytes);
        state.items.push_back((item, bytes));
        if state.waiting > 0 {
            self.arrived.notify_one();
        }
        if let Some(task) = state.task.take() {
            wakes.wake(task);
        }
    }

    /// Waits until half of the room is free, the queue is closed, or a time has come.
    pub(super) fn wait_for_room(&self, until: Option<Instant>) {
        let half = QueueBounds {
            items: self.bounds.items.div_ceil(2),
            bytes: self.bounds.bytes.div_ceil(2),
        };
        let mut state = self.state.lock();
        state.stalled = true;
        while matches!(state.end, QueueEnd::Open) && !state.fits(half) {
            let now = Instant::now();
            state = match until {
                None => self.freed.wait(state),
                Some(until) if until <= now => break,
                Some(until) => self.freed.wait_timeout(state, until - now),
            };
        }
        state.stalled = false;
    }

    /// Takes the next item. Waits for one until the time that is given; `None` if none has come by then, or if the queue is
    /// closed and empty.
    pub(super) fn take(&self, until: Option<Instant>) -> Result<Option<T>, Error> {
        let mut state = self.state.lock();
        loop {
            if let Poll::Ready(taken) = self.next(&mut state) {
                return taken;
            }
            let now = Instant::now();
            if until.is_some_and(|until| until <= now) {
                return Ok(None);
            }
            state.waiting += 1;
            state = match until {
                None => self.arrived.wait(state),
                Some(until) => self.arrived.wait_timeout(state, until - now),
            };
            state.waiting -= 1;
        }
    }

    /// Takes the next item, or has the task woken when there is one.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Result<Option<T>, Error>> {
        // Outlives the lock: to drop a waker may run any code.
        let mut wakes = WakeList::default();
        let mut state = self.state.lock();
        let taken = self.next(&mut state);
        if taken.is_pending()
            && let Some(former) = state.task.replace(cx.waker().clone())
        {
            wakes.discard(former);
        }
        taken
    }

    fn next(&self, state: &mut MutexGuard<'_, QueueState<T>>) -> Poll<Result<Option<T>, Error>> {
        if let Some((item, bytes)) = state.items.pop_front() {
            state.bytes -= bytes;
            if state.stalled {
                self.freed.notify_one();
            }
            return Poll::Ready(Ok(Some(item)));
        }
        match &state.end {
            QueueEnd::Open => Poll::Pending,
            QueueEnd::Closed => Poll::Ready(Ok(None)),
            QueueEnd::Failed(error) => Poll::Ready(Err(error.clone())),
        }
    }

    /// Nothing more is taken in. What is here can still be taken.
    pub(super) fn close(&self) {
        self.end(QueueEnd::Closed);
    }

    /// Nothing more is taken in, since that has failed.
    pub(super) fn fail(&self, error: Error) {
        self.end(QueueEnd::Failed(error));
    }

    fn end(&self, end: QueueEnd) {
        let mut wakes = WakeList::default();
        let mut state = self.state.lock();
        if matches!(state.end, QueueEnd::Open) {
            state.end = end;
        }
        self.arrived.notify_all();
        self.freed.notify_one();
        if let Some(task) = state.task.take() {
            wakes.wake(task);
        }
    }
}

impl<T> QueueState<T> {
    fn fits(&self, bounds: QueueBounds) -> bool {
        self.items.len() < bounds.items && self.bytes < bounds.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    const BOUNDS: QueueBounds = QueueBounds {
        items: 4,
        bytes: 10_000,
    };

    fn filled(sizes: &[usize]) -> ReceptionQueue<usize> {
        let queue = ReceptionQueue::new(BOUNDS);
        let mut wakes = WakeList::default();
        for (number, size) in sizes.iter().enumerate() {
            queue.push(number, *size, &mut wakes);
        }
        queue
    }

    #[test]
    fn there_is_no_room_beyond_either_bound() {
        assert!(filled(&[0, 0, 0]).has_room());
        assert!(!filled(&[0, 0, 0, 0]).has_room());
        assert!(!filled(&[10_000]).has_room());
        assert!(!filled(&[usize::MAX, usize::MAX]).has_room());
    }

    #[test]
    fn what_is_here_can_be_taken_after_the_end() {
        let queue = filled(&[0, 0]);
        queue.close();
        assert_eq!(queue.take(None), Ok(Some(0)));
        assert_eq!(queue.take(None), Ok(Some(1)));
        assert_eq!(queue.take(None), Ok(None));
        let queue = filled(&[0]);
        queue.fail(Error::Forked);
        queue.close();
        assert_eq!(queue.take(None), Ok(Some(0)));
        assert_eq!(queue.take(None), Err(Error::Forked));
    }

    #[test]
    fn a_full_queue_is_waited_for_until_half_of_it_is_free() {
        let queue = Arc::new(filled(&[0, 0, 0, 0]));
        let soon = Instant::now() + Duration::from_millis(1);
        queue.wait_for_room(Some(soon));
        assert!(!queue.has_room());
        let taker = Arc::clone(&queue);
        let taking = thread::spawn(move || {
            for number in 0..3 {
                assert_eq!(taker.take(None), Ok(Some(number)));
            }
        });
        queue.wait_for_room(None);
        taking.join().unwrap();
        queue.close();
        queue.wait_for_room(None);
    }

    #[test]
    fn nothing_comes_for_who_waits_for_no_longer_than_a_moment() {
        let queue = filled(&[]);
        assert_eq!(queue.take(Some(Instant::now())), Ok(None));
    }
}
