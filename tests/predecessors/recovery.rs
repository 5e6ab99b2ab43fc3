//! What an error costs the calls beside it and those after it.

use std::time::Duration;

use zmqrpc::{CallError, Client, Error, Executed};

use crate::support::{DivideError, ProbeAdd, ProbeClient, ProbeHold, anywhere, ipc, serve, within};
use crate::{LIMIT, client_of};

/// pyzmqrpc3 makes all of its REQ sockets again after any error, a plain one of the application too.
#[test]
fn errors_of_a_service_leave_the_connection_and_the_calls_on_it_alone() {
    within(LIMIT, || {
        let (server, gate) = serve(|builder| anywhere(builder).worker_threads(2));
        let client = client_of(&server);
        let held = client.begin(&ProbeHold {}).unwrap();
        gate.await_arrivals(1);
        let probe = ProbeClient::new(client.clone());
        for dividend in 0..10 {
            let error = DivideError::ByZero { dividend };
            assert_eq!(probe.divide(dividend, 0), Err(CallError::Service(error)));
            let error = probe.panics("on purpose").unwrap_err();
            assert!(matches!(error, Error::Panicked { .. }), "{error}");
        }
        gate.open();
        assert_eq!(held.wait(), Ok(()));
        assert_eq!(client.stats().renewals, 0);
    });
}

/// In all three a request whose caller was told of a timeout stays in the socket, and a server that starts later
/// executes it.
#[test]
fn what_was_given_up_is_not_executed_by_a_server_that_starts_later() {
    within(LIMIT, || {
        let place = ipc("given-up");
        let client = Client::connect(&place).unwrap();
        let probe = ProbeClient::new(client.clone());
        let hurried = probe.with_timeout(Duration::from_millis(100));
        for _ in 0..3 {
            let error = hurried.divide(1, 1).unwrap_err();
            assert!(
                matches!(&error, CallError::Rpc(Error::Unavailable { .. })),
                "{error}"
            );
            assert_eq!(error.rpc().unwrap().executed(), Executed::No);
        }
        let hurried = client.with_timeout(Duration::from_millis(100));
        hurried.notify(&ProbeAdd { a: 1, b: 1 }).unwrap_err();
        let (server, _gate) = serve(|builder| builder.bind(&place));
        assert_eq!(probe.add(2, 3), Ok(5));
        // Requests of one connection arrive in their order: whatever was sent before has been seen.
        assert_eq!(server.stats().requests, 1);
    });
}
