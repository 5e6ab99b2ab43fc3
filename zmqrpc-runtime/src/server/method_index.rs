//! Finds methods among a server's services, by key and by name.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::dynamic::FallbackService;
use super::earlier::{self, EarlierKey};
use super::introspection::{BuiltInService, Introspection};
use crate::command::{Call, DynService, EarlierVersions, Method, Started};
use crate::description::NamedDocs;
use crate::dialect::MethodRef;
use crate::error::Error;
use crate::wire::MethodKey;

/// The services of a server and their methods.
#[derive(Default)]
pub(super) struct MethodIndex {
    services: Vec<Arc<dyn DynService>>,
    entries: Vec<IndexEntry>,
    by_key: BTreeMap<u32, MethodGroup>,
    /// Each under its name with the version, the highest version under the name alone too.
    by_name: HashMap<String, usize>,
    /// What answers for methods that there are not.
    fallback: Option<usize>,
    /// Whoever calls with another key is told the shapes.
    tells_shapes: bool,
    /// Of earlier versions.
    earlier: HashMap<MethodKey, EarlierKey>,
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
    /// Worked out at the start: it takes a moment, and calls code of the types.
    key: Option<MethodKey>,
    /// It is one of the library's own, which tell of the others.
    is_built_in: bool,
}

/// The versions of a method.
struct MethodGroup {
    highest: usize,
    /// From the second highest down; empty for most.
    others: Vec<usize>,
}

/// Why no method matches.
#[derive(Debug)]
pub(super) enum LookupError {
    Unknown,
    /// The methods of this name have other keys. The first one has the highest version.
    Mismatch(Vec<&'static Method>),
}

impl MethodIndex {
    /// Adds the methods of a service.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if a method is registered already in this version, or shares its key with another one.
    pub(super) fn add(&mut self, service: Arc<dyn DynService>) -> Result<(), Error> {
        for (index, method) in service.methods().into_iter().enumerate() {
            let entry = self.entries.len();
            self.entries.push(IndexEntry {
                service: self.services.len(),
                index,
                method,
                key: method.has_key().then(|| method.key()),
                is_built_in: false,
            });
            if method.to_string().contains('@') {
                let reason = format!("`{method}` has an `@`, behind which a version stands");
                return Err(Error::bad_setting("service", reason));
            }
            self.add_name(method, entry)?;
            if method.has_key() {
                self.add_key(method, entry)?;
            }
        }
        self.services.push(service);
        Ok(())
    }

    fn add_name(&mut self, method: &Method, entry: usize) -> Result<(), Error> {
        let versioned = method.versioned_name();
        if self.by_name.insert(versioned, entry).is_some() {
            let reason = if method.version() == 1 {
                format!("`{method}` is registered twice")
            } else {
                format!(
                    "version {} of `{method}` is registered twice",
                    method.version()
                )
            };
            return Err(Error::bad_setting("service", reason));
        }
        let entries = &self.entries;
        let version = |entry: usize| entries[entry].method.version();
        let highest = self.by_name.entry(method.to_string()).or_insert(entry);
        if version(entry) > version(*highest) {
            *highest = entry;
        }
        Ok(())
    }

    fn add_key(&mut self, method: &Method, entry: usize) -> Result<(), Error> {
        let group = self.by_key.entry(method.name_hash());
        let group = group.or_insert(MethodGroup {
            highest: entry,
            others: Vec::new(),
        });
        if group.highest == entry {
            return Ok(());
        }
        let other = self.entries[group.highest].method;
        if other.to_string() != method.to_string() {
            let reason = format!("`{method}` and `{other}` have the same key, rename one of them");
            return Err(Error::bad_setting("service", reason));
        }
        group.others.extend([group.highest, entry]);
        let version = |entry: &usize| Reverse(self.entries[*entry].method.version());
        group.others.sort_by_key(version);
        group.highest = group.others.remove(0);
        Ok(())
    }

    /// Adds the service that tells of those that were added before. Its methods are found by name alone: what they tell
    /// may grow, which a positional codec cannot carry. A method of the user's that has the same name is found instead.
    pub(super) fn add_built_in(&mut self, introspection: Introspection, documents: Vec<NamedDocs>) {
        self.tells_shapes = introspection == Introspection::Full;
        let service = BuiltInService::new(introspection, &self.services, documents);
        for (index, method) in service.methods().into_iter().enumerate() {
            let entry = self.entries.len();
            self.by_name.entry(method.to_string()).or_insert(entry);
            self.entries.push(IndexEntry {
                service: self.services.len(),
                index,
                method,
                key: None,
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
            method: FallbackService::method(),
            key: None,
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

    /// Takes keys of earlier versions, whose values are read rightly by the methods that are there now.
    pub(super) fn add_earlier(&mut self, earlier: &EarlierVersions) {
        self.earlier = earlier::keys(self, earlier);
    }

    /// Returns the methods that are not built in, with their numbers.
    pub(super) fn own_methods(&self) -> impl Iterator<Item = (usize, &'static Method)> {
        let entries = self.entries.iter().enumerate();
        let own = entries.filter(|(_, entry)| !entry.is_built_in && entry.method.has_key());
        own.map(|(number, entry)| (number, entry.method))
    }

    #[cold]
    fn earlier_entry(&self, key: MethodKey, is_read: impl FnOnce() -> bool) -> Option<usize> {
        let earlier = self.earlier.get(&key)?;
        (earlier.is_answered || !is_read()).then_some(earlier.entry)
    }

    /// Returns the method that a request names; `is_read` says whether anybody reads the value that is replied.
    pub(super) fn find(
        &self,
        method: MethodRef<'_>,
        is_read: impl FnOnce() -> bool,
    ) -> Result<MethodMatch, LookupError> {
        let fallback = || self.fallback.ok_or(LookupError::Unknown);
        match method {
            MethodRef::Key(key) => {
                let Some(group) = self.by_key.get(&key.name_hash()) else {
                    return fallback().map(MethodMatch);
                };
                let mut versions = std::iter::once(&group.highest).chain(&group.others);
                let matching = versions
                    .clone()
                    .find(|entry| self.entries[**entry].key == Some(key));
                let matching = matching
                    .copied()
                    .or_else(|| self.earlier_entry(key, is_read));
                matching.map(MethodMatch).ok_or_else(|| {
                    let versions = versions.by_ref();
                    let methods = versions.map(|entry| self.entries[*entry].method);
                    LookupError::Mismatch(methods.collect())
                })
            }
            MethodRef::Name(name) => self
                .by_name
                .get(name)
                .map_or_else(fallback, |entry| Ok(*entry))
                .map(MethodMatch),
        }
    }

    pub(super) fn tells_shapes(&self) -> bool {
        self.tells_shapes
    }

    pub(super) fn method(&self, matched: MethodMatch) -> &'static Method {
        self.entries[matched.0].method
    }

    pub(super) fn start(&self, matched: MethodMatch, call: Call) -> Started {
        let entry = &self.entries[matched.0];
        self.services[entry.service].start(entry.index, call)
    }
}
