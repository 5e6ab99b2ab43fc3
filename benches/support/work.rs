//! What is called, how often at once, and what the right answers are.

use std::hint::black_box;

/// What a server process serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Add,
    Echo,
}

impl Service {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Echo => "echo",
        }
    }

    pub(crate) fn named(name: &str) -> Self {
        match name {
            "add" => Self::Add,
            "echo" => Self::Echo,
            _ => panic!("there is no service {name}"),
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// One `add` after the other.
    Sequential,
    /// So many `add` begun on one connection, then as many replies taken, and so on.
    InFlight(usize),
    /// So many threads on one client, each with one `add` after the other.
    Threads(usize),
    /// So many tasks on one client, each with one `add` after the other.
    Tasks(usize),
    /// So many clients with a connection each: one `add` begun on each, then one reply taken from each.
    Clients(usize),
    /// One `echo` of so many bytes after the other.
    Echo(usize),
}

impl Work {
    pub(crate) fn service(self) -> Service {
        match self {
            Self::Echo(_) => Service::Echo,
            _ => Service::Add,
        }
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Sequential => "sequential".into(),
            Self::InFlight(calls) => format!("in-flight-{calls}"),
            Self::Threads(threads) => format!("threads-{threads}"),
            Self::Tasks(tasks) => format!("tasks-{tasks}"),
            Self::Clients(clients) => format!("clients-{clients}"),
            Self::Echo(bytes) => match bytes {
                1_048_576.. => format!("echo-{}MiB", bytes >> 20),
                1024.. => format!("echo-{}KiB", bytes >> 10),
                _ => format!("echo-{bytes}B"),
            },
        }
    }
}

/// The arguments of the call with this number. Arguments and sum take two bytes each as varints, whatever the number
/// is, so that all frames of a run are of one length.
pub(crate) fn terms(number: usize) -> (i64, i64) {
    let term = |number: usize| i64::try_from(number % 2048).expect("a small number") + 64;
    black_box((term(number), term(number * 7)))
}

/// # Panics
///
/// If the answer is not the right one.
pub(crate) fn check_sum((a, b): (i64, i64), sum: i64) {
    assert_eq!(black_box(sum), a + b, "a wrong answer");
}

/// Bytes that no two neighbours of which are alike.
pub(crate) fn payload(len: usize) -> Vec<u8> {
    (0..=250).cycle().take(len).collect()
}

/// Compares the length and both ends: to read all of a large answer would take as long as to carry it.
///
/// # Panics
///
/// If the answer is not what was sent.
pub(crate) fn check_echo(sent: &[u8], got: &[u8]) {
    let end = sent.len().min(512);
    assert_eq!(sent.len(), got.len(), "an answer of another length");
    assert_eq!(sent[..end], black_box(got)[..end], "a wrong beginning");
    assert_eq!(
        sent[sent.len() - end..],
        got[got.len() - end..],
        "a wrong end"
    );
}
