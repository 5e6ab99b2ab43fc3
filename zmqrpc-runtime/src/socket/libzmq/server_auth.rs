//! The ZAP domains of the process, by the names with which libzmq's requests refer to them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};

use zeroize::Zeroizing;

use super::auth_worker::AuthWorker;
use super::zap_domain::ZapDomain;
use crate::socket::RejectedLogins;
use crate::socket::login::{KEY, Verifier};
use crate::socket::process::PerProcess;
use crate::sync::{Mutex, MutexGuard};

/// Verifies the logins of peers that connect to the sockets it is given to.
#[derive(Clone)]
pub(crate) struct ServerAuth {
    named: Arc<NamedDomain>,
}

/// A ZAP domain, and the thread that decides its logins. Requests find it by its name until it is dropped.
pub(super) struct NamedDomain {
    name: String,
    pub(super) domain: Arc<ZapDomain>,
    pub(super) worker: Arc<AuthWorker>,
}

static DOMAINS: PerProcess<Mutex<ZapDomains>> = PerProcess::new();

#[derive(Default)]
struct ZapDomains {
    by_name: HashMap<String, Weak<NamedDomain>>,
    last: u64,
}

fn domains() -> MutexGuard<'static, ZapDomains> {
    DOMAINS.get().lock()
}

/// Returns the domain of this name. `None` if there is none.
pub(super) fn domain_named(name: &str) -> Option<Arc<NamedDomain>> {
    domains().by_name.get(name)?.upgrade()
}

impl ServerAuth {
    /// Requires a user name and a password.
    pub(crate) fn plain(verifier: Arc<dyn Verifier>) -> Self {
        Self::new(verifier, None)
    }

    /// Requires a key. `secret` is the server's own.
    pub(crate) fn curve(verifier: Arc<dyn Verifier>, secret: Zeroizing<[u8; KEY]>) -> Self {
        Self::new(verifier, Some(secret))
    }

    fn new(verifier: Arc<dyn Verifier>, secret: Option<Zeroizing<[u8; KEY]>>) -> Self {
        let mut domains = domains();
        domains.last += 1;
        let name = format!("zmqrpc.{}", domains.last);
        let named = Arc::new(NamedDomain {
            name: name.clone(),
            domain: Arc::new(ZapDomain::new(verifier, secret)),
            worker: Arc::default(),
        });
        domains.by_name.insert(name, Arc::downgrade(&named));
        Self { named }
    }

    /// Returns the name of its domain.
    pub(super) fn domain(&self) -> &str {
        &self.named.name
    }

    pub(super) fn secret(&self) -> Option<&[u8; KEY]> {
        self.named.domain.secret()
    }

    pub(in crate::socket) fn mechanism(&self) -> &'static str {
        self.named.domain.mechanism()
    }

    pub(in crate::socket) fn add_endpoint(&self, endpoint: &str) {
        self.named.domain.add_endpoint(endpoint);
    }

    /// Records a login that failed before it was verified.
    pub(in crate::socket) fn record_mismatch(&self) {
        self.named.domain.record_mismatch();
    }

    pub(in crate::socket) fn rejected_logins(&self) -> RejectedLogins {
        self.named.domain.rejected_logins()
    }
}

impl Drop for NamedDomain {
    fn drop(&mut self) {
        self.worker.close();
        domains().by_name.remove(&self.name);
    }
}

impl fmt::Debug for ServerAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerAuth").field(&self.named.name).finish()
    }
}
