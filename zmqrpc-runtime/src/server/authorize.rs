//! May this caller make this call?

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::command::CallContext;

/// Asked before each call; the error is for the caller.
pub(super) struct Authorize(Box<Ask>);

type Ask = dyn Fn(&CallContext) -> Result<(), String> + Send + Sync;

impl Authorize {
    pub(super) fn new<E: Into<String>>(
        ask: impl Fn(&CallContext) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(move |cx| ask(cx).map_err(Into::into)))
    }

    /// Logs a refusal.
    pub(super) fn ask(&self, cx: &CallContext) -> Result<(), String> {
        let answer = catch_unwind(AssertUnwindSafe(|| (self.0)(cx)));
        let answer = answer.unwrap_or_else(|panic| {
            tracing::error!(method = %cx.method(), "what authorizes calls panicked");
            // What it panics with may panic again when it is dropped.
            if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
                std::mem::forget(again);
            }
            Err("the server could not find out whether this call is allowed".into())
        });
        answer.inspect_err(|reason| {
            let (user, peer) = (cx.user_id(), cx.peer());
            tracing::warn!(method = %cx.method(), user, peer, reason, "a call was not allowed");
        })
    }
}
