//! Resolves host names, on threads of their own.
//!
//! libzmq resolves names in its only I/O thread, so every socket of the process stalls until the name server answers
//! (<https://github.com/zeromq/libzmq/issues/2961>). A lookup can neither be limited nor cancelled, so no caller of
//! this module waits for one: the lookup wakes the pollers of those who requested it.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;

use super::process::PerProcess;
use super::{Poller, idle_poller};

/// The addresses of a host, all with port 0, or why it has none.
pub(super) type Addresses = Result<Vec<SocketAddr>, Arc<str>>;

/// A pending or finished lookup.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    answer: Arc<OnceLock<Addresses>>,
}

impl Lookup {
    pub(super) fn answer(&self) -> Option<&Addresses> {
        self.answer.get()
    }

    fn answered(answer: Addresses) -> Self {
        Self {
            answer: Arc::new(OnceLock::from(answer)),
        }
    }
}

/// Concurrent lookups at most. Each resolves a different name, so a name server that does not answer takes no more of
/// these threads than there are names to ask it for.
const THREADS: usize = 16;

static BOOK: PerProcess<Mutex<LookupTable>> = PerProcess::new();

#[derive(Default)]
struct LookupTable {
    asked: HashMap<Arc<str>, LookupQuery>,
    /// Names that no thread resolves yet.
    waiting: VecDeque<Arc<str>>,
    threads: usize,
}

struct LookupQuery {
    lookup: Lookup,
    askers: Vec<Weak<Poller>>,
}

/// Starts to resolve a host name, or joins a lookup of the same name. The lookup wakes `poller` when it finishes.
pub(super) fn look_up(host: &str, asker: &Arc<Poller>) -> Lookup {
    if is_local(host) {
        // As RFC 6761 requires, and without waiting behind other names.
        let loopback = [
            (Ipv4Addr::LOCALHOST, 0).into(),
            (Ipv6Addr::LOCALHOST, 0).into(),
        ];
        return Lookup::answered(Ok(loopback.into()));
    }
    let mut book = book();
    if let Some(question) = book.asked.get_mut(host) {
        question.askers.push(Arc::downgrade(asker));
        return question.lookup.clone();
    }
    if book.threads < THREADS {
        let started = thread::Builder::new()
            .name("zmqrpc-names".into())
            .spawn(answer_all);
        match started {
            Ok(_) => book.threads += 1,
            Err(error) if book.threads == 0 => {
                return Lookup::answered(Err(format!("no thread for it: {error}").into()));
            }
            // The running threads get to it.
            Err(_) => {}
        }
    }
    let host: Arc<str> = host.into();
    let lookup = Lookup {
        answer: Arc::default(),
    };
    let question = LookupQuery {
        lookup: lookup.clone(),
        askers: vec![Arc::downgrade(asker)],
    };
    book.asked.insert(Arc::clone(&host), question);
    book.waiting.push_back(host);
    lookup
}

fn is_local(host: &str) -> bool {
    host.trim_end_matches('.').eq_ignore_ascii_case("localhost")
}

fn book() -> MutexGuard<'static, LookupTable> {
    BOOK.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// The body of a resolver thread. Ends when no name is left to resolve.
fn answer_all() {
    while let Some(host) = next() {
        let found = (&*host, 0).to_socket_addrs();
        let answer = found.map(Iterator::collect).map_err(|error| reason(&error));
        let question = book().asked.remove(&host);
        if let Some(LookupQuery { lookup, askers }) = question {
            let _ = lookup.answer.set(answer);
            for asker in askers.iter().filter_map(Weak::upgrade) {
                asker.bring_news();
            }
            // For sockets that no thread uses.
            idle_poller::notice_due();
        }
    }
}

/// Returns the next name that some poller still waits for. `None` ends the thread.
fn next() -> Option<Arc<str>> {
    let mut book = book();
    while let Some(host) = book.waiting.pop_front() {
        let wanted =
            |question: &LookupQuery| question.askers.iter().any(|of| of.strong_count() > 0);
        if book.asked.get(&host).is_some_and(wanted) {
            return Some(host);
        }
        book.asked.remove(&host);
    }
    book.threads -= 1;
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
        while lookup.answer().is_none() && Instant::now() < deadline {
            poller.drive(Some(deadline)).unwrap();
        }
        lookup.answer().expect("an answer within a minute").clone()
    }

    #[test]
    fn who_asks_is_woken_when_there_is_an_answer() {
        let poller = Arc::new(Poller::new(Vec::new()).unwrap());
        let lookup = look_up("127.0.0.2", &poller);
        let address = (Ipv4Addr::new(127, 0, 0, 2), 0).into();
        assert_eq!(wait(&poller, &lookup), Ok(vec![address]));
    }

    #[test]
    fn a_name_that_nobody_has_is_told_why() {
        let poller = Arc::new(Poller::new(Vec::new()).unwrap());
        let lookup = look_up("nobody.invalid", &poller);
        let reason = wait(&poller, &lookup).unwrap_err();
        assert!(!reason.is_empty() && !reason.contains("lookup"), "{reason}");
    }

    #[test]
    fn the_own_host_is_known_without_asking() {
        let poller = Arc::new(Poller::new(Vec::new()).unwrap());
        for host in ["localhost", "LOCALHOST", "localhost."] {
            let answer = look_up(host, &poller).answer().cloned();
            let addresses = answer.unwrap().unwrap();
            assert!(addresses.iter().all(|address| address.ip().is_loopback()));
        }
    }
}
