//! Who is let in may not do everything.

use std::time::Duration;

use zmqrpc::auth::Passwords;
use zmqrpc::{CallContext, Credentials, Error, Executed, Server};

use crate::support::within;
use crate::vault::{Safe, VaultServer, client};

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn a_call_that_its_user_may_not_make_is_refused_with_the_reason_and_not_started() {
    within(LIMIT, || {
        let safe = Safe::default();
        let may = |cx: &CallContext| match cx.user_id() {
            Some("ada") => Ok(()),
            Some("mallory") => std::panic::resume_unwind(Box::new("it panics")),
            user => Err(format!("{user:?} may not call {}", cx.method())),
        };
        let passwords = Passwords::check(|_, _| true);
        let server = Server::builder()
            .service(VaultServer::new(safe.clone()))
            .authenticate(passwords)
            .authorize(may)
            .bind("tcp://127.0.0.1:*")
            .start()
            .unwrap();
        for (user, reason) in [
            ("bob", "Some(\"bob\") may not call Vault.whoami"),
            ("mallory", "could not find out"),
        ] {
            let user = client(&server, |builder| {
                builder.credentials(Credentials::plain(user, "any"))
            });
            let error = user.whoami().unwrap_err();
            assert!(matches!(error, Error::Unauthenticated { .. }), "{error:?}");
            assert!(error.to_string().contains(reason), "{error}");
            assert_eq!(error.executed(), Executed::No);
            // Handed over, and dropped there.
            user.leave(1).unwrap();
        }
        let ada = client(&server, |builder| {
            builder.credentials(Credentials::plain("ada", "any"))
        });
        assert_eq!(ada.whoami().unwrap().0.as_deref(), Some("ada"));
        assert_eq!(safe.visits(), 1);
        assert!(server.stats().refused >= 2, "{:?}", server.stats());
    });
}

#[test]
fn without_logins_a_caller_has_no_name_that_could_be_allowed() {
    within(LIMIT, || {
        let safe = Safe::default();
        let server = Server::builder()
            .service(VaultServer::new(safe.clone()))
            .authorize(|cx: &CallContext| cx.user_id().map(drop).ok_or("log in first"))
            .bind("tcp://127.0.0.1:*")
            .start()
            .unwrap();
        let nobody = client(&server, |builder| builder);
        let error = nobody.whoami().unwrap_err();
        assert!(
            error.to_string().ends_with("access denied: log in first"),
            "{error}"
        );
        assert_eq!(safe.visits(), 0);
    });
}
