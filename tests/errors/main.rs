//! Every failure of a call: its variant, where it says it happened, whether the call was executed, and its text.

#[path = "../support/mod.rs"]
mod support;

mod bytes;
mod connections;
mod expectation;
mod handover;
mod limits;
mod methods;
mod replies;
mod retries;
mod statuses;
