//! The table by which a server dispatches.

use std::sync::Arc;

use super::{Call, Command, Describer, HandlerResult, Method, MethodFuture};

/// Executes the commands of one trait. Generated types such as `CalculatorServer` implement it; it is not meant to be
/// implemented by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    note = "`#[zmq_service]` on `trait Calculator` makes one: `CalculatorServer::new(..)`"
)]
pub trait Service: Send + Sync + 'static {
    /// The type that implements the user's trait.
    #[doc(hidden)]
    type Target: Send + Sync + ?Sized + 'static;
    /// The service's name on the wire.
    const NAME: &'static str;
    /// The trait's documentation.
    const DOCS: &'static str;
    /// One entry per method.
    #[doc(hidden)]
    const ENTRIES: &'static [MethodEntry<Self::Target>];

    #[doc(hidden)]
    fn target(&self) -> &Arc<Self::Target>;
}

/// One method of a service, and the function that runs it.
pub struct MethodEntry<S: ?Sized + 'static> {
    method: Method,
    run: MethodKind<S>,
}

enum MethodKind<S: ?Sized + 'static> {
    Plain(fn(&S, &Call) -> HandlerResult),
    Task(fn(Arc<S>, Call) -> MethodFuture),
}

impl<S: ?Sized> MethodEntry<S> {
    /// Creates the entry of a plain method, which runs to its end on the thread that calls `run`.
    #[must_use]
    pub const fn plain<C: Command>(run: fn(&S, &Call) -> HandlerResult) -> Self {
        Self {
            method: C::METHOD,
            run: MethodKind::Plain(run),
        }
    }

    /// Creates the entry of an `async` method.
    #[must_use]
    pub const fn task<C: Command>(run: fn(Arc<S>, Call) -> MethodFuture) -> Self {
        Self {
            method: C::METHOD,
            run: MethodKind::Task(run),
        }
    }
}

/// The state of a call after [`DynService::start`].
pub(crate) enum Started {
    Done(HandlerResult),
    Task(MethodFuture),
}

/// A service with its type erased, as a server keeps it.
pub(crate) trait DynService: Send + Sync {
    /// Returns the methods, in the order of their indices.
    fn methods(&self) -> Vec<&'static Method>;
    /// Tells what there is to know of them.
    fn describe(&self, describer: &mut Describer);
    /// Runs a plain method to its end, or returns the future of an `async` one.
    fn start(&self, index: usize, call: Call) -> Started;
}

/// A service whose type can be erased.
pub(crate) struct ServiceObject<S>(pub(crate) S);

impl<S: Service> DynService for ServiceObject<S> {
    fn methods(&self) -> Vec<&'static Method> {
        S::ENTRIES.iter().map(|entry| &entry.method).collect()
    }

    fn describe(&self, describer: &mut Describer) {
        for entry in S::ENTRIES {
            describer.add(S::DOCS, &entry.method);
        }
    }

    fn start(&self, index: usize, call: Call) -> Started {
        match S::ENTRIES[index].run {
            MethodKind::Plain(run) => {
                let handled = run(self.0.target(), &call);
                call.recycle();
                Started::Done(handled)
            }
            MethodKind::Task(run) => Started::Task(run(Arc::clone(self.0.target()), call)),
        }
    }
}
