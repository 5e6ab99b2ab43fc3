//! What an error of a call is expected to tell.

use std::net::TcpListener;
use std::time::Duration;

use zmqrpc::{Client, Error, Executed};

use super::support::{Fake, ProbeClient, Request, failure};

pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// Checks everything that an error of a call tells. `text` has `{at}` for the endpoint.
#[track_caller]
pub(crate) fn check(error: &Error, method: &str, endpoint: &str, executed: Executed, text: &str) {
    assert_eq!(error.method(), Some(method), "{error:?}");
    assert_eq!(error.endpoint(), Some(endpoint), "{error:?}");
    assert_eq!(error.executed(), executed, "{error:?}");
    let text = format!("{method} at {endpoint}: {text}");
    assert_eq!(error.to_string(), text, "{error:?}");
}

pub(crate) fn probe(endpoint: &str) -> ProbeClient {
    ProbeClient::new(
        Client::builder()
            .connect(endpoint)
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap(),
    )
}

/// An endpoint that nobody listens on.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("tcp://{}", listener.local_addr().unwrap())
}

/// What a call ends with when the server answers it with `status`.
pub(crate) fn answered(status: u8, executed: u8, detail: &'static str) -> (Error, String) {
    let fake = Fake::start(move |frame| {
        let request = Request::read(frame);
        vec![failure(request.id, status, executed, detail)]
    });
    let error = probe(&fake.endpoint).add(2, 3).unwrap_err();
    (error, fake.endpoint.clone())
}
