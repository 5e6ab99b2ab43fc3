//! Calls within the process, which need no socket.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use super::{Decoded, Dispatcher};
use crate::command::{CallBuffer, InProcess, InProcessResult};
use crate::dialect::Outbound;
use crate::server::deduplicator::in_flight_failure;
use crate::server::execution::Progress;
use crate::socket::Frame;

impl Dispatcher {
    /// Runs a request on this thread until it ends or first waits.
    fn exchange_now(&self, request: Frame) -> Progress {
        let now = Instant::now();
        let mut buffer = CallBuffer::new(now);
        *buffer.frame() = request;
        let decoded = self.read(&mut buffer, now);
        buffer.recycle();
        match decoded {
            Decoded::Rejected(rejected) => {
                let (to, failure) = *rejected;
                Progress::Completed(Some(to.fail(&failure)))
            }
            Decoded::Ping(to) => Progress::Completed(Some(to.encode(Outbound::Pong))),
            Decoded::Run(call) => {
                let to = call.reply_to().clone();
                match self.run(call, now) {
                    // There is no connection over which a reply could come later.
                    Progress::Duplicate(_) => {
                        Progress::Completed(Some(to.fail(&in_flight_failure())))
                    }
                    progress => progress,
                }
            }
            Decoded::Nothing | Decoded::Control(..) => Progress::Completed(None),
        }
    }
}

impl InProcess for Dispatcher {
    fn exchange(&self, request: Frame) -> Option<Frame> {
        match self.exchange_now(request) {
            Progress::Completed(frame) => frame,
            Progress::Suspended(execution) => execution.run_to_completion(&self.executor),
            Progress::Duplicate(_) => None,
        }
    }

    fn start(self: Arc<Self>, request: Frame) -> InProcessResult {
        match self.exchange_now(request) {
            Progress::Completed(frame) => InProcessResult::Done(frame),
            Progress::Duplicate(_) => InProcessResult::Done(None),
            Progress::Suspended(mut execution) => {
                InProcessResult::Task(Box::pin(poll_fn(move |cx| {
                    let _runtime = self.executor.enter();
                    Pin::new(&mut execution).poll(cx)
                })))
            }
        }
    }
}
