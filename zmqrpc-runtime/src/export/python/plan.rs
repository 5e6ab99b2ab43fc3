//! What is called how, before anything is written: classes refer to each other.

use std::collections::{HashMap, HashSet};

use super::known::KnownType;
use super::text::identifier;
use crate::description::{Body, Description, ServiceDescription, Shape};
use crate::export::meaning::{Meaning, Meanings};
use crate::export::names::{UniqueNames, services};

/// What the runtime names, beside what begins with `_`. A test holds it to that.
const RUNTIME_NAMES: &str = "Any CallFailed Callable Connection Dict IPv4Address IPv6Address List Literal Mapping Optional \
    PlainServiceError ServiceError TimedOut Tuple UUID Union annotations dataclass datetime itertools msgpack struct \
    threading time timedelta timezone warnings zmq";

/// What Python knows without being told, as far as the module uses it.
const BUILTINS: &str = "Exception DeprecationWarning IndexError OverflowError RecursionError TypeError ValueError all bool \
    bytearray bytes dict enumerate float frozenset getattr int isinstance len list map max memoryview min next object range \
    repr reversed str super tuple type zip";

/// What hints are made of: within a class that has members of these names, they would mean those.
pub(super) const HINTS: &str = "Any Dict IPv4Address IPv6Address List Optional Tuple UUID Union bool bytes datetime float int \
    str timedelta";

/// What a class of a value is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ClassKind {
    Plain,
    /// It is raised, too.
    Exception,
}

/// The names of everything in a module.
pub(super) struct PythonPlan<'d> {
    pub(super) description: &'d Description,
    pub(super) meanings: Meanings<'d>,
    /// The classes of services, with the names under which these are called.
    pub(super) services: Vec<(String, String, &'d ServiceDescription)>,
    /// The names of types that are declared.
    types: HashMap<&'d str, String>,
    /// The types that are errors of methods.
    errors: HashSet<&'d str>,
    module: UniqueNames,
}

impl<'d> PythonPlan<'d> {
    pub(super) fn new(description: &'d Description) -> Self {
        let is_known = |found: &_| KnownType::of(found).is_some();
        let mut plan = Self {
            description,
            meanings: Meanings::new(description, false, is_known),
            services: Vec::new(),
            types: HashMap::new(),
            errors: HashSet::new(),
            module: UniqueNames::default(),
        };
        for (name, found) in &description.types {
            let is_declared = match plan.meanings.of(name) {
                Meaning::Body(own) => own == name && !is_known(found),
                Meaning::Shape(own, _) => own == name,
                Meaning::Nothing => false,
            };
            if is_declared {
                let class = plan.new_name(name);
                plan.types.insert(name, class);
            }
        }
        for (name, service) in services(description) {
            let name_of_class = if name.is_empty() { "Commands" } else { &name };
            let class = plan.new_name(&format!("{name_of_class}Client"));
            plan.services.push((class, name, service));
            let errors = service
                .methods
                .iter()
                .filter_map(|method| method.error.as_ref());
            for error in errors {
                plan.note_error(error);
            }
        }
        plan
    }

    fn note_error(&mut self, error: &'d Shape) {
        let Shape::Type(name) = error else { return };
        let Meaning::Body(name) = self.meanings.of(name) else {
            return;
        };
        let found = self.description.types.get(name);
        // A tuple stays one: an exception is a class.
        let is_class =
            found.is_some_and(|found| !matches!(found.body, Body::Is(_) | Body::Tuple(_)));
        if is_class && self.types.contains_key(name) {
            self.errors.insert(name);
        }
    }

    /// Returns a name that nothing else in the module has.
    pub(super) fn new_name(&mut self, name: &str) -> String {
        let reserved = [RUNTIME_NAMES, BUILTINS];
        self.module.take(&identifier(name, "Type", &reserved))
    }

    /// Returns the name of a type in Python, if it is declared.
    pub(super) fn type_name(&self, name: &str) -> Option<&str> {
        self.types.get(name).map(|name| &**name)
    }

    pub(super) fn class_kind(&self, name: &str) -> ClassKind {
        if self.errors.contains(name) {
            ClassKind::Exception
        } else {
            ClassKind::Plain
        }
    }

    /// Returns what a reference to a type leads to: one that Python knows, the name of a declared one, or nothing.
    pub(super) fn referred(&self, name: &str) -> TypeReference<'_> {
        let (Meaning::Body(name) | Meaning::Shape(name, _)) = self.meanings.of(name) else {
            return TypeReference::Nothing;
        };
        match self.type_name(name) {
            Some(declared) => TypeReference::Declared(declared),
            None => match self.description.types.get(name).and_then(KnownType::of) {
                Some(known) => TypeReference::Known(known),
                None => TypeReference::Nothing,
            },
        }
    }
}

/// What a reference to a type leads to.
pub(super) enum TypeReference<'p> {
    Known(KnownType),
    /// A declared type, by its name in Python.
    Declared(&'p str),
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::python::RUNTIME;

    #[test]
    fn the_names_of_the_runtime_are_reserved() {
        let reserved: Vec<_> = RUNTIME_NAMES.split(' ').collect();
        let lines = RUNTIME.lines();
        let names = lines.flat_map(|line| {
            let words = match line.split_once(' ') {
                Some(("class" | "def", rest)) => rest.split(['(', ':']).next().unwrap_or(""),
                Some(("import", rest)) => rest,
                Some(("from", rest)) => rest.split_once("import ").map_or("", |names| names.1),
                Some((name, rest)) if rest.starts_with("= ") => name,
                _ => "",
            };
            words
                .split([',', ' '])
                .filter(|word| !word.is_empty() && *word != "as")
        });
        let names: Vec<_> = names.collect();
        assert!(names.len() > 50, "{names:?}");
        for name in names {
            let is_reserved = name.starts_with('_') || name == "field" || reserved.contains(&name);
            assert!(is_reserved, "{name}");
        }
    }
}
