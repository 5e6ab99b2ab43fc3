//! The requests to an endpoint that wait for a connection or for room, in the order in which they are sent: a state machine
//! without I/O.
//!
//! While a server is away, as many calls are cancelled as are made. So removing a request does not scan the others.

use std::collections::{HashMap, VecDeque};

use crate::socket::Frame;

#[derive(Default)]
pub(super) struct SendQueue {
    /// Ids in order, including stale ones of removed requests until these are the majority.
    order: VecDeque<u64>,
    requests: HashMap<u64, Frame>,
    bytes: usize,
    #[cfg(test)]
    looks: u64,
}

/// Stale ids below which compaction is not worthwhile.
const SPARE: usize = 64;

impl SendQueue {
    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Returns the bytes of all requests.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn push(&mut self, id: u64, request: Frame) {
        self.order.push_back(id);
        self.put(id, request);
    }

    /// Puts back what [`pop`](Self::pop) has returned.
    pub(super) fn push_front(&mut self, id: u64, request: Frame) {
        self.order.push_front(id);
        self.put(id, request);
    }

    pub(super) fn pop(&mut self) -> Option<(u64, Frame)> {
        while let Some(id) = self.order.pop_front() {
            self.look();
            if let Some(request) = self.take(id) {
                return Some((id, request));
            }
        }
        None
    }

    /// Removes a request if it is queued.
    pub(super) fn remove(&mut self, id: u64) {
        if self.take(id).is_some() && self.order.len() > 2 * self.requests.len() + SPARE {
            let mut order = std::mem::take(&mut self.order);
            order.retain(|id| {
                self.look();
                self.requests.contains_key(id)
            });
            self.order = order;
        }
    }

    fn put(&mut self, id: u64, request: Frame) {
        self.bytes += request.len();
        self.requests.insert(id, request);
    }

    fn take(&mut self, id: u64) -> Option<Frame> {
        let request = self.requests.remove(&id)?;
        self.bytes -= request.len();
        Some(request)
    }

    /// Counts the entries that were visited, for tests.
    #[cfg_attr(not(test), expect(clippy::unused_self, reason = "only tests count"))]
    fn look(&mut self) {
        #[cfg(test)]
        {
            self.looks += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(ids: std::ops::Range<u64>) -> SendQueue {
        let mut queue = SendQueue::default();
        for id in ids {
            queue.push(id, Frame::copy_of(&[0; 10]));
        }
        queue
    }

    fn ids(queue: &mut SendQueue) -> Vec<u64> {
        std::iter::from_fn(|| queue.pop().map(|(id, _)| id)).collect()
    }

    #[test]
    fn what_is_left_keeps_its_order() {
        let mut queue = queue(1..6);
        for id in [2, 5, 7, 2] {
            queue.remove(id);
        }
        let (id, request) = queue.pop().unwrap();
        queue.push_front(id, request);
        queue.push(9, Frame::copy_of(&[0; 10]));
        assert_eq!((queue.len(), queue.bytes()), (4, 40));
        assert_eq!(ids(&mut queue), [1, 3, 4, 9]);
        assert!(queue.is_empty() && queue.bytes() == 0);
    }

    #[test]
    fn taking_out_looks_at_no_more_than_a_few_others_whatever_the_order() {
        const COUNT: u64 = 10_000;
        let forwards: Vec<u64> = (0..COUNT).collect();
        let backwards = forwards.iter().rev().copied().collect();
        let scattered = (0..COUNT).map(|step| step * 7_919 % COUNT).collect();
        for order in [forwards, backwards, scattered] {
            let mut queue = queue(0..COUNT);
            for id in order {
                queue.remove(id);
            }
            assert!(queue.is_empty() && queue.pop().is_none());
            assert!(queue.looks <= 4 * COUNT, "{}", queue.looks);
        }
    }

    #[test]
    fn what_comes_and_goes_leaves_little_behind() {
        let mut queue = queue(0..10);
        for id in 10..10_000 {
            queue.push(id, Frame::new());
            queue.remove(id);
        }
        assert!(queue.order.len() <= 2 * queue.len() + SPARE + 1);
        assert!(queue.looks <= 20_000, "{}", queue.looks);
        assert!(ids(&mut queue).into_iter().eq(0..10));
    }
}
