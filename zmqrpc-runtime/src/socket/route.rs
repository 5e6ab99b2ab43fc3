//! The ways back to callers.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::LazyLock;

use super::Message;
use super::sessions::Session;

/// A connected peer, as the socket names it. Means nothing outside of this process.
///
/// A peer may choose its name, and when it has gone another one may take the same. So the connection belongs to it where
/// the name is chosen: what one has asked for is not for the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PeerId {
    pub(super) name: Message,
    /// None where the name is libzmq's, which gives each of them out once, and for peers within the process.
    pub(super) session: Option<Session>,
}

/// The way back to a caller: the peer, and whatever devices between put in front of the message.
///
/// Behind a pointer, as it is handed on often and looked at rarely.
#[derive(Clone, Debug)]
pub(crate) struct Route(pub(super) Option<Box<RouteParts>>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RouteParts {
    pub(super) peer: PeerId,
    pub(super) hops: Vec<Message>,
}

/// What peer a way to nowhere leads to. None is named like that: every name has a byte or more.
static NOBODY: LazyLock<PeerId> = LazyLock::new(PeerId::default);

impl Route {
    /// The way back of what wants no answer.
    pub(crate) fn nowhere() -> Self {
        Self(None)
    }

    pub(crate) fn is_nowhere(&self) -> bool {
        self.0.is_none()
    }

    /// A way that no socket knows.
    #[cfg(test)]
    pub(crate) fn made_up(peer: &str, hops: &[&str]) -> Self {
        let frame = |text: &str| Message::copy_of(text.as_bytes());
        Self(Some(Box::new(RouteParts {
            peer: PeerId {
                name: frame(peer),
                session: None,
            },
            hops: hops.iter().map(|hop| frame(hop)).collect(),
        })))
    }

    /// The way to the peer itself.
    pub(crate) fn to(peer: PeerId) -> Self {
        let hops = Vec::new();
        Self(Some(Box::new(RouteParts { peer, hops })))
    }

    /// The peer, if no device stands between.
    #[inline]
    pub(crate) fn direct(&self) -> Option<&PeerId> {
        let way = self.0.as_ref()?;
        way.hops.is_empty().then_some(&way.peer)
    }

    pub(crate) fn peer(&self) -> &PeerId {
        self.0.as_ref().map_or(&NOBODY, |way| &way.peer)
    }

    /// The same peer, over the same devices.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// The way ends with an empty frame: a REQ socket may be at its end.
    pub(crate) fn ends_with_delimiter(&self) -> bool {
        let hops = self.0.as_ref().map(|way| &way.hops);
        hops.and_then(|hops| hops.last())
            .is_some_and(|hop| hop.is_empty())
    }
}

impl Hash for Route {
    /// In as few pieces as will do, since each takes its time, but so that no way begins like another one.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Some(way) = &self.0 else {
            return state.write_usize(usize::MAX);
        };
        let (peer, hops): (&[u8], _) = (&way.peer, &way.hops);
        // Neither has more than a byte has room for: a name 255 bytes, and a way some hops.
        let lengths = peer.len() | hops.len() << u8::BITS;
        state.write_usize(lengths | way.peer.mark() << u16::BITS);
        state.write(peer);
        for hop in hops {
            state.write_usize(hop.len());
            state.write(hop);
        }
    }
}

/// A message and where it came from.
#[derive(Debug)]
pub(crate) struct RoutedMessage {
    pub(crate) route: Route,
    pub(crate) message: Message,
}

/// The names that libzmq gives out begin with this byte, and have four more.
const GIVEN: u8 = 0;
const GIVEN_LEN: usize = 5;

impl PeerId {
    /// Whether the peer has chosen its name.
    pub(super) fn is_chosen(&self) -> bool {
        self.name.len() != GIVEN_LEN || self.name.first() != Some(&GIVEN)
    }

    /// What tells the connection from others, for a hash.
    pub(super) fn mark(&self) -> usize {
        self.session
            .map_or(0, |session| session.number as usize + 1)
    }
}

impl Deref for PeerId {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_peers_are_chosen() {
        let named = |name: &[u8]| {
            let (name, session) = (Message::copy_of(name), None);
            PeerId { name, session }.is_chosen()
        };
        assert!(named(b"ann"));
        assert!(named(b"\0ann"));
        assert!(!named(&[0, 1, 2, 3, 4]));
    }
}
