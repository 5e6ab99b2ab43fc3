//! Calls that are encoded and not sent yet.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Instant;

use super::agreements::Repeats;
use super::balancer::Member;
use super::call_info::{CallInfo, Callee};
use super::deadlines::Deadlines;
use super::pending::{InFlightCall, ReplySource};
use super::repeat::KeptRequest;
use super::retry::RetryContext;
use super::state::CallOptions;
use crate::clock::CompactDuration;
use crate::command::{InProcess, InProcessResult};
use crate::connection::{CallKind, LimitExceeded};
use crate::dialect::RequestKind;
use crate::error::{Error, OverloadCause};
use crate::socket::Frame;

/// A call whose frame is complete except for its id.
pub(super) struct EncodedCall {
    pub(super) to: Destination,
    pub(super) frame: Frame,
    pub(super) kind: RequestKind,
    pub(super) timeout: CompactDuration,
    pub(super) connect_timeout: CompactDuration,
    pub(super) retry: Option<Box<RetryContext>>,
}

// Up to this size it is moved inline, beyond it by a call of memcpy.
const _: () = assert!(size_of::<EncodedCall>() <= 128);

#[derive(Clone)]
pub(super) enum Destination {
    Connection(Member),
    /// A service within the process, on the caller's thread.
    Local(Arc<dyn InProcess>),
}

impl Destination {
    pub(super) fn endpoint(&self) -> Option<&Arc<str>> {
        match self {
            Self::Connection(connection) => Some(connection.endpoint()),
            Self::Local(_) => None,
        }
    }
}

impl EncodedCall {
    /// Sends the call, or queues it until it can be sent. Its time starts now.
    pub(super) fn begin(self, callee: Callee<'_>) -> Result<InFlightCall, Error> {
        self.begin_by(callee, false, KeptRequest::none, |service, frame| {
            ReplySource::here(service.exchange(frame))
        })
    }

    /// The same for a call whose arguments will not be at hand any more.
    pub(super) fn begin_kept(self, callee: Callee<'_>) -> Result<InFlightCall, Error> {
        self.begin_by(callee, false, KeptRequest::of, |service, frame| {
            ReplySource::here(service.exchange(frame))
        })
    }

    /// The same for a task, which does not block on a service within the process.
    #[inline]
    pub(super) fn begin_as_task(self, callee: Callee<'_>) -> Result<InFlightCall, Error> {
        self.begin_by(callee, true, KeptRequest::of, start)
    }

    /// The same for a task that may wait for it later: a request that cannot be sent at once is sent while nobody polls.
    pub(super) fn begin_unpolled(self, callee: Callee<'_>) -> Result<InFlightCall, Error> {
        self.begin_by(callee, false, KeptRequest::of, start)
    }

    #[inline]
    fn begin_by(
        self,
        callee: Callee<'_>,
        task: bool,
        keep: impl FnOnce(&Self, Callee<'_>) -> KeptRequest,
        execute: impl FnOnce(Arc<dyn InProcess>, Frame) -> ReplySource,
    ) -> Result<InFlightCall, Error> {
        let request = keep(&self, callee);
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
        let deadlines = Deadlines {
            deadline: now + timeout.get(),
            connected_by: now + connect_timeout.get(),
            connect_timeout,
        };
        let mut written = false;
        let oneway = kind == RequestKind::Notify;
        let movable = retry
            .as_ref()
            .is_some_and(|retry| retry.connections.has_several());
        let source = match to {
            Destination::Connection(connection) => match connection.begin(
                frame,
                CallOptions {
                    kind: call_kind(oneway),
                    movable,
                    task,
                },
                now,
            ) {
                Ok(call) => {
                    written = call.written;
                    ReplySource::Connection(connection, NonZeroU64::new(call.id))
                }
                Err(overflow) => {
                    let endpoint = Some(connection.endpoint());
                    return Err(overloaded(
                        overflow,
                        &CallInfo {
                            callee,
                            endpoint,
                            limits: connection.limits(),
                            timeout: timeout.get(),
                            tried: false,
                        },
                    ));
                }
            },
            Destination::Local(service) => execute(service, frame),
        };
        let mut in_flight = InFlightCall {
            source,
            written,
            timeout,
            oneway,
            repeats: Repeats::default(),
            deadlines,
            connected_by: deadlines.connected_by,
            retry,
            request,
        };
        in_flight.start_turn(now);
        Ok(in_flight)
    }
}

fn start(service: Arc<dyn InProcess>, request: Frame) -> ReplySource {
    match service.start(request) {
        InProcessResult::Done(frame) => ReplySource::here(frame),
        InProcessResult::Task(task) => ReplySource::Task(task, None),
    }
}

/// Returns what kind of call it is for a connection.
pub(super) fn call_kind(oneway: bool) -> CallKind {
    if oneway {
        CallKind::Notification
    } else {
        CallKind::Call
    }
}

pub(super) fn overloaded(overflow: LimitExceeded, info: &CallInfo<'_>) -> Error {
    let cause = match overflow {
        LimitExceeded::Calls(limit) => OverloadCause::Calls(limit),
        LimitExceeded::QueuedBytes(limit) => OverloadCause::QueuedBytes(limit),
    };
    Error::Overloaded {
        at: info.target(),
        cause,
    }
}
