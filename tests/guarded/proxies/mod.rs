//! Proxies, whose ends are guarded, or log in, each on its own.

mod buffered;
mod calls;
mod events;
mod jobs;

use std::time::{Duration, Instant};

use zmqrpc::proxy::ProxyHandle;
use zmqrpc::pubsub::Subscription;
use zmqrpc::{Client, Error, ServerHandle};

use crate::locks::{Book, LedgerClient, LogIn, Login, STRANGE};

const LIMIT: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(10);

fn caller(at: &str, login: &Login) -> LedgerClient {
    let client = Client::builder().connect(at).with(login);
    LedgerClient::new(client.build().unwrap())
}

fn subscribed(book: &Book, subscription: Subscription) -> ServerHandle {
    book.served(|server| server.subscribe(subscription))
}

/// Calls, which must fail in time.
#[track_caller]
fn assert_refused(what: &str, call: impl FnOnce(u64) -> Result<(), Error>) {
    let begin = Instant::now();
    let error = call(STRANGE).unwrap_err();
    let took = begin.elapsed();
    assert!(
        matches!(error, Error::Unauthenticated { .. }),
        "{what}: {error:?}"
    );
    assert!(took < Duration::from_secs(1), "{what}: {took:?}");
}

/// Where a proxy listens.
fn front(proxy: &ProxyHandle) -> String {
    proxy.endpoints().remove(0)
}

fn back(proxy: &ProxyHandle) -> String {
    proxy.endpoints().pop().unwrap()
}
