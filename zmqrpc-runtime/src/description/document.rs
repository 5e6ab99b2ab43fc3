//! The description of a server: services and their methods.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::shape::is_false;
use super::{FORMAT, Shape, Type};

/// What a server offers, or what a client expects of one.
///
/// It is written by serde, in JSON and `MessagePack`; never in postcard, since later versions may add fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Description {
    /// The format, which is 1. Another number stands for one that cannot be read as this one.
    pub format: u32,
    /// The version of this library that has written it.
    #[serde(default)]
    pub zmqrpc: String,
    /// The services; hand-written commands are in one without a name.
    pub services: Vec<ServiceDescription>,
    /// The types that have a name, by the names that shapes use.
    #[serde(default)]
    pub types: BTreeMap<String, Type>,
}

impl Default for Description {
    fn default() -> Self {
        Self {
            format: FORMAT,
            zmqrpc: env!("CARGO_PKG_VERSION").to_owned(),
            services: Vec::new(),
            types: BTreeMap::new(),
        }
    }
}

impl Description {
    /// Returns a description of services, without types that have names.
    #[must_use]
    pub fn new(services: Vec<ServiceDescription>) -> Self {
        Self {
            services,
            ..Self::default()
        }
    }

    /// Returns the service of this name, with the highest version if there are several.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&ServiceDescription> {
        let named = self.services.iter().filter(|service| service.name == name);
        named.max_by_key(|service| service.version)
    }

    /// Returns the method of this full name, such as `Inventory.place` or `Inventory@1.place`, with its service.
    #[must_use]
    pub fn method(&self, full_name: &str) -> Option<(&ServiceDescription, &MethodDescription)> {
        let mut services: Vec<_> = self.services.iter().collect();
        // By the name alone, the highest version that has it answers.
        services.sort_by_key(|service| std::cmp::Reverse(service.version));
        let of_service = |service: &'_ ServiceDescription| {
            let mut methods = service.methods.iter();
            methods.position(|method| {
                service.full_name(method) == full_name
                    || service.versioned_name(method) == full_name
            })
        };
        services.into_iter().find_map(|service| {
            let index = of_service(service)?;
            Some((service, &service.methods[index]))
        })
    }

    /// Returns the type that a shape names.
    #[must_use]
    pub fn type_of(&self, shape: &Shape) -> Option<&Type> {
        match shape {
            Shape::Type(name) => self.types.get(name),
            _ => None,
        }
    }
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServiceDescription {
    /// Its name on the wire; empty for hand-written commands.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// Its documentation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// Its methods, in the order of the trait.
    pub methods: Vec<MethodDescription>,
}

impl ServiceDescription {
    /// Returns a service of version 1, without documentation.
    #[must_use]
    pub fn new(name: impl Into<String>, methods: Vec<MethodDescription>) -> Self {
        Self {
            name: name.into(),
            version: 1,
            docs: String::new(),
            methods,
        }
    }

    /// Returns the method of this name.
    #[must_use]
    pub fn method(&self, name: &str) -> Option<&MethodDescription> {
        self.methods.iter().find(|method| method.name == name)
    }

    /// Returns the full name of a method with the version of its service, under which it is called too: `Inventory@1.place`,
    /// or `greet@2` where the service has no name.
    #[must_use]
    pub fn versioned_name(&self, method: &MethodDescription) -> String {
        if self.name.is_empty() {
            format!("{}@{}", method.name, self.version)
        } else {
            format!("{}@{}.{}", self.name, self.version, method.name)
        }
    }

    /// Returns the full name of a method, under which it is called: `Inventory.place`.
    #[must_use]
    pub fn full_name(&self, method: &MethodDescription) -> String {
        if self.name.is_empty() {
            method.name.clone()
        } else {
            format!("{}.{}", self.name, method.name)
        }
    }
}

/// A method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MethodDescription {
    /// Its name on the wire, without its service.
    pub name: String,
    /// Its documentation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// Why it should not be used any more; empty if no reason was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<String>,
    /// The types as they are written in the source: `(Order) -> Result<Receipt, StockError>`.
    #[serde(default)]
    pub signature: String,
    /// The key by which requests name it: 16 hexadecimal digits; empty if it has none.
    #[serde(default)]
    pub key: String,
    /// The fingerprint of its canonical text, which has the shapes of all its values: 16 hexadecimal digits; empty if
    /// nobody has worked it out.
    #[serde(default)]
    pub fingerprint: String,
    /// Its arguments, in order.
    #[serde(default)]
    pub arguments: Vec<ArgumentDescription>,
    /// What it returns.
    pub reply: Shape,
    /// Its own error, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Shape>,
    /// It sends no reply.
    #[serde(default, skip_serializing_if = "is_false")]
    pub oneway: bool,
    /// A call may be repeated without harm.
    #[serde(default, skip_serializing_if = "is_false")]
    pub idempotent: bool,
    /// The time limit that its attribute gives its calls, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

