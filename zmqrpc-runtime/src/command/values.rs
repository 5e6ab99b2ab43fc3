//! The types of a method's values, and the key that follows from them.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{ArgumentList, ArgumentTypes, Command, Failure, Method, Value, describer};
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

/// Where a method's key is kept once it has been worked out.
#[derive(Debug, Default)]
pub struct KeyCell(AtomicU64);

impl KeyCell {
    /// Creates a cell without a key.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
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
        match self.key.0.load(Ordering::Relaxed) {
            0 => self.work_out(method),
            known => MethodKey::from_bits(known),
        }
    }

    #[cold]
    fn work_out(&self, method: &Method) -> MethodKey {
        let key = describer::key(method, self);
        self.key.0.store(key.bits(), Ordering::Relaxed);
        key
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
