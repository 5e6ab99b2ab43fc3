//! Statuses of the protocol, from a server that answers with them by hand.

use zmqrpc::{Error, Executed};

use super::expectation::{LIMIT, answered, check};
use super::support::within;

#[test]
fn a_refused_login_is_unauthenticated() {
    within(LIMIT, || {
        let (error, at) = answered(16, 0, "who are you?");
        assert!(matches!(error, Error::Unauthenticated { .. }));
        check(
            &error,
            "Probe.add",
            &at,
            Executed::No,
            "access denied: who are you?",
        );
    });
}

#[test]
fn a_cancelled_call_says_whether_it_ran() {
    within(LIMIT, || {
        for (byte, executed, words) in [
            (0, Executed::No, "the call was not executed"),
            (1, Executed::Maybe, "the call may have been executed"),
            (2, Executed::Yes, "the call was executed"),
            (77, Executed::Maybe, "the call may have been executed"),
        ] {
            let (error, at) = answered(8, byte, "withdrawn");
            assert!(matches!(error, Error::Cancelled { .. }));
            let text = format!("cancelled; {words}");
            check(&error, "Probe.add", &at, executed, &text);
        }
    });
}

#[test]
fn a_server_that_is_about_to_end_refuses_what_comes() {
    within(LIMIT, || {
        let (error, at) = answered(9, 0, "");
        assert!(matches!(error, Error::ShuttingDown { .. }));
        check(
            &error,
            "Probe.add",
            &at,
            Executed::No,
            "the server is shutting down; the call was not executed",
        );
    });
}

#[test]
fn statuses_of_newer_servers_stay_visible() {
    within(LIMIT, || {
        for status in [18, 200, 255] {
            let (error, at) = answered(status, 2, "quota spent");
            assert!(matches!(error, Error::Remote { code, .. } if code == status));
            let text = format!(
                "the server answered with status {status}: quota spent; the call was executed"
            );
            check(&error, "Probe.add", &at, Executed::Yes, &text);
        }
    });
}

#[test]
fn no_room_for_what_may_have_been_executed_is_not_told_as_not_executed() {
    within(LIMIT, || {
        let (error, at) = answered(7, 1, "it was under way");
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        let text = "it was under way; the call may have been executed";
        check(&error, "Probe.add", &at, Executed::Maybe, text);
    });
}

#[test]
fn refusals_of_the_request_itself_are_decode_errors() {
    within(LIMIT, || {
        for status in 12..=15 {
            let (error, at) = answered(status, 0, "not like this");
            assert!(matches!(error, Error::Decode { .. }), "{error:?}");
            check(
                &error,
                "Probe.add",
                &at,
                Executed::No,
                "the request cannot be decoded: cannot decode the body: not like this; the call was not executed",
            );
        }
    });
}

#[test]
fn the_executed_byte_counts_whatever_the_status_usually_means() {
    within(LIMIT, || {
        for (byte, executed) in [(1, Executed::Maybe), (2, Executed::Yes)] {
            for status in [2, 3, 7, 9, 16] {
                let (error, _) = answered(status, byte, "after all");
                assert_eq!(error.executed(), executed, "status {status}: {error:?}");
                let text = error.to_string();
                assert!(
                    text.ends_with(&executed.to_string()),
                    "status {status}: {text}"
                );
            }
        }
    });
}
