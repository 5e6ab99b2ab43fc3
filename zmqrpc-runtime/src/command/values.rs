//! The types of a method's values, and the key that follows from them.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{ArgumentList, ArgumentTypes, Command, Failure, Method, Value, describer};
use crate::description::Description;
use crate::tracer::RootType;
use crate::wire::MethodKey;

/// The types of a method's values.
#[derive(Clone, Copy, Debug)]
pub(super) struct MethodValues {
    pub(super) arguments: fn() -> ArgumentTypes<'static>,
    pub(super) reply: RootType<'static>,
    pub(super) error: Option<RootType<'static>>,
    key: &'static KeyCell,
}

/// Where a method's key is kept once it has been worked out, and the canonical text that it follows from.
#[derive(Debug, Default)]
pub struct KeyCell {
    key: AtomicU64,
    /// `None` where something in it is unknown.
    canonical: OnceLock<Option<Box<str>>>,
    /// For errors, and so worked out at the first one.
    described: OnceLock<Box<Description>>,
}

impl KeyCell {
    /// Creates a cell without a key.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            key: AtomicU64::new(0),
            canonical: OnceLock::new(),
            described: OnceLock::new(),
        }
    }
}

impl MethodValues {
    pub(super) const fn of<C: Command>(key: &'static KeyCell) -> Self {
        Self {
            arguments: <C::Arguments<'static> as ArgumentList<'static>>::types,
            reply: C::Reply::TYPE,
            error: C::Failure::ERROR,
            key,
        }
    }

    /// Returns the key of the method that these are the values of. The first time, its types are tried out.
    #[inline]
    pub(super) fn key(&self, method: &Method) -> MethodKey {
        // Whoever comes to it at the same time works out the same.
        match self.key.key.load(Ordering::Relaxed) {
            0 => self.work_out(method),
            known => MethodKey::from_bits(known),
        }
    }

    #[cold]
    fn work_out(&self, method: &Method) -> MethodKey {
        let (key, canonical) = describer::key(method, self);
        let _ = self.key.canonical.set(canonical.map(Box::from));
        self.key.key.store(key.bits(), Ordering::Relaxed);
        key
    }

    /// Returns the description of the method that these are the values of, and of nothing else.
    pub(super) fn described(&self, method: &Method) -> &'static Description {
        let cell = &self.key.described;
        // Not under the cell's lock: a type's own code runs meanwhile. Whoever comes at the same time finds the same.
        if cell.get().is_none() {
            let _ = cell.set(Box::new(describer::of_method(method)));
        }
        cell.get_or_init(Box::default)
    }

    /// Returns the canonical text of the method that these are the values of; `None` if something in it is unknown.
    pub(super) fn canonical(&self, method: &Method) -> Option<&'static str> {
        self.key(method);
        self.key.canonical.get()?.as_deref()
    }
}

/// What generated clients expect of a server; not to be implemented by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no client of a service",
    note = "`#[zmq_service]` on `trait Calculator` makes one: `CalculatorClient`"
)]
pub trait Described {
    /// The trait's documentation.
    #[doc(hidden)]
    const DOCS: &'static str;
    /// The methods of the trait.
    #[doc(hidden)]
    const METHODS: &'static [Method];
}
