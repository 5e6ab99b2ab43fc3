//! What is guarded, and those who try.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use zmqrpc::auth::Authenticator;
use zmqrpc::{
    CallContext, Client, ClientBuilder, Error, Executed, Server, ServerHandle, zmq_service,
};

#[zmq_service]
pub(crate) trait Vault {
    /// Who the server says that calls: user, mechanism, address.
    fn whoami(&self, cx: &CallContext) -> (Option<String>, Option<String>, Option<String>);
    #[zmq(oneway)]
    fn leave(&self, number: u64);
}

/// Counts everything that gets through.
#[derive(Clone, Default)]
pub(crate) struct Safe(Arc<AtomicU64>);

impl Safe {
    pub(crate) fn visits(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Vault for Safe {
    fn whoami(&self, cx: &CallContext) -> (Option<String>, Option<String>, Option<String>) {
        self.0.fetch_add(1, Ordering::SeqCst);
        let text = |text: Option<&str>| text.map(str::to_owned);
        (text(cx.user_id()), text(cx.mechanism()), text(cx.peer()))
    }

    fn leave(&self, _: u64) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A server at any free port, and what gets through to it.
pub(crate) fn guarded(by: impl Into<Authenticator>) -> (ServerHandle, Safe) {
    guarded_at("tcp://127.0.0.1:*", by)
}

pub(crate) fn guarded_at(endpoint: &str, by: impl Into<Authenticator>) -> (ServerHandle, Safe) {
    let safe = Safe::default();
    let server = Server::builder()
        .service(VaultServer::new(safe.clone()))
        .authenticate(by)
        .bind(endpoint)
        .start()
        .unwrap();
    (server, safe)
}

/// The same without a guard.
pub(crate) fn open() -> (ServerHandle, Safe) {
    let safe = Safe::default();
    let server = Server::builder()
        .service(VaultServer::new(safe.clone()))
        .bind("tcp://127.0.0.1:*")
        .start()
        .unwrap();
    (server, safe)
}

pub(crate) fn client(
    server: &ServerHandle,
    login: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> VaultClient {
    let builder = Client::builder().connect(&server.endpoints()[0]);
    VaultClient::new(login(builder).build().unwrap())
}

/// Calls and notifies, which must fail in time.
#[track_caller]
pub(crate) fn assert_refused(stranger: &VaultClient, why: &str) {
    let begin = Instant::now();
    let call = stranger.whoami();
    let elapsed = begin.elapsed();
    let notification = stranger.leave(1);
    for error in [call.map(drop).unwrap_err(), notification.unwrap_err()] {
        assert!(matches!(error, Error::Unauthenticated { .. }), "{error:?}");
        assert!(error.to_string().contains(why), "{error}");
        assert!(error.endpoint().is_some(), "{error:?}");
        assert_eq!(error.executed(), Executed::No);
    }
    assert!(elapsed < Duration::from_secs(1), "{elapsed:?}");
    assert!(
        begin.elapsed() < Duration::from_secs(2),
        "{:?}",
        begin.elapsed()
    );
}

/// A client who may come in calls while others try what they must not; nothing of theirs has got through.
#[track_caller]
pub(crate) fn undisturbed(valid: &VaultClient, safe: &Safe, strangers: impl FnOnce()) {
    let calls = AtomicU64::new(0);
    let before = safe.visits();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                let begin = Instant::now();
                valid.whoami().unwrap();
                assert!(
                    begin.elapsed() < Duration::from_secs(1),
                    "{:?}",
                    begin.elapsed()
                );
                calls.fetch_add(1, Ordering::SeqCst);
                std::thread::yield_now();
            }
        });
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(strangers));
        done.store(true, Ordering::SeqCst);
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
    let calls = calls.load(Ordering::SeqCst);
    assert!(calls > 0);
    assert_eq!(
        safe.visits(),
        before + calls,
        "a stranger's message got through"
    );
}

/// A file that no other test uses, which is deleted in the end.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let file = format!("zmqrpc-guarded-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(file);
        let _ = std::fs::remove_file(&path);
        Self(path)
    }

    pub(crate) fn write(&self, text: &str) {
        std::fs::write(&self.0, text).unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
