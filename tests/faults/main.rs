//! Servers, clients and peers that are killed, frozen, moved, slow or overrun, each in a process of its own.

#[path = "../support/mod.rs"]
mod support;

mod cancellation;
mod endpoints;
mod fork;
mod frozen;
mod killed;
mod mirror;
mod patience;
mod rolling;
mod shutdown;
mod workers;

use support::serve_target;

/// No test, but the process of a server that tests start.
#[test]
fn target_process() {
    serve_target();
}

/// No test, but the process of a client that tests start.
#[test]
fn crowd_process() {
    shutdown::crowd();
}

/// No test, but the process of a client that tests freeze.
#[test]
fn slow_caller_process() {
    frozen::call_slowly();
}

/// No test, but the process of a server that tests replace.
#[test]
fn replica_process() {
    rolling::replica();
}
