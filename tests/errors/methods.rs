//! Methods that the server lacks or knows otherwise, and what they fail with themselves.

use std::error::Error as _;

use zmqrpc::{CallError, Client, Error, Executed, zmq_service};

use super::expectation::{LIMIT, check, probe};
use super::support::{DivideError, ProbeClient, anywhere, serve, within};

#[zmq_service(name = "Probe.Missing")]
trait Missing {
    fn absent(&self);
}

#[test]
fn a_method_that_the_server_lacks_is_unknown_by_key_and_by_name() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let at = server.endpoints().remove(0);
        let client = Client::connect(&at).unwrap();
        let text =
            "the server has no such method; is the service registered there, under this name?";
        let error = MissingClient::new(client.clone()).absent().unwrap_err();
        assert!(matches!(error, Error::UnknownMethod { .. }));
        check(&error, "Probe.Missing.absent", &at, Executed::No, text);
        let error = client.invoke::<()>("Probe.nothing", &()).unwrap_err();
        assert!(matches!(error, Error::UnknownMethod { .. }));
        check(&error, "Probe.nothing", &at, Executed::No, text);
        assert_eq!(server.stats().refused, 2);
        assert_eq!(server.stats().requests, 0);
    });
}

mod old {
    #[zmqrpc::zmq_service]
    pub(crate) trait Tariff {
        fn price(&self, item: &str) -> u32;
        fn stock(&self, item: &str) -> u32;
    }
}

mod new {
    #[zmqrpc::zmq_service(version = 3)]
    pub(crate) trait Tariff {
        fn price(&self, item: &str, currency: &str) -> u64;
        fn stock(&self, item: &str) -> u32;
    }

    pub(crate) struct Free;

    impl Tariff for Free {
        fn price(&self, _: &str, _: &str) -> u64 {
            0
        }

        fn stock(&self, _: &str) -> u32 {
            1
        }
    }
}

#[test]
fn different_signatures_and_versions_are_both_shown() {
    within(LIMIT, || {
        let server = zmqrpc::Server::builder()
            .service(new::TariffServer::new(new::Free))
            .bind("tcp://127.0.0.1:*")
            .start()
            .unwrap();
        let at = server.endpoints().remove(0);
        let client = old::TariffClient::connect(&at).unwrap();
        let error = client.price("tea").unwrap_err();
        assert!(
            matches!(&error, Error::SignatureMismatch { ours, theirs, .. }
            if **ours == *"(String) -> u32" && **theirs == *"(String, String) -> u64 (version 3)")
        );
        check(
            &error,
            "Tariff.price",
            &at,
            Executed::No,
            "the signatures differ: here it is `(String) -> u32`, at the server `(String, String) -> u64 (version 3)`; \
             build both from the same trait",
        );
        // The same signature in another version is refused too.
        check(
            &client.stock("tea").unwrap_err(),
            "Tariff.stock",
            &at,
            Executed::No,
            "the signatures differ: here it is `(String) -> u32`, at the server `(String) -> u32 (version 3)`; \
             build both from the same trait",
        );
    });
}

#[test]
fn the_services_own_error_is_the_value_that_it_returned() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let at = server.endpoints().remove(0);
        let client = Client::connect(&at).unwrap();
        let error = ProbeClient::new(client.clone()).divide(7, 0).unwrap_err();
        assert_eq!(
            error,
            CallError::Service(DivideError::ByZero { dividend: 7 })
        );
        assert_eq!(error.service(), Some(&DivideError::ByZero { dividend: 7 }));
        assert!(error.rpc().is_none() && error.source().is_none());
        assert_eq!(error.to_string(), "7 cannot be divided by zero");
        assert_eq!(
            error.map_service(|own| own.to_string()),
            CallError::Service("7 cannot be divided by zero".to_owned())
        );
        // By name it has no type here.
        let error = client.invoke::<i64>("Probe.divide", &(7, 0)).unwrap_err();
        assert!(matches!(error, Error::Service { .. }));
        check(
            &error,
            "Probe.divide",
            &at,
            Executed::Yes,
            r#"the service answered with an error: {"ByZero": {"dividend": 7}}"#,
        );
        server.shutdown(LIMIT).unwrap();
        let stats = server.stats();
        assert_eq!((stats.requests, stats.replies, stats.refused), (2, 2, 0));
    });
}

#[test]
fn errors_go_through_the_question_mark() {
    fn all(client: &ProbeClient) -> Result<i64, Box<dyn std::error::Error>> {
        client.add(1, 2)?;
        Ok(client.divide(1, 0)?)
    }
    fn shared(client: &ProbeClient) -> Result<i64, Box<dyn std::error::Error + Send + Sync>> {
        Ok(client.divide(i64::MIN, -1)?)
    }
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let client = ProbeClient::connect(&server.endpoints()[0]).unwrap();
        let text = all(&client).unwrap_err().to_string();
        assert_eq!(text, "1 cannot be divided by zero");
        assert_eq!(shared(&client).unwrap_err().to_string(), "overflow");
    });
}

#[test]
fn a_panic_of_the_service_is_told_without_its_text() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let at = server.endpoints().remove(0);
        let client = probe(&at);
        let error = client.panics("a secret").unwrap_err();
        assert!(matches!(error, Error::Panicked { .. }));
        check(
            &error,
            "Probe.panics",
            &at,
            Executed::Yes,
            "the service panicked; it was started and did not end, the server's log says why",
        );
        assert_eq!(server.stats().panics, 1);
        assert_eq!(client.add(2, 3), Ok(5));
    });
}
