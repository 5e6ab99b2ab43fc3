//! Sessions: tell connections apart that libzmq gave the same number, one after the other.

use std::collections::HashMap;

/// A connection: its number, and how often libzmq had used the number before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Session {
    pub(super) number: u32,
    uses: u32,
}

/// How many connections of each number have ended.
#[derive(Default)]
pub(super) struct SessionGenerations(HashMap<u32, u32>);

impl SessionGenerations {
    /// Returns the present session with this number.
    pub(super) fn current(&self, number: u32) -> Session {
        let uses = self.0.get(&number).copied().unwrap_or_default();
        Session { number, uses }
    }

    pub(super) fn is_over(&self, session: Session) -> bool {
        self.current(session.number) != session
    }

    pub(super) fn note(&mut self, number: u32) {
        let uses = self.0.entry(number).or_default();
        *uses = uses.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_used_again_is_another_connection() {
        let mut endings = SessionGenerations::default();
        let first = endings.current(7);
        endings.note(8);
        assert_eq!(endings.current(7), first);
        endings.note(7);
        assert_ne!(endings.current(7), first);
    }
}
