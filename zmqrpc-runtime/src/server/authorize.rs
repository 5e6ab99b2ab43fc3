//! May this caller make this call?

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::counters::ServerCounters;
use crate::command::CallContext;
use crate::log;

/// Asked before each call; the error is for the caller.
pub(super) struct Authorize(Box<AuthorizeFn>);

type AuthorizeFn = dyn Fn(&CallContext) -> Result<(), String> + Send + Sync;

impl Authorize {
    pub(super) fn new<E: Into<String>>(
        ask: impl Fn(&CallContext) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(move |cx| ask(cx).map_err(Into::into)))
    }

    /// Logs a refusal.
    pub(super) fn ask(&self, cx: &CallContext, counters: &ServerCounters) -> Result<(), String> {
        let answer = catch_unwind(AssertUnwindSafe(|| (self.0)(cx)));
        let answer = answer.unwrap_or_else(|panic| {
            if let Some(hidden) = counters.log.admit("authorize") {
                let method = log::text(cx.method());
                log::line!(
                    error,
                    method,
                    hidden;
                    "what authorizes calls panicked; `hidden` more times before this one"
                );
            }
            // What it panics with may panic again when it is dropped.
            if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
                std::mem::forget(again);
            }
            Err("the server could not find out whether this call is allowed".into())
        });
        answer.inspect_err(|reason| {
            if let Some(hidden) = counters.log.admit("not allowed") {
                log::line!(
                    warn,
                    method = log::text(cx.method()),
                    user = cx.user_id().map(log::text),
                    peer = cx.peer().map(log::text),
                    reason = log::text(reason),
                    hidden;
                    "a call was not allowed; `hidden` more were before this one"
                );
            }
        })
    }
}
