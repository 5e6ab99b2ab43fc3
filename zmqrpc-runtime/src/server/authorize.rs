//! The user's function that decides whether a caller may make a call.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::callers::ServerCounters;
use crate::command::CallContext;
use crate::log;

/// The function, which runs before each call. Its error is for the caller.
pub(super) struct Authorize(Box<AuthorizeFn>);

type AuthorizeFn = dyn Fn(&CallContext) -> Result<(), String> + Send + Sync;

impl Authorize {
    pub(super) fn new<E: Into<String>>(
        check: impl Fn(&CallContext) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(move |cx| check(cx).map_err(Into::into)))
    }

    /// Returns the reason if the caller may not make this call, and logs it.
    pub(super) fn check(&self, cx: &CallContext, counters: &ServerCounters) -> Result<(), String> {
        let result = catch_unwind(AssertUnwindSafe(|| (self.0)(cx)));
        let result = result.unwrap_or_else(|panic| {
            if let Some(hidden) = counters.log.admit("authorize") {
                let method = log::text(cx.called());
                log::line!(
                    error,
                    method,
                    hidden;
                    "the `authorize` function panicked; `hidden` more times before this one"
                );
            }
            // The payload may panic again when it is dropped.
            if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
                std::mem::forget(again);
            }
            Err("the server could not find out whether this call is allowed".into())
        });
        result.inspect_err(|reason| {
            if let Some(hidden) = counters.log.admit("not allowed") {
                log::line!(
                    warn,
                    method = log::text(cx.method()),
                    called = log::text(cx.called()),
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
