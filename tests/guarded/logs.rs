//! What is written into the log, and what never is.

use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Mutex, Once};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use zmqrpc::Credentials;
use zmqrpc::auth::{Passwords, hash_password};

use crate::support::{await_state, within};
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
        let valid = client(&server, |builder| {
            builder.credentials(Credentials::plain("loggia", "sesame-right"))
        });
        valid.whoami().unwrap();
        let wrong = client(&server, |builder| {
            builder.credentials(Credentials::plain("loggia", "sesame-wrong"))
        });
        assert_refused(&wrong, "refused the login");
        let crooked = "log\u{2028}gia";
        let other = client(&server, |builder| {
            builder.credentials(Credentials::plain(crooked, "sesame-wrong"))
        });
        assert_refused(&other, "refused the login");

        let endpoint = server.endpoints().remove(0);
        // By user too: a server of another test may have had this port before.
        let about = |level: &str, what: &str| {
            let parts = [&endpoint, "gia", what];
            lines(|line| line.starts_with(level) && parts.iter().all(|part| line.contains(part)))
        };
        let accepted = about("DEBUG", "a login is accepted");
        assert_eq!(accepted.len(), 1, "{accepted:?}");
        let refused = about("WARN", "a login is refused");
        assert!(refused.len() >= 2, "{refused:?}");
        for line in accepted.iter().chain(&refused) {
            for part in ["PLAIN", "127.0.0.1"] {
                assert!(line.contains(part), "{part}: {line}");
            }
            assert!(!line.contains('\u{2028}'), "{line}");
        }
        assert_eq!(lines(|line| line.contains("sesame")), Vec::<String>::new());
    });
}

/// Connects, and logs in by bytes that are no text.
fn mumble(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut greeting = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1];
    greeting.extend(b"PLAIN");
    greeting.resize(64, 0);
    stream.write_all(&greeting).unwrap();
    stream
        .write_all(b"\x04\x0C\x05HELLO\x02\xFF\xFE\x02\xFF\xFE")
        .unwrap();
    stream
}

#[test]
fn logins_that_are_no_text_are_counted_and_do_not_fill_the_log() {
    collect();
    within(Duration::from_secs(30), || {
        let (server, safe) = guarded(Passwords::new().user("ada", "right"));
        let endpoint = server.endpoints().remove(0);
        let address = endpoint.trim_start_matches("tcp://");
        let strangers: Vec<_> = (0..60).map(|_| mumble(address)).collect();
        await_state("60 refusals", || server.stats().logins_rejected == 60);
        drop(strangers);
        let told = lines(|line| line.contains(&endpoint) && line.contains("no text"));
        assert!((1..=30).contains(&told.len()), "{told:?}");
        assert_eq!(safe.visits(), 0);
        let valid = client(&server, |builder| {
            builder.credentials(Credentials::plain("ada", "right"))
        });
        valid.whoami().unwrap();
    });
}

#[test]
fn a_wrong_line_is_logged_once_however_many_log_in_before_its_file_has_settled() {
    collect();
    within(Duration::from_secs(30), || {
        let name = format!("zmqrpc-wrong-line-{}", std::process::id());
        let path = std::env::temp_dir().join(&name);
        let right = format!("ada:{}\n", hash_password("right").unwrap());
        std::fs::write(&path, &right).unwrap();
        let (server, _) = guarded(Passwords::file(&path).unwrap());
        let log_in = || {
            let ada = client(&server, |builder| {
                builder.credentials(Credentials::plain("ada", "right"))
            });
            ada.whoami().unwrap();
        };
        let told = || lines(|line| line.contains(&name) && line.contains("left out")).len();
        std::fs::write(&path, format!("{right}nonsense\n")).unwrap();
        (0..3).for_each(|_| log_in());
        assert_eq!(told(), 1, "one line is wrong");
        std::fs::write(&path, format!("{right}# a comment\nnonsense\n")).unwrap();
        (0..3).for_each(|_| log_in());
        assert_eq!(told(), 2, "it is another line now");
        let _ = std::fs::remove_file(&path);
    });
}

#[test]
fn a_file_that_is_gone_is_logged_once_however_many_log_in() {
    collect();
    within(Duration::from_secs(30), || {
        let name = format!("zmqrpc-gone-{}", std::process::id());
        let path = std::env::temp_dir().join(&name);
        std::fs::write(&path, format!("ada:{}\n", hash_password("right").unwrap())).unwrap();
        let (server, _) = guarded(Passwords::file(&path).unwrap());
        std::fs::remove_file(&path).unwrap();
        for _ in 0..3 {
            let ada = client(&server, |builder| {
                builder.credentials(Credentials::plain("ada", "right"))
            });
            assert_refused(&ada, "refused the login");
        }
        let told = lines(|line| line.contains(&name));
        assert_eq!(told.len(), 1, "{told:?}");
    });
}
