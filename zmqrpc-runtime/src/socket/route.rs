//! The routes of replies to callers.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::LazyLock;

use super::Frame;
use super::sessions::Session;

/// A connected peer, as the socket names it. Has no meaning outside of this process.
///
/// A peer may choose its name, and once it has disconnected another peer may choose the same. So a chosen name is only
/// unique together with the connection: a reply to one peer must not reach the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PeerId {
    pub(in crate::socket) name: Frame,
    /// `None` where libzmq chose the name, since it uses each only once, and for peers within the process.
    pub(in crate::socket) session: Option<Session>,
}

/// The route of a reply to a caller: the peer, and the routing frames that devices in between put before the message.
///
/// Boxed, as it is moved often and read rarely.
#[derive(Clone, Debug)]
pub(crate) struct Route(pub(in crate::socket) Option<Box<RouteParts>>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::socket) struct RouteParts {
    pub(in crate::socket) peer: PeerId,
    pub(in crate::socket) hops: Vec<Frame>,
}

/// The peer of a route to nowhere. No peer has this name: every name has at least one byte.
static NOBODY: LazyLock<PeerId> = LazyLock::new(PeerId::default);

impl Route {
    /// Returns the route of a message that expects no reply.
    pub(crate) fn nowhere() -> Self {
        Self(None)
    }

    pub(crate) fn is_nowhere(&self) -> bool {
        self.0.is_none()
    }

    /// Returns a route that no socket knows.
    #[cfg(test)]
    pub(crate) fn made_up(peer: &str, hops: &[&str]) -> Self {
        let frame = |text: &str| Frame::copy_of(text.as_bytes());
        Self(Some(Box::new(RouteParts {
            peer: PeerId {
                name: frame(peer),
                session: None,
            },
            hops: hops.iter().map(|hop| frame(hop)).collect(),
        })))
    }

    /// Returns the route over a connection that the replier has made itself, with a number of its own.
    pub(crate) fn outward(connection: u64) -> Self {
        let mut name = [ASSIGNED; OUTWARD_LEN];
        name[1..].copy_from_slice(&connection.to_be_bytes());
        Self::to(PeerId {
            name: Frame::copy_of(&name),
            session: None,
        })
    }

    /// Returns the number of the [outward](Self::outward) connection; `None` for other routes.
    #[inline]
    pub(crate) fn outward_connection(&self) -> Option<u64> {
        let name: &[u8; OUTWARD_LEN] = self.peer().name.as_ref().try_into().ok()?;
        let (first, number) = name.split_first_chunk::<1>()?;
        let number = <[u8; 8]>::try_from(number).ok()?;
        (first[0] == ASSIGNED).then(|| u64::from_be_bytes(number))
    }

    /// Returns the route to a peer without devices in between.
    pub(crate) fn to(peer: PeerId) -> Self {
        let hops = Vec::new();
        Self(Some(Box::new(RouteParts { peer, hops })))
    }

    /// Returns the peer. `None` if a device is in between.
    #[inline]
    pub(crate) fn direct_peer(&self) -> Option<&PeerId> {
        let parts = self.0.as_ref()?;
        parts.hops.is_empty().then_some(&parts.peer)
    }

    pub(crate) fn peer(&self) -> &PeerId {
        self.0.as_ref().map_or(&NOBODY, |parts| &parts.peer)
    }

    /// Returns whether both lead to the same peer over the same devices.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// Returns whether the route ends with an empty frame: the caller may be a REQ socket.
    pub(crate) fn ends_with_delimiter(&self) -> bool {
        let hops = self.0.as_ref().map(|parts| &parts.hops);
        hops.and_then(|hops| hops.last())
            .is_some_and(|hop| hop.is_empty())
    }
}

impl Hash for Route {
    /// Writes as few pieces as possible, since each costs time, but so that no route is a prefix of another.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Some(parts) = &self.0 else {
            return state.write_usize(usize::MAX);
        };
        let (peer, hops): (&[u8], _) = (&parts.peer, &parts.hops);
        // Both fit into a byte: a name has at most 255 bytes, and a route few hops.
        let lengths = peer.len() | hops.len() << u8::BITS;
        state.write_usize(lengths | parts.peer.connection_key() << u16::BITS);
        state.write(peer);
        for hop in hops {
            state.write_usize(hop.len());
            state.write(hop);
        }
    }
}

/// A message, and the route to its sender or receiver.
#[derive(Debug)]
pub(crate) struct RoutedMessage {
    pub(crate) route: Route,
    pub(crate) message: Frame,
}

/// Names from libzmq begin with this byte and have four more.
const ASSIGNED: u8 = 0;
const ASSIGNED_LEN: usize = 5;

/// The length of the names of outward connections. No peer has such a name: those from libzmq are shorter, and peers cannot
/// choose one that begins like these.
const OUTWARD_LEN: usize = 1 + size_of::<u64>();

impl PeerId {
    /// Returns whether the peer has chosen its name.
    pub(in crate::socket) fn has_chosen_name(&self) -> bool {
        self.name.len() != ASSIGNED_LEN || self.name.first() != Some(&ASSIGNED)
    }

    /// Returns a number that tells the connection from others, for hashing.
    pub(in crate::socket) fn connection_key(&self) -> usize {
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
    fn names_from_libzmq_are_not_chosen_ones() {
        let named = |name: &[u8]| {
            let (name, session) = (Frame::copy_of(name), None);
            PeerId { name, session }.has_chosen_name()
        };
        assert!(named(b"ann"));
        assert!(named(b"\0ann"));
        assert!(!named(&[0, 1, 2, 3, 4]));
    }
}
