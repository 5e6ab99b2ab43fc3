//! The table of bound `inproc` names.
//!
//! libzmq reports nothing about `inproc` connections: it takes messages for a name that no socket has bound, and
//! reports neither that a server binds a name nor that it unbinds it. All sockets of the process share one context, so
//! this table is complete.

use std::collections::HashMap;

use crate::socket::process::PerProcess;
use crate::sync::{Mutex, MutexGuard};

static BOUND: PerProcess<Mutex<Table>> = PerProcess::new();

#[derive(Default)]
struct Table {
    bindings: HashMap<String, u64>,
    last_binding: u64,
}

/// Returns the number of the current binding of an endpoint. Each binding has a number of its own. `None` if the
/// endpoint is not bound.
pub(super) fn binding(endpoint: &str) -> Option<u64> {
    table().bindings.get(endpoint).copied()
}

pub(super) fn register(endpoint: &str) {
    let mut table = table();
    table.last_binding += 1;
    let number = table.last_binding;
    table.bindings.insert(endpoint.to_owned(), number);
}

pub(super) fn unregister(endpoint: &str) {
    table().bindings.remove(endpoint);
}

fn table() -> MutexGuard<'static, Table> {
    BOUND.get().lock()
}
