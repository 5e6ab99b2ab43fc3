//! A call, from when it is begun until its owner has taken it out.

use crate::clock::Instant;
use crate::socket::Frame;

/// What kind of request a call is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// A reply ends it.
    #[default]
    Call,
    /// It ends when it has been sent.
    Notification,
    /// A pong ends it.
    Ping,
}

/// A call to begin.
#[derive(Clone, Copy)]
pub(crate) struct NewCall {
    pub(crate) kind: CallKind,
    /// How many proxies will have forwarded it.
    pub(crate) hops: u8,
    /// When it ends without a reply; `None` if its owner watches the time.
    pub(crate) deadline: Option<Instant>,
    /// Whether its owner can make it elsewhere: it fails, rather than wait, if the last peer that is left drains.
    pub(crate) movable: bool,
}

/// A call that has an id. `O` is whatever its owner keeps for it.
#[derive(Default)]
pub(crate) struct CallEntry<O> {
    pub(crate) origin: O,
    pub(super) kind: CallKind,
    pub(super) movable: bool,
    /// Whether the socket has taken the request: it may have been executed.
    pub(super) written: bool,
    pub(super) deadline: Option<Instant>,
    pub(super) stage: Stage,
}

#[derive(Default)]
pub(super) enum Stage {
    /// Waits until a link takes it. Boxed, so that the calls that do not wait are small.
    Waiting(Box<Waiting>),
    /// A ping that waits for room on its link.
    Unsent,
    /// Sent over this link.
    Sent {
        link: u32,
        redirect: Option<Box<Redirect>>,
    },
    /// A ping that was sent over this link, behind so many notifications.
    Asked { link: u32, behind: u64 },
    /// Rejected by its peer: it is decided next whether it is sent to another one.
    Rejected,
    /// Its owner has been told how it ended, and has kept it.
    #[default]
    Ended,
}

/// A request that waits.
pub(super) struct Waiting {
    pub(super) request: Frame,
    /// Until when, at most.
    pub(super) until: Option<Instant>,
}

/// What is kept of a sent call in order to send it to another peer if its own rejects it.
pub(super) struct Redirect {
    pub(super) request: Frame,
    /// The links whose peers have rejected the call.
    pub(super) rejected_by: Vec<u32>,
}

impl Redirect {
    pub(super) fn of(request: &Frame) -> Self {
        Self {
            request: request.clone(),
            rejected_by: Vec::new(),
        }
    }
}

impl Stage {
    /// Returns the link that the request was sent over, if it was and the call has not ended.
    #[inline]
    pub(super) fn link(&self) -> Option<u32> {
        match self {
            Self::Sent { link, .. } | Self::Asked { link, .. } => Some(*link),
            Self::Waiting(_) | Self::Unsent | Self::Rejected | Self::Ended => None,
        }
    }

    /// Returns the bytes of the request that is kept for a redirect.
    pub(super) fn redirect_bytes(&self) -> usize {
        match self {
            Self::Sent {
                redirect: Some(redirect),
                ..
            } => redirect.request.len(),
            _ => 0,
        }
    }
}

impl<O> CallEntry<O> {
    /// Returns whether the request was sent, and the call has not ended.
    pub(crate) fn is_sent(&self) -> bool {
        self.stage.link().is_some()
    }

    /// Returns whether the request waits to be sent.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.stage, Stage::Waiting(_))
    }

    /// Returns whether the request was sent over this link, and the call has not ended.
    #[inline]
    pub(super) fn is_sent_over(&self, link: u32) -> bool {
        self.stage.link() == Some(link)
    }

    /// Returns when the call expires in its present stage.
    pub(super) fn due(&self) -> Option<Instant> {
        match (&self.stage, self.deadline) {
            (Stage::Ended, _) => None,
            (Stage::Waiting(waiting), deadline) => {
                let times = [waiting.until, deadline];
                times.into_iter().flatten().min()
            }
            (_, deadline) => deadline,
        }
    }
}
