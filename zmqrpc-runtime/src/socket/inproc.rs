//! Which `inproc` names are bound.
//!
//! libzmq tells nothing about `inproc` connections: it takes messages for a name that nobody has bound, and reports
//! neither a server's coming nor its going. All sockets of the process share one context, so this table knows.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::process::PerProcess;

static BOUND: PerProcess<Mutex<Table>> = PerProcess::new();

#[derive(Default)]
struct Table {
    names: HashMap<String, u64>,
    last: u64,
}

/// The number of the present binding of a name; another one each time that it is bound. Names are whole endpoints.
pub(super) fn binding(endpoint: &str) -> Option<u64> {
    table().names.get(endpoint).copied()
}

pub(super) fn bound(endpoint: &str) {
    let mut table = table();
    table.last += 1;
    let number = table.last;
    table.names.insert(endpoint.to_owned(), number);
}

pub(super) fn unbound(endpoint: &str) {
    table().names.remove(endpoint);
}

fn table() -> MutexGuard<'static, Table> {
    BOUND.get().lock().unwrap_or_else(PoisonError::into_inner)
}
