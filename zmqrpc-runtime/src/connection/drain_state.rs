//! Whether a server takes calls or is draining: a state machine without I/O.
//!
//! A draining server sends a notice. The client acknowledges it with a ping, behind which it sends nothing more over the
//! connection: data that arrives at a socket which is closed makes the system drop the replies that are on their way back.
//! Calls that are under way are still answered.

/// Whether a server takes calls over its present connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum DrainState {
    /// It does.
    #[default]
    Open,
    /// It is draining; its notice has this id and is still to be acknowledged.
    Told(u64),
    /// The notice with this id has been acknowledged: nothing is sent any more.
    Left(u64),
}

impl DrainState {
    /// Returns whether anything but the acknowledgement may be sent.
    pub(crate) fn is_open(self) -> bool {
        self == Self::Open
    }

    /// Records a notice. Returns whether it is the first one.
    pub(crate) fn hear(&mut self, id: u64) -> bool {
        std::mem::replace(self, Self::Told(id)).is_open()
    }

    /// Returns the id of the ping that acknowledges the notice, if that is still to be sent.
    pub(crate) fn owed(self) -> Option<u64> {
        match self {
            Self::Told(id) => Some(id),
            Self::Open | Self::Left(_) => None,
        }
    }

    /// Records that the ping has been sent.
    pub(crate) fn answered(&mut self) {
        if let Self::Told(id) = *self {
            *self = Self::Left(id);
        }
    }

    /// Returns whether a pong with this id shows that the acknowledgement has arrived, and with it everything that was sent
    /// before.
    pub(crate) fn is_heard(self, id: u64) -> bool {
        self == Self::Left(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_ends_is_answered_once_for_each_time_that_it_says_so() {
        let mut drain = DrainState::default();
        assert!(drain.is_open() && drain.owed().is_none());
        assert!(drain.hear(7));
        assert_eq!((drain.is_open(), drain.owed()), (false, Some(7)));
        drain.answered();
        assert_eq!((drain.is_open(), drain.owed()), (false, None));
        assert!(drain.is_heard(7) && !drain.is_heard(8));
        assert!(!drain.hear(7), "it is no news");
        assert_eq!(drain.owed(), Some(7));
    }

    #[test]
    fn another_connection_stands_well() {
        let mut drain = DrainState::default();
        drain.hear(7);
        drain = DrainState::default();
        assert!(drain.is_open());
    }
}
