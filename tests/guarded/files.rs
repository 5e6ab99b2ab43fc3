//! Tables in files, which change while the server runs.

use std::time::Duration;

use zmqrpc::auth::{Passwords, hash_password};
use zmqrpc::{Credentials, Error};

use crate::support::{await_state, within};
use crate::vault::{Scratch, assert_refused, client, guarded};

const LIMIT: Duration = Duration::from_secs(30);

fn line(user: &str, password: &str) -> String {
    format!("{user}:{}\n", hash_password(password).unwrap())
}

#[test]
fn a_changed_file_counts_from_the_next_login_on() {
    within(LIMIT, || {
        let file = Scratch::new("changes");
        file.write(&format!("# who may come in\n\n{}", line("ada", "secret")));
        let (server, _) = guarded(Passwords::file(&file.0).unwrap());
        let ada = client(&server, |builder| {
            builder.credentials(Credentials::plain("ada", "secret"))
        });
        assert_eq!(ada.whoami().unwrap().0.as_deref(), Some("ada"));
        let bob = client(&server, |builder| {
            builder.credentials(Credentials::plain("bob", "hidden"))
        });
        assert_refused(&bob, "refused the login");

        file.write(&line("bob", "hidden"));
        await_state("bob is let in", || bob.whoami().is_ok());
        let late = client(&server, |builder| {
            builder.credentials(Credentials::plain("ada", "secret"))
        });
        assert_refused(&late, "refused the login");
        // Who is in stays in.
        assert!(ada.whoami().is_ok());
    });
}

#[test]
fn a_line_that_is_wrong_and_a_file_that_is_gone_let_nobody_in() {
    within(LIMIT, || {
        let file = Scratch::new("wrong");
        file.write(&line("ada", "secret"));
        let (server, _) = guarded(Passwords::file(&file.0).unwrap());
        file.write(&format!("ada:secret\n{}", line("bob", "hidden")));
        let ada = client(&server, |builder| {
            builder.credentials(Credentials::plain("ada", "secret"))
        });
        assert_refused(&ada, "refused the login");
        let bob = client(&server, |builder| {
            builder.credentials(Credentials::plain("bob", "hidden"))
        });
        assert!(bob.whoami().is_ok());

        std::fs::remove_file(&file.0).unwrap();
        let bob = client(&server, |builder| {
            builder.credentials(Credentials::plain("bob", "hidden"))
        });
        assert_refused(&bob, "refused the login");
        file.write(&line("bob", "hidden"));
        await_state("bob is let in", || bob.whoami().is_ok());
    });
}

#[test]
fn a_file_that_is_wrong_from_the_start_is_told_by_its_line_and_without_its_content() {
    let file = Scratch::new("start");
    let missing = Passwords::file(&file.0).unwrap_err();
    assert!(missing.to_string().contains("cannot be read"), "{missing}");
    file.write(&format!("{}bob:pa55word\n", line("ada", "secret")));
    let wrong = Passwords::file(&file.0).unwrap_err();
    assert!(matches!(wrong, Error::Config { .. }), "{wrong:?}");
    assert!(wrong.to_string().contains("line 2"), "{wrong}");
    assert!(!wrong.to_string().contains("pa55word"), "{wrong}");
}

#[test]
fn of_a_file_that_is_being_written_the_unfinished_line_is_not_taken() {
    within(LIMIT, || {
        let file = Scratch::new("unfinished");
        let (ada, bob) = (line("ada", "secret"), line("bob", "hidden"));
        // Whole, but for the line feed: nobody can tell.
        file.write(&format!("{ada}{}", bob.trim_end()));
        let wrong = Passwords::file(&file.0).unwrap_err();
        assert!(wrong.to_string().contains("line 2"), "{wrong}");
        file.write(&format!("{ada}{bob}# no entry"));
        let (server, _) = guarded(Passwords::file(&file.0).unwrap());
        file.write(&format!("{ada}{}", bob.trim_end()));
        let his = client(&server, |builder| {
            builder.credentials(Credentials::plain("bob", "hidden"))
        });
        assert_refused(&his, "refused the login");
        let hers = client(&server, |builder| {
            builder.credentials(Credentials::plain("ada", "secret"))
        });
        assert!(hers.whoami().is_ok());
        file.write(&format!("{ada}{bob}"));
        await_state("bob is let in", || his.whoami().is_ok());
    });
}
