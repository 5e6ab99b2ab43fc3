//! The function that executes raw calls.

use std::pin::Pin;
use std::sync::Arc;

use super::{RawCall, RawFailure};
use crate::command::{Call, HandlerResult, ReplyContext, Started};

type RawResult = Result<Vec<u8>, RawFailure>;
type RawFuture = Pin<Box<dyn Future<Output = RawResult> + Send>>;

/// A function that executes raw calls, or begins tasks that do.
#[derive(Clone)]
pub(in crate::server) enum RawHandler {
    Plain(Arc<dyn Fn(&RawCall) -> RawResult + Send + Sync>),
    Task(Arc<dyn Fn(RawCall) -> RawFuture + Send + Sync>),
}

impl RawHandler {
    pub(in crate::server) fn plain(
        handler: impl Fn(&RawCall) -> RawResult + Send + Sync + 'static,
    ) -> Self {
        Self::Plain(Arc::new(handler))
    }

    pub(in crate::server) fn task<F>(handler: impl Fn(RawCall) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = RawResult> + Send + 'static,
    {
        Self::Task(Arc::new(move |call| Box::pin(handler(call))))
    }

    /// Runs a plain function to its end, or returns the task that was begun.
    pub(super) fn start(&self, call: Call) -> Started {
        let codec = call.codec();
        let (context, reply_context) = call.into_parts();
        let call = RawCall {
            context,
            codec,
            body: reply_context.body.clone(),
        };
        match self {
            Self::Plain(handler) => {
                let result = handler(&call);
                Started::Done(reply(&reply_context, result, || call.method().to_string()))
            }
            Self::Task(handler) => {
                let called = call.method().to_string();
                let running = handler(call);
                Started::Task(Box::pin(async move {
                    let result = running.await;
                    reply(&reply_context, result, || called)
                }))
            }
        }
    }
}

fn reply(
    context: &ReplyContext,
    result: RawResult,
    called: impl FnOnce() -> String,
) -> HandlerResult {
    match result {
        Ok(value) => context.reply_encoded(false, &value),
        Err(failure) => {
            let error = failure.into_result(called)?;
            context.reply_encoded(true, &error)
        }
    }
}
