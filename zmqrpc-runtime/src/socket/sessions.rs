//! Sessions: tell connections apart that libzmq gave the same number, one after the other.

use std::collections::HashMap;

/// A connection: its number, and how often libzmq had used the number before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::socket) struct Session {
    pub(in crate::socket) number: u32,
    generation: u32,
}

/// How many connections of each number have ended.
#[derive(Default)]
pub(in crate::socket) struct SessionGenerations(HashMap<u32, u32>);

impl SessionGenerations {
    /// Returns the present session with this number.
    pub(in crate::socket) fn current(&self, number: u32) -> Session {
        let generation = self.0.get(&number).copied().unwrap_or_default();
        Session { number, generation }
    }

    pub(in crate::socket) fn has_ended(&self, session: Session) -> bool {
        self.current(session.number) != session
    }

    pub(in crate::socket) fn record_end(&mut self, number: u32) {
        let generation = self.0.entry(number).or_default();
        *generation = generation.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_used_again_is_another_connection() {
        let mut sessions = SessionGenerations::default();
        let first = sessions.current(7);
        sessions.record_end(8);
        assert_eq!(sessions.current(7), first);
        sessions.record_end(7);
        assert_ne!(sessions.current(7), first);
    }
}
