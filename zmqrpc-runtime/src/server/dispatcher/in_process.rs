//! Calls within the process, which need no socket.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use super::{Decoded, Dispatcher};
use crate::command::{CallBuffer, InProcess, InProcessResult, reply_frame};
use crate::server::deduplicator::in_flight_failure;
use crate::server::execution::Progress;
use crate::socket::Frame;
use crate::wire::ReplyBody;

impl Dispatcher {
    /// Runs a request on this thread until it ends or first waits.
    fn exchange_now(&self, request: Frame) -> Progress {
        let now = Instant::now();
        let mut buffer = CallBuffer::new(now);
        *buffer.frame() = request;
        let decoded = self.read(&mut buffer, now);
        buffer.recycle();
        match decoded {
            Decoded::Reply(frame) => Progress::Completed(Some(frame)),
            Decoded::Ping(id) => {
                Progress::Completed(Some(Box::new(reply_frame(id, ReplyBody::Pong))))
            }
            Decoded::Run(call) => {
                let id = call.id();
                match self.run(call, now) {
                    // There is no connection over which a reply could come later.
                    Progress::Duplicate(_) => {
                        Progress::Completed(Some(Box::new(in_flight_failure().encode(id))))
                    }
                    progress => progress,
                }
            }
            Decoded::Nothing | Decoded::Cancel(_) => Progress::Completed(None),
        }
    }
}

impl InProcess for Dispatcher {
    fn exchange(&self, request: Frame) -> Option<Frame> {
        match self.exchange_now(request) {
            Progress::Completed(frame) => frame.map(|frame| *frame),
            Progress::Suspended(execution) => execution
                .run_to_completion(&self.executor)
                .map(|frame| *frame),
            Progress::Duplicate(_) => None,
        }
    }

    fn start(self: Arc<Self>, request: Frame) -> InProcessResult {
        match self.exchange_now(request) {
            Progress::Completed(frame) => InProcessResult::Done(frame.map(|frame| *frame)),
            Progress::Duplicate(_) => InProcessResult::Done(None),
            Progress::Suspended(mut execution) => {
                InProcessResult::Task(Box::pin(poll_fn(move |cx| {
                    let _runtime = self.executor.enter();
                    let polled = Pin::new(&mut execution).poll(cx);
                    polled.map(|frame| frame.map(|frame| *frame))
                })))
            }
        }
    }
}
