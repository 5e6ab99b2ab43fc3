//! Methods with the types of their values.

use super::{ArgumentList, ArgumentTypes, Command, Failure, Method, Value};
use crate::tracer::RootType;

/// A method with the types of its values.
#[derive(Clone, Copy, Debug)]
pub struct MethodTypes {
    method: Method,
    pub(super) arguments: fn() -> ArgumentTypes<'static>,
    pub(super) reply: RootType<'static>,
    pub(super) error: Option<RootType<'static>>,
}

impl MethodTypes {
    /// Returns those of a command.
    #[must_use]
    pub const fn of<C: Command>() -> Self {
        Self {
            method: C::METHOD,
            arguments: <C::Arguments<'static> as ArgumentList<'static>>::types,
            reply: C::Reply::TYPE,
            error: C::Failure::ERROR,
        }
    }

    pub(crate) const fn method(&self) -> &Method {
        &self.method
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
    /// One for each method.
    #[doc(hidden)]
    const METHODS: &'static [MethodTypes];
}
