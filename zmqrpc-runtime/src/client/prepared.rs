//! Calls that are encoded and not sent yet.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::core::Overflow;
use super::link::Link;
use super::pending::{Begun, Way};
use super::retry::Retry;
use super::subject::{Callee, Subject};
use super::table::{Manner, Patience};
use crate::command::{Exchange, Exchanged};
use crate::error::Error;
use crate::socket::Message;
use crate::wire::Kind;

/// A call whose frame is complete but for its id.
pub(super) struct Prepared {
    pub(super) to: Destination,
    pub(super) frame: Message,
    pub(super) kind: Kind,
    pub(super) timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) retry: Option<Box<Retry>>,
}

#[derive(Clone)]
pub(super) enum Destination {
    Link(Arc<Link>),
    /// A service within the process, on the caller's thread.
    Local(Arc<dyn Exchange>),
}

impl Destination {
    pub(super) fn endpoint(&self) -> Option<&Arc<str>> {
        match self {
            Self::Link(link) => Some(link.endpoint()),
            Self::Local(_) => None,
        }
    }
}

impl Prepared {
    /// Sends the call, or keeps it for a connection. Its time starts now.
    pub(super) fn begin(self, callee: Callee<'_>) -> Result<Begun, Error> {
        self.begin_by(callee, false, |service, frame| {
            Way::here(service.exchange(frame))
        })
    }

    /// The same for a task, which is not held up by a service within the process.
    pub(super) fn begin_as_task(self, callee: Callee<'_>) -> Result<Begun, Error> {
        self.begin_by(callee, true, |service, frame| match service.start(frame) {
            Exchanged::Done(frame) => Way::here(frame),
            Exchanged::Task(task) => Way::Task(task, None),
        })
    }

    fn begin_by(
        self,
        callee: Callee<'_>,
        task: bool,
        execute: impl FnOnce(Arc<dyn Exchange>, Message) -> Way,
    ) -> Result<Begun, Error> {
        let Self {
            to,
            frame,
            kind,
            timeout,
            connect_timeout,
            retry,
        } = self;
        let now = Instant::now();
        let connect_timeout = connect_timeout.min(timeout);
        let patience = Patience {
            deadline: now + timeout,
            connected_by: now + connect_timeout,
            connect_timeout,
        };
        let mut written = false;
        let oneway = kind == Kind::Notify;
        let movable = retry
            .as_ref()
            .is_some_and(|retry| retry.links.all().len() > 1);
        let way = match to {
            Destination::Link(link) => match link.begin(
                frame,
                Manner {
                    oneway,
                    movable,
                    ping: false,
                    task,
                },
            ) {
                Ok(call) => {
                    written = call.written;
                    Way::Link(link, call.id)
                }
                Err(overflow) => {
                    let endpoint = Some(link.endpoint());
                    return Err(overloaded(
                        overflow,
                        &Subject {
                            callee,
                            endpoint,
                            limits: link.limits(),
                            timeout,
                            tried: false,
                        },
                    ));
                }
            },
            Destination::Local(service) => execute(service, frame),
        };
        let mut begun = Begun {
            way,
            written,
            timeout,
            oneway,
            patience,
            connected_by: patience.connected_by,
            retry,
        };
        begun.start_turn(now);
        Ok(begun)
    }
}

pub(super) fn overloaded(overflow: Overflow, subject: &Subject<'_>) -> Error {
    let reason = match overflow {
        Overflow::Calls(limit) => {
            format!("{limit} calls have begun and not ended, see `max_calls`")
        }
        Overflow::QueuedBytes(limit) => {
            format!("over {limit} bytes of requests wait for a connection, see `max_queued_bytes`")
        }
    };
    Error::Overloaded {
        at: subject.site(),
        reason: reason.into(),
    }
}
