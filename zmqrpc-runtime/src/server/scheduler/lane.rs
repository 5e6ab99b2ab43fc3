//! The waiting calls of one peer, or those of all sources, in the order in which they arrived.

use std::collections::VecDeque;
use std::time::Instant;

use super::call_index::CallIndex;
use super::waiting::RequestSize;
use crate::dialect::CallId;
use crate::server::dispatcher::ReadyCall;
use crate::socket::Route;

/// A call, and the route for its reply.
pub(super) type QueueEntry = (Route, ReadyCall);

/// A queue whose first and last entries are never `None`.
#[derive(Default)]
pub(super) struct PeerLane {
    /// `None` where a call was removed. At most half of the entries are `None`.
    queue: VecDeque<Option<QueueEntry>>,
    /// The position of the first entry.
    first: u64,
    size: RequestSize,
    /// From calls to positions. Built with the first removal: most callers never cancel.
    index: Option<CallIndex>,
}

/// Capacity that an emptied lane keeps, so that its next peer begins without an allocation.
const KEPT_CAPACITY: usize = 256;

impl PeerLane {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn size(&self) -> RequestSize {
        self.size
    }

    pub(super) fn front(&self) -> Option<&QueueEntry> {
        self.queue.front()?.as_ref()
    }

    /// Returns when the first call arrived.
    pub(super) fn first_received(&self) -> Option<Instant> {
        self.front().map(|(_, call)| call.received())
    }

    pub(super) fn push(&mut self, entry: QueueEntry) {
        if let Some(index) = &mut self.index {
            let position = self.first.wrapping_add(self.queue.len() as u64);
            index.insert(&entry.0, entry.1.id(), position);
        }
        self.size.add(&entry.1);
        self.queue.push_back(Some(entry));
    }

    /// Takes the first call back.
    pub(super) fn push_front(&mut self, entry: QueueEntry) {
        self.first = self.first.wrapping_sub(1);
        if let Some(index) = &mut self.index {
            index.insert(&entry.0, entry.1.id(), self.first);
        }
        self.size.add(&entry.1);
        self.queue.push_front(Some(entry));
    }

    pub(super) fn pop(&mut self) -> Option<QueueEntry> {
        let entry = self.queue.pop_front()??;
        let position = self.first;
        self.first = self.first.wrapping_add(1);
        self.removed(&entry, position);
        Some(entry)
    }

    /// Removes the last call.
    pub(super) fn pop_back(&mut self) -> Option<QueueEntry> {
        let entry = self.queue.pop_back()??;
        let position = self.first.wrapping_add(self.queue.len() as u64);
        self.removed(&entry, position);
        Some(entry)
    }

    /// Removes the call with this id, if it waits here.
    pub(super) fn remove(&mut self, route: &Route, id: &CallId) -> Option<QueueEntry> {
        let Self {
            queue,
            first,
            index,
            ..
        } = self;
        let index = index.get_or_insert_with(|| index_of(queue, *first));
        let position = index.get(route, id)?;
        let at = usize::try_from(position.wrapping_sub(*first)).ok()?;
        let found = queue.get_mut(at)?;
        let entry = found.take_if(|(other, call)| call.id() == id && other.is_same(route))?;
        self.removed(&entry, position);
        if self.queue.len() > 2 * self.size.count {
            self.queue.retain(Option::is_some);
            self.index = Some(index_of(&self.queue, self.first));
        }
        Some(entry)
    }

    /// Empties the lane for another peer.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.queue.shrink_to(KEPT_CAPACITY);
        self.size = RequestSize::default();
        self.index = None;
    }

    #[inline]
    fn removed(&mut self, (route, call): &QueueEntry, position: u64) {
        self.size.subtract(call);
        // Without an index no call was removed out of order.
        let Some(index) = &mut self.index else { return };
        index.remove(route, call.id(), position);
        while let Some(None) = self.queue.front() {
            self.queue.pop_front();
            self.first = self.first.wrapping_add(1);
        }
        while let Some(None) = self.queue.back() {
            self.queue.pop_back();
        }
    }
}

fn index_of(queue: &VecDeque<Option<QueueEntry>>, first: u64) -> CallIndex {
    let mut index = CallIndex::default();
    for (at, entry) in (0_u64..).zip(queue) {
        if let Some((route, call)) = entry {
            index.insert(route, call.id(), first.wrapping_add(at));
        }
    }
    index
}
