//! Which service has which method.

use std::collections::{BTreeMap, HashMap};

use crate::command::{Call, DynService, Method, Started};
use crate::error::Error;
use crate::wire::{MethodKey, MethodRef};

/// All services of a server.
#[derive(Default)]
pub(super) struct MethodIndex {
    services: Vec<Box<dyn DynService>>,
    entries: Vec<IndexEntry>,
    by_key: BTreeMap<u32, usize>,
    by_name: HashMap<String, usize>,
}

/// A method that was found.
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
    /// Among the methods of the service.
    index: usize,
    method: &'static Method,
}

/// Why a method was not found.
#[derive(Debug)]
pub(super) enum LookupError {
    Unknown,
    /// It is known with another signature.
    Mismatch(&'static Method),
}

impl MethodIndex {
    /// Adds the methods of a service.
    ///
    /// # Errors
    ///
    /// If a method is there already, or if one cannot be told from another one by its key.
    pub(super) fn add(&mut self, service: Box<dyn DynService>) -> Result<(), Error> {
        for (index, method) in service.methods().into_iter().enumerate() {
            let at = self.entries.len();
            if self.by_name.insert(method.to_string(), at).is_some() {
                return Err(Error::bad_setting(
                    "service",
                    format!("`{method}` is registered twice"),
                ));
            }
            if let Some(other) = self.by_key.insert(method.key().name_hash(), at) {
                let other = self.entries[other].method;
                let reason =
                    format!("`{method}` and `{other}` have the same key, rename one of them");
                return Err(Error::bad_setting("service", reason));
            }
            self.entries.push(IndexEntry {
                service: self.services.len(),
                index,
                method,
            });
        }
        self.services.push(service);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    pub(super) fn find(&self, method: MethodRef<'_>) -> Result<MethodMatch, LookupError> {
        match method {
            MethodRef::Key(key) => {
                let at = self
                    .by_key
                    .get(&key.name_hash())
                    .ok_or(LookupError::Unknown)?;
                let found = MethodMatch(*at);
                let method = self.method(found);
                if same_signature(key, method) {
                    Ok(found)
                } else {
                    Err(LookupError::Mismatch(method))
                }
            }
            MethodRef::Name(name) => self
                .by_name
                .get(name)
                .map(|at| MethodMatch(*at))
                .ok_or(LookupError::Unknown),
        }
    }

    pub(super) fn method(&self, found: MethodMatch) -> &'static Method {
        self.entries[found.0].method
    }

    pub(super) fn start(&self, found: MethodMatch, call: Call) -> Started {
        let entry = &self.entries[found.0];
        self.services[entry.service].start(entry.index, call)
    }
}

fn same_signature(key: MethodKey, method: &Method) -> bool {
    key.signature_hash() == method.key().signature_hash()
}
