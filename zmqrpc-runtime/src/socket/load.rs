//! Bytes that libzmq holds to send.
//!
//! It counts messages, which may be large: a peer that does not read would keep hundreds of them here. So those that are
//! worth it are counted until libzmq has written them, and only so many bytes of them are handed over for one peer.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Message;

/// Bytes on their way to one peer at most; one message goes in any case.
const BYTES: usize = 32 << 20;

/// Messages up to this many bytes are not counted: the mark bounds them well enough.
const SMALL: usize = 64 << 10;

/// Peers that are remembered before those are forgotten that nothing is on its way to.
const PEERS: usize = 64;

/// What is on its way to one peer.
#[derive(Clone, Debug, Default)]
pub(super) struct Load(Arc<AtomicUsize>);

/// A message has to wait until others have left.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

impl Load {
    /// Whether a message of so many bytes is to be carried; nothing if it need not be counted.
    pub(super) fn room_for(&self, bytes: usize) -> Result<Option<&Self>, NoRoom> {
        if bytes <= SMALL {
            return Ok(None);
        }
        let present = self.bytes();
        if present > 0 && present.saturating_add(bytes) > BYTES {
            return Err(NoRoom);
        }
        Ok(Some(self))
    }

    fn bytes(&self) -> usize {
        // What was freed need not be seen at once: whoever finds no room tries again.
        self.0.load(Ordering::Relaxed)
    }

    /// Counts the message until libzmq has done with it.
    pub(super) fn carry(&self, message: Message) -> Message {
        let bytes = message.len();
        self.0.fetch_add(bytes, Ordering::Relaxed);
        let load = TrackedMessage {
            load: self.clone(),
            bytes,
        };
        message.with_owner(load)
    }
}

/// A message that is on its way.
struct TrackedMessage {
    load: Load,
    bytes: usize,
}

impl Drop for TrackedMessage {
    fn drop(&mut self) {
        self.load.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What is on its way to whom.
#[derive(Default)]
pub(super) struct Loads(HashMap<Box<[u8]>, Load>);

impl Loads {
    /// As [`Load::room_for`], for a peer of this name.
    pub(super) fn room_for(&mut self, peer: &[u8], bytes: usize) -> Result<Option<Load>, NoRoom> {
        if bytes <= SMALL {
            return Ok(None);
        }
        if let Some(load) = self.0.get(peer) {
            return Ok(load.room_for(bytes)?.cloned());
        }
        if self.0.len() >= PEERS && self.0.len() == self.0.capacity() {
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

    fn message(bytes: usize) -> Message {
        Message::from(vec![7; bytes])
    }

    #[test]
    fn what_is_on_its_way_takes_room_until_it_is_gone() {
        let load = Load::default();
        let half = BYTES / 2;
        let first = load.carry(message(half));
        assert_eq!(first[half - 1], 7);
        let second = load.carry(message(half));
        assert_eq!(load.room_for(SMALL + 1).err(), Some(NoRoom));
        assert!(load.room_for(SMALL).is_ok_and(|load| load.is_none()));
        drop(first);
        assert!(load.room_for(half).is_ok());
        assert_eq!(load.room_for(half + 1).err(), Some(NoRoom));
        drop(second);
        assert!(
            load.room_for(2 * BYTES).is_ok(),
            "alone it may be as large as it likes"
        );
    }

    #[test]
    fn peers_have_room_of_their_own_and_are_forgotten() {
        let mut loads = Loads::default();
        let load = loads.room_for(b"ann", BYTES).unwrap().unwrap();
        let carried = load.carry(message(BYTES));
        assert_eq!(loads.room_for(b"ann", BYTES).err(), Some(NoRoom));
        for peer in 0..10_000_u32 {
            assert!(loads.room_for(&peer.to_le_bytes(), BYTES).is_ok());
        }
        assert!(loads.0.len() < 1000, "{}", loads.0.len());
        assert_eq!(loads.room_for(b"ann", BYTES).err(), Some(NoRoom));
        drop(carried);
        assert!(loads.room_for(b"ann", BYTES).is_ok());
    }
}
