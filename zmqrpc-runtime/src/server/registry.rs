//! Which service has which method.

use std::collections::{BTreeMap, HashMap};

use crate::command::{Call, Dispatch, Method, Started};
use crate::error::Error;
use crate::wire::{MethodKey, MethodRef};

/// All services of a server.
#[derive(Default)]
pub(super) struct Registry {
    services: Vec<Box<dyn Dispatch>>,
    places: Vec<Place>,
    by_key: BTreeMap<u32, usize>,
    by_name: HashMap<String, usize>,
}

#[derive(Clone, Copy)]
pub(super) struct Place {
    service: usize,
    entry: usize,
    pub(super) method: &'static Method,
}

/// Why a method was not found.
#[derive(Debug)]
pub(super) enum Missing {
    Unknown,
    /// It is known with another signature.
    Mismatch(&'static Method),
}

impl Registry {
    /// Adds the methods of a service.
    ///
    /// # Errors
    ///
    /// If a method is there already, or if one cannot be told from another one by its key.
    pub(super) fn add(&mut self, service: Box<dyn Dispatch>) -> Result<(), Error> {
        for (entry, method) in service.methods().into_iter().enumerate() {
            let at = self.places.len();
            if self.by_name.insert(method.to_string(), at).is_some() {
                return Err(Error::bad_setting(
                    "service",
                    format!("`{method}` is registered twice"),
                ));
            }
            if let Some(other) = self.by_key.insert(method.key().name_hash(), at) {
                let other = self.places[other].method;
                let reason =
                    format!("`{method}` and `{other}` have the same key, rename one of them");
                return Err(Error::bad_setting("service", reason));
            }
            self.places.push(Place {
                service: self.services.len(),
                entry,
                method,
            });
        }
        self.services.push(service);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    pub(super) fn find(&self, method: MethodRef<'_>) -> Result<Place, Missing> {
        match method {
            MethodRef::Key(key) => {
                let at = self.by_key.get(&key.name_hash()).ok_or(Missing::Unknown)?;
                let place = self.places[*at];
                if same_signature(key, place.method) {
                    Ok(place)
                } else {
                    Err(Missing::Mismatch(place.method))
                }
            }
            MethodRef::Name(name) => self
                .by_name
                .get(name)
                .map(|at| self.places[*at])
                .ok_or(Missing::Unknown),
        }
    }

    pub(super) fn start(&self, place: Place, call: Call) -> Started {
        self.services[place.service].start(place.entry, call)
    }
}

fn same_signature(key: MethodKey, method: &Method) -> bool {
    key.signature_hash() == method.key().signature_hash()
}
