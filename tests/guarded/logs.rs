//! What is written into the log, and what never is.

use std::fmt::{Debug, Write};
use std::sync::{Mutex, Once};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use zmqrpc::{Passwords, Server};

use crate::support::within;
use crate::vault::{Safe, VaultServer, assert_refused, client, guarded};

/// Every line of this process, whichever test it is of.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Collector;

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Collector {
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
        LINES.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn lines(which: impl Fn(&str) -> bool) -> Vec<String> {
    let lines = LINES.lock().unwrap();
    lines.iter().filter(|line| which(line)).cloned().collect()
}

fn collect() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Collector).unwrap());
}

#[test]
fn logins_are_logged_with_user_mechanism_and_place_and_without_the_password() {
    collect();
    within(Duration::from_secs(30), || {
        let (server, _) = guarded(Passwords::new().user("loggia", "sesame-right"));
        let valid = client(&server, |builder| builder.plain("loggia", "sesame-right"));
        valid.whoami().unwrap();
        let wrong = client(&server, |builder| builder.plain("loggia", "sesame-wrong"));
        assert_refused(&wrong, "refused the login");
        let crooked = "log\u{2028}gia";
        let other = client(&server, |builder| builder.plain(crooked, "sesame-wrong"));
        assert_refused(&other, "refused the login");

        let endpoint = server.endpoints().remove(0);
        let about = |level: &str, what: &str| {
            lines(|line| line.starts_with(level) && line.contains(&endpoint) && line.contains(what))
        };
        let accepted = about("DEBUG", "a login is accepted");
        assert_eq!(accepted.len(), 1, "{accepted:?}");
        let refused = about("WARN", "a login is refused");
        assert!(refused.len() >= 2, "{refused:?}");
        for line in accepted.iter().chain(&refused) {
            for part in ["PLAIN", "127.0.0.1", "gia"] {
                assert!(line.contains(part), "{part}: {line}");
            }
            assert!(!line.contains('\u{2028}'), "{line}");
        }
        assert_eq!(lines(|line| line.contains("sesame")), Vec::<String>::new());
    });
}

#[test]
fn a_server_that_other_machines_can_reach_without_a_login_says_so_once() {
    collect();
    let server = || Server::builder().service(VaultServer::new(Safe::default()));
    let marked = |mark: &str| {
        lines(|line| line.contains("no login is asked for") && line.contains(mark)).len()
    };
    // Refused by the system, so that nothing is reachable; said before that.
    let open = server()
        .bind("tcp://192.0.2.1:4711")
        .bind("tcp://192.0.2.1:4712");
    assert!(open.start().is_err());
    assert_eq!(marked("192.0.2.1:4711"), 1);
    assert_eq!(marked("192.0.2.1:4712"), 1);
    let passwords = Passwords::check(|_, _| true);
    let asks = server()
        .bind("tcp://192.0.2.1:4713")
        .authenticate(passwords);
    assert!(asks.start().is_err());
    assert_eq!(marked("192.0.2.1:4713"), 0);
    let near = server().bind("tcp://127.0.0.1:*").start().unwrap();
    assert_eq!(marked(&near.endpoints()[0]), 0);
}
