//! Resolves host names, on threads of their own.
//!
//! libzmq resolves names in its only I/O thread, so every socket of the process stalls until the name server answers
//! (<https://github.com/zeromq/libzmq/issues/2961>). A lookup can neither be limited nor cancelled, so no caller of
//! this module waits for one: the lookup wakes the pollers of those who requested it.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, OnceLock, Weak};
use std::thread;

use super::process::PerProcess;
use super::{Poller, idle_poller};
use crate::sync::{Mutex, MutexGuard};

/// The addresses of a host, all with port 0, or why it has none.
pub(super) type Addresses = Result<Vec<SocketAddr>, Arc<str>>;

/// A pending or finished lookup.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    result: Arc<OnceLock<Addresses>>,
}

impl Lookup {
    pub(super) fn result(&self) -> Option<&Addresses> {
        self.result.get()
    }

    fn finished(result: Addresses) -> Self {
        Self {
            result: Arc::new(OnceLock::from(result)),
        }
    }
}

/// Concurrent lookups at most. Each resolves a different name, so a name server that does not answer takes no more of
/// these threads than there are names to ask it for.
const MAX_THREADS: usize = 16;

static TABLE: PerProcess<Mutex<LookupTable>> = PerProcess::new();

#[derive(Default)]
struct LookupTable {
    queries: HashMap<Arc<str>, LookupQuery>,
    /// Names that no thread resolves yet.
    waiting: VecDeque<Arc<str>>,
    threads: usize,
}

struct LookupQuery {
    lookup: Lookup,
    pollers: Vec<Weak<Poller>>,
}

/// Starts to resolve a host name, or joins a lookup of the same name. The lookup wakes `poller` when it finishes.
pub(super) fn look_up(host: &str, poller: &Arc<Poller>) -> Lookup {
    if is_local(host) {
        // As RFC 6761 requires, and without waiting behind other names.
        let loopback = [
            (Ipv4Addr::LOCALHOST, 0).into(),
            (Ipv6Addr::LOCALHOST, 0).into(),
        ];
        return Lookup::finished(Ok(loopback.into()));
    }
    let mut table = table();
    if let Some(query) = table.queries.get_mut(host) {
        query.pollers.push(Arc::downgrade(poller));
        return query.lookup.clone();
    }
    if table.threads < MAX_THREADS {
        let started = thread::Builder::new()
            .name("zmqrpc-names".into())
            .spawn(run);
        match started {
            Ok(_) => table.threads += 1,
            Err(error) if table.threads == 0 => {
                return Lookup::finished(Err(format!(
                    "no thread could be started to resolve it: {error}"
                )
                .into()));
            }
            // The running threads get to it.
            Err(_) => {}
        }
    }
    let host: Arc<str> = host.into();
    let lookup = Lookup {
        result: Arc::default(),
    };
    let query = LookupQuery {
        lookup: lookup.clone(),
        pollers: vec![Arc::downgrade(poller)],
    };
    table.queries.insert(Arc::clone(&host), query);
    table.waiting.push_back(host);
    lookup
}

fn is_local(host: &str) -> bool {
    host.trim_end_matches('.').eq_ignore_ascii_case("localhost")
}

fn table() -> MutexGuard<'static, LookupTable> {
    TABLE.get().lock()
}

/// The body of a resolver thread. Ends when no name is left to resolve.
fn run() {
    while let Some(host) = next_host() {
        let resolved = (&*host, 0).to_socket_addrs();
        let result = resolved
            .map(Iterator::collect)
            .map_err(|error| reason(&error));
        let query = table().queries.remove(&host);
        if let Some(LookupQuery { lookup, pollers }) = query {
            let _ = lookup.result.set(result);
            for poller in pollers.iter().filter_map(Weak::upgrade) {
                poller.notify_owner();
            }
            // For sockets that no thread uses.
            idle_poller::request_maintenance();
        }
    }
}

/// Returns the next name that some poller still waits for. `None` ends the thread.
fn next_host() -> Option<Arc<str>> {
    let mut table = table();
    while let Some(host) = table.waiting.pop_front() {
        let wanted = |query: &LookupQuery| query.pollers.iter().any(|of| of.strong_count() > 0);
        if table.queries.get(&host).is_some_and(wanted) {
            return Some(host);
        }
        table.queries.remove(&host);
    }
    table.threads -= 1;
    None
}

/// Returns the resolver's message without the words that std puts before it.
fn reason(error: &io::Error) -> Arc<str> {
    let text = error.to_string();
    let own = text.rsplit_once("information: ").map(|(_, own)| own);
    own.unwrap_or(&text).to_lowercase().into()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn wait(poller: &Poller, lookup: &Lookup) -> Addresses {
        let deadline = Instant::now() + Duration::from_secs(60);
        while lookup.result().is_none() && Instant::now() < deadline {
            poller.wait(Some(deadline)).unwrap();
        }
        lookup.result().expect("an answer within a minute").clone()
    }

    #[test]
    fn a_lookup_wakes_the_poller_when_it_finishes() {
        let poller = Arc::new(Poller::new(Vec::new()).unwrap());
        let lookup = look_up("127.0.0.2", &poller);
        let address = (Ipv4Addr::new(127, 0, 0, 2), 0).into();
        assert_eq!(wait(&poller, &lookup), Ok(vec![address]));
    }

    #[test]
    fn the_error_says_why_a_name_has_no_address() {
        let poller = Arc::new(Poller::new(Vec::new()).unwrap());
        let lookup = look_up("nobody.invalid", &poller);
        let reason = wait(&poller, &lookup).unwrap_err();
        assert!(!reason.is_empty() && !reason.contains("lookup"), "{reason}");
    }

    #[test]
    fn the_own_host_is_known_without_asking() {
        let poller = Arc::new(Poller::new(Vec::new()).unwrap());
        for host in ["localhost", "LOCALHOST", "localhost."] {
            let result = look_up(host, &poller).result().cloned();
            let addresses = result.unwrap().unwrap();
            assert!(addresses.iter().all(|address| address.ip().is_loopback()));
        }
    }
}
