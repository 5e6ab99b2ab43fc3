//! The connections that a bound socket has accepted: told apart although libzmq uses their numbers again.

use std::collections::HashMap;

/// The connections that are there, each with a serial number that no other one gets.
#[derive(Default)]
pub(in crate::socket) struct AcceptedConnections {
    last: u64,
    /// By libzmq's number.
    present: HashMap<u32, u64>,
    lost: Vec<u64>,
}

impl AcceptedConnections {
    pub(in crate::socket) fn accept(&mut self, number: u32) {
        self.last += 1;
        // Not every end is reported, but a number is only used again behind one.
        self.lost.extend(self.present.insert(number, self.last));
    }

    pub(in crate::socket) fn lose(&mut self, number: u32) {
        self.lost.extend(self.present.remove(&number));
    }

    /// Returns the serial number of the connection that has this number now.
    pub(in crate::socket) fn serial(&self, number: u32) -> Option<u64> {
        self.present.get(&number).copied()
    }

    /// Returns the connections that were lost since the last call.
    pub(in crate::socket) fn take_lost(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_lost_once_however_its_end_becomes_known() {
        let mut connections = AcceptedConnections::default();
        connections.lose(7);
        assert!(connections.take_lost().is_empty(), "it was not there");
        connections.accept(7);
        let first = connections.serial(7).unwrap();
        connections.accept(8);
        connections.lose(7);
        assert_eq!(connections.serial(7), None);
        connections.accept(7);
        let second = connections.serial(7).unwrap();
        assert_ne!(second, first);
        assert_eq!(connections.take_lost(), [first]);
        // Without an end between them.
        connections.accept(7);
        assert_eq!(connections.take_lost(), [second]);
        assert!(connections.take_lost().is_empty());
    }
}