impl MethodDescription {
    /// Returns a method without arguments that returns this. It has no key: it is called by name alone.
    #[must_use]
    pub fn new(name: impl Into<String>, reply: Shape) -> Self {
        Self {
            name: name.into(),
            docs: String::new(),
            deprecated: None,
            signature: String::new(),
            key: String::new(),
            fingerprint: String::new(),
            arguments: Vec::new(),
            reply,
            error: None,
            oneway: false,
            idempotent: false,
            timeout_ms: None,
        }
    }
}

/// An argument of a method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ArgumentDescription {
    /// Its name, under which callers by name may give it.
    pub name: String,
    /// How its value is written.
    pub shape: Shape,
}

impl ArgumentDescription {
    /// Returns an argument.
    #[must_use]
    pub fn new(name: impl Into<String>, shape: Shape) -> Self {
        Self {
            name: name.into(),
            shape,
        }
    }
}

/// The fingerprint of a method: all that a client needs to know whether its types are those of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MethodFingerprint {
    /// The name of the service; empty for hand-written commands.
    pub service: String,
    /// The version of the service.
    pub version: u32,
    /// The name of the method, without its service.
    pub method: String,
    /// See [`MethodDescription::key`].
    pub key: String,
    /// See [`MethodDescription::fingerprint`].
    pub fingerprint: String,
}

impl Description {
    /// Returns the fingerprints of all methods.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<MethodFingerprint> {
        let of_service = |service: &ServiceDescription| {
            let of_method = |method: &MethodDescription| MethodFingerprint {
                service: service.name.clone(),
                version: service.version,
                method: method.name.clone(),
                key: method.key.clone(),
                fingerprint: method.fingerprint.clone(),
            };
            service.methods.iter().map(of_method).collect::<Vec<_>>()
        };
        self.services.iter().flat_map(of_service).collect()
    }

    /// Returns what is told of the services of these names alone, with the types that they use.
    #[must_use]
    pub fn only(&self, services: &[impl AsRef<str>]) -> Self {
        let names: HashSet<&str> = services.iter().map(AsRef::as_ref).collect();
        let is_asked_for = |service: &&ServiceDescription| names.contains(&*service.name);
        let services: Vec<_> = self.services.iter().filter(is_asked_for).cloned().collect();
        Self {
            format: self.format,
            zmqrpc: self.zmqrpc.clone(),
            types: self.used_types(&services),
            services,
        }
    }

    /// Returns what is told of the method that has this key, with the types that it uses; of no method if there is none.
    pub(crate) fn only_key(&self, key: &str) -> Self {
        let mut only = Self::new(Vec::new());
        for service in &self.services {
            let methods = service.methods.iter();
            let methods: Vec<_> = methods
                .filter(|method| method.key == key)
                .cloned()
                .collect();
            if !methods.is_empty() {
                only.services.push(ServiceDescription {
                    version: service.version,
                    docs: service.docs.clone(),
                    ..ServiceDescription::new(&service.name, methods)
                });
            }
        }
        only.types = self.used_types(&only.services);
        only
    }

    /// Removes the types that no method uses.
    pub(crate) fn prune_types(&mut self) {
        self.types = self.used_types(&self.services);
    }

    fn used_types(&self, services: &[ServiceDescription]) -> BTreeMap<String, Type> {
        let mut used = BTreeMap::new();
        let mut open: Vec<&Shape> = Vec::new();
        for method in services.iter().flat_map(|service| &service.methods) {
            open.extend(method.arguments.iter().map(|argument| &argument.shape));
            open.push(&method.reply);
            open.extend(&method.error);
        }
        while let Some(shape) = open.pop() {
            match shape {
                Shape::Type(name) if !used.contains_key(name) => {
                    if let Some(found) = self.types.get(name) {
                        used.insert(name.clone(), found.clone());
                        open.extend(found.shapes());
                    }
                }
                shape => open.extend(shape.parts()),
            }
        }
        used
    }
}
