//! How a connection stands with its server: a state machine without I/O.
//!
//! A server that is about to end says so. It is answered with a ping, behind which nothing more is sent over the
//! connection: what would arrive at a socket that closes makes the system throw away the replies that are on their way
//! back. Calls that are under way are answered still.

/// Whether a server takes calls over its present connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum DrainState {
    /// It does.
    #[default]
    Open,
    /// It has said that it ends, under this id, and is to be answered.
    Told(u64),
    /// It has been answered under this id: nothing is sent any more.
    Left(u64),
}

impl DrainState {
    /// Whether anything but the answer may be sent.
    pub(crate) fn is_open(self) -> bool {
        self == Self::Open
    }

    /// The server says that it ends. Answers whether that is news.
    pub(crate) fn hear(&mut self, id: u64) -> bool {
        std::mem::replace(self, Self::Told(id)).is_open()
    }

    /// The id of the ping that is owed.
    pub(crate) fn owed(self) -> Option<u64> {
        match self {
            Self::Told(id) => Some(id),
            Self::Open | Self::Left(_) => None,
        }
    }

    /// The ping has been handed over.
    pub(crate) fn answered(&mut self) {
        if let Self::Told(id) = *self {
            *self = Self::Left(id);
        }
    }

    /// Whether a pong with this id tells that the answer has arrived, and with it everything that was sent before.
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
