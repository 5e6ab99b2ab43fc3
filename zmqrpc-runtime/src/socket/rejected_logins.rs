//! How many logins were refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A shared counter of refused logins.
#[derive(Clone, Debug, Default)]
pub(crate) struct RejectedLogins(Arc<AtomicU64>);

impl RejectedLogins {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
