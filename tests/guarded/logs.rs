//! What is written into the log, and what never is.

use std::fmt::{Debug, Write};
use std::sync::{Mutex, Once};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use zmqrpc::Passwords;

use crate::support::within;
use crate::vault::{assert_refused, client, guarded};

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

pub(crate) fn lines(which: impl Fn(&str) -> bool) -> Vec<String> {
    let lines = LINES.lock().unwrap();
    lines.iter().filter(|line| which(line)).cloned().collect()
}

pub(crate) fn collect() {
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
