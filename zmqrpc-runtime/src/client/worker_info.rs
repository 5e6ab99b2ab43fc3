//! What a client knows of the servers that work for it.

use crate::dialect::WorkerOfferBuf;

/// A server that has connected to a client which is [bound](super::ClientBuilder::bind), as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerInfo {
    /// The endpoint that it has connected to.
    pub endpoint: String,
    /// Its [name](crate::server::Binder::name), if it has one.
    pub name: Option<String>,
    /// The names of its services, each with the version of its methods.
    pub services: Vec<(String, u32)>,
}

impl WorkerInfo {
    pub(super) fn new(endpoint: &str, offer: WorkerOfferBuf) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            name: Some(offer.name).filter(|name| !name.is_empty()),
            services: offer.services,
        }
    }
}
