//! The log: who does not read it, and who would write into it.

use std::fmt::{Debug, Write as _};
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::support::{Peer, anywhere, await_state, call_by_name, head, serve, within};
use super::victim::{LIMIT, Victim, valid};

/// What was written, by every test of this process. While it is not read, who writes waits.
#[derive(Default)]
struct Pipe {
    lines: Vec<String>,
    unread: bool,
    waits: bool,
}

static PIPE: Mutex<Pipe> = Mutex::new(Pipe {
    lines: Vec::new(),
    unread: false,
    waits: false,
});
static READ: Condvar = Condvar::new();
/// Tests that change whether it is read.
static ALONE: Mutex<()> = Mutex::new(());

fn pipe() -> MutexGuard<'static, Pipe> {
    PIPE.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Writer;

struct Line(String);

impl Visit for Line {
    /// As most writers do: `Display` where it is asked for.
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, " {field}={value}").unwrap();
    }
}

impl Subscriber for Writer {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("zmqrpc")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        let mut pipe = pipe();
        pipe.lines.push(line.0);
        while pipe.unread {
            pipe.waits = true;
            READ.notify_all();
            pipe = READ.wait(pipe).unwrap_or_else(PoisonError::into_inner);
        }
        pipe.waits = false;
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn alone() -> MutexGuard<'static, ()> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Writer).unwrap());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nobody reads it while this lives.
struct Unread;

impl Unread {
    fn begin() -> Self {
        pipe().unread = true;
        Self
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        pipe().unread = false;
        READ.notify_all();
    }
}

#[test]
fn a_log_that_nobody_reads_holds_up_neither_calls_nor_the_end() {
    within(LIMIT, || {
        let _alone = alone();
        let (server, _gate) = serve(|builder| {
            anywhere(builder)
                .worker_threads(2)
                .authorize(|cx| match cx.method().name() {
                    "len" => Err("never"),
                    _ => Ok(()),
                })
        });
        let endpoint = server.endpoints().remove(0);
        let peer = Peer::connect(&endpoint);
        assert_eq!(peer.ask(valid(1))[2], 0x81);
        let unread = Unread::begin();
        // Everything that a stranger can have logged, more often than there are threads.
        for _ in 0..10 {
            peer.send(b"junk");
            peer.send(call_by_name(2, "Probe.nothing", 1_000, &[0x90]));
            peer.send(call_by_name(3, "Probe.panics", 1_000, &[0x91, 0xa0]));
            peer.send(call_by_name(4, "Probe.len", 1_000, &[0x91, 0xc4, 0]));
            peer.send(call_by_name(5, "Probe.add", 1_000, &[0x90]));
        }
        for _ in 0..50 {
            assert_eq!(peer.answer()[2], 0x81);
        }
        await_state("a line waits to be read", || pipe().waits);
        assert_eq!(peer.ask(valid(7))[3], 7);
        let begin = Instant::now();
        assert_eq!(server.shutdown(Duration::from_secs(20)), Ok(()));
        assert!(begin.elapsed() < Duration::from_secs(15));
        drop(unread);
    });
}

#[test]
fn no_line_begins_by_a_peers_will_and_no_peer_fills_the_log() {
    within(LIMIT, || {
        let _alone = alone();
        let victim = Victim::start();
        let forged = "x\nINFO a login is accepted user=root \u{1b}[31m\u{202e}\r\u{85}\u{2028}";
        let before = pipe().lines.len();
        let begin = Instant::now();
        for _ in 0..300 {
            let method = format!("{forged}{}", "y".repeat(200));
            let answer = victim.peer.ask(call_by_name(1, &method, 1_000, &[0x90]));
            assert_eq!((answer[2], answer[11]), (0x81, 2));
            victim.peer.ask(b"\nINFO junk");
            victim.peer.ask(head(9, 3));
        }
        let seconds = usize::try_from(begin.elapsed().as_secs()).unwrap() + 2;
        await_state("it was told", || {
            let lines = &pipe().lines[before..];
            lines
                .iter()
                .any(|line| line.contains("a login is accepted"))
        });
        let lines = pipe().lines[before..].to_vec();
        assert!(lines.len() < 60 * seconds, "{}", lines.len());
        for line in &lines {
            assert!(
                line.chars().all(|c| c.is_ascii_graphic() || c == ' '),
                "{line:?}"
            );
            assert!(line.len() < 1_000, "{}", line.len());
        }
        victim.serves();
    });
}
