//! What one peer has asked for and what waits, in the order in which it came.

use std::collections::VecDeque;
use std::time::Instant;

use super::call_index::CallIndex;
use super::waiting::RequestSize;
use crate::server::dispatcher::ReadyCall;
use crate::socket::Route;

/// A request, and the way back.
pub(super) type QueueEntry = (Route, ReadyCall);

/// The first and the last place are never empty.
#[derive(Default)]
pub(super) struct PeerLane {
    /// Where a request was withdrawn, nothing is left. At most half of it is like that.
    queue: VecDeque<Option<QueueEntry>>,
    /// The number of the first place.
    first: u64,
    size: RequestSize,
    /// Of the places. Made when the first request is withdrawn: most callers wait for what they have asked for.
    index: Option<CallIndex>,
}

/// Places that are kept when a lane is empty: the next one begins without asking for memory.
const KEPT: usize = 256;

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

    /// When the first arrived.
    pub(super) fn since(&self) -> Option<Instant> {
        self.front().map(|(_, job)| job.received())
    }

    pub(super) fn push(&mut self, entry: QueueEntry) {
        if let Some(index) = &mut self.index {
            let place = self.first.wrapping_add(self.queue.len() as u64);
            index.insert(&entry.0, entry.1.id(), place);
        }
        self.size.add(&entry.1);
        self.queue.push_back(Some(entry));
    }

    /// Takes back the first.
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
        let place = self.first;
        self.first = self.first.wrapping_add(1);
        self.left(&entry, place);
        Some(entry)
    }

    /// Takes out the last.
    pub(super) fn pop_back(&mut self) -> Option<QueueEntry> {
        let entry = self.queue.pop_back()??;
        let place = self.first.wrapping_add(self.queue.len() as u64);
        self.left(&entry, place);
        Some(entry)
    }

    /// Takes out the request with this id, if it is there.
    pub(super) fn withdraw(&mut self, route: &Route, id: u64) -> Option<QueueEntry> {
        let Self {
            queue,
            first,
            index,
            ..
        } = self;
        let index = index.get_or_insert_with(|| index_of(queue, *first));
        let place = index.get(route, id)?;
        let at = usize::try_from(place.wrapping_sub(*first)).ok()?;
        let found = queue.get_mut(at)?;
        let entry = found.take_if(|(way, job)| job.id() == id && way.is_same(route))?;
        self.left(&entry, place);
        if self.queue.len() > 2 * self.size.count {
            self.queue.retain(Option::is_some);
            self.index = Some(index_of(&self.queue, self.first));
        }
        Some(entry)
    }

    /// Empties it, for another peer.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.queue.shrink_to(KEPT);
        self.size = RequestSize::default();
        self.index = None;
    }

    #[inline]
    fn left(&mut self, (route, job): &QueueEntry, place: u64) {
        self.size.subtract(job);
        // Without it nothing was withdrawn.
        let Some(index) = &mut self.index else { return };
        index.remove(route, job.id(), place);
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
        if let Some((route, job)) = entry {
            index.insert(route, job.id(), first.wrapping_add(at));
        }
    }
    index
}
