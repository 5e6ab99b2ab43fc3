//! Functions that decide.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use zmqrpc::Credentials;
use zmqrpc::auth::Passwords;

use crate::support::{Gate, within};
use crate::vault::{assert_refused, client, guarded, undisturbed};

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn a_function_decides_over_each_login() {
    within(LIMIT, || {
        let asked = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&asked);
        let (server, _) = guarded(Passwords::check(move |user, password| {
            count.fetch_add(1, Ordering::SeqCst);
            user == "ada" && password == "secret"
        }));
        let ada = client(&server, |builder| {
            builder.credentials(Credentials::plain("ada", "secret"))
        });
        assert_eq!(ada.whoami().unwrap().0.as_deref(), Some("ada"));
        let eve = client(&server, |builder| {
            builder.credentials(Credentials::plain("eve", "secret"))
        });
        assert_refused(&eve, "refused the login");
        assert!(asked.load(Ordering::SeqCst) >= 2);
    });
}

/// Without the hook, which writes a trace for longer than strangers should have to wait.
pub(crate) fn panics() -> ! {
    std::panic::resume_unwind(Box::new("it panics"))
}

#[test]
fn a_function_that_panics_lets_nobody_in_and_stops_nobody() {
    within(LIMIT, || {
        let (server, safe) = guarded(Passwords::check(|user, _| {
            if user == "eve" {
                panics();
            }
            true
        }));
        let ada = client(&server, |builder| {
            builder.credentials(Credentials::plain("ada", "any"))
        });
        undisturbed(&ada, &safe, || {
            let eve = client(&server, |builder| {
                builder.credentials(Credentials::plain("eve", "any"))
            });
            assert_refused(&eve, "refused the login");
            let bob = client(&server, |builder| {
                builder.credentials(Credentials::plain("ada", "any"))
            });
            drop(bob);
        });
        let bob = client(&server, |builder| {
            builder.credentials(Credentials::plain("bob", "any"))
        });
        assert_eq!(bob.whoami().unwrap().0.as_deref(), Some("bob"));
    });
}

#[test]
fn a_function_that_stands_still_holds_up_the_logins_of_its_own_server_alone() {
    within(LIMIT, || {
        let gate = Gate::default();
        let held = gate.clone();
        let (slow, _) = guarded(Passwords::check(move |_, _| {
            held.pass();
            true
        }));
        // Nothing is known of this password: it takes the effort.
        let hash = zmqrpc::auth::hash_password("secret").unwrap();
        let (other, _) = guarded(Passwords::new().hashed("ada", &hash).unwrap());
        let waiting = client(&slow, |builder| {
            builder.credentials(Credentials::plain("eve", "x"))
        });
        let waits = std::thread::spawn(move || waiting.whoami());
        gate.await_arrivals(1);
        let ada = client(&other, |builder| {
            builder.credentials(Credentials::plain("ada", "secret"))
        });
        assert_eq!(ada.whoami().unwrap().0.as_deref(), Some("ada"));
        assert_eq!(slow.shutdown(LIMIT), Ok(()));
        gate.open();
        let _ = waits.join();
    });
}
