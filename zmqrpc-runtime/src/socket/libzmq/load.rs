//! The bytes that libzmq queues to send.
//!
//! libzmq limits the number of queued messages, not their size: for a peer that does not read, it would queue hundreds
//! of large ones. So this module counts large messages until libzmq has written them, and limits their bytes per peer.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::frame::Frame;

/// Bytes that may be queued for one peer. One message may exceed this if it is the only one.
const MAX_BYTES: usize = 32 << 20;

/// Messages up to this size are not counted: the high-water mark limits them sufficiently.
const UNTRACKED_BYTES: usize = 64 << 10;

/// How many peers to track before those without queued bytes are removed.
const MAX_PEERS: usize = 64;

/// The bytes queued for one peer.
#[derive(Clone, Debug, Default)]
pub(super) struct Load(Arc<AtomicUsize>);

/// The message has to wait until others are written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

impl Load {
    /// Returns the load that has to [track](Self::track) a message of this size, `None` if it need not be tracked, or
    /// [`NoRoom`].
    pub(super) fn room_for(&self, bytes: usize) -> Result<Option<&Self>, NoRoom> {
        if bytes <= UNTRACKED_BYTES {
            return Ok(None);
        }
        let queued = self.bytes();
        if queued > 0 && queued.saturating_add(bytes) > MAX_BYTES {
            return Err(NoRoom);
        }
        Ok(Some(self))
    }

    fn bytes(&self) -> usize {
        // A decrement may become visible late: a sender that finds no room retries.
        self.0.load(Ordering::Relaxed)
    }

    /// Counts the message until libzmq frees it.
    pub(super) fn track(&self, message: Frame) -> Frame {
        let bytes = message.len();
        self.0.fetch_add(bytes, Ordering::Relaxed);
        let load = TrackedMessage {
            load: self.clone(),
            bytes,
        };
        message.with_owner(load)
    }
}

/// Counts a queued message until it is dropped.
struct TrackedMessage {
    load: Load,
    bytes: usize,
}

impl Drop for TrackedMessage {
    fn drop(&mut self) {
        self.load.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The bytes queued for each peer.
#[derive(Default)]
pub(super) struct Loads(HashMap<Box<[u8]>, Load>);

impl Loads {
    /// As [`Load::room_for`], for the peer of this name.
    pub(super) fn room_for(&mut self, peer: &[u8], bytes: usize) -> Result<Option<Load>, NoRoom> {
        if bytes <= UNTRACKED_BYTES {
            return Ok(None);
        }
        if let Some(load) = self.0.get(peer) {
            return Ok(load.room_for(bytes)?.cloned());
        }
        if self.0.len() >= MAX_PEERS && self.0.len() == self.0.capacity() {
            self.0.retain(|_, load| load.bytes() > 0);
        }
        let load = Load::default();
        self.0.insert(peer.into(), load.clone());
        Ok(Some(load))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: usize) -> Frame {
        Frame::from(vec![7; bytes])
    }

    #[test]
    fn what_is_on_its_way_takes_room_until_it_is_gone() {
        let load = Load::default();
        let half = MAX_BYTES / 2;
        let first = load.track(message(half));
        assert_eq!(first[half - 1], 7);
        let second = load.track(message(half));
        assert_eq!(load.room_for(UNTRACKED_BYTES + 1).err(), Some(NoRoom));
        assert!(
            load.room_for(UNTRACKED_BYTES)
                .is_ok_and(|load| load.is_none())
        );
        drop(first);
        assert!(load.room_for(half).is_ok());
        assert_eq!(load.room_for(half + 1).err(), Some(NoRoom));
        drop(second);
        assert!(
            load.room_for(2 * MAX_BYTES).is_ok(),
            "a single message may exceed the limit"
        );
    }

    #[test]
    fn peers_have_room_of_their_own_and_are_forgotten() {
        let mut loads = Loads::default();
        let load = loads.room_for(b"ann", MAX_BYTES).unwrap().unwrap();
        let tracked = load.track(message(MAX_BYTES));
        assert_eq!(loads.room_for(b"ann", MAX_BYTES).err(), Some(NoRoom));
        for peer in 0..10_000_u32 {
            assert!(loads.room_for(&peer.to_le_bytes(), MAX_BYTES).is_ok());
        }
        assert!(loads.0.len() < 1000, "{}", loads.0.len());
        assert_eq!(loads.room_for(b"ann", MAX_BYTES).err(), Some(NoRoom));
        drop(tracked);
        assert!(loads.room_for(b"ann", MAX_BYTES).is_ok());
    }
}
