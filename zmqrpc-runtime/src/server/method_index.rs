//! Finds methods among a server's services, by key and by name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::dynamic::FallbackService;
use super::introspection::{BuiltInService, Introspection};
use crate::command::{Call, DynService, Method, Started};
use crate::description::NamedDocs;
use crate::dialect::MethodRef;
use crate::error::Error;
use crate::wire::MethodKey;

/// The services of a server and their methods.
#[derive(Default)]
pub(super) struct MethodIndex {
    services: Vec<Arc<dyn DynService>>,
    entries: Vec<IndexEntry>,
    by_key: BTreeMap<u32, usize>,
    by_name: HashMap<String, usize>,
    /// What answers for methods that there are not.
    fallback: Option<usize>,
}

/// An entry of the index.
#[derive(Clone, Copy)]
pub(super) struct MethodMatch(usize);

impl MethodMatch {
    pub(super) fn of(call: &Call) -> Self {
        Self(call.entry())
    }

    pub(super) fn number(self) -> usize {
        self.0
    }
}

struct IndexEntry {
    service: usize,
    /// The method's number within its service.
    index: usize,
    method: &'static Method,
    /// It is one of the library's own, which tell of the others.
    is_built_in: bool,
}

/// Why no method matches.
#[derive(Debug)]
pub(super) enum LookupError {
    Unknown,
    /// A method of this name has another signature.
    Mismatch(&'static Method),
}

impl MethodIndex {
    /// Adds the methods of a service.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if a method is registered already, or shares its key with another one.
    pub(super) fn add(&mut self, service: Arc<dyn DynService>) -> Result<(), Error> {
        for (index, method) in service.methods().into_iter().enumerate() {
            let entry = self.entries.len();
            if self.by_name.insert(method.to_string(), entry).is_some() {
                return Err(Error::bad_setting(
                    "service",
                    format!("`{method}` is registered twice"),
                ));
            }
            if method.has_key()
                && let Some(other) = self.by_key.insert(method.key().name_hash(), entry)
            {
                let other = self.entries[other].method;
                let reason =
                    format!("`{method}` and `{other}` have the same key, rename one of them");
                return Err(Error::bad_setting("service", reason));
            }
            self.entries.push(IndexEntry {
                service: self.services.len(),
                index,
                method,
                is_built_in: false,
            });
        }
        self.services.push(service);
        Ok(())
    }

    /// Adds the service that tells of those that were added before. Its methods are found by name alone: what they tell
    /// may grow, which a positional codec cannot carry. A method of the user's that has the same name is found instead.
    pub(super) fn add_built_in(&mut self, introspection: Introspection, documents: Vec<NamedDocs>) {
        let service = BuiltInService::new(introspection, &self.services, documents);
        for (index, method) in service.methods().into_iter().enumerate() {
            let entry = self.entries.len();
            self.by_name.entry(method.to_string()).or_insert(entry);
            self.entries.push(IndexEntry {
                service: self.services.len(),
                index,
                method,
                is_built_in: true,
            });
        }
        self.services.push(Arc::new(service));
    }

    /// Sets what answers for methods that there are not.
    pub(super) fn set_fallback(&mut self, service: FallbackService) {
        self.fallback = Some(self.entries.len());
        self.entries.push(IndexEntry {
            service: self.services.len(),
            index: 0,
            method: service.method(),
            is_built_in: true,
        });
        self.services.push(Arc::new(service));
    }

    /// Returns the names of the services, each with its version.
    pub(super) fn services(&self) -> Vec<(&'static str, u32)> {
        let of_method = |entry: &IndexEntry| (entry.method.service(), entry.method.version());
        let own = self.entries.iter().filter(|entry| !entry.is_built_in);
        let mut services: Vec<_> = own.map(of_method).collect();
        services.sort_unstable();
        services.dedup();
        services
    }

    pub(super) fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    pub(super) fn find(&self, method: MethodRef<'_>) -> Result<MethodMatch, LookupError> {
        let fallback = || self.fallback.ok_or(LookupError::Unknown);
        match method {
            MethodRef::Key(key) => {
                let Some(entry) = self.by_key.get(&key.name_hash()) else {
                    return fallback().map(MethodMatch);
                };
                let matched = MethodMatch(*entry);
                let method = self.method(matched);
                if same_signature(key, method) {
                    Ok(matched)
                } else {
                    Err(LookupError::Mismatch(method))
                }
            }
            MethodRef::Name(name) => self
                .by_name
                .get(name)
                .map_or_else(fallback, |entry| Ok(*entry))
                .map(MethodMatch),
        }
    }

    pub(super) fn method(&self, matched: MethodMatch) -> &'static Method {
        self.entries[matched.0].method
    }

    pub(super) fn start(&self, matched: MethodMatch, call: Call) -> Started {
        let entry = &self.entries[matched.0];
        self.services[entry.service].start(entry.index, call)
    }
}

fn same_signature(key: MethodKey, method: &Method) -> bool {
    key.signature_hash() == method.key().signature_hash()
}
